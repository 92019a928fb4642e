/** What a dry run would have written, and what would have stopped it. */
import { formatSpec, type Report } from "@slipway/core";
import type { PlannedWrite } from "../dry-run.ts";
import { shorten } from "./lists.ts";
import { count } from "./quantities.ts";
import { formatTrouble } from "./report-view.ts";
import { formatRows, type Row } from "./rows.ts";
import type { Painter } from "./terminal.ts";

const verbs: Readonly<Record<PlannedWrite["write"], string>> = {
  upload: "Would upload",
  "set-tag": "Would tag",
  "remove-tag": "Would untag",
  deprecate: "Would deprecate",
  repair: "Would repair",
};

const writesShownMax = 60;

export function formatWrites(writes: readonly PlannedWrite[], report: Report, painter: Painter): string {
  const { shown, leftOut } = shorten(writes, writesShownMax);
  const rows = shown.map((item): Row => ({
    tone: "busy",
    verb: verbs[item.write],
    what: formatSpec(item.name, item.version),
    note: `${item.tag === undefined ? "" : `${item.tag}, `}${item.registry}`,
  }));
  if (leftOut > 0)
    rows.push({ tone: "busy", verb: "Would write", what: `${leftOut} more`, note: "--json lists all of them" });
  const { failed, blocked } = report.counts;
  const stopped = failed + blocked > 0 ? `, ${failed} would fail, ${blocked} would be blocked` : "";
  const end: Row = {
    tone: failed > 0 ? "bad" : "good",
    verb: "Dry run",
    what: `${count(writes.length, "write")}${stopped}, nothing was sent`,
  };
  return [...formatRows(rows, painter), ...formatTrouble(report, painter), ...formatRows([end], painter)].join("\n");
}
