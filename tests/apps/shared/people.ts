/** Accounts in the table users of PostgreSQL. */
import type { Account, People } from "./accounts.js";
import type { Database } from "./database.js";

export class PostgresPeople implements People {
  constructor(private readonly database: Database) {}

  async add(id: string, email: string, digest: string): Promise<boolean> {
    return this.database.write(async (client) => {
      await client.query(
        "INSERT INTO users (id, email, password_digest) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        [id, email, digest],
      );
      const { rows } = await client.query("SELECT 1 FROM users WHERE id = $1", [id]);
      return rows.length === 1;
    });
  }

  async find(email: string): Promise<Account | undefined> {
    const [account] = await this.database.fromPrimary<Account>(
      "SELECT id, password_digest FROM users WHERE email = $1",
      [email],
    );
    return account;
  }
}
