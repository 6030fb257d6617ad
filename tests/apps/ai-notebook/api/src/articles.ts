/** Articles: rows of the database, which the cache may know. */
import { randomUUID } from "node:crypto";
import type { Cache, Found } from "./shared/cache.js";
import type { Database } from "./shared/database.js";

export interface Article {
  id: string;
  user_id: string | null;
  title: string;
  content: string;
  status: string;
  summary: string | null;
  words: number | null;
  created_at: string;
}

export interface Answer {
  article: Article | undefined;
  store: "cache" | "primary";
  cache: Found["answered"] | "bypassed";
}

const BY_ID = `SELECT id, user_id, title, content, status, summary, words, created_at
  FROM articles WHERE id = $1 AND status <> 'deleted'`;

export class Articles {
  constructor(
    private readonly database: Database,
    private readonly cache: Cache,
  ) {}

  async add(title: string, content: string, user: string | null): Promise<Article> {
    const id = randomUUID();
    const article = await this.database.write(async (client) => {
      await client.query(
        `INSERT INTO articles (id, user_id, title, content) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id) DO NOTHING`,
        [id, user, title, content],
      );
      return (await client.query<Article>(BY_ID, [id])).rows[0] as Article;
    });
    await this.cache.keep(`article:${id}`, JSON.stringify(article));
    return article;
  }

  /** A view is counted beside, and written into the database later, for many at once. */
  async find(id: string, useCache: boolean): Promise<Answer> {
    this.cache.count("views", id);
    const found = useCache ? await this.cache.find(`article:${id}`) : undefined;
    if (found?.answered === "hit") {
      return { article: JSON.parse(found.text) as Article, store: "cache", cache: "hit" };
    }
    const [article] = await this.database.fromPrimary<Article>(BY_ID, [id]);
    if (article && found) await this.cache.keep(`article:${id}`, JSON.stringify(article));
    return { article, store: "primary", cache: found?.answered ?? "bypassed" };
  }

  async views(id: string): Promise<number | undefined> {
    const [row] = await this.database.fromPrimary<{ views: number }>(
      "SELECT views::float8 AS views FROM articles WHERE id = $1",
      [id],
    );
    return row?.views;
  }
}
