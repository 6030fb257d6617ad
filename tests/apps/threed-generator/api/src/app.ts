/** The API of the 3D generator. */
import { Models } from "./models.js";
import { routes } from "./routes.js";
import { settings } from "./settings.js";
import { Accounts } from "./shared/accounts.js";
import { Bucket } from "./shared/bucket.js";
import { Cache } from "./shared/cache.js";
import { Database } from "./shared/database.js";
import { Echo } from "./shared/echo.js";
import { PostgresPeople } from "./shared/people.js";
import { serve, server } from "./shared/server.js";

const wanted = settings(process.env);
const database = new Database(wanted.database);
const cache = new Cache(wanted.redisUrl);
const bucket = new Bucket(wanted.bucket);
const accounts = new Accounts(new PostgresPeople(database), { keys: wanted.signingKeys, life: "1h" });
const models = new Models(database, cache, bucket);

const listening = server(routes({ accounts, bucket, cache, database, models }));
const echo = new Echo(listening, "/ws");

// The first answer shall be as good as the next ones.
await cache.tried();
serve(listening, wanted.port, {
  farewell: () => echo.close(),
  close: async () => {
    cache.close();
    bucket.close();
    await database.close();
  },
});
