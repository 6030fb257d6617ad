/** Objects of a bucket, reached with the role of the host. */
import type { Readable } from "node:stream";
import { GetObjectCommand, HeadBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { Environment } from "./environment.js";

const ATTEMPTS = 5;

export interface Place {
  name: string;
  /** This and the next: what holds where the SDK's own variables say nothing. */
  region: string | undefined;
  endpoint: string | undefined;
}

export function placeIn(environment: Environment, name: string): Place {
  return {
    name,
    region: environment.optional("S3_REGION"),
    endpoint: environment.optional("S3_ENDPOINT"),
  };
}

export class Bucket {
  readonly #name: string;
  readonly #client: S3Client;

  constructor({ name, region, endpoint }: Place) {
    this.#name = name;
    const elsewhere = process.env["AWS_ENDPOINT_URL_S3"] ?? process.env["AWS_ENDPOINT_URL"];
    this.#client = new S3Client({
      forcePathStyle: Boolean(elsewhere),
      maxAttempts: 3,
      ...(region !== undefined ? { region } : {}),
      ...(endpoint !== undefined && !elsewhere ? { endpoint } : {}),
    });
  }

  async put(key: string, body: Buffer, type: string): Promise<void> {
    await again(() =>
      this.#client.send(
        new PutObjectCommand({ Bucket: this.#name, Key: key, Body: body, ContentType: type }),
      ),
    );
  }

  async get(key: string): Promise<{ body: Readable; type: string; bytes: number | undefined }> {
    const found = await again(() =>
      this.#client.send(new GetObjectCommand({ Bucket: this.#name, Key: key })),
    );
    return {
      body: found.Body as Readable,
      type: found.ContentType ?? "application/octet-stream",
      bytes: found.ContentLength,
    };
  }

  async check(): Promise<void> {
    await again(() => this.#client.send(new HeadBucketCommand({ Bucket: this.#name })));
  }

  close(): void {
    this.#client.destroy();
  }
}

/**
 * The SDK gives a host one second, once, to say which role it has, and tries no request again that
 * it could not sign: a busy host is asked again.
 */
async function again<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === ATTEMPTS || (error as Error).name !== "CredentialsProviderError") throw error;
      await new Promise((resume) => setTimeout(resume, 200 * attempt));
    }
  }
}
