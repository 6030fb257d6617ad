/** What the API answers. */
import { createHash, timingSafeEqual } from "node:crypto";
import { Readable } from "node:stream";
import type { Knex } from "knex";
import type { Photos } from "./photos.js";
import type { Settings } from "./settings.js";
import { type Accounts, accountRoutes, visitor } from "./shared/accounts.js";
import type { Cache } from "./shared/cache.js";
import { deepHealth, health, redis } from "./shared/health.js";
import { body, form, ID, Refusal, type Request, type Route } from "./shared/http.js";

const LARGEST_PHOTO = 10 * 1024 * 1024;

export interface Parts {
  accounts: Accounts;
  cache: Cache;
  database: Knex;
  photos: Photos;
  settings: Settings;
}

export function routes({ accounts, cache, database, photos, settings }: Parts): Route[] {
  const found = async ({ message, parts }: Request) => {
    const fresh = /\bno-cache\b/.test(message.headers["cache-control"] ?? "");
    const { photo, ...from } = await photos.find(parts["id"] as string, !fresh);
    if (!photo) throw new Refusal(404, `there is no photo ${parts["id"]}`);
    return { photo, ...from };
  };

  return [
    health(/^\/health$/, () => ({ timestamp: new Date().toISOString(), env: settings.mode })),
    deepHealth(/^\/api\/health\/deep$/, {
      primary: {
        needed: true,
        ask: async () => {
          const [[row]] = await database.raw("SHOW STATUS LIKE 'Ssl_cipher'");
          return { tls: row.Value ? "on" : "off" };
        },
      },
      cache: redis(cache),
    }),
    {
      method: "POST",
      path: /^\/api\/photos$/,
      answer: async (request) => {
        const user = await visitor(accounts, request);
        const content = await body(request.message, LARGEST_PHOTO);
        if (!content.length) throw new Refusal(400, "a photo has at least one byte");
        const name = request.url.searchParams.get("name") ?? "unnamed";
        const type = request.message.headers["content-type"] ?? "application/octet-stream";
        const photo = await photos.add(name, type, content, user?.id ?? null);
        return { status: 201, headers: { Location: `/api/photos/${photo.id}` }, body: photo };
      },
    },
    {
      method: "GET",
      path: new RegExp(`^/api/photos/${ID}$`),
      answer: async (request) => {
        const { photo, store, cache: cached } = await found(request);
        return { headers: { "X-Store": store, "X-Cache": cached }, body: photo };
      },
    },
    {
      method: "GET",
      path: new RegExp(`^/api/photos/${ID}/file$`),
      answer: async (request) => {
        const { photo } = await found(request);
        const content = await photos.content(photo.id);
        if (!content) throw new Refusal(410, "it lies at Tencent");
        return { headers: { "Content-Type": photo.type }, stream: Readable.from([content]) };
      },
    },
    {
      method: "POST",
      path: new RegExp(`^/api/photos/${ID}/publish$`),
      answer: async (request) => {
        const { photo } = await found(request);
        return { body: { object_key: await outside(() => photos.publish(photo)) } };
      },
    },
    {
      method: "POST",
      path: new RegExp(`^/api/photos/${ID}/style$`),
      answer: async (request) => {
        const { photo } = await found(request);
        await outside(() => style(settings.hunyuan, photo.id));
        return { status: 202, body: { id: photo.id } };
      },
    },
    {
      // The AI service calls it when it is done.
      method: "POST",
      path: /^\/api\/internal\/styled$/,
      answer: async ({ message }) => {
        const given = String(message.headers["x-callback-secret"] ?? "");
        if (!same(given, settings.callbackSecret)) throw new Refusal(401, "who are you?");
        const { id } = await form(message);
        if (typeof id !== "string" || !(await photos.styled(id))) {
          throw new Refusal(404, `there is no photo ${String(id)}`);
        }
        return { body: { id } };
      },
    },
    ...accountRoutes(accounts, "/api"),
  ];
}

/** A service outside that fails is not a fault of ours, and is said as what it is. */
async function outside<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new Refusal(502, `a service outside: ${(error as Error).message}`);
  }
}

async function style({ url, key }: Settings["hunyuan"], id: string): Promise<void> {
  const answer = await fetch(`${url}/images/generations`, {
    method: "POST",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: JSON.stringify({ photo: id }),
    signal: AbortSignal.timeout(120_000),
  });
  if (!answer.ok) throw new Error(`the AI service answered ${answer.status}`);
}

function same(one: string, other: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
