/** What the environment tells the API. */
import type { Signing } from "./shared/accounts.js";
import { Environment } from "./shared/environment.js";

export interface Settings {
  port: number;
  mode: string;
  redisUrl: string;
  signing: Signing;
  callbackSecret: string;
  cos: { bucket: string; region: string; endpoint: string | undefined; id: string; key: string };
  hunyuan: { url: string; key: string };
}

export function settings(variables: NodeJS.ProcessEnv): Settings {
  const environment = new Environment(variables);
  const scheme = environment.optional("REDIS_TLS") === "true" ? "rediss" : "redis";
  const password = encodeURIComponent(environment.required("REDIS_PASSWORD"));
  const place = `${environment.required("REDIS_HOST")}:${environment.number("REDIS_PORT", 6379)}`;
  const found: Settings = {
    port: environment.number("PORT", 3001),
    mode: environment.optional("NODE_ENV") ?? "development",
    redisUrl: `${scheme}://:${password}@${place}`,
    signing: {
      keys: environment.signingKeys("JWT_SECRET"),
      life: environment.optional("JWT_EXPIRES_IN") ?? "7d",
    },
    callbackSecret: environment.required("INTERNAL_CALLBACK_SECRET"),
    cos: {
      bucket: environment.required("COS_BUCKET"),
      region: environment.optional("COS_REGION") ?? "ap-guangzhou",
      endpoint: environment.optional("COS_ENDPOINT"),
      id: environment.required("TENCENT_SECRET_ID"),
      key: environment.required("TENCENT_SECRET_KEY"),
    },
    hunyuan: {
      url: environment.optional("HUNYUAN_API_URL") ?? "https://api.hunyuan.cloud.tencent.com/v1",
      key: environment.required("HUNYUAN_API_KEY"),
    },
  };
  environment.complete();
  return found;
}
