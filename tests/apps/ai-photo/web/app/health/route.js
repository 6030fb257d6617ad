import { hostname } from "node:os";
import { missing, release } from "../../release.js";

export const dynamic = "force-dynamic";

export function GET() {
  const { version } = release();
  const node = hostname();
  const absent = missing(process.env);
  const headers = { "X-Version": version, "X-Node": node };
  if (absent.length) {
    return Response.json(
      { status: "failed", version, node, missing: absent },
      { status: 500, headers },
    );
  }
  return Response.json({ status: "ok", version, node, process: process.pid }, { headers });
}
