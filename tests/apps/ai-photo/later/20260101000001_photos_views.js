// Expands only: the version before knows nothing of it and works on.
export async function up(knex) {
  await knex.schema.alterTable("photos", (table) => {
    table.bigInteger("views").notNullable().defaultTo(0);
  });
}

export async function down(knex) {
  await knex.schema.alterTable("photos", (table) => {
    table.dropColumn("views");
  });
}
