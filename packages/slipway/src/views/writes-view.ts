/** What a dry run would have written. */
import { formatSpec } from "@slipway/core";
import type { PlannedWrite } from "../dry-run.ts";
import { count } from "./quantities.ts";
import type { Terminal } from "./terminal.ts";

const verbs: Readonly<Record<PlannedWrite["write"], string>> = {
  upload: "Would upload",
  "set-tag": "Would tag",
  "remove-tag": "Would untag",
  deprecate: "Would deprecate",
  repair: "Would repair",
};

export function formatWrites(writes: readonly PlannedWrite[], terminal: Terminal): string {
  const width = Math.max(20, ...writes.map((item) => formatSpec(item.name, item.version).length));
  const lines = writes.map((item) => {
    const tag = item.tag === undefined ? "" : `${item.tag}, `;
    return `${terminal.paint("busy", verbs[item.write].padStart(12))}  ${formatSpec(item.name, item.version).padEnd(width)}  ${terminal.paint("quiet", `${tag}${item.registry}`)}`;
  });
  lines.push(`${terminal.paint("good", "Dry run".padStart(12))}  ${count(writes.length, "write")}, nothing was sent`);
  return lines.join("\n");
}
