/** What the environment tells this process. */
import { Environment } from "./shared/environment.js";

export interface Settings {
  port: number;
  databaseUrl: string;
  /** Where reads go; the primary itself when there is no replica. */
  readerHost: string | undefined;
  /** Authorities that the database's certificate is checked against. */
  databaseAuthorities: string | undefined;
  redisUrl: string;
  bucket: string;
  signingKeys: [string, ...string[]];
}

export function settings(variables: NodeJS.ProcessEnv): Settings {
  const environment = new Environment(variables);
  const found: Settings = {
    port: environment.number("PORT", 3001),
    databaseUrl: environment.required("DATABASE_URL"),
    readerHost: environment.optional("DATABASE_READER_HOST"),
    databaseAuthorities: environment.optional("PGSSLROOTCERT"),
    redisUrl: environment.required("REDIS_URL"),
    bucket: environment.required("S3_BUCKET_NAME"),
    signingKeys: environment.signingKeys("JWT_SECRET"),
  };
  environment.complete();
  return found;
}
