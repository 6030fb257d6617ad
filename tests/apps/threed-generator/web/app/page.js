import { hostname } from "node:os";
import { getServerSession } from "next-auth";
import { release } from "../release.js";
import { sessions } from "../sessions.js";
import { ApiStatus } from "./api-status.js";

export const dynamic = "force-dynamic";

export default async function Page() {
  const session = await getServerSession(sessions);
  return (
    <main>
      <h1>3D generator</h1>
      <dl>
        <dt>Version</dt>
        <dd id="version">{release().version}</dd>
        <dt>Host</dt>
        <dd id="node">{hostname()}</dd>
        <dt>Visitor</dt>
        <dd id="visitor">{session ? session.user.email : "nobody in particular"}</dd>
        <dt>API</dt>
        <dd id="api">
          <ApiStatus url={process.env.NEXT_PUBLIC_API_URL} />
        </dd>
      </dl>
    </main>
  );
}
