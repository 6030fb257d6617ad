/** The deep check: every store by name, how long it took, and what its absence means. */
import type { Bucket } from "./bucket.js";
import type { Cache } from "./cache.js";
import type { Database } from "./database.js";

const PATIENCE = 3_000;

interface Check {
  ok: boolean;
  milliseconds: number;
  error?: string;
  [fact: string]: unknown;
}

export interface Report {
  /** Degraded: slower, but everything is answered. */
  status: "ok" | "degraded" | "failed";
  checks: { primary: Check; replica: Check; cache: Check; bucket: Check };
}

export async function report(database: Database, cache: Cache, bucket: Bucket): Promise<Report> {
  const tls = database.kind;
  const [primary, replica, cached, objects] = await Promise.all([
    timed(async () => {
      const [row] = await database.fromPrimary<{ recovering: boolean }>(
        "SELECT pg_is_in_recovery() AS recovering",
        [],
      );
      if (row?.recovering) throw new Error("it is a replica");
      return { tls };
    }),
    timed(async () => {
      const [row] = await database.fromReplica<{ recovering: boolean; lag: number | null }>(
        `SELECT pg_is_in_recovery() AS recovering,
                CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
                ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp())::float8 END AS lag`,
        [],
      );
      return { tls, separate: Boolean(row?.recovering), lag_seconds: row?.lag ?? null };
    }),
    timed(async () => {
      await cache.check();
      return { tls: cache.encrypted ? "verified" : "off" };
    }),
    timed(async () => {
      await bucket.check();
      return {};
    }),
  ]);
  const needed = primary.ok && objects.ok;
  const status = !needed ? "failed" : replica.ok && cached.ok ? "ok" : "degraded";
  return { status, checks: { primary, replica, cache: cached, bucket: objects } };
}

async function timed(check: () => Promise<Record<string, unknown>>): Promise<Check> {
  const begun = performance.now();
  const passed = () => Math.round((performance.now() - begun) * 10) / 10;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${PATIENCE} ms`)), PATIENCE);
  });
  try {
    const facts = await Promise.race([check(), late]);
    return { ok: true, milliseconds: passed(), ...facts };
  } catch (error) {
    return { ok: false, milliseconds: passed(), error: reason(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** Never a whole error: those of a client may hold what it was configured with. */
function reason(error: unknown): string {
  const { message, name, code } = error as { message?: string; name?: string; code?: string };
  return message || code || name || "unknown";
}
