/** An examination as a checklist, the capabilities of each registry, and every problem with its fix. */
import type { Check } from "../doctor-check.ts";
import type { Examination } from "../doctoring.ts";
import type { RegistryProbe } from "../registry/probe.ts";
import { formatProblems } from "./problems.ts";
import { count } from "./quantities.ts";
import { formatAside, formatRows, type Row } from "./rows.ts";
import type { Painter, Tone } from "./terminal.ts";
import { shorten } from "./lists.ts";

const words: Readonly<Record<Check["state"], readonly [Tone, string]>> = {
  passed: ["good", "Passed"],
  warned: ["warn", "Warning"],
  failed: ["bad", "Failed"],
  unknown: ["warn", "Unknown"],
};

const states: Readonly<Record<RegistryProbe["capabilities"][number]["state"], readonly [Tone, string]>> = {
  yes: ["good", "yes"],
  no: ["quiet", "no"],
  unknown: ["warn", "unknown"],
};

const detailsShownMax = 10;

function formatCheck(check: Check, line: string, painter: Painter): readonly string[] {
  const { shown, leftOut } = shorten(check.details, detailsShownMax);
  const more = leftOut > 0 ? [`and ${leftOut} more: --json lists all of them`] : [];
  return [line, ...[...shown, ...more].map((text) => formatAside(text, painter))];
}

function formatProbe(probe: RegistryProbe, painter: Painter): string {
  const head: Row = { tone: "busy", verb: "Registry", what: probe.url };
  const rows = probe.capabilities.map((item): Row => {
    const [tone, verb] = states[item.state];
    return { tone, verb, what: item.id, note: item.seen };
  });
  return formatRows([head, ...rows], painter).join("\n");
}

export function formatExamination({ checks, registries }: Examination, painter: Painter): string {
  const lines = formatRows(
    checks.map((check): Row => {
      const [tone, verb] = words[check.state];
      return { tone, verb, what: `${check.id}: ${check.about}`, note: check.note };
    }),
    painter,
  );
  const problems = checks.flatMap((check) => check.problems);
  const warnings = checks.filter((check) => check.state === "warned").length;
  const unknowns = checks.filter((check) => check.state === "unknown").length;
  const rest = [
    ...(warnings > 0 ? [count(warnings, "warning")] : []),
    ...(unknowns > 0 ? [`${unknowns} not known`] : []),
  ];
  const what =
    problems.length > 0
      ? `${count(problems.length, "problem")} to solve before a release`
      : ["ready to release", ...rest].join(", ");
  const end: Row = { tone: problems.length > 0 ? "bad" : "good", verb: "Doctor", what };
  return [
    checks.flatMap((check, index) => formatCheck(check, lines[index] ?? "", painter)).join("\n"),
    ...registries.filter((probe) => probe.isReachable).map((probe) => formatProbe(probe, painter)),
    ...(problems.length > 0 ? [formatProblems(problems, painter)] : []),
    formatRows([end], painter).join("\n"),
  ].join("\n\n");
}
