#!/usr/bin/env node
/** The executable: checks Node, then loads the rest. */
import { isSupportedNode } from "./node-version.ts";

if (isSupportedNode(process.version)) {
  const argv = process.argv.slice(2);
  const { main, reportBug } = await import("./main.ts");
  // What is thrown where nobody awaits it is a bug too, and nothing is known of the state it leaves: the process ends.
  process.on("uncaughtException", (error) => process.exit(reportBug(error, argv)));
  process.exitCode = await main(argv);
} else {
  process.stderr.write(
    `error[SLIP_NODE_TOO_OLD]: slipway runs on Node 22.22.2, 24.15 or 26 and newer; this is ${process.version}\n\nhint: install a newer Node\n`,
  );
  process.exitCode = 2;
}
