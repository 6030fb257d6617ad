/** The API of AI photos. */
import knex from "knex";
import { configuration } from "./config/database.js";
import { Cos } from "./cos.js";
import { MysqlPeople } from "./people.js";
import { Photos } from "./photos.js";
import { routes } from "./routes.js";
import { settings } from "./settings.js";
import { Accounts } from "./shared/accounts.js";
import { Cache } from "./shared/cache.js";
import { serve, server } from "./shared/server.js";

const wanted = settings(process.env);
const database = knex.knex(configuration(process.env));
const cache = new Cache(wanted.redisUrl);
const listening = server(
  routes({
    accounts: new Accounts(new MysqlPeople(database), wanted.signing),
    cache,
    database,
    photos: new Photos(database, cache, new Cos(wanted.cos)),
    settings: wanted,
  }),
);

// The first answer shall be as good as the next ones.
await cache.tried();
serve(listening, wanted.port, {
  close: async () => {
    cache.close();
    await database.destroy();
  },
});
