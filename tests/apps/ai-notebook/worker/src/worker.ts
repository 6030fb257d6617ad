/** What happens to an article after it was written. */
import { hostname } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { Bucket, placeIn } from "./shared/bucket.js";
import { addressIn, Database } from "./shared/database.js";
import { Environment } from "./shared/environment.js";
import { release } from "./shared/release.js";
import { work } from "./shared/worker.js";

const environment = new Environment(process.env);
const wanted = {
  url: environment.required("QUEUE_REDIS_URL"),
  queue: environment.optional("QUEUE_NAME") ?? "article-processing",
  concurrency: environment.number("WORKER_CONCURRENCY", 10),
  attempts: environment.number("JOB_ATTEMPTS", 3),
  backoffMs: environment.number("JOB_BACKOFF_MS", 2000),
  limiter: {
    max: environment.number("QUEUE_LIMIT_MAX", 100),
    duration: environment.number("QUEUE_LIMIT_DURATION_MS", 60_000),
  },
  stopMs: environment.number("STOP_MS", 100_000),
};
const address = addressIn(environment, environment.required("DATABASE_URL"));
const place = placeIn(environment, environment.required("S3_BUCKET"));
const ai = {
  url: environment.optional("OPENAI_BASE_URL") ?? "https://api.openai.com/v1",
  key: environment.optional("OPENAI_API_KEY") ?? "",
};
environment.complete();
const database = new Database(address);
const bucket = new Bucket(place);

interface Wish {
  article: string;
  /** Whether the AI service writes the summary. */
  ai: boolean;
  /** How long the work takes at least. */
  milliseconds: number;
}

work(
  wanted,
  async (job, late) => {
    const wish = job.data as Wish;
    for (let passed = 0; passed < wish.milliseconds; passed += 100) {
      await late();
      await pause(100);
    }
    const [article] = await database.fromPrimary<{ title: string; content: string }>(
      "SELECT title, content FROM articles WHERE id = $1",
      [wish.article],
    );
    if (!article) throw new Error(`there is no article ${wish.article}`);
    const summary = wish.ai ? await asked(article.content) : firstSentence(article.content);
    const words = article.content.split(/\s+/).filter(Boolean).length;
    const key = `articles/${wish.article}.json`;
    const outcome = { article: wish.article, title: article.title, summary, words };
    await bucket.put(key, Buffer.from(JSON.stringify(outcome)), "application/json");
    await database.write((client) =>
      client.query(
        "UPDATE articles SET status = 'active', summary = $2, words = $3 WHERE id = $1",
        [wish.article, summary, words],
      ),
    );
    return { ...outcome, object_key: key, version: release.version, node: hostname() };
  },
  async () => {
    bucket.close();
    await database.close();
  },
);

function firstSentence(text: string): string {
  return /^.*?[.!?](?=\s|$)/s.exec(text)?.[0] ?? text.slice(0, 200);
}

async function asked(text: string): Promise<string> {
  const answer = await fetch(`${ai.url}/chat/completions`, {
    method: "POST",
    headers: { Authorization: `Bearer ${ai.key}`, "Content-Type": "application/json" },
    body: JSON.stringify({
      model: "gpt-4o-mini",
      messages: [{ role: "user", content: `Summarise in one sentence:\n${text}` }],
    }),
    signal: AbortSignal.timeout(60_000),
  });
  if (!answer.ok) throw new Error(`the AI service answered ${answer.status}`);
  const { choices } = (await answer.json()) as { choices: { message: { content: string } }[] };
  return choices[0]?.message.content ?? "";
}
