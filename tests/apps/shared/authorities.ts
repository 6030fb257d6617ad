/** Whom this machine trusts. */
import { readFileSync } from "node:fs";
import tls from "node:tls";

/** The machine's own authorities beside those that come with Node. */
export function authorities(): string[] {
  const bundle = process.env["SSL_CERT_FILE"] ?? "/etc/ssl/certs/ca-certificates.crt";
  try {
    return [...tls.rootCertificates, readFileSync(bundle, "utf8")];
  } catch {
    return [...tls.rootCertificates];
  }
}
