/** What the environment tells the API. */
import { type Place, placeIn } from "./shared/bucket.js";
import { type Address, addressIn } from "./shared/database.js";
import { Environment } from "./shared/environment.js";

export interface Settings {
  port: number;
  database: Address;
  queueUrl: string;
  queue: string;
  attempts: number;
  signingKeys: readonly string[];
  encryptionKey: string;
  origin: string;
  bucket: Place;
}

export function settings(variables: NodeJS.ProcessEnv): Settings {
  const environment = new Environment(variables);
  const found: Settings = {
    port: environment.number("PORT", 3001),
    database: addressIn(environment, environment.required("DATABASE_URL")),
    queueUrl: environment.required("REDIS_URL"),
    queue: environment.required("AI_QUEUE_NAME"),
    attempts: environment.number("JOB_ATTEMPTS", 2),
    signingKeys: environment.signingKeys("JWT_SECRET"),
    encryptionKey: environment.required("API_KEY_ENCRYPTION_KEY"),
    origin: environment.required("CORS_ORIGIN"),
    bucket: placeIn(environment, environment.required("S3_BUCKET")),
  };
  environment.complete();
  if (found.origin === "*") throw new Error("CORS_ORIGIN must name the origin that may ask");
  return found;
}
