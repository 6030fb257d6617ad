/** Who somebody is: passwords in the database, and signed tokens for those who gave one. */
import { randomBytes, randomUUID, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { jwtVerify, SignJWT } from "jose";
import type { Database } from "./database.js";

const derive = promisify(scrypt) as (password: string, salt: Buffer, bytes: number) => Promise<Buffer>;

export class Accounts {
  readonly #keys: Uint8Array[];

  /** The first key signs, every key is believed: so a key can be exchanged without a log-out. */
  constructor(
    private readonly database: Database,
    signingKeys: readonly string[],
  ) {
    this.#keys = signingKeys.map((key) => new TextEncoder().encode(key));
  }

  /** False if the address already has an account. */
  async register(email: string, password: string): Promise<boolean> {
    const salt = randomBytes(16);
    const digest = `${salt.toString("hex")}:${(await derive(password, salt, 32)).toString("hex")}`;
    const id = randomUUID();
    return this.database.write(async (client) => {
      await client.query(
        "INSERT INTO users (id, email, password_digest) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        [id, email, digest],
      );
      const { rows } = await client.query("SELECT 1 FROM users WHERE id = $1", [id]);
      return rows.length === 1;
    });
  }

  /** A token for an hour, or nothing for the wrong password. */
  async login(email: string, password: string): Promise<string | undefined> {
    const [user] = await this.database.fromPrimary<{ id: string; password_digest: string }>(
      "SELECT id, password_digest FROM users WHERE email = $1",
      [email],
    );
    const [salt, digest] = (user?.password_digest ?? "00:00").split(":");
    const given = await derive(password, Buffer.from(salt ?? "", "hex"), 32);
    const wanted = Buffer.from(digest ?? "", "hex");
    if (!user || given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
    return new SignJWT({ email })
      .setProtectedHeader({ alg: "HS256" })
      .setSubject(user.id)
      .setIssuedAt()
      .setExpirationTime("1h")
      .sign(this.#keys[0] as Uint8Array);
  }

  /** Whose token it is; nothing if nobody of us signed it, or too long ago. */
  async whose(token: string): Promise<{ id: string; email: string } | undefined> {
    for (const key of this.#keys) {
      try {
        const { payload } = await jwtVerify(token, key, { algorithms: ["HS256"] });
        return { id: String(payload.sub), email: String(payload["email"]) };
      } catch {
        // Perhaps another key's.
      }
    }
    return undefined;
  }
}
