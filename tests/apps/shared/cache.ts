/** Redis: makes answers quicker, and is never needed for one. */
import { once } from "node:events";
import { Redis } from "ioredis";
import { authorities } from "./authorities.js";

const SECONDS = 300;

export type Found = { answered: "hit"; text: string } | { answered: "miss" | "unavailable" };

export class Cache {
  readonly encrypted: boolean;
  readonly #redis: Redis;
  #complained = false;

  constructor(url: string) {
    this.encrypted = url.startsWith("rediss:");
    this.#redis = new Redis(url, {
      ...(this.encrypted ? { tls: { ca: authorities() } } : {}),
      connectTimeout: 2_000,
      commandTimeout: 1_000,
      // Nobody waits for a cache that is away: it fails at once and comes back by itself.
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      retryStrategy: (attempt) => Math.min(attempt * 200, 2_000),
      // After a failover the old primary answers, but refuses to write.
      reconnectOnError: (error) => error.message.startsWith("READONLY"),
    });
    this.#redis.on("error", (error: Error) => {
      if (!this.#complained) console.error(`cache unavailable: ${error.message}`);
      this.#complained = true;
    });
    this.#redis.on("ready", () => {
      if (this.#complained) console.error("cache available again");
      this.#complained = false;
    });
  }

  /** Until the first attempt to reach it has come to an end, either way. */
  async tried(): Promise<void> {
    if (this.#redis.status === "ready" || this.#complained) return;
    await Promise.race([once(this.#redis, "ready"), once(this.#redis, "close")]).catch(
      () => undefined,
    );
  }

  async find(key: string): Promise<Found> {
    try {
      const text = await this.#redis.get(key);
      return text === null ? { answered: "miss" } : { answered: "hit", text };
    } catch {
      return { answered: "unavailable" };
    }
  }

  async keep(key: string, text: string): Promise<void> {
    try {
      await this.#redis.set(key, text, "EX", SECONDS);
    } catch {
      // The answer does not need it.
    }
  }

  /** Counts what somebody else will read later; nobody waits for it. */
  count(hash: string, field: string): void {
    this.#redis.hincrby(hash, field, 1).catch(() => undefined);
  }

  async check(): Promise<void> {
    await this.#redis.ping();
  }

  close(): void {
    this.#redis.disconnect();
  }
}
