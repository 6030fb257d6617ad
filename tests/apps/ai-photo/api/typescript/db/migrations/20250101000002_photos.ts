import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createTable("photos", (table) => {
    table.uuid("id").primary();
    table.uuid("user_id").references("users.id");
    table.string("name", 190).notNullable();
    table.string("type", 100).notNullable();
    table.integer("bytes").notNullable();
    table.string("sha256", 64).notNullable();
    table.string("status", 20).notNullable().defaultTo("kept");
    table.timestamp("created_at").notNullable().defaultTo(knex.fn.now());
    // Until it lies at Tencent.
    table.specificType("content", "mediumblob");
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropTable("photos");
}
