import { expect, test } from "vitest";

import { median, renderSummaries, renderTable, summarize } from "../src/table.ts";
import type { Sample } from "../src/table.ts";
import { judgeTargets } from "../src/targets.ts";

const complete: Sample = {
  scenario: "local",
  phase: "publish",
  competitor: "floor",
  wallMs: 1000,
  cpuMs: 500,
  peakBytes: 50_000_000,
  exitCode: 0,
  published: 50,
  expected: 50,
  earlyEdges: 0,
  writes: 50,
};

function sample(change: Partial<Sample>): Sample {
  return { ...complete, ...change };
}

test.each([
  [[3], 3],
  [[9, 1, 5], 5],
  [[4, 1, 3, 2], 2.5],
])("the median of %j is %d", (values, expected) => {
  expect(median(values)).toBe(expected);
});

test("there is no median of nothing", () => {
  expect(() => median([])).toThrow(RangeError);
});

test("a summary takes medians of times, and the worst of everything else", () => {
  const [summary, other] = summarize([
    sample({ wallMs: 900 }),
    sample({ wallMs: 1500, published: 49, earlyEdges: 3, exitCode: 1 }),
    sample({ competitor: "npm" }),
    sample({ wallMs: 1000, cpuMs: undefined, peakBytes: 70_000_000 }),
  ]);
  expect(summary).toEqual({
    competitor: "floor",
    runs: 3,
    wallMs: 1000,
    wallMinMs: 900,
    wallMaxMs: 1500,
    cpuMs: 500,
    peakBytes: 50_000_000,
    published: 49,
    expected: 50,
    earlyEdges: 3,
    writes: 50,
    exitCodes: [0, 1],
  });
  expect(other).toMatchObject({ competitor: "npm", runs: 1 });
});

const options = {
  phase: "publish",
  labels: new Map([["floor", "raw"]]),
  floor: "floor",
  orderedFloor: "ordered-floor",
} as const;

test("a table compares with both floors", () => {
  const rows = [
    complete,
    sample({ competitor: "ordered-floor", wallMs: 2000 }),
    sample({ competitor: "x", wallMs: 3000, earlyEdges: 4 }),
  ];
  const cells = renderSummaries(summarize(rows), options)
    .split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()));
  expect(cells[2]).toEqual([
    "",
    "raw",
    "1.00",
    "1.00 – 1.00",
    "1.00 x",
    "0.50 x",
    "0.50",
    "50",
    "all 50",
    "0",
    "0",
    "",
  ]);
  expect(cells[4]).toEqual(["", "x", "3.00", "3.00 – 3.00", "3.00 x", "1.50 x", "0.50", "50", "all 50", "4", "0", ""]);
});

test("a run that left packages out says so and has no ratio", () => {
  const table = renderSummaries(summarize([complete, sample({ competitor: "x", wallMs: 10, published: 3 })]), options);
  expect(table).toContain("**3 of 50**");
  expect(table).not.toContain("0.01 x");
});

test("columns of a table are as wide as their widest cell", () => {
  expect(renderTable(["", "n"], [["long name", "7"]])).toBe(
    ["|           |   n |", "| --------- | --: |", "| long name |   7 |"].join("\n"),
  );
});

test.each([
  ["met", { wallMs: 1400 }, "met: publish and verify within 1.5 x the floor (1.40 x, at most 1.5 x)"],
  ["slow", { wallMs: 1600 }, "**missed**: publish and verify within 1.5 x the floor (1.60 x, at most 1.5 x)"],
  ["incomplete", { wallMs: 10, published: 49 }, "**missed**: publish and verify within 1.5 x the floor (it failed)"],
  ["failed", { wallMs: 10, exitCode: 3 }, "**missed**: publish and verify within 1.5 x the floor (it failed)"],
])("a target is judged: %s", (_, change, expected) => {
  expect(judgeTargets([complete, sample({ competitor: "slipway", ...change })])).toEqual([expected]);
});

test("a target of which one side was not measured is not judged", () => {
  expect(judgeTargets([complete])).toEqual([]);
  expect(judgeTargets([sample({ competitor: "slipway", scenario: "80 ms" }), complete])).toEqual([]);
});
