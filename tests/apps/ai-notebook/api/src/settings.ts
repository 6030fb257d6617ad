/** What the environment tells the API. */
import type { Signing } from "./shared/accounts.js";
import { type Place, placeIn } from "./shared/bucket.js";
import { type Address, addressIn } from "./shared/database.js";
import { Environment } from "./shared/environment.js";

export interface Settings {
  port: number;
  database: Address;
  cacheUrl: string;
  queueUrl: string;
  queue: string;
  attempts: number;
  access: Signing;
  refreshing: Signing;
  uploads: { directory: string; largest: number };
  bucket: Place;
}

export function settings(variables: NodeJS.ProcessEnv): Settings {
  const environment = new Environment(variables);
  const found: Settings = {
    port: environment.number("PORT", 3000),
    database: addressIn(environment, environment.required("DATABASE_URL")),
    cacheUrl: environment.required("REDIS_URL"),
    queueUrl: environment.required("QUEUE_REDIS_URL"),
    queue: environment.optional("QUEUE_NAME") ?? "article-processing",
    attempts: environment.number("JOB_ATTEMPTS", 3),
    access: {
      keys: environment.signingKeys("JWT_SECRET"),
      life: environment.optional("JWT_EXPIRES_IN") ?? "15m",
    },
    refreshing: {
      keys: environment.signingKeys("JWT_REFRESH_SECRET"),
      life: environment.optional("JWT_REFRESH_EXPIRES_IN") ?? "7d",
    },
    uploads: {
      directory: environment.required("UPLOAD_DIR"),
      largest: environment.number("MAX_FILE_SIZE", 5_242_880),
    },
    bucket: placeIn(environment, environment.required("S3_BUCKET")),
  };
  environment.complete();
  return found;
}
