/** The deep check: every store by name, how long it took, and what its absence means. */
import { hostname } from "node:os";
import type { Route } from "./http.js";
import { missing, release } from "./release.js";

const PATIENCE = 3_000;

export interface Check {
  ok: boolean;
  milliseconds: number;
  error?: string;
  [fact: string]: unknown;
}

type Facts = Record<string, unknown>;

export interface Store {
  ask: () => Promise<Facts>;
  /** Without it nothing is right; without another, answers are slower, but right. */
  needed: boolean;
}

export interface Report {
  status: "ok" | "degraded" | "failed";
  checks: Record<string, Check>;
}

export async function report(stores: Record<string, Store>): Promise<Report> {
  const asked = await Promise.all(
    Object.entries(stores).map(async ([name, { ask }]) => [name, await timed(ask)] as const),
  );
  const checks = Object.fromEntries(asked);
  const lacking = Object.keys(stores).filter((name) => !checks[name]?.ok);
  const failed = lacking.some((name) => stores[name]?.needed);
  return { status: failed ? "failed" : lacking.length ? "degraded" : "ok", checks };
}

/** The light check asks no store: an outage of one must not take every host out. */
export function health(path: RegExp, more: () => Facts = () => ({})): Route {
  const self = { version: release.version, node: hostname() };
  return {
    method: "GET",
    path,
    answer: async () => {
      const absent = missing(process.env);
      if (absent.length) {
        return { status: 500, body: { status: "failed", ...self, missing: absent } };
      }
      return { body: { status: "ok", ...self, process: process.pid, ...more() } };
    },
  };
}

export function deepHealth(path: RegExp, stores: Record<string, Store>): Route {
  const self = { version: release.version, node: hostname() };
  return {
    method: "GET",
    path,
    answer: async () => {
      const { status, checks } = await report(stores);
      return { status: status === "failed" ? 503 : 200, body: { status, ...self, checks } };
    },
  };
}

type Query = <Row extends { [column: string]: any }>(text: string, values: unknown[]) => Promise<Row[]>;

export function primary(database: { kind: string; fromPrimary: Query }): Store {
  const ask = async (): Promise<Facts> => {
    const [row] = await database.fromPrimary<{ recovering: boolean }>(
      "SELECT pg_is_in_recovery() AS recovering",
      [],
    );
    if (row?.recovering) throw new Error("it is a replica");
    return { tls: database.kind };
  };
  return { needed: true, ask };
}

export function replica(database: { kind: string; fromReplica: Query }): Store {
  const ask = async (): Promise<Facts> => {
    const [row] = await database.fromReplica<{ recovering: boolean; lag: number | null }>(
      `SELECT pg_is_in_recovery() AS recovering,
              CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
              ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp())::float8 END AS lag`,
      [],
    );
    return {
      tls: database.kind,
      separate: Boolean(row?.recovering),
      lag_seconds: row?.lag ?? null,
    };
  };
  return { needed: false, ask };
}

export function redis(cache: { encrypted: boolean; check: () => Promise<void> }): Store {
  const ask = async (): Promise<Facts> => {
    await cache.check();
    return { tls: cache.encrypted ? "verified" : "off" };
  };
  return { needed: false, ask };
}

export function queue(jobs: { waiting: () => Promise<number> }): Store {
  return { needed: false, ask: async () => ({ waiting: await jobs.waiting() }) };
}

export function objects(bucket: { check: () => Promise<void> }): Store {
  const ask = async (): Promise<Facts> => {
    await bucket.check();
    return {};
  };
  return { needed: true, ask };
}

async function timed(ask: () => Promise<Facts>): Promise<Check> {
  const begun = performance.now();
  const passed = () => Math.round((performance.now() - begun) * 10) / 10;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${PATIENCE} ms`)), PATIENCE);
  });
  try {
    const facts = await Promise.race([ask(), late]);
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
