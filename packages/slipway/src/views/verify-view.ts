/** Verifications for people: a line a version, then what is wrong. */
import { type Check, formatSpec, type Verification } from "@slipway/core";
import { shorten } from "./lists.ts";
import { formatProblems } from "./problems.ts";
import { count, formatDuration } from "./quantities.ts";
import { formatRow, formatRows, type Row } from "./rows.ts";
import type { Painter, Tone } from "./terminal.ts";

const tones: Readonly<Record<Check["result"], Tone>> = { ok: "good", failed: "bad", unknown: "warn", none: "quiet" };
const marks: Readonly<Record<Check["result"], string>> = { ok: "✓", failed: "✗", unknown: "?", none: "·" };

/** Of more versions than this, those that are as they should be are only counted. */
const versionsShownMax = 60;
const unknownShownMax = 20;

/** A terminal that is narrower does not hold a line of checks beside a spec. */
const columnsForChecks = 90;

/** What there was nothing to say about is left out: `--json` has it. */
function formatChecks(verification: Verification, { paint, columns }: Painter): string {
  const checks = verification.checks.filter((check) => check.result !== "none");
  if (columns !== undefined && columns < columnsForChecks && checks.every((check) => check.result === "ok"))
    return paint(tones.ok, `${marks.ok} ${count(checks.length, "check")}`);
  return checks.map((check) => paint(tones[check.result], `${marks[check.result]}\u00a0${check.facet}`)).join("  ");
}

export function formatVerifications(
  verifications: readonly Verification[],
  painter: Painter,
  durationMs?: number,
): string {
  if (verifications.length === 0)
    return `${painter.paint("warn", "Nothing".padStart(12))}  to verify: no version is named`;
  const isLong = verifications.length > versionsShownMax;
  const good = verifications.filter((item) => verdictOf(item)[1] === "Verified").length;
  const listed = isLong ? verifications.filter((item) => verdictOf(item)[1] !== "Verified") : verifications;
  const { shown, leftOut } = shorten(listed, versionsShownMax);
  const rows = shown.map((item): Row => {
    const [tone, verb] = verdictOf(item);
    const note = formatChecks(item, painter);
    return { tone, verb, what: formatSpec(item.name, item.version), note, isNotePainted: true };
  });
  const lines = [...formatRows(rows, painter)];
  if (leftOut > 0) lines.push(formatRow({ tone: "bad", verb: "", what: `and ${leftOut} more` }, painter, 20));
  const problems = verifications.flatMap((item) => item.checks.flatMap((check) => check.problem ?? []));
  if (problems.length > 0) lines.push("", formatProblems(problems, painter));
  const unknown = verifications.flatMap((item) =>
    item.checks
      .filter((check) => check.result === "unknown")
      .map((check) => `${formatSpec(item.name, item.version)}: ${check.facet}: ${check.note}`),
  );
  if (unknown.length > 0) {
    const notes = shorten(unknown, unknownShownMax);
    lines.push("", ...notes.shown, ...(notes.leftOut > 0 ? [`and ${notes.leftOut} more that could not be read`] : []));
  }
  const what = `${good} of ${count(verifications.length, "version")}`;
  const note = durationMs === undefined ? "" : formatDuration(durationMs);
  const tone: Tone = good === verifications.length ? "good" : "bad";
  if (lines.length > 0) lines.push("");
  lines.push(formatRow({ tone, verb: "Verified", what, note }, painter, 0));
  return lines.join("\n");
}

function verdictOf(verification: Verification): readonly [Tone, string] {
  if (verification.checks.some((check) => check.result === "failed")) return ["bad", "Wrong"];
  if (verification.checks.some((check) => check.result === "unknown" && check.facet !== "origin"))
    return ["warn", "Unknown"];
  return ["good", "Verified"];
}
