/** Which version this is, and which variables it cannot work without: packed beside the program. */
import { readFileSync } from "node:fs";

let read;

/** Read when asked for: a build has no version yet. */
export function release() {
  read ??= JSON.parse(readFileSync("release.json", "utf8"));
  return read;
}

/** The variables that this version needs and was not given. */
export function missing(environment) {
  return release().needs.filter((name) => !environment[name]);
}
