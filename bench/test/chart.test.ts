import { expect, test } from "vitest";

import { renderRaceChart, spread } from "../src/chart.ts";
import { competitors } from "../src/competitors.ts";
import type { Sample } from "../src/results.ts";
import { escapeText } from "../src/svg.ts";

function sample(competitor: string, input: string, wallMs: number, change: Partial<Sample> = {}): Sample {
  return {
    session: "2026-11-21T09:00:00.000Z",
    round: 1,
    competitor,
    input,
    scenario: "80ms",
    phase: "publish",
    wallMs,
    exitCode: 0,
    published: Number(input),
    expected: Number(input),
    earlyEdges: 0,
    writes: Number(input),
    ...change,
  };
}

/** Every competitor with two sizes, the later the slower; npm leaves something out. */
const samples = competitors.flatMap(({ id }, index) => [
  sample(id, "50", 1000 * 1.5 ** index, id === "npm" ? { published: 49 } : { earlyEdges: id === "pnpm" ? 32 : 0 }),
  ...(id === "seed-loop" ? [] : [sample(id, "200", 4000 * 1.5 ** index)]),
]);
const chart = renderRaceChart(samples) ?? "";

/** Tags that are open at the end; throws where one ends that was not the last to begin. */
function openTags(xml: string): readonly string[] {
  const open: string[] = [];
  for (const [, end, name, isEmpty] of xml.matchAll(/<(\/?)([a-z]+)(?:\s[\w:-]+="[^"<]*")*\s*(\/?)>/g)) {
    if (end === "/") {
      if (open.pop() !== name) throw new Error(`</${name}> ends nothing`);
    } else if (isEmpty !== "/") open.push(name ?? "");
  }
  return open;
}

test("the chart is a well-formed drawing with a title and a description of its figures", () => {
  expect(openTags(chart)).toEqual([]);
  expect(chart.replaceAll(/<[^>]*>/g, "")).not.toMatch(/[<>]|NaN|undefined|Infinity/);
  expect(chart).not.toMatch(/="[^"]*(NaN|undefined|Infinity)/);
  expect(chart).toContain(`<title id="title">Time to publish 50 packages`);
  expect(chart).toMatch(/<desc id="description">Behind 80 ms round trips, in seconds: [^<]*slipway 2.25, /);
  expect(chart).toContain("prefers-color-scheme: dark");
});

test("who left packages out has no bar, and every other competitor has one", () => {
  const bars = [...chart.matchAll(/<rect class="bar[^"]*"/g)];
  expect(bars).toHaveLength(competitors.length - 1);
  expect(chart).toContain(">1.00 s<");
  expect(chart).toContain(" s, 32 too early<");
});

test("bars of more than eight times slipway's length are cut, and marked", () => {
  const slower = competitors.filter((_, index) => 1.5 ** (index - 2) > 8).length;
  expect(slower).toBeGreaterThan(1);
  expect([...chart.matchAll(/class="cut"/g)]).toHaveLength(slower);
});

test("without slipway there is no chart, and without a second size there are no lines", () => {
  expect(renderRaceChart(samples.filter(({ competitor }) => competitor !== "slipway"))).toBeUndefined();
  expect(renderRaceChart(samples.filter(({ input }) => input === "50"))).not.toContain(`class="line`);
  expect(chart).toContain(`class="line slipway"`);
});

test.each([
  [[], []],
  [
    [0, 100],
    [0, 100],
  ],
  [
    [10, 12],
    [6, 16],
  ],
  [
    [0, 100, 101, 102],
    [0, 91, 101, 111],
  ],
  [
    [0, 1, 12],
    [-5.67, 4.33, 14.33],
  ],
])("places %j are spread to %j", (places, expected) => {
  expect(spread(places, 10).map((place) => Math.round(place * 100) / 100)).toEqual(expected);
});

test("text is escaped", () => {
  expect(escapeText(`<a & "b">`)).toBe("&lt;a &amp; &quot;b&quot;&gt;");
});
