// Starts a service under PM2 with its secrets: they come from a file that only memory holds, so
// that PM2 itself, whose lists and dumps are plain text, never knows them.
"use strict";
const { readFileSync } = require("node:fs");
const { resolve } = require("node:path");
const { pathToFileURL } = require("node:url");

const {
  GROUNDWORK_SECRETS: secrets,
  GROUNDWORK_SCRIPT: script,
  GROUNDWORK_ARGUMENTS: given,
} = process.env;
if (secrets) Object.assign(process.env, JSON.parse(readFileSync(secrets, "utf8")));
const main = resolve(process.cwd(), script);
// In cluster mode pm2-runtime lets its own command line stand before the service's arguments.
process.argv = [process.argv[0], main, ...JSON.parse(given)];
// Also loads CommonJS; its rejection ends the process as an error thrown at start would.
import(pathToFileURL(main).href);
