/** PostgreSQL: what must be so is asked of the primary, what may be a moment old of the replica. */
import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import pg from "pg";
import type { Environment } from "./environment.js";

export type Encryption = "off" | "unverified" | "verified";

const PATIENCE = 5_000;
const ATTEMPTS = 3;

/** What sslmode means to libpq; the library itself would read `require` as `verify-full`. */
export function encryption(
  url: URL,
  authorities: string | undefined,
): { tls: false | ConnectionOptions; kind: Encryption } {
  const mode = url.searchParams.get("sslmode") ?? "prefer";
  const file = url.searchParams.get("sslrootcert") ?? authorities;
  if (mode === "disable" || mode === "allow" || mode === "prefer") return { tls: false, kind: "off" };
  if (file !== undefined) {
    return { tls: { ca: readFileSync(file, "utf8"), rejectUnauthorized: true }, kind: "verified" };
  }
  if (mode === "require") return { tls: { rejectUnauthorized: false }, kind: "unverified" };
  return { tls: { rejectUnauthorized: true }, kind: "verified" };
}

export interface Address {
  url: string;
  /** Where reads go; the primary itself when there is no replica. */
  readerHost?: string | undefined;
  /** A file of authorities that the certificate is checked against. */
  authorities?: string | undefined;
}

export function addressIn(environment: Environment, url: string): Address {
  return {
    url,
    readerHost: environment.optional("DATABASE_READER_HOST"),
    authorities: environment.optional("PGSSLROOTCERT"),
  };
}

export class Database {
  readonly kind: Encryption;
  /** Whether reads have a server of their own. */
  readonly replicated: boolean;
  readonly #primary: pg.Pool;
  readonly #replica: pg.Pool;

  constructor(address: Address) {
    const url = new URL(address.url);
    const { readerHost = "", authorities } = address;
    // Most connections of this process to each server: Prisma's name for it.
    const connections = Number(url.searchParams.get("connection_limit") ?? 10);
    const { tls, kind } = encryption(url, authorities);
    this.kind = kind;
    if (kind === "unverified") {
      console.error("the database's certificate is not checked: PGSSLROOTCERT names no authorities");
    }
    this.replicated = readerHost !== "" && readerHost !== url.hostname;
    const pool = (host: string): pg.Pool => {
      const made = new pg.Pool({
        host,
        port: Number(url.port || 5432),
        user: decodeURIComponent(url.username),
        password: decodeURIComponent(url.password),
        database: decodeURIComponent(url.pathname.slice(1)),
        ssl: tls,
        max: connections,
        connectionTimeoutMillis: PATIENCE,
        query_timeout: PATIENCE,
        idleTimeoutMillis: 30_000,
        keepAlive: true,
        application_name: "application",
      });
      // A connection that breaks while nobody uses it; the next one asks for a new one.
      made.on("error", () => undefined);
      return made;
    };
    this.#primary = pool(url.hostname);
    this.#replica = this.replicated ? pool(readerHost) : this.#primary;
  }

  /** Everything in `work` or nothing. It may run more than once, so it names its rows itself. */
  async write<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    return again(async () => {
      const client = await this.#primary.connect();
      let broken: Error | undefined;
      try {
        await client.query("BEGIN");
        const result = await work(client);
        await client.query("COMMIT");
        return result;
      } catch (error) {
        broken = unusable(error) ? (error as Error) : undefined;
        if (!broken) await client.query("ROLLBACK");
        throw error;
      } finally {
        client.release(broken);
      }
    });
  }

  async fromPrimary<Row extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<Row[]> {
    return again(async () => (await this.#primary.query<Row>(text, values)).rows);
  }

  async fromReplica<Row extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<Row[]> {
    return again(async () => (await this.#replica.query<Row>(text, values)).rows);
  }

  async close(): Promise<void> {
    await this.#primary.end();
    if (this.replicated) await this.#replica.end();
  }
}

/** Whether the connection, not the statement, is what failed. */
function unusable(error: unknown): boolean {
  const code = String((error as { code?: string }).code ?? "");
  // 08: connection; 57P: the server goes down; 25006: a primary that has become a replica.
  return !/^[0-9A-Z]{5}$/.test(code) || /^(08|57P|25006)/.test(code);
}

/** A connection that broke is no answer: asked again on a fresh one, a moment later. */
async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === ATTEMPTS || !unusable(error)) throw error;
      await new Promise((resume) => setTimeout(resume, 200 * attempt));
    }
  }
}
