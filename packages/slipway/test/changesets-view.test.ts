import { type PlanChangesets } from "@slipway/core";
import { expect, test } from "vitest";
import { changesetsRows, describeWaiting } from "../src/views/changesets-view.ts";

const nothing: PlanChangesets = {
  pending: [],
  baseBranch: "main",
  ignored: [],
  fixed: [],
  linked: [],
  tagOnly: [],
  isSingle: false,
};

const changeset = (id: string, names: readonly string[], summary = `What ${id} does`) => ({
  id,
  summary,
  releases: names.map((name) => ({ name, bump: "patch" as const })),
});

function linesOf(changesets: Partial<PlanChangesets>): readonly string[] {
  return changesetsRows({ ...nothing, ...changesets }).map(({ verb, what, note }) =>
    [verb, what, ...(note === undefined ? [] : [note])].join(" | "),
  );
}

test("without Changesets nothing is said", () => {
  expect(changesetsRows(undefined)).toEqual([]);
  expect(linesOf({})).toEqual([]);
  expect(describeWaiting(undefined)).toBeUndefined();
});

test("a changeset is shown with its bumps and the first line of what it says", () => {
  const mixed = {
    id: "c",
    summary: "Both",
    releases: [
      { name: "a", bump: "major" as const },
      { name: "b", bump: "patch" as const },
      { name: "c", bump: "patch" as const },
    ],
  };
  expect(linesOf({ pending: [mixed, changeset("empty", [], ""), changeset("d", ["a"])] })).toEqual([
    "Changeset | major a; patch b, c | Both",
    "Changeset | releases nothing | empty",
    "Changeset | patch a | What d does",
  ]);
});

test("of many changesets the first are shown, and how many there are besides", () => {
  const pending = Array.from({ length: 25 }, (_, index) => changeset(`c${index}`, ["a"]));
  const lines = linesOf({ pending });
  expect(lines).toHaveLength(21);
  expect(lines.at(-1)).toBe("Changeset | and 5 more | --json lists all of them");
  expect(describeWaiting({ ...nothing, pending })).toBe("25 changesets wait for their version pull request");
});

test("only what makes a version waits", () => {
  expect(describeWaiting({ ...nothing, pending: [changeset("empty", [])] })).toBeUndefined();
  expect(describeWaiting({ ...nothing, pending: [changeset("empty", []), changeset("c", ["a"])] })).toBe(
    "1 changeset waits for its version pull request",
  );
});

test("groups of more than one package, pre mode and private packages are told with what they mean", () => {
  expect(
    linesOf({
      fixed: [["a", "b"], ["alone"]],
      linked: [["c", "d"]],
      pre: { mode: "exit", tag: "next" },
      tagOnly: [{ name: "site", version: "2.0.0" }],
    }),
  ).toEqual([
    "Git tag only | site@2.0.0 | private; changesets/action is told to tag it",
    "Fixed | a, b | released together, at one version",
    "Linked | c, d | those that are released share a version",
    "Pre mode | packages go to next | until `changeset version`, which ends it: `changeset pre exit` was run",
  ]);
  expect(linesOf({ pre: { mode: "pre", tag: "next" } })).toEqual([
    "Pre mode | packages go to next | until `changeset pre exit`",
  ]);
});
