import { hostname } from "node:os";
import { missing, release } from "../../release.js";

export const dynamic = "force-dynamic";

export function GET() {
  const self = { version: release().version, node: hostname(), process: process.pid };
  const absent = missing(process.env);
  if (absent.length) {
    return Response.json({ status: "failed", ...self, missing: absent }, { status: 500 });
  }
  return Response.json({ status: "ok", ...self });
}
