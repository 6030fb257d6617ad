/** MySQL as the environment names it, for the API and for migrations alike. */
import { readFileSync } from "node:fs";
import type { Knex } from "knex";
import { Environment } from "../shared/environment.js";

export function configuration(variables: NodeJS.ProcessEnv): Knex.Config {
  const environment = new Environment(variables);
  const authorities = environment.optional("DB_SSL_CA");
  const found: Knex.Config = {
    client: "mysql2",
    connection: {
      host: environment.required("DB_HOST"),
      port: environment.number("DB_PORT", 3306),
      user: environment.required("DB_USER"),
      password: environment.required("DB_PASSWORD"),
      database: environment.required("DB_NAME"),
      charset: "utf8mb4",
      ...(environment.optional("DB_SSL") === "true" ? { ssl: encryption(authorities) } : {}),
    },
    pool: {
      min: environment.number("DB_POOL_MIN", 5),
      max: environment.number("DB_POOL_MAX", 20),
    },
    acquireConnectionTimeout: 15_000,
    migrations: { directory: "./src/db/migrations", loadExtensions: [".js"] },
  };
  environment.complete();
  return found;
}

/** The authorities of RDS are in no machine's bundle: without a file of them nobody is checked. */
function encryption(authorities: string | undefined): { ca?: string; rejectUnauthorized: boolean } {
  if (authorities === undefined) return { rejectUnauthorized: false };
  return { ca: readFileSync(authorities, "utf8"), rejectUnauthorized: true };
}
