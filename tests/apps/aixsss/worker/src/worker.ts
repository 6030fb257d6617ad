/** The AI jobs: done with the supplier's key that somebody stored, or without any. */
import { hostname } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { Bucket, placeIn } from "./shared/bucket.js";
import { addressIn, Database } from "./shared/database.js";
import { Environment } from "./shared/environment.js";
import { release } from "./shared/release.js";
import { Sealing } from "./shared/sealing.js";
import { work } from "./shared/worker.js";

const environment = new Environment(process.env);
const wanted = {
  url: environment.required("REDIS_URL"),
  queue: environment.required("AI_QUEUE_NAME"),
  concurrency: environment.number("WORKER_CONCURRENCY", 4),
  attempts: environment.number("JOB_ATTEMPTS", 2),
  backoffMs: environment.number("JOB_BACKOFF_MS", 1000),
  stopMs: environment.number("STOP_MS", 100_000),
};
const address = addressIn(environment, environment.required("DATABASE_URL"));
const place = placeIn(environment, environment.required("S3_BUCKET"));
const encryptionKey = environment.required("API_KEY_ENCRYPTION_KEY");
environment.complete();
const database = new Database(address);
const bucket = new Bucket(place);
const sealing = new Sealing(encryptionKey);

interface Wish {
  project: string;
  /** Whose supplier writes the outline; without one it is made of the first words. */
  profile: string | null;
  /** How long the work takes at least. */
  milliseconds: number;
}

work(
  wanted,
  async (job, late) => {
    const wish = job.data as Wish;
    for (let passed = 0; passed < wish.milliseconds; passed += 100) {
      await late();
      await job.updateProgress(Math.round((100 * passed) / wish.milliseconds));
      await pause(100);
    }
    const [project] = await database.fromPrimary<{ title: string; content: string }>(
      "SELECT title, content FROM projects WHERE id = $1",
      [wish.project],
    );
    if (!project) throw new Error(`there is no project ${wish.project}`);
    const outline = wish.profile
      ? await asked(wish.profile, project.content)
      : paragraphs(project.content);
    const key = `exports/${wish.project}.md`;
    await bucket.put(key, Buffer.from(`# ${project.title}\n\n${outline}\n`), "text/markdown");
    await database.write((client) =>
      client.query("UPDATE projects SET outline = $2 WHERE id = $1", [wish.project, outline]),
    );
    return { outline, object_key: key, version: release.version, node: hostname() };
  },
  async () => {
    bucket.close();
    await database.close();
  },
);

function paragraphs(text: string): string {
  return text
    .split(/\n\s*\n/)
    .map((paragraph) => `- ${paragraph.trim().split(/\s+/).slice(0, 8).join(" ")}`)
    .join("\n");
}

async function asked(profile: string, text: string): Promise<string> {
  const [found] = await database.fromPrimary<{ base_url: string; sealed_key: string }>(
    "SELECT base_url, sealed_key FROM profiles WHERE id = $1",
    [profile],
  );
  if (!found) throw new Error(`there is no profile ${profile}`);
  const answer = await fetch(`${found.base_url}/chat/completions`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${sealing.open(found.sealed_key)}`,
      "Content-Type": "application/json",
    },
    body: JSON.stringify({ messages: [{ role: "user", content: `Outline this:\n${text}` }] }),
    signal: AbortSignal.timeout(60_000),
  });
  if (!answer.ok) throw new Error(`the supplier answered ${answer.status}`);
  const { choices } = (await answer.json()) as { choices: { message: { content: string } }[] };
  return choices[0]?.message.content ?? "";
}
