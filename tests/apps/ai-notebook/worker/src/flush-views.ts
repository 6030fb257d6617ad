/** Views that were counted in the cache, written into the database: once a minute, by one host. */
import { Redis } from "ioredis";
import { authorities } from "./shared/authorities.js";
import { addressIn, Database } from "./shared/database.js";
import { Environment } from "./shared/environment.js";

const environment = new Environment(process.env);
const cacheUrl = environment.required("REDIS_URL");
const address = addressIn(environment, environment.required("DATABASE_URL"));
const batch = environment.number("VIEWS_BATCH", 100);
environment.complete();
const database = new Database(address);

const redis = new Redis(cacheUrl, {
  ...(cacheUrl.startsWith("rediss:") ? { tls: { ca: authorities() } } : {}),
  maxRetriesPerRequest: 3,
});
redis.on("error", () => undefined);
try {
  // Set aside in one step: what is counted from now on is for the next time. What a flush that
  // failed has set aside comes first.
  if (!(await redis.exists("views:flushing")) && (await redis.exists("views"))) {
    await redis.rename("views", "views:flushing");
  }
  const counted = Object.entries(await redis.hgetall("views:flushing"));
  for (let start = 0; start < counted.length; start += batch) {
    const some = counted.slice(start, start + batch);
    await database.write((client) =>
      client.query(
        `UPDATE articles SET views = articles.views + counted.views
         FROM unnest($1::uuid[], $2::bigint[]) AS counted (id, views)
         WHERE articles.id = counted.id`,
        [some.map(([id]) => id), some.map(([, views]) => views)],
      ),
    );
    await redis.hdel("views:flushing", ...some.map(([id]) => id));
  }
  console.log(`flushed the views of ${counted.length} articles`);
} finally {
  redis.disconnect();
  await database.close();
}
