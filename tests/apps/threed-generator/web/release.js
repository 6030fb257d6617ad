/** Which version this is, and which variables it cannot work without: packed beside the program. */
import { readFileSync } from "node:fs";

export const release = JSON.parse(readFileSync("release.json", "utf8"));

/** The variables that this version needs and was not given. */
export function missing(environment) {
  return release.needs.filter((name) => !environment[name]);
}
