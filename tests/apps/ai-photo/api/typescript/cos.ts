/** Tencent COS: an object store outside, called when a photo is published and at no other time. */
import { createHash, createHmac } from "node:crypto";
import type { Settings } from "./settings.js";

const MINUTES = 10 * 60;

export class Cos {
  readonly #endpoint: string;

  constructor(private readonly settings: Settings["cos"]) {
    const { bucket, region, endpoint } = settings;
    this.#endpoint = endpoint ?? `https://${bucket}.cos.${region}.myqcloud.com`;
  }

  async put(key: string, content: Buffer, type: string): Promise<void> {
    const answer = await fetch(`${this.#endpoint}/${key}`, {
      method: "PUT",
      headers: { Authorization: this.#signature("put", `/${key}`), "Content-Type": type },
      body: new Uint8Array(content),
      signal: AbortSignal.timeout(30_000),
    });
    if (!answer.ok) throw new Error(`Tencent COS answered ${answer.status}`);
  }

  /** As COS wants it: "Request signature", without signed headers or parameters. */
  #signature(method: string, path: string): string {
    const now = Math.floor(Date.now() / 1000);
    const time = `${now};${now + MINUTES}`;
    const hmac = (key: string, text: string) => createHmac("sha1", key).update(text).digest("hex");
    const request = createHash("sha1").update(`${method}\n${path}\n\n\n`).digest("hex");
    const signature = hmac(hmac(this.settings.key, time), `sha1\n${time}\n${request}\n`);
    return [
      "q-sign-algorithm=sha1",
      `q-ak=${this.settings.id}`,
      `q-sign-time=${time}`,
      `q-key-time=${time}`,
      "q-header-list=",
      "q-url-param-list=",
      `q-signature=${signature}`,
    ].join("&");
  }
}
