/** Who somebody is: digests of passwords in a database, signed tokens for those who gave one. */
import { randomBytes, randomUUID, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { jwtVerify, SignJWT } from "jose";
import { form, Refusal, type Request, type Route } from "./http.js";

const derive = promisify(scrypt) as (password: string, salt: Buffer, bytes: number) => Promise<Buffer>;

/** The first key signs, every key is believed: so a key can be exchanged without a log-out. */
export interface Signing {
  keys: readonly string[];
  /** How long a token is good, as 15m or 7d. */
  life: string;
}

export interface Account {
  id: string;
  password_digest: string;
}

/** Where accounts lie. */
export interface People {
  /** False if the address already has an account. */
  add(id: string, email: string, digest: string): Promise<boolean>;
  find(email: string): Promise<Account | undefined>;
}

export interface Tokens {
  token: string;
  refresh_token?: string;
}

export class Accounts {
  /** With signing for refreshing, a login gives two tokens: one to use, one to get the next one. */
  constructor(
    private readonly people: People,
    private readonly access: Signing,
    private readonly refreshing?: Signing,
  ) {}

  /** False if the address already has an account. */
  async register(email: string, password: string): Promise<boolean> {
    const salt = randomBytes(16);
    const digest = `${salt.toString("hex")}:${(await derive(password, salt, 32)).toString("hex")}`;
    return this.people.add(randomUUID(), email, digest);
  }

  /** Tokens, or nothing for the wrong password. */
  async login(email: string, password: string): Promise<Tokens | undefined> {
    const user = await this.people.find(email);
    const [salt, digest] = (user?.password_digest ?? "00:00").split(":");
    const given = await derive(password, Buffer.from(salt ?? "", "hex"), 32);
    const wanted = Buffer.from(digest ?? "", "hex");
    if (!user || given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
    return this.#tokens({ id: user.id, email });
  }

  /** New tokens for whoever has one to refresh. */
  async refresh(token: string): Promise<Tokens | undefined> {
    const person = this.refreshing && (await whose(token, this.refreshing));
    return person && this.#tokens(person);
  }

  /** Whose token it is; nothing if nobody of us signed it, or too long ago. */
  async whose(token: string): Promise<Person | undefined> {
    return whose(token, this.access);
  }

  async #tokens(person: Person): Promise<Tokens> {
    const token = await signed(person, this.access);
    if (!this.refreshing) return { token };
    return { token, refresh_token: await signed(person, this.refreshing) };
  }
}

async function signed({ id, email }: Person, { keys, life }: Signing): Promise<string> {
  return new SignJWT({ email })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(id)
    .setIssuedAt()
    .setExpirationTime(life)
    .sign(new TextEncoder().encode(keys[0]));
}

async function whose(token: string, { keys }: Signing): Promise<Person | undefined> {
  for (const key of keys) {
    try {
      const { payload } = await jwtVerify(token, new TextEncoder().encode(key), {
        algorithms: ["HS256"],
      });
      return { id: String(payload.sub), email: String(payload["email"]) };
    } catch {
      // Perhaps another key's.
    }
  }
  return undefined;
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

/** PREFIX/auth/register, /login, /refresh and /me. */
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
        const tokens = await accounts.login(email, password);
        if (!tokens) throw new Refusal(401, "wrong address or password");
        return { body: tokens };
      },
    },
    {
      method: "POST",
      path: path("refresh"),
      answer: async ({ message }) => {
        const tokens = await accounts.refresh(String((await form(message))["refresh_token"]));
        if (!tokens) throw new Refusal(401, "the token is not valid");
        return { body: tokens };
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
