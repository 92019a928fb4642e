import { expect, test } from "vitest";

import { competitors } from "../src/competitors.ts";
import { findLayers } from "../src/inputs.ts";
import { parseOptions, UsageError } from "../src/options.ts";
import { chooseCompetitors, predict, programsOf } from "../src/race.ts";
import type { Sample } from "../src/results.ts";

test("the short run is slipway, npm and pnpm with 50 packages, and keeps nothing", () => {
  expect(parseOptions([])).toEqual({
    inputs: ["50"],
    tools: ["slipway", "pnpm", "npm"],
    parts: ["publish-local", "again-local", "publish-80ms", "again-80ms"],
    rounds: 3,
    budgetMs: 90_000,
    slowestMs: 300_000,
    file: undefined,
    merge: [],
    renderOnly: false,
  });
});

test("the whole run is every input, tool and part, and is kept", () => {
  const options = parseOptions(["--all"]);
  expect(options.inputs).toEqual(["10", "50", "200", "1000", "corpus"]);
  expect(options.tools).toHaveLength(competitors.filter(({ isTool }) => isTool).length);
  expect(options.parts).toContain("publish-put300");
  expect(options.file).toBe("bench/results.json");
});

test.each([
  ["publish-local", ["publish-local"]],
  ["local", ["publish-local", "again-local"]],
  ["again", ["again-local", "again-80ms"]],
  ["plan", ["plan-local", "plan-80ms"]],
  ["plan-local, publish-put300", ["publish-put300", "plan-local"]],
])("--only %s", (text, expected) => {
  expect(parseOptions(["--all", "--only", text]).parts).toEqual(expected);
});

test("inputs are put in order of size, so that small ones tell how long large ones take", () => {
  expect(parseOptions(["--n", "corpus,200,10,200"]).inputs).toEqual(["10", "200", "corpus"]);
});

test("what is merged is not measured", () => {
  expect(parseOptions(["--all", "--merge", "a.json,b.json"])).toMatchObject({
    merge: ["a.json", "b.json"],
    renderOnly: true,
  });
});

test.each([
  [["--n", "none"], "--n none is no number"],
  [["--rounds", "0"], "--rounds 0 is no number"],
  [["--tools", "slipway,rush"], "--tools rush: there are slipway"],
  [["--only", "remote"], "--only remote: there are publish-local"],
  [["--quick"], "--quick"],
])("%j is refused with the usage", (args, expected) => {
  expect(() => parseOptions(args)).toThrow(UsageError);
  expect(() => parseOptions(args)).toThrow(expected);
  expect(() => parseOptions(args)).toThrow("--slowest 300");
});

test("the floors run beside whatever is chosen, and programs that others start are prepared", () => {
  const chosen = chooseCompetitors(["changesets-pnpm"]);
  expect(chosen.map(({ id }) => id)).toEqual(["floor", "ordered-floor", "changesets-pnpm"]);
  expect(programsOf(chosen)).toEqual(["raw-upload", "changesets", "pnpm"]);
});

function publish(change: Partial<Sample>): Sample {
  const place = { session: "", round: 1, scenario: "local", phase: "publish", competitor: "npm", input: "" } as const;
  return { ...place, wallMs: 0, exitCode: 0, published: 0, expected: 0, earlyEdges: 0, writes: 0, ...change };
}

test("how long a run takes is told by the largest input up to its own size", () => {
  const samples = [
    publish({ expected: 200, wallMs: 90_000 }),
    publish({ expected: 10, wallMs: 1 }),
    publish({ expected: 2000, wallMs: 1 }),
    publish({ expected: 500, wallMs: 1, scenario: "80ms" }),
    publish({ expected: 500, wallMs: 1, competitor: "yarn" }),
    publish({ expected: 500, wallMs: 1, phase: "again" }),
  ];
  const input = {
    packages: Array.from({ length: 1000 }, () => ({ name: "", version: "", layer: 0, dependencies: [], dir: "" })),
  };
  expect(predict(samples, input, { id: "local" }, { id: "npm" })).toBe(450_000);
  expect(predict(samples, input, { id: "local" }, { id: "lerna" })).toBe(0);
});

test("a package's layer is one above the highest that it depends on", () => {
  const layers = findLayers([
    { name: "top", dependencies: ["middle", "low"] },
    { name: "middle", dependencies: ["low"] },
    { name: "low", dependencies: [] },
  ]);
  expect([...layers].toSorted(([a], [b]) => a.localeCompare(b))).toEqual([
    ["low", 0],
    ["middle", 1],
    ["top", 2],
  ]);
  expect(() => findLayers([{ name: "a", dependencies: ["a"] }])).toThrow("a depends on itself");
});
