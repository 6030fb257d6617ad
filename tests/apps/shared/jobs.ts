/** Work that is done later, by somebody else: a queue in a Redis of its own. */
import { Queue } from "bullmq";
import { Refusal, type Route } from "./http.js";
import { queueConnection } from "./queue.js";

// Of each job, how long its outcome can be asked for.
const KEPT_SECONDS = 3600;

export interface JobState {
  id: string;
  state: string;
  attempts: number;
  result: unknown;
  error: string | undefined;
}

export class Jobs {
  readonly #queue: Queue;
  #complained = false;

  constructor(url: string, name: string) {
    this.#queue = new Queue(name, {
      // Whoever asks for a job waits for an answer: without the queue it gets one at once, and with
      // a busy one as soon as that has come to it.
      connection: { ...queueConnection(url), enableOfflineQueue: false, commandTimeout: 15_000 },
      defaultJobOptions: {
        removeOnComplete: { age: KEPT_SECONDS },
        removeOnFail: { age: KEPT_SECONDS },
      },
    });
    this.#queue.on("error", (error: Error) => {
      if (!this.#complained) console.error(`queue unavailable: ${error.message}`);
      this.#complained = true;
    });
  }

  /** The smaller the priority, the sooner. Attempts are apart as the worker decides. */
  async add(name: string, data: object, attempts: number, priority: number): Promise<string> {
    const job = await this.#queue.add(name, data, {
      attempts,
      priority,
      backoff: { type: "custom" },
    });
    return job.id as string;
  }

  async find(id: string): Promise<JobState | undefined> {
    const job = await this.#queue.getJob(id);
    if (!job) return undefined;
    return {
      id,
      state: await job.getState(),
      attempts: job.attemptsMade,
      result: job.returnvalue ?? null,
      error: job.failedReason,
    };
  }

  /** How many jobs wait. */
  async waiting(): Promise<number> {
    return this.#queue.getJobCountByTypes("waiting", "prioritized", "delayed");
  }

  async close(): Promise<void> {
    await this.#queue.close();
  }
}

/** PREFIX/jobs/ID: how far a job is, and what came of it. */
export function jobRoute(jobs: Jobs, prefix: string): Route {
  return {
    method: "GET",
    path: new RegExp(`^${prefix}/jobs/(?<id>[0-9]+)$`),
    answer: async ({ parts }) => {
      const job = await jobs.find(parts["id"] as string);
      if (!job) throw new Refusal(404, `there is no job ${parts["id"]}`);
      return { body: job };
    },
  };
}
