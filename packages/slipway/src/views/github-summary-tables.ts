/** The tables of a job summary: one row a package, what is beyond the limit counted. Everything from outside is escaped by `markdown`. */
import {
  formatSpec,
  isFailed,
  isShown,
  type Kept,
  type Plan,
  type Report,
  type ReportedVersion,
  type Verification,
} from "@slipway/core";
import type { Tagging } from "../tagging.ts";
import type { StatusData } from "../workspace-status.ts";
import { shorten } from "./lists.ts";
import { code, details, link, table, text } from "./markdown.ts";
import { keptReasons } from "./plan-view.ts";
import { count, formatSize, shortIntegrity } from "./quantities.ts";

/** A table under a heading; rows beyond the limit are counted. */
function section(
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  rowsMax: number,
): readonly string[] {
  if (rows.length === 0) return [];
  const { shown, leftOut } = shorten(rows, rowsMax);
  return [
    `### ${title} (${rows.length})`,
    ...(shown.length === 0 ? [] : [table(head, shown)]),
    ...(leftOut > 0 ? [`and ${leftOut} more: the release folder among the run's artifacts has all of them`] : []),
  ];
}

const pendingTexts: Readonly<Partial<Record<ReportedVersion["status"], string>>> = {
  ready: "not sent yet",
  writing: "being sent",
  accepted: "sent, not yet read back",
  pending: "sent, the registry does not show it yet",
  staged: "waits for approval",
  unconfirmed: "not shown within the time allowed",
};

export function formatReported(report: Report, rowsMax: number): readonly string[] {
  const shown = report.versions.filter((item) => isShown(item.status));
  const published = shown.filter((item) => item.how === "published");
  const pending = report.versions.filter((item) => !isShown(item.status) && !isFailed(item.status));
  const blocked = report.versions.filter((item) => item.status === "blocked");
  return [
    ...section(
      "Published",
      ["package", "version", "dist-tag", "size", "integrity", "registry"],
      published.map(describePublished),
      rowsMax,
    ),
    ...section(
      "Pending",
      ["package", "version", "state", "what to do"],
      pending.map((item) => [
        code(item.name),
        code(item.version),
        text(pendingTexts[item.status] ?? item.status),
        text(item.problems[0]?.hint ?? ""),
      ]),
      rowsMax,
    ),
    ...section(
      "Not tried, because of the problems above",
      ["package", "version"],
      blocked.map((item) => [code(item.name), code(item.version)]),
      rowsMax,
    ),
    ...formatSkipped(
      [...shown.filter((item) => item.how !== "published").map(describeAlready), ...report.kept.map(describeKept)],
      rowsMax,
    ),
  ];
}

function describePublished(item: ReportedVersion): readonly string[] {
  const size =
    item.sizeBytes === undefined ? "" : `${formatSize(item.sizeBytes)}, ${count(item.fileCount ?? 0, "file")}`;
  return [
    code(item.name),
    code(item.version),
    describeTag(item),
    text(size),
    code(shortIntegrity(item.integrity)),
    text(hostOf(item.registry)),
  ];
}

function describeTag({ tag }: ReportedVersion): string {
  if (tag === undefined) return "";
  const where = code(tag.tag);
  if (isShown(tag.status))
    return tag.status === "superseded" ? `${where} stays at ${code(tag.shown ?? "a higher version")}` : where;
  return `${where} ${text(tag.status)}${tag.shown === undefined ? "" : `, shows ${code(tag.shown)}`}`;
}

function hostOf(url: string): string {
  return URL.canParse(url) ? `${new URL(url).host}${new URL(url).pathname.replace(/\/$/, "")}` : url;
}

function describeAlready(item: ReportedVersion): readonly string[] {
  const why =
    item.how === "bound"
      ? `published by an earlier attempt of this commit (${item.evidence ?? "recorded"})`
      : "already published, the same bytes";
  return [code(item.name), code(item.version), text(why)];
}

function describeKept(item: Kept): readonly string[] {
  const changed = item.changedFiles?.length ?? 0;
  const note = changed === 0 ? "" : `; ${count(changed, "file")} changed since without a new version`;
  return [code(item.name), code(item.version), text(`${keptReasons[item.reason]}${note}`)];
}

/** Unfolded where it is all there is to see of few packages; a workspace of hundreds would hide the rest. */
function formatSkipped(rows: readonly (readonly string[])[], rowsMax: number): readonly string[] {
  const parts = section("Skipped", ["package", "version", "why"], rows, rowsMax);
  if (rows.length <= skippedUnfoldedMax || parts.length === 0) return parts;
  return [`### Skipped (${rows.length})`, details("Show them", parts.slice(1).join("\n\n"))];
}

const skippedUnfoldedMax = 30;

export function formatPlanned(plan: Plan | undefined, rowsMax: number): readonly string[] {
  if (plan === undefined) return [];
  const tarballs = new Map((plan.tarballs ?? []).map((tarball) => [tarball.spec, tarball]));
  const tagOf = new Map(
    plan.steps.flatMap((step) => (step.goal.kind === "dist-tag" ? [[step.name, step.goal.tag] as const] : [])),
  );
  const rows = plan.packages.map((item) => {
    const tarball = tarballs.get(formatSpec(item.name, item.version));
    return [
      code(item.name),
      item.isNew ? `${code(item.version)}, a new package` : code(item.version),
      item.previous === undefined ? "" : code(item.previous),
      code(tagOf.get(item.name) ?? ""),
      tarball === undefined ? "" : text(`${formatSize(tarball.sizeBytes)}, ${count(tarball.fileCount, "file")}`),
      tarball === undefined ? "" : code(shortIntegrity(tarball.integrity)),
    ];
  });
  const head = ["package", "version", "before", "dist-tag", "size", "integrity"];
  const width = plan.tarballs === undefined ? 4 : head.length;
  const title = plan.tarballs === undefined ? "To release" : "Packed";
  return [
    ...section(
      title,
      head.slice(0, width),
      rows.map((row) => row.slice(0, width)),
      rowsMax,
    ),
    ...formatSkipped(plan.kept.map(describeKept), rowsMax),
  ];
}

export function resultOf({ checks }: Verification): "ok" | "failed" | "unknown" {
  const results = new Set(checks.filter(({ facet }) => facet !== "origin").map(({ result }) => result));
  return results.has("failed") ? "failed" : results.has("unknown") ? "unknown" : "ok";
}

export function formatVerified(verifications: readonly Verification[], rowsMax: number): readonly string[] {
  const rows = verifications.map((item) => [
    code(item.name),
    code(item.version),
    text(resultOf(item)),
    text(
      item.checks
        .filter(({ result }) => result === "failed" || result === "unknown")
        .map(({ facet, note }) => `${facet}: ${note}`)
        .join("; "),
    ),
    code(shortIntegrity(item.integrity)),
  ]);
  return section("Verified", ["package", "version", "result", "what is not right", "integrity"], rows, rowsMax);
}

export function formatTagged(tagging: Tagging | undefined, rowsMax: number): readonly string[] {
  if (tagging === undefined) return [];
  const tags = tagging.tags.map((item) => [
    code(item.tag),
    code(item.commit.slice(0, 12)),
    text(tagResults[item.result]),
  ]);
  const releases = tagging.releases.map((item) => [
    item.url === undefined ? code(item.tag) : link(code(item.tag), item.url),
    text(item.result),
  ]);
  return [
    ...section("Git tags", ["tag", "commit", ""], tags, rowsMax),
    ...section("Releases", ["release", ""], releases, rowsMax),
  ];
}

const tagResults: Readonly<Record<Tagging["tags"][number]["result"], string>> = {
  created: "made",
  there: "was there",
  planned: "would be made",
  failed: "not made",
};

export function formatStatus(status: StatusData | undefined, rowsMax: number): readonly string[] {
  if (status === undefined) return [];
  const rows = status.packages.map((item) => [
    code(item.name),
    code(item.version),
    text(item.reason === undefined ? item.state : `${item.state}: ${item.reason}`),
    Object.entries(item.distTags)
      .slice(0, 8)
      .map(([tag, version]) => `${code(tag)} ${code(version)}`)
      .join(", "),
    item.hasGitTag ? "yes" : "",
  ]);
  return section("Packages", ["package", "version", "state", "dist-tags", "git tag"], rows, rowsMax);
}
