/** Accounts in MySQL. */
import type { Knex } from "knex";
import type { Account, People } from "./shared/accounts.js";

export class MysqlPeople implements People {
  constructor(private readonly database: Knex) {}

  async add(id: string, email: string, digest: string): Promise<boolean> {
    const row = { id, email, password_digest: digest };
    await this.database("users").insert(row).onConflict("email").ignore();
    return (await this.database("users").where({ id }).first("id")) !== undefined;
  }

  async find(email: string): Promise<Account | undefined> {
    return this.database("users").where({ email }).first<Account>("id", "password_digest");
  }
}
