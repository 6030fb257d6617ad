/** Which version this is, and which variables it cannot work without: packed beside the program. */
import { readFileSync } from "node:fs";

export interface Release {
  version: string;
  needs: readonly string[];
}

const file = new URL("../../release.json", import.meta.url);

export const release: Release = JSON.parse(readFileSync(file, "utf8"));

/** The variables that this version needs and was not given. */
export function missing(environment: NodeJS.ProcessEnv): string[] {
  return release.needs.filter((name) => !environment[name]);
}
