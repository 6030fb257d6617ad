/** The API of AIXSSS. */
import { Projects } from "./projects.js";
import { routes } from "./routes.js";
import { settings } from "./settings.js";
import { Accounts } from "./shared/accounts.js";
import { Bucket } from "./shared/bucket.js";
import { Database } from "./shared/database.js";
import { Jobs } from "./shared/jobs.js";
import { PostgresPeople } from "./shared/people.js";
import { Sealing } from "./shared/sealing.js";
import { serve, server } from "./shared/server.js";

const wanted = settings(process.env);
const database = new Database(wanted.database);
const jobs = new Jobs(wanted.queueUrl, wanted.queue);
const bucket = new Bucket(wanted.bucket);
const listening = server(
  routes({
    accounts: new Accounts(new PostgresPeople(database), { keys: wanted.signingKeys, life: "1h" }),
    attempts: wanted.attempts,
    bucket,
    database,
    jobs,
    projects: new Projects(database, new Sealing(wanted.encryptionKey)),
  }),
  wanted.origin,
);
serve(listening, wanted.port, {
  close: async () => {
    bucket.close();
    await jobs.close();
    await database.close();
  },
});
