/**
 * The process behind `startVerdaccioProcess`: serves Verdaccio, prints its address as one line of JSON, and writes the
 * access log to a file, line by line, so that it outlives a SIGKILL. It must not be imported.
 */
import { openSync, writeSync } from "node:fs";

import { serveVerdaccio } from "./verdaccio.ts";

const { options, storageDir, logFile } = JSON.parse(process.argv[2] ?? "");
const log = openSync(logFile, "a");
const { url } = await serveVerdaccio(options, storageDir, (line) => {
  writeSync(log, `${JSON.stringify(line)}\n`);
});
process.stdout.write(`${JSON.stringify({ url })}\n`);
// A parent that died by SIGKILL cannot end us: leave with it.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit(0);
}, 1000);
