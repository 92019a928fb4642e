#!/usr/bin/env node
/** The executable: checks Node, then loads the rest. */
import { isSupportedNode } from "./node-version.ts";

if (isSupportedNode(process.version)) {
  const { main } = await import("./main.ts");
  process.exitCode = await main(process.argv.slice(2));
} else {
  process.stderr.write(
    `error[SLIP_NODE_TOO_OLD]: slipway runs on Node 22.22.2, 24.15 or 26 and newer; this is ${process.version}\n\nhint: install a newer Node\n`,
  );
  process.exitCode = 2;
}
