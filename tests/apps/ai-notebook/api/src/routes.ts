/** What the API answers. */
import { hostname } from "node:os";
import type { Articles } from "./articles.js";
import { type Accounts, accountRoutes, visitor } from "./shared/accounts.js";
import type { Bucket } from "./shared/bucket.js";
import type { Cache } from "./shared/cache.js";
import type { Database } from "./shared/database.js";
import { deepHealth, health, objects, primary, queue, redis } from "./shared/health.js";
import { body, ID, Refusal, type Request, type Route } from "./shared/http.js";
import { jobRoute, type Jobs } from "./shared/jobs.js";
import { release } from "./shared/release.js";
import type { Uploads } from "./uploads.js";

const LARGEST_ARTICLE = 1024 * 1024;
// Whose job comes first: of those who pay, of everybody, of whoever has many.
const PRIORITIES: Record<string, number> = { high: 1, normal: 5, low: 10 };

export interface Parts {
  accounts: Accounts;
  articles: Articles;
  attempts: number;
  bucket: Bucket;
  cache: Cache;
  database: Database;
  jobs: Jobs;
  largest: number;
  uploads: Uploads;
}

export function routes(parts: Parts): Route[] {
  const { accounts, articles, bucket, cache, database, jobs, uploads } = parts;

  const found = async ({ message, parts: path }: Request) => {
    const fresh = /\bno-cache\b/.test(message.headers["cache-control"] ?? "");
    const { article, ...from } = await articles.find(path["id"] as string, !fresh);
    if (!article) throw new Refusal(404, `there is no article ${path["id"]}`);
    return { article, ...from };
  };

  return [
    health(/^\/health\/live$/),
    deepHealth(/^\/health$/, {
      primary: primary(database),
      cache: redis(cache),
      queue: queue(jobs),
      bucket: objects(bucket),
    }),
    {
      method: "GET",
      path: /^\/api\/version$/,
      answer: async () => ({ body: { version: release.version, node: hostname() } }),
    },
    {
      method: "POST",
      path: /^\/api\/articles$/,
      answer: async (request) => {
        const user = await visitor(accounts, request);
        const content = (await body(request.message, LARGEST_ARTICLE)).toString();
        if (!content) throw new Refusal(400, "an article has some text");
        const title = request.url.searchParams.get("title") ?? "untitled";
        const article = await articles.add(title, content, user?.id ?? null);
        const headers = { Location: `/api/articles/${article.id}` };
        return { status: 201, headers, body: article };
      },
    },
    {
      method: "GET",
      path: new RegExp(`^/api/articles/${ID}$`),
      answer: async (request) => {
        const { article, store, cache: cached } = await found(request);
        return { headers: { "X-Store": store, "X-Cache": cached }, body: article };
      },
    },
    {
      method: "GET",
      path: new RegExp(`^/api/articles/${ID}/views$`),
      answer: async ({ parts: path }) => {
        return { body: { views: (await articles.views(path["id"] as string)) ?? null } };
      },
    },
    {
      method: "POST",
      path: new RegExp(`^/api/articles/${ID}/process$`),
      answer: async (request) => {
        const { article } = await found(request);
        const asked = request.url.searchParams;
        const priority = PRIORITIES[asked.get("priority") ?? "normal"];
        if (priority === undefined) throw new Refusal(400, "priority: high, normal or low");
        const data = {
          article: article.id,
          ai: asked.get("ai") === "true",
          milliseconds: Number(asked.get("milliseconds") ?? 0),
        };
        const id = await jobs.add("process-article", data, parts.attempts, priority);
        return { status: 202, headers: { Location: `/api/jobs/${id}` }, body: { id } };
      },
    },
    jobRoute(jobs, "/api"),
    {
      method: "POST",
      path: /^\/api\/uploads$/,
      answer: async (request) => {
        const user = await visitor(accounts, request);
        const content = await body(request.message, parts.largest);
        const name = request.url.searchParams.get("name") ?? "unnamed";
        const type = request.message.headers["content-type"] ?? "application/octet-stream";
        const upload = await uploads.add(name, type, content, user?.id ?? null);
        const headers = { Location: `/api/uploads/${upload.id}` };
        return { status: 201, headers, body: upload };
      },
    },
    {
      method: "GET",
      path: new RegExp(`^/api/uploads/${ID}$`),
      answer: async ({ parts: path }) => {
        const upload = await uploads.find(path["id"] as string);
        if (!upload) throw new Refusal(404, `there is no upload ${path["id"]}`);
        return { headers: { "Content-Type": upload.type }, stream: upload.body };
      },
    },
    ...accountRoutes(accounts, "/api"),
  ];
}
