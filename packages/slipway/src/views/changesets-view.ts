/** What a plan says of Changesets, for people: what waits for a version, and what groups, pre mode and `ignore` mean for it. */
import { countWaiting, formatSpec, type PendingChangeset, type PlanChangesets } from "@slipway/core";
import { listNames, shorten } from "./lists.ts";
import type { Row } from "./rows.ts";

const changesetsShownMax = 20;
const namesShownMax = 5;

function describeReleases({ releases }: PendingChangeset): string {
  if (releases.length === 0) return "releases nothing";
  const byBump = Map.groupBy(releases, ({ bump }) => bump);
  return [...byBump]
    .map(
      ([bump, items]) =>
        `${bump} ${listNames(
          items.map(({ name }) => name),
          namesShownMax,
        )}`,
    )
    .join("; ");
}

function pendingRows(pending: readonly PendingChangeset[]): readonly Row[] {
  const { shown, leftOut } = shorten(pending, changesetsShownMax);
  const rows = shown.map((item): Row => ({
    tone: "busy",
    verb: "Changeset",
    what: describeReleases(item),
    note: item.summary === "" ? item.id : item.summary,
  }));
  if (leftOut === 0) return rows;
  return [...rows, { tone: "busy", verb: "Changeset", what: `and ${leftOut} more`, note: "--json lists all of them" }];
}

/** One row a group: which packages, and what that means for them. */
function groupRows(verb: string, groups: readonly (readonly string[])[], note: string): readonly Row[] {
  return groups
    .filter((group) => group.length > 1)
    .map((group) => ({ tone: "quiet", verb, what: listNames(group, namesShownMax), note }));
}

function preRow({ pre }: PlanChangesets): readonly Row[] {
  if (pre === undefined) return [];
  const note =
    pre.mode === "pre"
      ? "until `changeset pre exit`"
      : "until `changeset version`, which ends it: `changeset pre exit` was run";
  return [{ tone: "quiet", verb: "Pre mode", what: `packages go to ${pre.tag}`, note }];
}

function tagOnlyRows({ tagOnly }: PlanChangesets): readonly Row[] {
  if (tagOnly.length === 0) return [];
  const what = listNames(
    tagOnly.map(({ name, version }) => formatSpec(name, version)),
    namesShownMax,
  );
  return [{ tone: "quiet", verb: "Git tag only", what, note: "private; changesets/action is told to tag it" }];
}

/** Nothing where Changesets is not used. */
export function changesetsRows(changesets: PlanChangesets | undefined): readonly Row[] {
  if (changesets === undefined) return [];
  return [
    ...tagOnlyRows(changesets),
    ...groupRows("Fixed", changesets.fixed, "released together, at one version"),
    ...groupRows("Linked", changesets.linked, "those that are released share a version"),
    ...preRow(changesets),
    ...pendingRows(changesets.pending),
  ];
}

/** `2 changesets wait for their version pull request`; undefined where none does. */
export function describeWaiting(changesets: PlanChangesets | undefined): string | undefined {
  const waiting = countWaiting(changesets?.pending ?? []);
  if (waiting === 0) return undefined;
  return waiting === 1
    ? "1 changeset waits for its version pull request"
    : `${waiting} changesets wait for their version pull request`;
}
