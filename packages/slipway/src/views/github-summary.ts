/**
 * The summary of a GitHub Actions job in Markdown: what was published, what was not and why, and what to do next. Every text comes from manifests and
 * registries and is escaped by `markdown`. Must stay below the size that GitHub takes; what is left out is counted.
 */
import { isFailed, type Plan, type Problem, type Report, type Verification } from "@slipway/core";
import type { Tagging } from "../tagging.ts";
import type { StatusData } from "../workspace-status.ts";
import { shorten } from "./lists.ts";
import {
  formatPlanned,
  formatReported,
  formatStatus,
  formatTagged,
  formatVerified,
  resultOf,
} from "./github-summary-tables.ts";
import { code, link, list, text } from "./markdown.ts";
import { count, formatDuration } from "./quantities.ts";

export interface GithubSummary {
  readonly plan?: Plan | undefined;
  /** sha256 of the plan, for a packed one. */
  readonly planDigest?: string | undefined;
  readonly report?: Report | undefined;
  readonly verifications?: readonly Verification[] | undefined;
  readonly tagging?: Tagging | undefined;
  readonly status?: StatusData | undefined;
  /** What stopped the verb as a whole. */
  readonly problems: readonly Problem[];
  /** Address of the repository's pages, without a slash at its end. */
  readonly repositoryUrl?: string | undefined;
  /** Address of the pages that compare this commit with what was there before. */
  readonly compareUrl?: string | undefined;
  /** Said while the release goes on: a job that is killed leaves this behind. */
  readonly isRunning?: boolean;
}

/** GitHub takes 1 MiB a step (docs.github.com, "Workflow commands"); a larger summary is dropped as a whole. */
const summaryMaxBytes = 1_000_000;
const rowsShownMax = 400;

export function formatGithubSummary(summary: GithubSummary, maxBytes: number = summaryMaxBytes): string {
  for (let rowsMax = rowsShownMax; ; rowsMax = Math.floor(rowsMax / 2)) {
    const sections = [
      ...formatHead(summary),
      ...formatProblemList(summary, rowsMax),
      ...(summary.report === undefined
        ? formatPlanned(summary.plan, rowsMax)
        : formatReported(summary.report, rowsMax)),
      ...formatVerified(summary.verifications ?? [], rowsMax),
      ...formatTagged(summary.tagging, rowsMax),
      ...formatStatus(summary.status, rowsMax),
      ...formatWarnings(summary, rowsMax),
    ];
    const markdown = `${sections.join("\n\n")}\n`;
    if (Buffer.byteLength(markdown) <= maxBytes || rowsMax === 0) return markdown;
  }
}

function formatHead(summary: GithubSummary): readonly string[] {
  const { plan, planDigest, report, repositoryUrl, compareUrl } = summary;
  const commit = report?.commit ?? plan?.source.commit ?? summary.status?.commit;
  const facts = [
    commit === undefined ? "" : `commit ${linkCommit(commit, repositoryUrl)}`,
    compareUrl === undefined ? "" : link("compare", compareUrl),
    plan === undefined && report === undefined ? "" : `release ${code(plan?.releaseId ?? report?.releaseId ?? "")}`,
    report === undefined || report.attempt <= 1 ? "" : `attempt ${report.attempt}`,
    report === undefined ? "" : `${formatDuration(Math.max(0, report.endedAt - report.startedAt))}`,
    planDigest === undefined ? "" : `plan ${code(planDigest)}`,
  ].filter((fact) => fact !== "");
  return [`## ${titleOf(summary)}`, ...(facts.length === 0 ? [] : [facts.join(" · ")]), ...formatNext(summary)];
}

function linkCommit(commit: string, repositoryUrl: string | undefined): string {
  const label = code(commit.slice(0, 12));
  return repositoryUrl === undefined ? label : link(label, `${repositoryUrl}/commit/${encodeURIComponent(commit)}`);
}

function titleOf({ plan, report, verifications, tagging, status, problems, isRunning }: GithubSummary): string {
  if (problems.length > 0) return "Stopped";
  if (report !== undefined) return titleOfReport(report, isRunning === true);
  if (tagging !== undefined) {
    const created = tagging.tags.filter(({ result }) => result === "created").length;
    return tagging.problems.length > 0 ? "Tagging failed" : `${count(created, "git tag")} made`;
  }
  if (verifications !== undefined) {
    const open = verifications.filter((item) => resultOf(item) !== "ok").length;
    return open === 0
      ? `${count(verifications.length, "version")} verified`
      : `${open} of ${verifications.length} not verified`;
  }
  if (status !== undefined) return "Status";
  if (plan === undefined) return "Nothing was planned";
  const planned = plan.packages.length;
  if (planned === 0) return "Nothing to release";
  return plan.tarballs === undefined
    ? `${count(planned, "package")} to release`
    : `${count(planned, "package")} packed`;
}

function titleOfReport({ counts, versions, exitCode }: Report, isRunning: boolean): string {
  const numbers = [
    `${counts.published} published`,
    ...(counts.already > 0 ? [`${counts.already} already there`] : []),
    ...(counts.failed > 0 ? [`${counts.failed} failed`] : []),
    ...(counts.blocked > 0 ? [`${counts.blocked} not tried`] : []),
    ...(counts.unconfirmed > 0 ? [`${counts.unconfirmed} ${isRunning ? "to go" : "unconfirmed"}`] : []),
  ].join(", ");
  if (isRunning) return `Publishing: ${numbers}`;
  if (versions.length === 0) return "Nothing to release";
  return exitCode === 0
    ? `Released: ${numbers}`
    : exitCode === 1
      ? `Release failed: ${numbers}`
      : `Release unconfirmed: ${numbers}`;
}

function formatNext({ report, problems, isRunning }: GithubSummary): readonly string[] {
  if (isRunning === true)
    return ["This was written while the release went on. If the job has ended, run it again: it goes on from here."];
  if (report === undefined || problems.length > 0) return [];
  if (report.exitCode === 3)
    return ["Nothing is known to be wrong. Choose *Re-run failed jobs* to go on; no version bump is needed."];
  if (report.exitCode === 1)
    return ["What is published stays. Mend what failed and choose *Re-run failed jobs*; nothing is sent twice."];
  return [];
}

/** What stopped the verb, and what went wrong with single packages, with hints. */
function formatProblemList(
  { problems, report, tagging, verifications }: GithubSummary,
  rowsMax: number,
): readonly string[] {
  const all = [
    ...problems,
    ...(report?.versions ?? [])
      .filter(({ status, tag }) => isFailed(status) || (tag !== undefined && isFailed(tag.status)))
      .flatMap((item) => item.problems.filter(({ code: found }) => found !== "SLIP_DEPENDENCY_FAILED")),
    ...(tagging?.problems ?? []),
    ...(verifications ?? []).flatMap(({ checks }) => checks.flatMap(({ problem }) => problem ?? [])),
  ];
  if (all.length === 0) return [];
  const { shown, leftOut } = shorten(all, rowsMax);
  return ["### Problems", list([...shown.map(formatProblem), ...more(leftOut)])];
}

function formatProblem(problem: Problem): string {
  const facts =
    problem.details === undefined || problem.details.length === 0
      ? ""
      : `<br>${problem.details
          .slice(0, 8)
          .map((line) => code(line))
          .join("<br>")}`;
  return `**${text(problem.code)}** ${text(problem.message, 1000)}${facts}<br>Hint: ${text(problem.hint, 1000)}`;
}

function more(leftOut: number): readonly string[] {
  return leftOut > 0 ? [`and ${leftOut} more`] : [];
}

function formatWarnings({ plan, report, tagging }: GithubSummary, rowsMax: number): readonly string[] {
  const warnings = [...(report?.warnings ?? plan?.warnings ?? []), ...(tagging?.warnings ?? [])];
  if (warnings.length === 0) return [];
  const { shown, leftOut } = shorten(warnings, Math.min(rowsMax, 50));
  return ["### Warnings", list([...shown.map((item) => text(item, 1000)), ...more(leftOut)])];
}
