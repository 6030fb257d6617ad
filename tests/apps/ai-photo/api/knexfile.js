import { configuration } from "./src/config/database.js";

/** What knex on the command line migrates, as the environment names it. */
export default configuration(process.env);
