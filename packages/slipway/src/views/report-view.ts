/** The end of a release for people: a summary to read in five seconds, then what needs a person. */
import { formatSpec, isFailed, isShown, type Report, type ReportedVersion } from "@slipway/core";
import { formatProblems } from "./problems.ts";
import { count, formatDuration } from "./quantities.ts";
import type { Terminal, Tone } from "./terminal.ts";

const filesShownMax = 8;

export function formatReport(report: Report, terminal: Terminal): string {
  const lines: string[] = [];
  for (const item of report.versions)
    if (item.how === "bound" && isShown(item.status)) lines.push(...formatBound(item, terminal));
  const problems = report.versions.flatMap((item) =>
    item.problems.filter((problem) => problem.code !== "SLIP_DEPENDENCY_FAILED"),
  );
  if (problems.length > 0) lines.push(formatProblems(problems, terminal), "");
  const blocked = report.versions.filter((item) => item.status === "blocked");
  if (blocked.length > 0)
    lines.push(
      `not published because of that: ${blocked.map((item) => formatSpec(item.name, item.version)).join(", ")}`,
      "",
    );
  lines.push(formatSummary(report, terminal));
  return lines.join("\n");
}

function formatBound(item: ReportedVersion, terminal: Terminal): readonly string[] {
  const files = item.differingFiles ?? [];
  const more = files.length > filesShownMax ? [`  and ${files.length - filesShownMax} more`] : [];
  return [
    `${terminal.paint("warn", "warning")}: ${formatSpec(item.name, item.version)} was published by an earlier attempt of this commit (${item.evidence ?? "recorded"}); its bytes stand, ours were not sent`,
    ...files.slice(0, filesShownMax).map((path) => `  differs: ${path}`),
    ...more,
    "",
  ];
}

function formatSummary(report: Report, terminal: Terminal): string {
  const { counts } = report;
  const [tone, verb]: readonly [Tone, string] =
    report.exitCode === 0
      ? ["good", "Done"]
      : report.exitCode === 3
        ? ["warn", "Unconfirmed"]
        : report.exitCode === 4
          ? ["warn", "Staged"]
          : ["bad", "Failed"];
  const parts = [
    `${counts.published} published`,
    ...(counts.already > 0 ? [`${counts.already} already there`] : []),
    `${counts.failed} failed`,
    `${counts.unconfirmed} unconfirmed`,
    ...(counts.kept > 0 ? [`${counts.kept} kept`] : []),
  ];
  const summary =
    report.versions.length === 0 ? `nothing to release, ${count(counts.kept, "package")} kept` : parts.join(", ");
  const lines = [
    `${terminal.paint(tone, verb.padStart(12))}  ${summary.padEnd(44)}  ${terminal.paint("quiet", formatDuration(report.endedAt - report.startedAt))}`,
  ];
  if (report.exitCode === 3)
    lines.push("", "nothing is known to be wrong: run the same command again to go on; no version bump is needed");
  else if (report.exitCode === 1 && report.versions.some((item) => !isFailed(item.status) && !isShown(item.status)))
    lines.push("", "run the same command again to go on with what is unconfirmed; nothing is sent twice");
  return lines.join("\n");
}
