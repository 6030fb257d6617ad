/** The API of the AI notebook. */
import { Articles } from "./articles.js";
import { routes } from "./routes.js";
import { settings } from "./settings.js";
import { Accounts } from "./shared/accounts.js";
import { Bucket } from "./shared/bucket.js";
import { Cache } from "./shared/cache.js";
import { Database } from "./shared/database.js";
import { Echo } from "./shared/echo.js";
import { Jobs } from "./shared/jobs.js";
import { PostgresPeople } from "./shared/people.js";
import { serve, server } from "./shared/server.js";
import { Uploads } from "./uploads.js";

const wanted = settings(process.env);
const database = new Database(wanted.database);
const cache = new Cache(wanted.cacheUrl);
const jobs = new Jobs(wanted.queueUrl, wanted.queue);
const bucket = new Bucket(wanted.bucket);
const listening = server(
  routes({
    accounts: new Accounts(new PostgresPeople(database), wanted.access, wanted.refreshing),
    articles: new Articles(database, cache),
    attempts: wanted.attempts,
    bucket,
    cache,
    database,
    jobs,
    largest: wanted.uploads.largest,
    uploads: new Uploads(database, bucket, wanted.uploads.directory),
  }),
);
const echo = new Echo(listening, "/ws");

// The first answer shall be as good as the next ones.
await cache.tried();
serve(listening, wanted.port, {
  farewell: () => echo.close(),
  close: async () => {
    cache.close();
    bucket.close();
    await jobs.close();
    await database.close();
  },
});
