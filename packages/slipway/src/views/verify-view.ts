/** Verifications for people: a line a version, then what is wrong. */
import { type Check, formatSpec, type Verification } from "@slipway/core";
import { formatProblems } from "./problems.ts";
import { count } from "./quantities.ts";
import type { Terminal, Tone } from "./terminal.ts";

const tones: Readonly<Record<Check["result"], Tone>> = { ok: "good", failed: "bad", unknown: "warn", none: "quiet" };
const marks: Readonly<Record<Check["result"], string>> = { ok: "✓", failed: "✗", unknown: "?", none: "·" };

/** What there was nothing to say about is left out: `--json` has it. */
function formatChecks(verification: Verification, terminal: Pick<Terminal, "paint">): string {
  return verification.checks
    .filter((check) => check.result !== "none")
    .map((check) => terminal.paint(tones[check.result], `${marks[check.result]} ${check.facet}`))
    .join("  ");
}

export function formatVerifications(verifications: readonly Verification[], terminal: Pick<Terminal, "paint">): string {
  if (verifications.length === 0)
    return `${terminal.paint("warn", "Nothing".padStart(12))}  to verify: no version is named`;
  const width = Math.max(20, ...verifications.map((item) => formatSpec(item.name, item.version).length));
  const lines = verifications.map((item) => {
    const [tone, verb] = verdictOf(item);
    return `${terminal.paint(tone, verb.padStart(12))}  ${formatSpec(item.name, item.version).padEnd(width)}  ${formatChecks(item, terminal)}`;
  });
  const problems = verifications.flatMap((item) => item.checks.flatMap((check) => check.problem ?? []));
  if (problems.length > 0) lines.push("", formatProblems(problems, terminal));
  const unknown = verifications.flatMap((item) =>
    item.checks
      .filter((check) => check.result === "unknown")
      .map((check) => `${formatSpec(item.name, item.version)}: ${check.facet}: ${check.note}`),
  );
  if (unknown.length > 0) lines.push("", ...unknown);
  const good = verifications.filter((item) => verdictOf(item)[1] === "Verified").length;
  lines.push(
    "",
    `${terminal.paint(good === verifications.length ? "good" : "bad", "Verified".padStart(12))}  ${good} of ${count(verifications.length, "version")}`,
  );
  return lines.join("\n");
}

function verdictOf(verification: Verification): readonly [Tone, string] {
  if (verification.checks.some((check) => check.result === "failed")) return ["bad", "Wrong"];
  if (verification.checks.some((check) => check.result === "unknown" && check.facet !== "origin"))
    return ["warn", "Unknown"];
  return ["good", "Verified"];
}
