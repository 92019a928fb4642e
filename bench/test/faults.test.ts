import { expect, test } from "vitest";

import { isClosureBroken, isFalseRed, judgeRuns, mergeVerdicts } from "../src/faults/judge.ts";
import type { RunSeen, Verdict } from "../src/faults/judge.ts";
import { renderFaultTables, wordOf } from "../src/faults/table.ts";

const whole: RunSeen = { code: 0, isWholeAtEnd: true, isWhole: true, hasStruck: true };

test.each([
  { what: "0 of a whole release", run: whole, tool: "npm", falseGreen: false, earlyGreen: false, falseRed: false },
  {
    what: "0 of a release that is whole later",
    run: { ...whole, isWholeAtEnd: false },
    tool: "npm",
    falseGreen: false,
    earlyGreen: true,
    falseRed: false,
  },
  {
    what: "0 of a release that lacks a version",
    run: { code: 0, isWholeAtEnd: false, isWhole: false, hasStruck: false },
    tool: "npm",
    falseGreen: true,
    earlyGreen: false,
    falseRed: false,
  },
  {
    what: "1 of a package that is there",
    run: { code: 1, isWholeAtEnd: false, isWhole: false, hasStruck: true },
    tool: "npm",
    falseGreen: false,
    earlyGreen: false,
    falseRed: true,
  },
  {
    what: "1 of a package that is not there",
    run: { code: 1, isWholeAtEnd: false, isWhole: false, hasStruck: false },
    tool: "npm",
    falseGreen: false,
    earlyGreen: false,
    falseRed: false,
  },
])("a run that says $what is judged", ({ run, tool, falseGreen, earlyGreen, falseRed }) => {
  expect(judgeRuns(tool, run, undefined)).toMatchObject({ falseGreen, earlyGreen, falseRed, falseRedAgain: false });
});

test("exit code 3 is neither green nor red, of slipway only", () => {
  const run = { ...whole, code: 3 };
  expect([isFalseRed("slipway", run), isFalseRed("npm", run)]).toEqual([false, true]);
  expect(isFalseRed("slipway", { ...whole, code: 1 })).toBe(true);
});

test("a trial converges by its last run", () => {
  const failed: RunSeen = { code: 1, isWholeAtEnd: false, isWhole: false, hasStruck: false };
  expect(judgeRuns("npm", failed, whole)).toMatchObject({ converges: true, firstCode: 1, againCode: 0 });
  expect(judgeRuns("npm", failed, { ...whole, code: 1 })).toMatchObject({ converges: false, falseRedAgain: true });
});

test("a closure is broken where something shown needs what is not", () => {
  const dependencies = new Map([["b", ["a"]]]);
  expect(isClosureBroken(new Set(["b"]), dependencies)).toBe(true);
  expect(isClosureBroken(new Set(["a"]), dependencies)).toBe(false);
  expect(isClosureBroken(new Set(["a", "b"]), dependencies)).toBe(false);
});

const verdict: Verdict = {
  registry: "verdaccio",
  tool: "npm",
  fault: "503",
  struck: "b",
  ...judgeRuns("npm", whole, undefined),
  wrongLatest: false,
  differentBytes: false,
  brokenSeconds: 2,
};

test("a newer verdict of the same trial replaces the older one, and others stay", () => {
  const other = { ...verdict, tool: "slipway" };
  const newer = { ...verdict, brokenSeconds: 3 };
  expect(mergeVerdicts([verdict, other], [newer])).toEqual([newer, other]);
});

test("the tables have a row a tool and a fault, and the worst word of each trial", () => {
  const bad: Verdict = { ...verdict, fault: "reset", firstCode: 1, againCode: 1, falseRed: true, converges: false };
  expect(wordOf(bad)).toBe("false red, re-run does not end it");
  const text = renderFaultTables([verdict, bad]).join("\n");
  expect(text).toContain("| npm publish --workspaces | 2 | 1 | 1 | 0 | 0 | 1 | 0 | 0 | 4 | 0 |");
  expect(text).toContain("| 503 | ok |\n| reset | false red, re-run does not end it |");
});
