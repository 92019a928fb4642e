/**
 * The comment on a pull request: what merging it would release, and why. The plan may be the work of a stranger's code, so every text of it is escaped by
 * `markdown`, and whole rows are left out beyond the size that GitHub takes. Nothing of a clock, a commit or a digest is in it: a plan that says the same
 * makes the same text. Pure.
 */
import {
  countWaiting,
  describeUnreleased,
  formatSpec,
  isDistTagStep,
  isPublishStep,
  type Kept,
  parseSpec,
  type PendingChangeset,
  type Plan,
  type PlannedPackage,
  type Problem,
  type Step,
} from "@slipway/core";
import { describeWaiting } from "./changesets-view.ts";
import { type CommentSection, fitSections } from "./comment-sections.ts";
import { shorten } from "./lists.ts";
import { code, tableHead, tableRow, text } from "./markdown.ts";
import { keptReasons } from "./plan-view.ts";
import { count } from "./quantities.ts";
import { describeSizes } from "./size-changes.ts";

export interface PlanComment {
  /** Undefined where problems kept it from being made. */
  readonly plan: Plan | undefined;
  readonly problems: readonly Problem[];
}

/** The first line of every comment of ours: no text that comes in can make one, since `<` is escaped. */
export const planCommentMark = "<!-- slipway: plan of a pull request -->";

/** GitHub answers 422 to more: "Body is too long (maximum is 65536 characters)" (telia-oss/github-pr-resource#259). */
const commentMax = 65_536;

/** Texts of messages are longer than names; a single one must not fill the comment. */
const messageMax = 600;
const namesShownMax = 3;

export function formatPlanComment(comment: PlanComment, max: number = commentMax): string {
  const head = `${planCommentMark}\n### ${titleOf(comment)}\n\n${introductionOf(comment)}`;
  return fitSections(head, sectionsOf(comment), max);
}

/** False where a comment would only say that there is nothing to say. */
export function isWorthAComment({ plan, problems }: PlanComment): boolean {
  if (plan === undefined) return problems.length > 0;
  return (
    problems.length > 0 ||
    plan.packages.length > 0 ||
    plan.warnings.length > 0 ||
    (plan.changesets?.pending.length ?? 0) > 0
  );
}

function titleOf({ plan, problems }: PlanComment): string {
  if (plan === undefined || problems.length > 0)
    return `This cannot be released yet: ${count(problems.length, "problem")}`;
  if (plan.packages.length === 0) return "Merging this releases nothing";
  return `Merging this releases ${count(plan.packages.length, "package")}`;
}

function introductionOf({ plan }: PlanComment): string {
  if (plan === undefined) return "No plan could be made of this state of the pull request.";
  const wait = describeWaiting(plan.changesets);
  const waiting = wait === undefined ? "" : ` ${text(wait)}.`;
  if (plan.packages.length === 0)
    return `Every version in the manifests is on its registry already, or is left out.${waiting}`;
  const which =
    plan.source.base === undefined
      ? "Their versions stand in the manifests, and their registries lack them."
      : "This pull request changes their versions, and their registries lack them.";
  return `${which}${waiting}`;
}

function sectionsOf({ plan, problems }: PlanComment): readonly CommentSection[] {
  const all = [problemSection(problems)];
  if (plan === undefined) return all;
  const unreleased = plan.kept.filter(({ changedFiles }) => (changedFiles?.length ?? 0) > 0);
  return [
    ...all,
    packageSection(plan),
    unreleasedSection(unreleased),
    warningSection(plan, unreleased),
    changesetSection(plan),
    sizeSection(plan),
    keptSection(plan.kept),
  ];
}

function problemSection(problems: readonly Problem[]): CommentSection {
  const rows = problems.map(({ code: found, message, hint }) => {
    const words = `${text(message, messageMax)}<br>${text(hint, messageMax)}`;
    return `- **${text(found)}** ${words}`;
  });
  return { noun: "problem", before: "", rows, after: "" };
}

function packageSection(plan: Plan): CommentSection {
  const stepsOf = Map.groupBy(plan.steps, (step) => formatSpec(step.name, step.version));
  const rows = plan.packages.map((item) =>
    tableRow(describePackage(item, stepsOf.get(formatSpec(item.name, item.version)) ?? [])),
  );
  const head = ["package", "version", "dist-tag", "waits for", "note"];
  return { noun: "package", before: tableHead(head), rows, after: "" };
}

function describePackage(item: PlannedPackage, steps: readonly Step[]): readonly string[] {
  const publish = steps.find(isPublishStep);
  const tag = steps.find(isDistTagStep)?.goal.tag ?? publish?.goal.sendTag ?? "latest";
  const { previous, version } = item;
  const change =
    previous === undefined || previous === version ? code(version) : `${code(previous)} → ${code(version)}`;
  return [code(item.name), change, code(tag), describeOrder(publish?.after ?? []), noteOf(item, publish)];
}

/** The packages that have to be installable first. */
function describeOrder(after: readonly string[]): string {
  const names = after
    .filter((id) => !id.startsWith("dist-tag:"))
    .map((id) => parseSpec(id.replace(/^[a-z-]+:/, "")).name);
  const { shown, leftOut } = shorten([...new Set(names)], namesShownMax);
  return `${shown.map((name) => code(name)).join(", ")}${leftOut > 0 ? ` and ${leftOut} more` : ""}`;
}

function noteOf({ isNew, previous }: PlannedPackage, publish: Step | undefined): string {
  if (publish?.from !== undefined) return "published already, by this release";
  if (isNew) return "a new package";
  return previous === undefined ? "the dist-tag is new" : "";
}

function unreleasedSection(kept: readonly Kept[]): CommentSection {
  const rows = kept.map(({ name, version, changedFiles = [] }) => {
    const { shown, leftOut } = shorten(changedFiles, namesShownMax);
    const files = shown.map((path) => code(path)).join(", ");
    return tableRow([code(name), code(version), `${files}${leftOut > 0 ? ` and ${leftOut} more` : ""}`]);
  });
  const title = `#### Changed, but not released\n\nThese versions are published, and their files have changed since. A new version releases them.`;
  const head = tableHead(["package", "version", "files"]);
  return { noun: "package", before: `${title}\n\n${head}`, rows, after: "" };
}

/** All but what the table of changed packages says already. */
function warningSection({ warnings }: Plan, unreleased: readonly Kept[]): CommentSection {
  const said = new Set(unreleased.map(describeUnreleased));
  const rows = warnings.filter((item) => !said.has(item)).map((item) => `- ${text(item, messageMax)}`);
  return { noun: "warning", before: "#### Warnings", rows, after: "" };
}

function changesetSection({ changesets }: Plan): CommentSection {
  const pending = changesets?.pending ?? [];
  const pre = changesets?.pre;
  const mode =
    pre === undefined
      ? ""
      : `\n\nPrereleases are made, for ${code(pre.tag)}${pre.mode === "pre" ? "" : ", until the next version"}.`;
  const waiting = countWaiting(pending);
  const title = `#### Changesets (${waiting} ${waiting === 1 ? "waits" : "wait"})`;
  const before = `${title}${mode}`;
  return { noun: "changeset", before, rows: pending.map(describeChangeset), after: "" };
}

function describeChangeset({ id, summary, releases }: PendingChangeset): string {
  const what = text(summary === "" ? id : summary, messageMax);
  const { shown, leftOut } = shorten(releases, namesShownMax);
  const names = shown.map(({ name, bump }) => `**${bump}** ${code(name)}`).join(", ");
  const more = leftOut > 0 ? ` and ${leftOut} more` : "";
  return `- ${releases.length === 0 ? "releases nothing" : `${names}${more}`}: ${what}`;
}

function sizeSection(plan: Plan): CommentSection {
  const { summary, rows } = describeSizes(plan);
  const head = tableHead(["package", "compared with", "packed", "unpacked", "files"]);
  const before = `<details><summary>Sizes: ${summary}</summary>\n\n${head}`;
  return { noun: "package", before, rows: rows.map(tableRow), after: "\n\n</details>" };
}

function keptSection(kept: readonly Kept[]): CommentSection {
  const rows = kept.map((item) => tableRow([code(item.name), code(item.version), describeKept(item)]));
  const head = tableHead(["package", "version", "why"]);
  const before = `<details><summary>Not released: ${count(kept.length, "package")}</summary>\n\n${head}`;
  return { noun: "package", before, rows, after: "\n\n</details>" };
}

function describeKept({ reason, origin }: Kept): string {
  const doubt = {
    foreign: ", but not made from a commit of this repository",
    unknown: ", but cannot be traced to this repository",
    ours: "",
  };
  return `${text(keptReasons[reason])}${origin === undefined ? "" : doubt[origin]}`;
}
