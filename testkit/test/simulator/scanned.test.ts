/**
 * Releases through npm's scanning window. One seed alone: `SLIPWAY_SEED=123 npx vitest run testkit/test/simulator/scanned.test.ts`.
 */
import { defaultLimits } from "@slipway/core";
import { expect, test } from "vitest";
import type { RunRecord } from "../../src/simulator/history.ts";
import { npmCaps } from "../../src/simulator/npm-profile.ts";
import { judgeHistory } from "../../src/simulator/oracle.ts";
import type { Judged } from "../../src/simulator/oracle-view.ts";
import { releaseByPolling, releaseThroughScan } from "../../src/simulator/scanned-release.ts";
import { type DrawVisibility, allAfter, scanMsAt } from "../../src/simulator/visibility.ts";

const seedAsked = process.env["SLIPWAY_SEED"];
const seedCount = process.env["SLIPWAY_DEEP"] === "1" ? 200 : 60;
const seeds =
  seedAsked === undefined ? Array.from({ length: seedCount }, (_, index) => index + 1) : [Number(seedAsked)];

const minuteMs = 60_000;
/** What a window may last so that a run's patience is enough: caches keep what they showed before for 300 s, polls are 15 s apart. */
const allowedMs = defaultLimits.waitMs - 300_000 - minuteMs;

interface Outcome {
  readonly seed: number;
  readonly exitCodes: readonly (number | undefined)[];
  /** From the beginning of the first run to the end of the one that exits 0, without the pauses between runs. */
  readonly totalMs: number;
  readonly longestWindowMs: number;
  readonly uploads: number;
}

function lastedMs(run: RunRecord): number {
  return (run.endedAt ?? run.startedAt) - run.startedAt;
}

function longestWindow({ world }: Judged): number {
  const takenAt = new Map<string, number>();
  let longest = 0;
  for (const { kind, actor, name, version, at } of world.changes) {
    if (actor !== "m") continue;
    if (kind === "version-taken") takenAt.set(`${name}@${version}`, at);
    if (kind === "version-shown" || kind === "tarball-shown" || kind === "tag-moved")
      longest = Math.max(longest, at - (takenAt.get(`${name}@${version}`) ?? at));
  }
  return longest;
}

function outcomeOf(seed: number, judged: Judged): Outcome {
  const { runs, writes } = judged.history;
  return {
    seed,
    exitCodes: runs.map(({ exitCode }) => exitCode),
    totalMs: runs.reduce((sum, run) => sum + lastedMs(run), 0),
    longestWindowMs: longestWindow(judged),
    uploads: writes.filter(({ write }) => write.kind === "upload").length,
  };
}

const outcomes: Outcome[] = [];

test.for(seeds)("fifty packages are released through the scan: seed %i", async (seed) => {
  // Every other seed has write races too, whose uploads may have landed or not.
  const raceChance = seed % 2 === 0 ? 0.03 : 0;
  const judged = await releaseThroughScan({ seed, raceChance });
  expect(judgeHistory(judged)).toEqual([]);
  const outcome = outcomeOf(seed, judged);
  const { exitCodes, longestWindowMs, uploads } = outcome;
  expect(
    exitCodes.slice(0, -2).every((code) => code === 3),
    String(exitCodes),
  ).toBe(true);
  expect(exitCodes.slice(-2)).toEqual([0, 0]);
  if (longestWindowMs < allowedMs) expect(exitCodes).toHaveLength(2);
  if (raceChance === 0) expect(uploads).toBe(50);
  outcomes.push(outcome);
});

function quantile(sorted: readonly number[], at: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(at * sorted.length))] ?? 0;
}

test("the windows are those that were reported", () => {
  expect([0.5, 0.9, 1].map((at) => scanMsAt(at) / minuteMs)).toEqual([2.1, 4.9, 55.5]);
});

if (seedAsked === undefined) {
  test("most releases end in one run; the others after the same command again", () => {
    const minutes = outcomes.map(({ totalMs }) => totalMs / minuteMs).sort((a, b) => a - b);
    const first = outcomes.filter(({ exitCodes }) => exitCodes[0] === 0).length;
    const spread = [0, 0.5, 0.9, 1].map((at) => quantile(minutes, at).toFixed(0)).join(", ");
    console.log(
      `${outcomes.length} releases: ${first} in one run; virtual minutes (least, median, p90, most): ${spread}`,
    );
    expect(first).toBeGreaterThan(outcomes.length / 2);
  });

  test("a script that looks for a minute after each upload calls failed what the registry has taken", async () => {
    const released = await Promise.all(seeds.map((seed) => releaseByPolling({ seed })));
    const failed = released.filter(({ exitCode }) => exitCode === 1);
    console.log(`the one-minute script: ${failed.length} of ${released.length} releases called failed, falsely`);
    expect(failed.length).toBe(released.length);
    expect(failed.every(({ falselyFailed }) => falselyFailed === 1)).toBe(true);
  });
}

/** Blocks the first version that is sent, three minutes later. */
function blocksFirst(): DrawVisibility {
  let count = 0;
  const shown = allAfter(minuteMs);
  return (random) => {
    count += 1;
    const { documentMs, ...whole } = shown(random);
    return count > 1
      ? { ...whole, documentMs }
      : { ...whole, documentMs: 3 * minuteMs, packumentMs: Number.POSITIVE_INFINITY, isBlocked: true };
  };
}

const one = [{ name: "a", version: "1.0.0", needs: {} }];
const two = [...one, { name: "b", version: "1.0.0", needs: { a: "^1.0.0" } }];

test("a window longer than the budget ends as 3, and the same command later finishes without a write", async () => {
  const judged = await releaseThroughScan({
    seed: 1,
    shapes: one,
    visibility: allAfter(45 * minuteMs),
    pauseMs: 30 * minuteMs,
  });
  expect(judgeHistory(judged)).toEqual([]);
  const { runs, writes } = judged.history;
  expect(runs.map(({ exitCode }) => exitCode)).toEqual([3, 0, 0]);
  expect(runs[0]?.problems).toContain("SLIP_UNCONFIRMED");
  expect(writes.map(({ process }) => process)).toEqual(["m#1"]);
});

test("while a version is scanned nothing asks for it in a way that a cache would remember", async () => {
  const { history, world } = await releaseThroughScan({ seed: 1, shapes: one, visibility: allAfter(3 * minuteMs) });
  const shownAt = world.changes.find(({ kind, version }) => kind === "version-shown" && version === "1.0.0")?.at ?? 0;
  const [first] = history.runs;
  const early = history.reads.filter(
    ({ facet, sentAt, process }) =>
      process === first?.process && facet !== "fresh" && facet !== "full" && sentAt < shownAt,
  );
  expect(early).toEqual([]);
  expect((first?.endedAt ?? 0) - shownAt).toBeLessThan(minuteMs);
});

const forty = Array.from({ length: 40 }, (_, index) => ({ name: `n${index}`, version: "1.0.0", needs: {} }));

test.each(["seconds", "date", "missing"] as const)(
  "a cap on new packages ends the run as 3, and the same command a day later finishes: Retry-After as %s",
  async (form) => {
    const judged = await releaseThroughScan({
      seed: 1,
      shapes: forty,
      isNew: true,
      visibility: allAfter(2 * minuteMs),
      caps: npmCaps(form),
      pauseMs: 24 * 60 * minuteMs,
    });
    expect(judgeHistory(judged)).toEqual([]);
    const { runs, writes } = judged.history;
    expect(runs.map(({ exitCode }) => exitCode)).toEqual([3, 0, 0]);
    expect(new Set(runs[0]?.problems)).toEqual(new Set(["SLIP_RATE_LIMITED"]));
    const refused = writes.filter(({ answer }) => answer?.kind === "response" && answer.status === 429);
    // Told for how long, the run stops at once: only what was under way already is refused. Else it tries now and then.
    expect(refused.length).toBeLessThan(form === "missing" ? 100 : 17);
  },
);

test("a version that the scan blocks is named, nothing that depends on it is sent, and the rest goes on", async () => {
  const judged = await releaseThroughScan({
    seed: 1,
    shapes: [...two, { name: "c", version: "1.0.0", needs: {} }],
    visibility: blocksFirst(),
    // Whatever most wait for goes first.
    limits: { concurrency: 1 },
    runsMax: 2,
  });
  expect(judgeHistory(judged)).toEqual([]);
  const { runs, writes } = judged.history;
  expect(runs.map(({ exitCode }) => exitCode)).toEqual([1, 1]);
  expect(runs[0]?.problems).toContain("SLIP_VERSION_BLOCKED");
  expect([runs[0]?.statuses.get("publish:b@1.0.0"), runs[0]?.statuses.get("publish:c@1.0.0")]).toEqual([
    "blocked",
    "done",
  ]);
  expect(writes.map(({ name }) => name).toSorted()).toEqual(["a", "c"]);
});

test("a scan that never ends holds back what depends on it, and nothing is sent a second time while it may last", async () => {
  const judged = await releaseThroughScan({
    seed: 1,
    shapes: two,
    visibility: allAfter(Number.POSITIVE_INFINITY),
    runsMax: 5,
  });
  const { runs, writes } = judged.history;
  expect(runs.map(({ exitCode }) => exitCode)).toEqual([3, 3, 3, 3, 3]);
  expect(writes.map(({ name }) => name)).toEqual(["a"]);
});
