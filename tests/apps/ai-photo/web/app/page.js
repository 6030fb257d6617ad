import { hostname } from "node:os";
import { release } from "../release.js";
import { ApiStatus } from "./api-status.js";

export const dynamic = "force-dynamic";

export default function Page() {
  return (
    <main>
      <h1>AI photo</h1>
      <dl>
        <dt>Version</dt>
        <dd id="version">{release().version}</dd>
        <dt>Host</dt>
        <dd id="node">{hostname()}</dd>
        <dt>API</dt>
        <dd id="api">
          <ApiStatus url={process.env.NEXT_PUBLIC_API_URL} />
        </dd>
      </dl>
    </main>
  );
}
