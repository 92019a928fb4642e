import { expect, test } from "vitest";

import { renderReport } from "../src/report.ts";
import { noResults } from "../src/results.ts";
import type { Results, Sample } from "../src/results.ts";

const session = "2026-11-21T09:00:00.000Z";

function sample(competitor: string, change: Partial<Sample> = {}): Sample {
  const input = change.input ?? "50";
  const count = input === "corpus" ? 147 : Number(input);
  return {
    session,
    round: 1,
    load: 0.4,
    competitor,
    input,
    scenario: "local",
    phase: "publish",
    wallMs: 1000,
    exitCode: 0,
    published: count,
    expected: count,
    earlyEdges: 0,
    writes: count,
    ...change,
  };
}

function report(samples: readonly Sample[], change: Partial<Results> = {}): string {
  const machine = { commit: "1f3c2aa", cores: 2, memoryGb: 24, versions: { npm: "11.19.1" } };
  return renderReport({ ...noResults, sessions: { [session]: machine }, samples: [...samples], ...change });
}

/** Cells of the line that begins with `label` in the first table below `heading`. */
function lineOf(page: string, heading: string, label: string): readonly string[] {
  const below = page.slice(page.indexOf(`\n## ${heading}`) + 1).split("\n## ", 1)[0] ?? "";
  const line = below.split("\n").find((candidate) => candidate.startsWith(`| ${label}`)) ?? "";
  return line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());
}

const heading = "Local registry, publishing: seconds";

test("the overview has a column an input, in order of size, and the ratio to the floor", () => {
  const page = report([
    sample("floor", { input: "corpus" }),
    ...[1, 2, 3].map(() => sample("slipway", { input: "corpus", wallMs: 3000 })),
    sample("floor", { input: "200" }),
    sample("npm", { input: "200", wallMs: 5000 }),
  ]);
  expect(page).toMatch(/^\|\s+\|\s+200 \|\s+corpus \(147\) \|$/m);
  expect(lineOf(page, heading, "slipway")).toEqual(["slipway publish, every byte read back", "–", "3.00 (3.0 x)"]);
  expect(lineOf(page, heading, "npm")).toEqual(["npm publish --workspaces", "5.00* (5.0 x)", "–"]);
});

test("who left packages out has a count for a time", () => {
  const page = report([sample("floor"), sample("lerna", { published: 12, wallMs: 10 })]);
  expect(lineOf(page, heading, "lerna").at(-1)).toBe("**12 of 50**");
});

test("what was not measured has no table, and a line without figures is not there", () => {
  const page = report([sample("floor"), sample("slipway")]);
  expect(page).not.toContain("80 ms round trips, publishing");
  expect(page).not.toContain("nothing to do: seconds");
  expect(page).not.toContain("| lerna");
});

test("the page says when, where and with what it was measured", () => {
  const page = report([sample("floor"), sample("slipway", { load: 3.26 })]);
  expect(page).toContain("of 2026-11-21 at 1f3c2aa");
  expect(page).toContain("2 cores and 24 GB");
  expect(page).toContain("Load average before a measurement: 0.4 to 3.3.");
  expect(page).toMatch(/\| npm\s+\| 11\.19\.1 \|/);
});

test("plans have a table of their own", () => {
  const page = report([
    sample("floor", { input: "1000", phase: "plan", wallMs: 400 }),
    sample("slipway", { input: "1000", phase: "plan", wallMs: 700 }),
    sample("slipway", { input: "1000", phase: "plan-base", wallMs: 300 }),
  ]);
  const title = "Planning, one package of fifty changed";
  expect(lineOf(page, title, "1,000, local registry: slipway plan --base")[1]).toBe("0.30");
  expect(lineOf(page, title, "1,000, local registry: slipway plan ")[1]).toBe("0.70");
});

test("requests are shown by layer", () => {
  const requests = [{ method: "GET", url: "/@bench%2fpart-00?write=true", at: 10, answeredAt: 90 }];
  expect(report([sample("slipway")], { requests })).toContain("before the first upload: uncached packuments");
});
