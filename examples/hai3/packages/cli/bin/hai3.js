#!/usr/bin/env node
import { run } from "../src/index.js";

process.exitCode = await run(process.argv.slice(2), {
  cwd: process.cwd(),
  write: (text) => void process.stdout.write(text),
  complain: (text) => void process.stderr.write(text),
});
