/** Who somebody is: passwords in the table users, and signed tokens for those who gave one. */
import { randomBytes, randomUUID, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { jwtVerify, SignJWT } from "jose";
import type { Database } from "./database.js";
import { form, Refusal, type Request, type Route } from "./http.js";

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
  async whose(token: string): Promise<Person | undefined> {
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

export interface Person {
  id: string;
  email: string;
}

/** Who asks: nobody in particular without a token, and a wrong token is refused. */
export async function visitor(accounts: Accounts, { message }: Request): Promise<Person | undefined> {
  const [scheme, token] = (message.headers.authorization ?? "").split(" ");
  if (!scheme) return undefined;
  const person = token && scheme === "Bearer" ? await accounts.whose(token) : undefined;
  if (!person) throw new Refusal(401, "the token is not valid");
  return person;
}

/** PREFIX/auth/register, /login and /me. */
export function accountRoutes(accounts: Accounts, prefix = ""): Route[] {
  const path = (name: string): RegExp => new RegExp(`^${prefix}/auth/${name}$`);
  return [
    {
      method: "POST",
      path: path("register"),
      answer: async (request) => {
        const { email, password } = await credentials(request);
        if (!(await accounts.register(email, password))) {
          throw new Refusal(409, `${email} has an account`);
        }
        return { status: 201, body: { email } };
      },
    },
    {
      method: "POST",
      path: path("login"),
      answer: async (request) => {
        const { email, password } = await credentials(request);
        const token = await accounts.login(email, password);
        if (!token) throw new Refusal(401, "wrong address or password");
        return { body: { token } };
      },
    },
    {
      method: "GET",
      path: path("me"),
      answer: async (request) => {
        const person = await visitor(accounts, request);
        if (!person) throw new Refusal(401, "a token is needed");
        return { body: person };
      },
    },
  ];
}

async function credentials({ message }: Request): Promise<{ email: string; password: string }> {
  const { email, password } = await form(message);
  if (typeof email !== "string" || typeof password !== "string" || !email || !password) {
    throw new Refusal(400, "email and password are needed");
  }
  return { email, password };
}
