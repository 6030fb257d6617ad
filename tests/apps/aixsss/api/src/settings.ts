/** What the environment tells the API. */
import { Environment } from "./shared/environment.js";

export interface Settings {
  port: number;
  databaseUrl: string;
  databaseAuthorities: string | undefined;
  queueUrl: string;
  queue: string;
  attempts: number;
  signingKeys: readonly string[];
  encryptionKey: string;
  origin: string;
  bucket: { name: string; region: string | undefined; endpoint: string | undefined };
}

export function settings(variables: NodeJS.ProcessEnv): Settings {
  const environment = new Environment(variables);
  const found: Settings = {
    port: environment.number("PORT", 3001),
    databaseUrl: environment.required("DATABASE_URL"),
    databaseAuthorities: environment.optional("PGSSLROOTCERT"),
    queueUrl: environment.required("REDIS_URL"),
    queue: environment.required("AI_QUEUE_NAME"),
    attempts: environment.number("JOB_ATTEMPTS", 2),
    signingKeys: environment.signingKeys("JWT_SECRET"),
    encryptionKey: environment.required("API_KEY_ENCRYPTION_KEY"),
    origin: environment.required("CORS_ORIGIN"),
    bucket: {
      name: environment.required("S3_BUCKET"),
      region: environment.optional("S3_REGION"),
      endpoint: environment.optional("S3_ENDPOINT"),
    },
  };
  environment.complete();
  if (found.origin === "*") throw new Error("CORS_ORIGIN must name the origin that may ask");
  return found;
}
