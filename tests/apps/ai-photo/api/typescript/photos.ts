/** Photos: rows of MySQL, which the cache may know, and which end at Tencent. */
import { createHash, randomUUID } from "node:crypto";
import type { Knex } from "knex";
import type { Cos } from "./cos.js";
import type { Cache, Found } from "./shared/cache.js";

export interface Photo {
  id: string;
  user_id: string | null;
  name: string;
  type: string;
  bytes: number;
  sha256: string;
  status: string;
  created_at: string;
}

export interface Answer {
  photo: Photo | undefined;
  store: "cache" | "primary";
  cache: Found["answered"] | "bypassed";
}

const COLUMNS = ["id", "user_id", "name", "type", "bytes", "sha256", "status", "created_at"];

export class Photos {
  constructor(
    private readonly database: Knex,
    private readonly cache: Cache,
    private readonly cos: Cos,
  ) {}

  async add(name: string, type: string, content: Buffer, user: string | null): Promise<Photo> {
    const id = randomUUID();
    await this.database("photos").insert({
      id,
      user_id: user,
      name,
      type,
      bytes: content.length,
      sha256: createHash("sha256").update(content).digest("hex"),
      content,
    });
    const photo = (await this.#read(id)) as Photo;
    await this.cache.keep(`photo:${id}`, JSON.stringify(photo));
    return photo;
  }

  async find(id: string, useCache: boolean): Promise<Answer> {
    const found = useCache ? await this.cache.find(`photo:${id}`) : undefined;
    if (found?.answered === "hit") {
      return { photo: JSON.parse(found.text) as Photo, store: "cache", cache: "hit" };
    }
    const photo = await this.#read(id);
    if (photo && found) await this.cache.keep(`photo:${id}`, JSON.stringify(photo));
    return { photo, store: "primary", cache: found?.answered ?? "bypassed" };
  }

  async content(id: string): Promise<Buffer | undefined> {
    const row = await this.database("photos").where({ id }).first<{ content: Buffer }>("content");
    return row?.content ?? undefined;
  }

  /** To Tencent; the row keeps no second copy. */
  async publish(photo: Photo): Promise<string> {
    const content = await this.content(photo.id);
    if (!content) throw new Error(`photo ${photo.id} has been published`);
    const key = `photos/${photo.id}`;
    await this.cos.put(key, content, photo.type);
    await this.#mark(photo.id, { status: "published", content: null });
    return key;
  }

  async styled(id: string): Promise<boolean> {
    return this.#mark(id, { status: "styled" });
  }

  async #mark(id: string, change: Record<string, unknown>): Promise<boolean> {
    const changed = await this.database("photos").where({ id }).update(change);
    const photo = await this.#read(id);
    if (photo) await this.cache.keep(`photo:${id}`, JSON.stringify(photo));
    return changed === 1;
  }

  async #read(id: string): Promise<Photo | undefined> {
    return this.database("photos").where({ id }).first<Photo>(COLUMNS);
  }
}
