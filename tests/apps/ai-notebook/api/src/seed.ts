/** An empty database gets its first article; a second time is nothing. */
import { addressIn, Database } from "./shared/database.js";
import { Environment } from "./shared/environment.js";

const WELCOME = "00000000-0000-4000-8000-000000000001";

const environment = new Environment(process.env);
const address = addressIn(environment, environment.required("DATABASE_URL"));
environment.complete();
const database = new Database(address);
try {
  await database.write((client) =>
    client.query(
      `INSERT INTO articles (id, title, content, status)
       VALUES ($1, 'Welcome', 'Everything begins with a first note.', 'active')
       ON CONFLICT (id) DO NOTHING`,
      [WELCOME],
    ),
  );
} finally {
  await database.close();
}
