/** The API of the 3D generator. */
import { createServer } from "node:http";
import { hostname } from "node:os";
import { Accounts } from "./accounts.js";
import { Bucket } from "./bucket.js";
import { Cache } from "./cache.js";
import { Database } from "./database.js";
import { Echo } from "./echo.js";
import { respond } from "./http.js";
import { Models } from "./models.js";
import { release } from "./release.js";
import { routes } from "./routes.js";
import { settings } from "./settings.js";

// Longer than a proxy keeps a quiet connection (nginx: 60 s): never closed under a request.
const KEEP_ALIVE = 75_000;
// As long as a body may take to arrive.
const LONGEST_REQUEST = 300_000;
// While it stops, answers say "Connection: close" for this long before quiet ones are cut.
const FAREWELL = 2_000;

const wanted = settings(process.env);
const database = new Database(wanted.databaseUrl, wanted.readerHost, wanted.databaseAuthorities);
if (database.kind === "unverified") {
  console.error("the database's certificate is not checked: PGSSLROOTCERT names no authorities");
}
const cache = new Cache(wanted.redisUrl);
const bucket = new Bucket(wanted.bucket);
const accounts = new Accounts(database, wanted.signingKeys);
const models = new Models(database, cache, bucket);
const table = routes({ accounts, bucket, cache, database, models });

let leaving = false;
const server = createServer((message, response) => {
  response.setHeader("X-Node", hostname());
  response.setHeader("X-Version", release.version);
  void respond(table, message, response, () => leaving);
});
server.keepAliveTimeout = KEEP_ALIVE;
server.headersTimeout = KEEP_ALIVE + 5_000;
server.requestTimeout = LONGEST_REQUEST;
const echo = new Echo(server);

/** What is under way is finished, nothing new is begun, and then the process ends by itself. */
function leave(): void {
  if (leaving) return;
  leaving = true;
  setTimeout(() => {
    server.close(() => {
      cache.close();
      bucket.close();
      void database.close().finally(() => process.exit(0));
    });
    echo.close();
  }, FAREWELL);
}
process.on("SIGTERM", leave);
process.on("SIGINT", leave);

// The first answer shall be as good as the next ones.
await cache.tried();
server.listen(wanted.port, () => {
  console.log(`${release.version} serves on port ${wanted.port}`);
});
