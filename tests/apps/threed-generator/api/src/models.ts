/** A model: a row that says what it is, and an object that is it. */
import { createHash, randomUUID } from "node:crypto";
import type { Readable } from "node:stream";
import type { Bucket } from "./shared/bucket.js";
import type { Cache, Found } from "./shared/cache.js";
import type { Database } from "./shared/database.js";

export interface Model {
  id: string;
  user_id: string | null;
  name: string;
  format: string;
  is_public: boolean;
  object_key: string;
  bytes: number;
  sha256: string;
  created_at: string;
}

export type Store = "cache" | "replica" | "primary";

export interface Answer {
  model: Model | undefined;
  store: Store;
  cache: Found["answered"] | "bypassed";
}

export interface Upload {
  name: string;
  format: string;
  type: string;
  body: Buffer;
  user: string | null;
}

const COLUMNS =
  "id, user_id, name, format, is_public, object_key, bytes::float8 AS bytes, sha256, created_at";
const BY_ID = `SELECT ${COLUMNS} FROM models WHERE id = $1`;

export class Models {
  constructor(
    private readonly database: Database,
    private readonly cache: Cache,
    private readonly bucket: Bucket,
  ) {}

  /** The object first: a row never names one that is not there. */
  async add(upload: Upload): Promise<Model> {
    const id = randomUUID();
    const task = randomUUID();
    const key = `models/${id}.${upload.format}`;
    const sha256 = createHash("sha256").update(upload.body).digest("hex");
    await this.bucket.put(key, upload.body, upload.type);
    const model = await this.database.write(async (client) => {
      const bytes = upload.body.length;
      await client.query(
        `INSERT INTO models (id, user_id, name, format, object_key, bytes, sha256)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`,
        [id, upload.user, upload.name, upload.format, key, bytes, sha256],
      );
      await client.query(
        `INSERT INTO generation_tasks (id, user_id, model_id, status)
         VALUES ($1, $2, $3, 'done') ON CONFLICT (id) DO NOTHING`,
        [task, upload.user, id],
      );
      return (await client.query<Model>(BY_ID, [id])).rows[0] as Model;
    });
    await this.cache.keep(cacheKey(id), JSON.stringify(model));
    return model;
  }

  /** From the cache, else the replica; from the primary while the replica does not have it. */
  async find(id: string, useCache: boolean): Promise<Answer> {
    const found = useCache ? await this.cache.find(cacheKey(id)) : undefined;
    if (found?.answered === "hit") {
      return { model: JSON.parse(found.text) as Model, store: "cache", cache: "hit" };
    }
    const { model, store } = await this.#read(id);
    if (model && found) await this.cache.keep(cacheKey(id), JSON.stringify(model));
    return { model, store, cache: found?.answered ?? "bypassed" };
  }

  async file(model: Model): Promise<{ body: Readable; type: string; bytes: number | undefined }> {
    return this.bucket.get(model.object_key);
  }

  async #read(id: string): Promise<{ model: Model | undefined; store: Store }> {
    if (this.database.replicated) {
      try {
        const [model] = await this.database.fromReplica<Model>(BY_ID, [id]);
        if (model) return { model, store: "replica" };
      } catch (error) {
        console.error(`replica unavailable: ${(error as Error).message}`);
      }
    }
    const [model] = await this.database.fromPrimary<Model>(BY_ID, [id]);
    return { model, store: "primary" };
  }
}

function cacheKey(id: string): string {
  return `model:${id}`;
}
