import { expect, test } from "vitest";

import { median, renderSummaries, renderTable, summarize } from "../src/table.ts";
import type { Sample } from "../src/results.ts";
import { judgeTargets } from "../src/targets.ts";

const order = ["floor", "ordered-floor", "slipway", "npm", "pnpm", "x"];
const complete: Sample = {
  session: "2026-11-21T09:00:00.000Z",
  round: 1,
  input: "50",
  scenario: "local",
  phase: "publish",
  competitor: "floor",
  wallMs: 1000,
  cpuMs: 500,
  peakBytes: 50_000_000,
  serverCpuMs: 300,
  serverPeakBytes: 120_000_000,
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
  const [summary, other] = summarize(
    [
      sample({ wallMs: 900 }),
      sample({ wallMs: 1500, published: 49, earlyEdges: 3, exitCode: 1 }),
      sample({ competitor: "npm" }),
      sample({ wallMs: 1000, cpuMs: undefined, peakBytes: 70_000_000 }),
    ],
    order,
  );
  expect(summary).toEqual({
    competitor: "floor",
    runs: 3,
    wallMs: 1000,
    wallMinMs: 900,
    wallMaxMs: 1500,
    floorMs: 1000,
    orderedFloorMs: undefined,
    cpuMs: 500,
    peakBytes: 50_000_000,
    serverCpuMs: 300,
    serverPeakBytes: 120_000_000,
    published: 49,
    expected: 50,
    earlyEdges: 3,
    writes: 50,
    exitCodes: [0, 1],
  });
  expect(other).toMatchObject({ competitor: "npm", runs: 1 });
});

test("a competitor is compared with the floor of its own session, and its newest session counts", () => {
  const later = "2026-11-22T09:00:00.000Z";
  const rows = summarize(
    [
      sample({ wallMs: 1000 }),
      sample({ competitor: "npm", wallMs: 3000 }),
      sample({ session: later, wallMs: 2000 }),
      sample({ session: later, competitor: "x", wallMs: 8000 }),
      sample({ competitor: "x", wallMs: 1 }),
    ],
    order,
  );
  expect(rows.map(({ competitor, wallMs, floorMs }) => [competitor, wallMs, floorMs])).toEqual([
    ["floor", 2000, 2000],
    ["npm", 3000, 1000],
    ["x", 8000, 2000],
  ]);
});

const options = { phase: "publish", labels: new Map([["floor", "raw"]]) } as const;

test("a table compares with both floors", () => {
  const rows = [
    complete,
    sample({ competitor: "ordered-floor", wallMs: 2000 }),
    sample({ competitor: "x", wallMs: 3000, earlyEdges: 4 }),
  ];
  const cells = renderSummaries(summarize(rows, order), options)
    .split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()));
  const shared = ["0.50", "50", "0.30", "120", "all 50"];
  expect(cells[2]).toEqual(["", "raw", "1.00", "1.00 – 1.00", "1.00 x", "0.50 x", ...shared, "0", "0", "1", ""]);
  expect(cells[4]).toEqual(["", "x", "3.00", "3.00 – 3.00", "3.00 x", "1.50 x", ...shared, "4", "0", "1", ""]);
});

test("a run that left packages out says so and has no ratio", () => {
  const rows = summarize([complete, sample({ competitor: "x", wallMs: 10, published: 3 })], order);
  const table = renderSummaries(rows, options);
  expect(table).toContain("**3 of 50**");
  expect(table).not.toContain("0.01 x");
});

test("columns of a table are as wide as their widest cell", () => {
  expect(renderTable(["", "n"], [["long name", "7"]])).toBe(
    ["|           |   n |", "| --------- | --: |", "| long name |   7 |"].join("\n"),
  );
});

const floorTarget = "50 packages published and verified within 1.5 x the floor";

test.each([
  ["met", { wallMs: 1400 }, `met: ${floorTarget} (1.40 x, at most 1.5)`],
  ["slow", { wallMs: 1600 }, `**missed**: ${floorTarget} (1.60 x, at most 1.5)`],
  ["incomplete", { wallMs: 10, published: 49 }, `**missed**: ${floorTarget} (it failed)`],
  ["failed", { wallMs: 10, exitCode: 3 }, `**missed**: ${floorTarget} (it failed)`],
])("a target is judged: %s", (_, change, expected) => {
  expect(judgeTargets([complete, sample({ competitor: "slipway", ...change })])).toEqual([expected]);
});

test("a target of which one side was not measured is not judged", () => {
  expect(judgeTargets([complete])).toEqual([]);
  expect(judgeTargets([sample({ competitor: "slipway", scenario: "80ms" }), complete])).toEqual([]);
});

const slipway = sample({ competitor: "slipway" });

test.each([
  [
    "a peer that left packages out is not ahead",
    [
      { ...slipway, scenario: "80ms", wallMs: 900 },
      sample({ competitor: "npm", scenario: "80ms", wallMs: 100, published: 9 }),
      sample({ competitor: "yarn", scenario: "80ms", wallMs: 1000 }),
    ],
    "met: ahead of every peer behind 80 ms: 50 (0.90 x the fastest, at most 1)",
  ],
  [
    "the time of one package is compared between sizes",
    [
      { ...slipway, input: "200", wallMs: 2000, published: 200, expected: 200 },
      { ...slipway, input: "1000", wallMs: 14_000, published: 1000, expected: 1000 },
    ],
    "**missed**: 1,000 packages take, each, within 1.3 x the time of one of 200 (1.40 x, at most 1.3)",
  ],
  [
    "memory is compared with a number",
    [{ ...slipway, input: "1000", peakBytes: 240_000_000 }],
    "**missed**: 1,000 packages in less than 200 MB (240 MB, at most 200)",
  ],
  [
    "the time of a plan is compared with a number",
    [{ ...slipway, input: "1000", phase: "plan" as const, wallMs: 700 }],
    "met: plan of 1,000 packages on a registry that was just started, in less than 2 s (0.70 s, at most 2)",
  ],
])("%s", (_, samples, expected) => {
  expect(judgeTargets(samples)).toContain(expected);
});
