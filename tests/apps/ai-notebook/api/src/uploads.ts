/** Files of users: through a directory of this host into the bucket, and a row that names them. */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { Bucket } from "./shared/bucket.js";
import type { Database } from "./shared/database.js";

export interface Upload {
  id: string;
  name: string;
  object_key: string;
  bytes: number;
  sha256: string;
}

const BY_ID = `SELECT id, name, object_key, bytes::float8 AS bytes, sha256
  FROM uploads WHERE id = $1`;

export class Uploads {
  constructor(
    private readonly database: Database,
    private readonly bucket: Bucket,
    private readonly directory: string,
  ) {}

  async add(name: string, type: string, body: Buffer, user: string | null): Promise<Upload> {
    const id = randomUUID();
    const key = `uploads/${id}`;
    await mkdir(this.directory, { recursive: true });
    const file = join(this.directory, id);
    await writeFile(file, body);
    try {
      await this.bucket.put(key, await readFile(file), type);
    } finally {
      await rm(file, { force: true });
    }
    const sha256 = createHash("sha256").update(body).digest("hex");
    return this.database.write(async (client) => {
      await client.query(
        `INSERT INTO uploads (id, user_id, name, object_key, bytes, sha256)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING`,
        [id, user, name, key, body.length, sha256],
      );
      return (await client.query<Upload>(BY_ID, [id])).rows[0] as Upload;
    });
  }

  async find(id: string): Promise<{ body: Readable; type: string } | undefined> {
    const [upload] = await this.database.fromPrimary<Upload>(BY_ID, [id]);
    return upload && this.bucket.get(upload.object_key);
  }
}
