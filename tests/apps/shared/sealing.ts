/** What is stored sealed, and opened only by who has the same key (AES-256-GCM). */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";

export class Sealing {
  readonly #key: Buffer;

  constructor(secret: string) {
    if (secret.length < 32) throw new Error("a key that seals has at least 32 characters");
    this.#key = createHash("sha256").update(secret).digest();
  }

  seal(text: string): string {
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce);
    const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return [nonce, cipher.getAuthTag(), sealed].map((part) => part.toString("base64")).join(".");
  }

  open(sealed: string): string {
    const [nonce, tag, text] = sealed.split(".").map((part) => Buffer.from(part, "base64"));
    if (!nonce || !tag || !text) throw new Error("it was not sealed here");
    const cipher = createDecipheriv("aes-256-gcm", this.#key, nonce);
    cipher.setAuthTag(tag);
    return Buffer.concat([cipher.update(text), cipher.final()]).toString("utf8");
  }
}
