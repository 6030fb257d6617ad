/** An HTTP server that can be taken away without anybody noticing. */
import { createServer, type Server } from "node:http";
import { hostname } from "node:os";
import { respond, type Route } from "./http.js";
import { release } from "./release.js";

// Longer than a proxy keeps a quiet connection (nginx: 60 s): never closed under a request.
const KEEP_ALIVE = 75_000;
// As long as a body may take to arrive.
const LONGEST_REQUEST = 300_000;
// While it stops, answers say "Connection: close" for this long before quiet ones are cut.
const FAREWELL = 2_000;

export interface Leaving {
  /** Before the server closes: whoever holds a connection open is told. */
  farewell?: () => void;
  /** After the last answer. */
  close: () => Promise<void>;
}

let leaving = false;

/** Origin: whose pages may read what it answers. */
export function server(routes: readonly Route[], origin = "*"): Server {
  const made = createServer((message, response) => {
    response.setHeader("X-Node", hostname());
    response.setHeader("X-Version", release.version);
    // Whom the proxy in front says that it speaks for: all that a service can know of it.
    response.setHeader("X-Visitor", message.headers["x-forwarded-for"] ?? "nobody");
    void respond(routes, message, response, origin, () => leaving);
  });
  made.keepAliveTimeout = KEEP_ALIVE;
  made.headersTimeout = KEEP_ALIVE + 5_000;
  made.requestTimeout = LONGEST_REQUEST;
  return made;
}

/** Told to stop, what is under way is finished, nothing new is begun, and the process ends. */
export function serve(made: Server, port: number, { farewell, close }: Leaving): void {
  const leave = (): void => {
    if (leaving) return;
    leaving = true;
    setTimeout(() => {
      made.close(() => void close().finally(() => process.exit(0)));
      farewell?.();
    }, FAREWELL);
  };
  process.on("SIGTERM", leave);
  process.on("SIGINT", leave);
  made.listen(port, () => {
    console.log(`${release.version} serves on port ${port}`);
  });
}
