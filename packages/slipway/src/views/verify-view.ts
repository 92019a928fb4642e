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
/** Verb, gaps, and the names of six checks. */
const columnsForChecks = 80;

/** What there was nothing to say about is left out: `--json` has it. */
function formatChecks(verification: Verification, { paint }: Painter, isShort: boolean): string {
  const checks = verification.checks.filter((check) => check.result !== "none");
  if (isShort && checks.every((check) => check.result === "ok"))
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
  const listed = isLong ? verifications.filter((item) => verdictOf(item)[1] !== "Verified") : verifications;
  const { shown, leftOut } = shorten(listed, versionsShownMax);
  // Where the names of all checks do not fit beside the longest spec, those of what is right are only counted.
  const specWidth = Math.max(20, ...shown.map((item) => formatSpec(item.name, item.version).length));
  const isShort = painter.columns !== undefined && painter.columns < specWidth + columnsForChecks;
  const rows = shown.map((item): Row => {
    const [tone, verb] = verdictOf(item);
    const note = formatChecks(item, painter, isShort);
    return { tone, verb, what: formatSpec(item.name, item.version), note, isNotePainted: true };
  });
  const lines = [...formatRows(rows, painter)];
  if (leftOut > 0) lines.push(formatRow({ tone: "bad", verb: "", what: `and ${leftOut} more` }, painter, 20));
  const problems = verifications.flatMap((item) => item.checks.flatMap((check) => check.problem ?? []));
  if (problems.length > 0) lines.push("", formatProblems(problems, painter));
  // What is wrong is told above; what could not be looked at because of it says nothing more.
  const unsure = verifications.filter((item) => verdictOf(item)[1] !== "Wrong");
  const unknown = unsure.flatMap((item) =>
    item.checks
      .filter((check) => check.result === "unknown")
      .map((check) => `${formatSpec(item.name, item.version)}: ${check.facet}: ${check.note}`),
  );
  if (unknown.length > 0) {
    const notes = shorten(unknown, unknownShownMax);
    lines.push("", ...notes.shown, ...(notes.leftOut > 0 ? [`and ${notes.leftOut} more that could not be read`] : []));
  }
  const note = durationMs === undefined ? "" : formatDuration(durationMs);
  if (lines.length > 0) lines.push("");
  lines.push(formatRow({ ...summarize(verifications), note }, painter, 0));
  return lines.join("\n");
}

function summarize(verifications: readonly Verification[]): Row {
  const verdicts = verifications.map((item) => verdictOf(item)[1]);
  const number = (verdict: string): number => verdicts.filter((item) => item === verdict).length;
  const all = count(verifications.length, "version");
  const wrong = number("Wrong");
  const unknown = number("Unknown");
  if (wrong + unknown === 0) return { tone: "good", verb: "Verified", what: `${verdicts.length} of ${all}` };
  const rest = [...(unknown > 0 && wrong > 0 ? [`${unknown} unknown`] : []), `${number("Verified")} verified`];
  return wrong > 0
    ? { tone: "bad", verb: "Wrong", what: `${wrong} of ${all}, ${rest.join(", ")}` }
    : { tone: "warn", verb: "Unknown", what: `${unknown} of ${all}, ${rest.join(", ")}` };
}

function verdictOf(verification: Verification): readonly [Tone, string] {
  if (verification.checks.some((check) => check.result === "failed")) return ["bad", "Wrong"];
  if (verification.checks.some((check) => check.result === "unknown" && check.facet !== "origin"))
    return ["warn", "Unknown"];
  return ["good", "Verified"];
}
