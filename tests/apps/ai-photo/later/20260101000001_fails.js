export async function up(knex) {
  await knex.schema.alterTable("no_such_table", (table) => {
    table.bigInteger("views");
  });
}

export async function down() {
  throw new Error("it never went up");
}
