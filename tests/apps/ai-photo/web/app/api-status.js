"use client";

import { useEffect, useState } from "react";

/** What the browser hears from the API. */
export function ApiStatus({ url }) {
  const [status, setStatus] = useState("asking");
  useEffect(() => {
    fetch(`${url}/health/deep`)
      .then((answer) => answer.json())
      .then(({ status, version, node }) => setStatus(`${status}: ${version} on ${node}`))
      .catch(() => setStatus("no answer"));
  }, [url]);
  return <span data-url={url}>{status}</span>;
}
