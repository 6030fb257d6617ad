/** A process that does what lies in a queue, and leaves nothing half done when it is told to go. */
import { type Job, UnrecoverableError, WaitingError, Worker } from "bullmq";
import { queueConnection } from "./queue.js";
import { missing, release } from "./release.js";

export interface Wanted {
  url: string;
  queue: string;
  concurrency: number;
  attempts: number;
  /** Before the second attempt; twice as long before each further one. */
  backoffMs: number;
  limiter?: { max: number; duration: number };
  /** How long jobs under way may still take after the process was told to stop. */
  stopMs: number;
}

/** Does one job; asks `late` now and then, which ends it where there is no time to finish. */
export type Doing = (job: Job, late: () => Promise<void>) => Promise<unknown>;

export function work(wanted: Wanted, doing: Doing, close: () => Promise<void>): void {
  const absent = missing(process.env);
  if (absent.length) throw new Error(`not set: ${absent.join(", ")}`);
  let stopBy = Number.POSITIVE_INFINITY;

  const worker = new Worker(
    wanted.queue,
    async (job, token) => {
      const late = async (): Promise<void> => {
        if (Date.now() < stopBy) return;
        // Back to the queue, where another worker finds it; no attempt is counted.
        await job.moveToWait(token);
        throw new WaitingError();
      };
      try {
        return await doing(job, late);
      } catch (error) {
        if (error instanceof WaitingError || job.attemptsMade + 1 < wanted.attempts) throw error;
        throw new UnrecoverableError((error as Error).message);
      }
    },
    {
      connection: { ...queueConnection(wanted.url), maxRetriesPerRequest: null },
      concurrency: wanted.concurrency,
      settings: { backoffStrategy: (made) => wanted.backoffMs * 2 ** (made - 1) },
      ...(wanted.limiter ? { limiter: wanted.limiter } : {}),
    },
  );
  let complained = false;
  worker.on("ready", () => {
    complained = false;
    console.log(`${release.version} works on ${wanted.queue}, ${wanted.concurrency} at once`);
  });
  worker.on("error", (error) => {
    if (!complained) console.error(`queue: ${error.message}`);
    complained = true;
  });
  worker.on("failed", (job, error) => console.error(`job ${job?.id}: ${error.message}`));

  const leave = (): void => {
    if (stopBy !== Number.POSITIVE_INFINITY) return;
    stopBy = Date.now() + wanted.stopMs;
    // Takes nothing new, and waits for what is under way.
    void worker
      .close()
      .then(close)
      .finally(() => process.exit(0));
  };
  process.on("SIGTERM", leave);
  process.on("SIGINT", leave);
}
