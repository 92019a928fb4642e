/** A plan for people: what would be released, in which order, and what is not, and why. */
import {
  formatSpec,
  isDistTagStep,
  isPublishStep,
  type Kept,
  parseSpec,
  type Plan,
  type PlannedPackage,
  type Step,
} from "@slipway/core";
import { changesetsRows, describeWaiting } from "./changesets-view.ts";
import { listNames, shorten } from "./lists.ts";
import { count } from "./quantities.ts";
import { formatRows, type Row } from "./rows.ts";
import type { Painter } from "./terminal.ts";

/** Why a package is no step, for people. */
export const keptReasons: Readonly<Record<Kept["reason"], string>> = {
  private: "private",
  published: "already published",
  "not-selected": "left out by --only",
  unchanged: "version unchanged since the base",
  ignored: "ignored by Changesets",
};

const namesShownMax = 3;
const packagesShownMax = 60;
/** Of what is kept, by reason: what there is to do must not scroll away above it. */
const keptShownMax = 12;
const warningsShownMax = 12;

/** What a package's steps mean for people: its tag, what the tag showed, and what it waits for. */
function describePackage(steps: readonly Step[], item: PlannedPackage): string {
  const publish = steps.find(isPublishStep);
  const tag = steps.find(isDistTagStep)?.goal.tag ?? publish?.goal.sendTag ?? "latest";
  const was = item.isNew ? `new package, as ${tag}` : `as ${tag}, ${describePrevious(item)}`;
  const names = (publish?.after ?? [])
    .filter((id) => !id.startsWith("dist-tag:"))
    .map((id) => parseSpec(id.replace(/^[a-z-]+:/, "")).name);
  return names.length === 0 ? was : `${was}, after ${listNames(names, namesShownMax)}`;
}

function describePrevious({ previous, version }: PlannedPackage): string {
  if (previous === undefined) return "a new dist-tag";
  return previous === version ? "which already points there" : `which is ${previous}`;
}

/** Rows of the packages with steps; beyond the first ones only their number. */
function packageRows(plan: Plan): readonly Row[] {
  const stepsOf = Map.groupBy(plan.steps, (step) => step.name);
  const { shown, leftOut } = shorten(plan.packages, packagesShownMax);
  const rows = shown.map((item): Row => {
    const steps = stepsOf.get(item.name) ?? [];
    const isSeen = steps.some((step) => isPublishStep(step) && step.from !== undefined);
    const what = formatSpec(item.name, item.version);
    return { tone: "good", verb: isSeen ? "Confirm" : "Publish", what, note: describePackage(steps, item) };
  });
  if (leftOut === 0) return rows;
  return [...rows, { tone: "good", verb: "Publish", what: `and ${leftOut} more`, note: "--json lists all of them" }];
}

/** One row a package where they are few, else one a reason. */
function keptRows(kept: readonly Kept[]): readonly Row[] {
  if (kept.length <= keptShownMax)
    return kept.map((item) => ({
      tone: "quiet",
      verb: "Keep",
      what: formatSpec(item.name, item.version),
      note: keptReasons[item.reason],
    }));
  return [...Map.groupBy(kept, (item) => item.reason)].map(([reason, items]) => ({
    tone: "quiet",
    verb: "Keep",
    what: count(items.length, "package"),
    note: keptReasons[reason],
  }));
}

export function warningRows(warnings: readonly string[]): readonly Row[] {
  const { shown, leftOut } = shorten(warnings, warningsShownMax);
  const rows = shown.map((what): Row => ({ tone: "warn", verb: "Warning", what }));
  return leftOut === 0
    ? rows
    : [...rows, { tone: "warn", verb: "Warning", what: `and ${leftOut} more warnings: --json lists all of them` }];
}

export function formatPlan(plan: Plan, painter: Painter): string {
  return [
    ...formatRows([...packageRows(plan), ...keptRows(plan.kept), ...changesetsRows(plan.changesets)], painter),
    ...formatRows([...baseRows(plan), ...warningRows(plan.warnings), summaryRow(plan)], painter),
  ].join("\n");
}

function baseRows({ source: { base, baseFrom } }: Plan): readonly Row[] {
  if (base === undefined) return [];
  return [
    { tone: "quiet", verb: "Since", what: base.slice(0, 12), ...(baseFrom === undefined ? {} : { note: baseFrom }) },
  ];
}

function summaryRow(plan: Plan): Row {
  return { tone: "good", verb: "Planned", what: summarizePlan(plan) };
}

function summarizePlan(plan: Plan): string {
  const wait = plan.packages.length === 0 ? describeWaiting(plan.changesets) : undefined;
  if (wait !== undefined) return `nothing to release: ${wait}`;
  const kept = plan.kept.filter((item) => item.reason === "published").length;
  const others = plan.kept.length - kept;
  return `${count(plan.packages.length, "package")} to release, ${kept} up to date${others > 0 ? `, ${others} left out` : ""}`;
}
