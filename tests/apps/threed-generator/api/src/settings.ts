/** What the environment tells this process. */
import { type Place, placeIn } from "./shared/bucket.js";
import { type Address, addressIn } from "./shared/database.js";
import { Environment } from "./shared/environment.js";

export interface Settings {
  port: number;
  database: Address;
  redisUrl: string;
  bucket: Place;
  signingKeys: [string, ...string[]];
}

export function settings(variables: NodeJS.ProcessEnv): Settings {
  const environment = new Environment(variables);
  const found: Settings = {
    port: environment.number("PORT", 3001),
    database: addressIn(environment, environment.required("DATABASE_URL")),
    redisUrl: environment.required("REDIS_URL"),
    bucket: placeIn(environment, environment.required("S3_BUCKET_NAME")),
    signingKeys: environment.signingKeys("JWT_SECRET"),
  };
  environment.complete();
  return found;
}
