/** Requests to handlers, handlers' answers and errors to responses. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** The part `id` of a path. */
export const ID = "(?<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})";

export interface Answer {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
  stream?: Readable;
}

export interface Request {
  message: IncomingMessage;
  url: URL;
  /** What the groups of the route's pattern matched. */
  parts: Record<string, string>;
}

export interface Route {
  method: string;
  path: RegExp;
  answer: (request: Request) => Promise<Answer>;
}

/** An answer that is not what was asked for, and why. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export async function body(message: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= limit) chunks.push(chunk);
  }
  // Only now: who is still sending would not hear it.
  if (bytes > limit) throw new Refusal(413, `a body may have ${limit} bytes`);
  return Buffer.concat(chunks);
}

const LARGEST_FORM = 64 * 1024;

/** The body as the object that a form is. */
export async function form(message: IncomingMessage): Promise<Record<string, unknown>> {
  const text = (await body(message, LARGEST_FORM)).toString();
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    throw new Refusal(400, "the body is no JSON");
  }
  if (typeof found !== "object" || found === null || Array.isArray(found)) {
    throw new Refusal(400, "the body is no object");
  }
  return found as Record<string, unknown>;
}

/** Which pages may ask: whoever asks is known by a token, never by a cookie. */
function readableBy(origin: string): Record<string, string> {
  return {
    "Access-Control-Allow-Origin": origin,
    "Access-Control-Allow-Methods": "GET, POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type",
    ...(origin === "*" ? {} : { Vary: "Origin" }),
  };
}

/** Once it is leaving, each answer is the last one of its connection. */
export async function respond(
  routes: readonly Route[],
  message: IncomingMessage,
  response: ServerResponse,
  origin: string,
  leaving: () => boolean,
): Promise<void> {
  let answer: Answer;
  try {
    answer = await dispatch(routes, message);
  } catch (error) {
    const refusal = error instanceof Refusal ? error : undefined;
    if (!refusal) console.error(`${message.method} ${message.url}: ${(error as Error).message}`);
    answer = {
      status: refusal?.status ?? 503,
      body: { error: refusal?.message ?? "a store that is needed for this does not answer" },
    };
  }
  response.statusCode = answer.status ?? 200;
  const last = leaving() ? { Connection: "close" } : {};
  const headers = { ...readableBy(origin), ...answer.headers, ...last };
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (answer.stream) {
    await pipeline(answer.stream, response).catch((error: Error) => {
      console.error(`${message.method} ${message.url}: broken off: ${error.message}`);
      response.destroy();
    });
  } else if (answer.body === undefined) {
    response.end();
  } else {
    response.setHeader("Content-Type", "application/json");
    response.end(`${JSON.stringify(answer.body)}\n`);
  }
}

async function dispatch(routes: readonly Route[], message: IncomingMessage): Promise<Answer> {
  if (message.method === "OPTIONS") return { status: 204 };
  const url = new URL(message.url ?? "/", "http://service");
  const matching = routes.flatMap((route) => {
    const match = route.path.exec(url.pathname);
    return match ? [{ route, parts: match.groups ?? {} }] : [];
  });
  if (!matching.length) throw new Refusal(404, `there is no ${url.pathname}`);
  const method = message.method === "HEAD" ? "GET" : message.method;
  const chosen = matching.find(({ route }) => route.method === method);
  if (!chosen) throw new Refusal(405, `${url.pathname} does not know ${message.method}`);
  return chosen.route.answer({ message, url, parts: chosen.parts });
}
