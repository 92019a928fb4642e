import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "vitest";

import { mergeResults, noResults, readResults, writeResults } from "../src/results.ts";
import type { Results, Sample } from "../src/results.ts";

const monday = "2026-11-16T09:00:00.000Z";
const tuesday = "2026-11-17T09:00:00.000Z";

function sample(session: string, competitor: string, change: Partial<Sample> = {}): Sample {
  return {
    session,
    round: 1,
    competitor,
    input: "50",
    scenario: "local",
    phase: "publish",
    wallMs: 1000,
    exitCode: 0,
    published: 50,
    expected: 50,
    earlyEdges: 0,
    writes: 50,
    ...change,
  };
}

function results(...samples: readonly Sample[]): Results {
  const sessions = new Map(
    samples.map(({ session }) => [session, { commit: "1f3c2aa", cores: 2, memoryGb: 24, versions: {} }]),
  );
  return { ...noResults, sessions: Object.fromEntries(sessions), samples: [...samples] };
}

function merge(...files: readonly Results[]): Results {
  return mergeResults(files, (competitor) => competitor === "floor");
}

function floors(merged: Results): readonly number[] {
  return merged.samples.filter(({ competitor }) => competitor === "floor").map(({ wallMs }) => wallMs);
}

test("a newer measurement takes the place of an older one of the same thing, in whatever order they come", () => {
  const old = results(sample(monday, "npm", { wallMs: 1 }), sample(monday, "pnpm"));
  const young = results(sample(tuesday, "npm", { wallMs: 2 }), sample(tuesday, "npm", { wallMs: 3 }));
  for (const merged of [merge(old, young), merge(young, old)]) {
    expect(merged.samples.map(({ competitor, wallMs }) => `${competitor} ${wallMs}`).toSorted()).toEqual([
      "npm 2",
      "npm 3",
      "pnpm 1000",
    ]);
    expect(Object.keys(merged.sessions).toSorted()).toEqual([monday, tuesday]);
  }
});

test("a session of which nothing is left is forgotten", () => {
  expect(Object.keys(merge(results(sample(monday, "npm")), results(sample(tuesday, "npm"))).sessions)).toEqual([
    tuesday,
  ]);
});

test("other inputs, scenarios and phases are other things", () => {
  const others = [{ input: "200" }, { scenario: "80ms" }, { phase: "again" as const }];
  const merged = merge(
    results(sample(monday, "npm")),
    results(...others.map((change) => sample(tuesday, "npm", change))),
  );
  expect(merged.samples).toHaveLength(4);
});

test("a floor stays as long as another's measurement of its session stays", () => {
  const old = results(sample(monday, "floor", { wallMs: 1 }), sample(monday, "npm"), sample(monday, "pnpm"));
  const young = results(sample(tuesday, "floor", { wallMs: 2 }), sample(tuesday, "npm"));
  expect(floors(merge(old, young))).toEqual([1, 2]);
  expect(floors(merge(old, young, results(sample(tuesday, "pnpm"))))).toEqual([2]);
});

test("merging a file with itself changes nothing", () => {
  // Two rounds may have the same figures.
  const once = results(sample(monday, "npm"), sample(monday, "npm", { round: 2 }), sample(monday, "floor"));
  expect(merge(once, once).samples).toHaveLength(3);
  expect(merge(once, once)).toEqual(merge(once));
});

test("a file is read as it was written; a missing one is empty, and another is refused", async () => {
  const folder = await mkdtemp(join(tmpdir(), "slipway-results-"));
  try {
    const path = join(folder, "results.json");
    expect(await readResults(path)).toEqual(noResults);
    const written = {
      ...results(sample(monday, "npm", { cpuMs: 3, load: 0.5 })),
      requests: [{ method: "GET", url: "/a", at: 1, answeredAt: 2 }],
    };
    await writeResults(path, written);
    expect(await readResults(path)).toEqual(written);
    await writeResults(path, noResults);
    expect(await readResults(path)).toEqual(noResults);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
