/** What the API answers. */
import type { Answer as Found, Models } from "./models.js";
import { type Accounts, accountRoutes, visitor } from "./shared/accounts.js";
import type { Bucket } from "./shared/bucket.js";
import type { Cache } from "./shared/cache.js";
import type { Database } from "./shared/database.js";
import { deepHealth, health, objects, primary, redis, replica } from "./shared/health.js";
import { body, ID, Refusal, type Request, type Route } from "./shared/http.js";

const LARGEST_MODEL = 50 * 1024 * 1024;

export interface Parts {
  accounts: Accounts;
  bucket: Bucket;
  cache: Cache;
  database: Database;
  models: Models;
}

export function routes({ accounts, bucket, cache, database, models }: Parts): Route[] {
  const found = async ({ message, parts }: Request): Promise<Required<Found>> => {
    const fresh = /\bno-cache\b/.test(message.headers["cache-control"] ?? "");
    const answer = await models.find(parts["id"] as string, !fresh);
    if (!answer.model) throw new Refusal(404, `there is no model ${parts["id"]}`);
    return answer as Required<Found>;
  };

  return [
    health(/^\/health$/),
    deepHealth(/^\/health\/db$/, {
      primary: primary(database),
      replica: replica(database),
      cache: redis(cache),
      bucket: objects(bucket),
    }),
    {
      method: "POST",
      path: /^\/models$/,
      answer: async (request) => {
        const user = await visitor(accounts, request);
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
    ...accountRoutes(accounts),
  ];
}
