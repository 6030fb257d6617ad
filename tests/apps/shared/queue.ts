/** How a queue is reached: what its url says, with TLS where it says so. */
import type { RedisOptions } from "bullmq";
import { authorities } from "./authorities.js";

export function queueConnection(address: string): RedisOptions {
  const url = new URL(address);
  return {
    host: url.hostname,
    port: Number(url.port || 6379),
    ...(url.username ? { username: decodeURIComponent(url.username) } : {}),
    ...(url.password ? { password: decodeURIComponent(url.password) } : {}),
    ...(url.protocol === "rediss:" ? { tls: { ca: authorities() } } : {}),
    connectTimeout: 2_000,
    retryStrategy: (attempt: number) => Math.min(attempt * 200, 2_000),
  };
}
