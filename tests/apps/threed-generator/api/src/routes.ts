/** What the API answers. */
import { hostname } from "node:os";
import type { Accounts } from "./accounts.js";
import type { Bucket } from "./bucket.js";
import type { Cache } from "./cache.js";
import type { Database } from "./database.js";
import { report } from "./health.js";
import { body, Refusal, type Request, type Route } from "./http.js";
import type { Answer as Found, Models } from "./models.js";
import { missing, release } from "./release.js";

const LARGEST_MODEL = 50 * 1024 * 1024;
const LARGEST_FORM = 64 * 1024;
const ID = "(?<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})";

export interface Parts {
  accounts: Accounts;
  bucket: Bucket;
  cache: Cache;
  database: Database;
  models: Models;
}

export function routes({ accounts, bucket, cache, database, models }: Parts): Route[] {
  const self = { version: release.version, node: hostname() };

  /** Who asks: nobody in particular without a token, and a wrong token is refused. */
  const visitor = async ({ message }: Request) => {
    const [scheme, token] = (message.headers.authorization ?? "").split(" ");
    if (!scheme) return undefined;
    const user = token && scheme === "Bearer" ? await accounts.whose(token) : undefined;
    if (!user) throw new Refusal(401, "the token is not valid");
    return user;
  };

  const found = async ({ message, parts }: Request): Promise<Required<Found>> => {
    const fresh = /\bno-cache\b/.test(message.headers["cache-control"] ?? "");
    const answer = await models.find(parts["id"] as string, !fresh);
    if (!answer.model) throw new Refusal(404, `there is no model ${parts["id"]}`);
    return answer as Required<Found>;
  };

  return [
    {
      method: "GET",
      path: /^\/health$/,
      answer: async () => {
        const absent = missing(process.env);
        if (absent.length) {
          return { status: 500, body: { status: "failed", ...self, missing: absent } };
        }
        return { body: { status: "ok", ...self, process: process.pid } };
      },
    },
    {
      method: "GET",
      path: /^\/health\/db$/,
      answer: async () => {
        const { status, checks } = await report(database, cache, bucket);
        return { status: status === "failed" ? 503 : 200, body: { status, ...self, checks } };
      },
    },
    {
      method: "POST",
      path: /^\/models$/,
      answer: async (request) => {
        const user = await visitor(request);
        const format = request.url.searchParams.get("format") ?? "glb";
        if (!/^[a-z0-9]{1,8}$/.test(format)) throw new Refusal(400, `no format: ${format}`);
        const content = await body(request.message, LARGEST_MODEL);
        if (!content.length) throw new Refusal(400, "a model has at least one byte");
        const model = await models.add({
          name: request.url.searchParams.get("name") ?? "unnamed",
          format,
          type: request.message.headers["content-type"] ?? "application/octet-stream",
          body: content,
          user: user?.id ?? null,
        });
        return { status: 201, headers: { Location: `/models/${model.id}` }, body: model };
      },
    },
    {
      method: "GET",
      path: new RegExp(`^/models/${ID}$`),
      answer: async (request) => {
        const { model, store, cache: cached } = await found(request);
        return { headers: { "X-Store": store, "X-Cache": cached }, body: model };
      },
    },
    {
      method: "GET",
      path: new RegExp(`^/models/${ID}/file$`),
      answer: async (request) => {
        const { model } = await found(request);
        const file = await models.file(model as NonNullable<typeof model>);
        const length = file.bytes === undefined ? {} : { "Content-Length": String(file.bytes) };
        return { headers: { "Content-Type": file.type, ...length }, stream: file.body };
      },
    },
    {
      method: "POST",
      path: /^\/auth\/register$/,
      answer: async (request) => {
        const { email, password } = await credentials(request);
        if (!(await accounts.register(email, password))) {
          throw new Refusal(409, `${email} has an account`);
        }
        return { status: 201, body: { email } };
      },
    },
    {
      method: "POST",
      path: /^\/auth\/login$/,
      answer: async (request) => {
        const { email, password } = await credentials(request);
        const token = await accounts.login(email, password);
        if (!token) throw new Refusal(401, "wrong address or password");
        return { body: { token } };
      },
    },
    {
      method: "GET",
      path: /^\/auth\/me$/,
      answer: async (request) => {
        const user = await visitor(request);
        if (!user) throw new Refusal(401, "a token is needed");
        return { body: user };
      },
    },
  ];
}

async function credentials({ message }: Request): Promise<{ email: string; password: string }> {
  const text = (await body(message, LARGEST_FORM)).toString();
  let form: unknown;
  try {
    form = JSON.parse(text);
  } catch {
    throw new Refusal(400, "the body is no JSON");
  }
  const { email, password } = (form ?? {}) as Record<string, unknown>;
  if (typeof email !== "string" || typeof password !== "string" || !email || !password) {
    throw new Refusal(400, "email and password are needed");
  }
  return { email, password };
}
