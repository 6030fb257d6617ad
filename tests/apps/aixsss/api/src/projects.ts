/** Projects, and the keys of suppliers with which jobs are done for them. */
import { randomUUID } from "node:crypto";
import type { Database } from "./shared/database.js";
import type { Sealing } from "./shared/sealing.js";

export interface Project {
  id: string;
  user_id: string | null;
  title: string;
  content: string;
  outline: string | null;
  created_at: string;
}

const BY_ID = "SELECT id, user_id, title, content, outline, created_at FROM projects WHERE id = $1";

export class Projects {
  constructor(
    private readonly database: Database,
    private readonly sealing: Sealing,
  ) {}

  async add(title: string, content: string, user: string | null): Promise<Project> {
    const id = randomUUID();
    return this.database.write(async (client) => {
      await client.query(
        `INSERT INTO projects (id, user_id, title, content) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id) DO NOTHING`,
        [id, user, title, content],
      );
      return (await client.query<Project>(BY_ID, [id])).rows[0] as Project;
    });
  }

  async find(id: string): Promise<Project | undefined> {
    return (await this.database.fromPrimary<Project>(BY_ID, [id]))[0];
  }

  /** The key is sealed before it leaves this process, and is never answered. */
  async addProfile(user: string, baseUrl: string, key: string): Promise<string> {
    const id = randomUUID();
    const sealed = this.sealing.seal(key);
    await this.database.write((client) =>
      client.query(
        `INSERT INTO profiles (id, user_id, base_url, sealed_key) VALUES ($1, $2, $3, $4)
         ON CONFLICT (id) DO NOTHING`,
        [id, user, baseUrl, sealed],
      ),
    );
    return id;
  }

  async ownsProfile(user: string, id: string): Promise<boolean> {
    const found = await this.database.fromPrimary(
      "SELECT 1 FROM profiles WHERE id = $1 AND user_id = $2",
      [id, user],
    );
    return found.length === 1;
  }
}
