/** Brings the schema to this version: every file of migrations/ once, in order, each whole. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import pg from "pg";
import { encryption } from "./database.js";

const HISTORY = `CREATE TABLE IF NOT EXISTS schema_migrations (
  name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`;
const LOCK = "SELECT pg_advisory_lock(hashtext('schema_migrations'))";

const directory = new URL("../../migrations/", import.meta.url);

async function migrate(client: pg.Client): Promise<void> {
  await client.query(LOCK);
  await client.query(HISTORY);
  const { rows } = await client.query<{ name: string; sha256: string }>(
    "SELECT name, sha256 FROM schema_migrations",
  );
  const applied = new Map(rows.map((row) => [row.name, row.sha256]));
  const names = readdirSync(directory).filter((name) => name.endsWith(".sql")).sort();
  for (const name of names) {
    const statements = readFileSync(new URL(name, directory), "utf8");
    const sha256 = createHash("sha256").update(statements).digest("hex");
    const before = applied.get(name);
    if (before === sha256) continue;
    if (before) throw new Error(`${name} has changed since it was applied: add a new one instead`);
    await apply(client, name, statements, sha256);
    console.log(`applied ${name}`);
  }
}

async function apply(
  client: pg.Client,
  name: string,
  statements: string,
  sha256: string,
): Promise<void> {
  await client.query("BEGIN");
  try {
    await client.query(statements);
    await client.query("INSERT INTO schema_migrations (name, sha256) VALUES ($1, $2)", [
      name,
      sha256,
    ]);
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
  }
}

async function main(): Promise<void> {
  const address = process.env["DATABASE_URL"];
  if (!address) throw new Error("not set: DATABASE_URL");
  const url = new URL(address);
  const client = new pg.Client({
    host: url.hostname,
    port: Number(url.port || 5432),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: decodeURIComponent(url.pathname.slice(1)),
    ssl: encryption(url, process.env["PGSSLROOTCERT"]).tls,
    connectionTimeoutMillis: 10_000,
    application_name: "migrations",
  });
  await client.connect();
  try {
    await migrate(client);
  } finally {
    await client.end();
  }
}

main().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exitCode = 1;
});
