/** The end of a release for people: what needs a person, then a summary to read in five seconds, then what to do next. */
import { formatSpec, isShown, type Report, type ReportedVersion } from "@slipway/core";
import { listNames, shorten } from "./lists.ts";
import { formatProblems, wrapParagraph } from "./problems.ts";
import { count, formatDuration } from "./quantities.ts";
import { formatAside, formatRow } from "./rows.ts";
import type { Painter, Tone } from "./terminal.ts";

const filesShownMax = 8;
const boundShownMax = 10;

export function formatReport(report: Report, painter: Painter): string {
  return [...formatTrouble(report, painter), formatSummary(report, painter), ...formatNext(report, painter)].join("\n");
}

/** What a person has to know besides the numbers: bound versions, problems, and what they hold up. */
export function formatTrouble(report: Report, painter: Painter): readonly string[] {
  const lines: string[] = [];
  const bound = report.versions.filter((item) => item.how === "bound" && isShown(item.status));
  const { shown, leftOut } = shorten(bound, boundShownMax);
  for (const item of shown) lines.push(...formatBound(item, painter));
  if (leftOut > 0) lines.push(`${painter.paint("warn", "warning")}: the same holds for ${leftOut} more`, "");
  for (const item of report.versions) lines.push(...formatRepaired(item, painter));
  const isTold = report.versions.some((item) => item.status !== "ready" && item.problems.length > 0);
  const waiting = isTold ? report.versions.filter((item) => item.status === "ready") : [];
  const problems = report.versions
    .filter((item) => !waiting.includes(item))
    .flatMap((item) => item.problems.filter((problem) => problem.code !== "SLIP_DEPENDENCY_FAILED"));
  if (problems.length > 0) lines.push("", formatProblems(problems, painter), "");
  const blocked = report.versions.filter((item) => item.status === "blocked");
  if (blocked.length > 0) lines.push(formatList("not published because of that", blocked, painter), "");
  if (waiting.length > 0) lines.push(formatList("not sent yet", waiting, painter), "");
  return lines;
}

function formatList(title: string, versions: readonly ReportedVersion[], painter: Painter): string {
  const specs = listNames(versions.map((item) => formatSpec(item.name, item.version)));
  return wrapParagraph(`${title}: ${specs}`, painter);
}

function formatBound(item: ReportedVersion, { paint }: Painter): readonly string[] {
  const { shown, leftOut } = shorten(item.differingFiles ?? [], filesShownMax);
  return [
    `${paint("warn", "warning")}: ${formatSpec(item.name, item.version)} was published by an earlier attempt of this commit (${item.evidence ?? "recorded"}); its bytes stand, ours were not sent`,
    ...shown.map((path) => `  differs: ${path}`),
    ...(leftOut > 0 ? [`  and ${leftOut} more`] : []),
    "",
  ];
}

function formatRepaired(item: ReportedVersion, { paint }: Painter): readonly string[] {
  if (item.repairs === undefined || !isShown(item.status)) return [];
  const spec = formatSpec(item.name, item.version);
  return [
    `${paint("warn", "warning")}: ${spec} was stuck in the registry, present and never shown: its tarball was removed and sent again`,
    "",
  ];
}

const endings: Readonly<Record<Report["exitCode"], readonly [Tone, string]>> = {
  0: ["good", "Done"],
  1: ["bad", "Failed"],
  2: ["bad", "Failed"],
  3: ["warn", "Unconfirmed"],
  4: ["warn", "Staged"],
};

/** The numbers of a report, worst first; what did not happen is left out. */
function summarizeReport({ counts, versions }: Report): string {
  if (versions.length === 0) return `nothing to release, ${count(counts.kept, "package")} kept`;
  const parts: readonly (readonly [number, string])[] = [
    [counts.failed, "failed"],
    [counts.blocked, "blocked"],
    [counts.unconfirmed, "unconfirmed"],
    [counts.published, "published"],
    [counts.already, "already there"],
    [counts.kept, "kept"],
  ];
  return parts
    .filter(([number, what]) => number > 0 || (what === "published" && counts.already === 0))
    .map(([number, what]) => `${number} ${what}`)
    .join(", ");
}

function formatSummary(report: Report, painter: Painter): string {
  const [tone, verb] = endings[report.exitCode];
  const note = formatDuration(report.endedAt - report.startedAt);
  return formatRow({ tone, verb, what: summarizeReport(report), note }, painter, 0);
}

function formatNext(report: Report, painter: Painter): readonly string[] {
  const { counts, exitCode } = report;
  if (exitCode === 3)
    return [
      formatAside(
        "nothing is known to be wrong: run the same command again to go on; no version bump is needed",
        painter,
      ),
    ];
  if (exitCode !== 1) return [];
  const open = counts.blocked + counts.unconfirmed;
  if (open === 0 && counts.published + counts.already === 0) return [];
  const rest = open === 0 ? "" : ` with the other ${open === 1 ? "one" : open}`;
  return [
    formatAside(
      `what is published stays: mend what failed and run the same command again to go on${rest}; nothing is sent twice`,
      painter,
    ),
  ];
}
