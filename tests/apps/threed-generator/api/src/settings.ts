/** What the environment tells this process; whatever is missing is said by its name. */

export interface Settings {
  port: number;
  databaseUrl: string;
  /** Where reads go; the primary itself when there is no replica. */
  readerHost: string;
  /** Authorities that the database's certificate is checked against. */
  databaseAuthorities: string | undefined;
  redisUrl: string;
  bucket: string;
  /** The first one signs; every one of them is believed. */
  signingKeys: [string, ...string[]];
}

export function settings(environment: NodeJS.ProcessEnv): Settings {
  const absent: string[] = [];
  const required = (name: string): string => {
    const value = environment[name];
    if (!value) absent.push(name);
    return value ?? "";
  };
  const databaseUrl = required("DATABASE_URL");
  const found: Settings = {
    port: Number(environment["PORT"] ?? 3001),
    databaseUrl,
    readerHost: environment["DATABASE_READER_HOST"] ?? "",
    databaseAuthorities: environment["PGSSLROOTCERT"],
    redisUrl: required("REDIS_URL"),
    bucket: required("S3_BUCKET_NAME"),
    signingKeys: [
      required("JWT_SECRET"),
      ...[environment["JWT_SECRET_PREVIOUS"]].filter((key) => key !== undefined && key !== ""),
    ] as [string, ...string[]],
  };
  if (absent.length) throw new Error(`not set: ${absent.join(", ")}`);
  return found;
}
