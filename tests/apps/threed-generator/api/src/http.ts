/** Requests to handlers, handlers' answers and errors to responses. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

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

export async function respond(
  routes: readonly Route[],
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  // Whoever asks is known by a token, never by a cookie: any page may ask.
  response.setHeader("Access-Control-Allow-Origin", "*");
  if (message.method === "OPTIONS") {
    response.setHeader("Access-Control-Allow-Methods", "GET, POST");
    response.setHeader("Access-Control-Allow-Headers", "Authorization, Content-Type");
    response.statusCode = 204;
    response.end();
    return;
  }
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
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
  if (answer.stream) {
    await pipeline(answer.stream, response).catch(() => response.destroy());
    return;
  }
  response.setHeader("Content-Type", "application/json");
  response.end(`${JSON.stringify(answer.body)}\n`);
}

async function dispatch(routes: readonly Route[], message: IncomingMessage): Promise<Answer> {
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
