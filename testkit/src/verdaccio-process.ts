/**
 * The process behind `startVerdaccioProcess`: serves Verdaccio and writes the access log to a file, line by line, so
 * that it outlives a SIGKILL. It must not be imported.
 */
import { openSync, writeSync } from "node:fs";

import { serveFor } from "./server-process.ts";
import { serveVerdaccio } from "./verdaccio.ts";

const { options, storageDir, logFile } = JSON.parse(process.argv[2] ?? "");
const log = openSync(logFile, "a");
const { url } = await serveVerdaccio(options, storageDir, (line) => {
  writeSync(log, `${JSON.stringify(line)}\n`);
});
serveFor(url);
