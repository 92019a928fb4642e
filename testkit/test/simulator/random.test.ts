/**
 * Releases that a seed decides. One seed alone: `SLIPWAY_SEED=123 npx vitest run testkit/test/simulator/random.test.ts`.
 */
import { expect, test } from "vitest";
import { createCoverage } from "../../src/simulator/coverage.ts";
import { faults } from "../../src/simulator/fault.ts";
import { judgeHistory } from "../../src/simulator/oracle.ts";
import { releaseBySeed } from "../../src/simulator/random-release.ts";

const seedAsked = process.env["SLIPWAY_SEED"];
const seedCount = process.env["SLIPWAY_DEEP"] === "1" ? 10_000 : 2_000;
const chunkSize = 250;
const coverage = createCoverage();

async function findFaultOf(seed: number): Promise<string | undefined> {
  const judged = await releaseBySeed({ seed, watch: coverage.watch });
  coverage.addFaults(judged.history);
  const violations = judgeHistory(judged);
  if (violations.length === 0) return undefined;
  const lines = violations.map(({ rule, message }) => `  ${rule}: ${message}`);
  return [`SLIPWAY_SEED=${seed} npx vitest run testkit/test/simulator/random.test.ts`, ...lines].join("\n");
}

async function runSeeds(from: number, to: number): Promise<void> {
  for (let seed = from; seed <= to; seed += 1) {
    let fault: string | undefined;
    try {
      fault = await findFaultOf(seed);
    } catch (cause) {
      throw new Error(`SLIPWAY_SEED=${seed} npx vitest run testkit/test/simulator/random.test.ts`, { cause });
    }
    if (fault !== undefined) throw new Error(fault);
  }
}

const chunks =
  seedAsked === undefined
    ? Array.from({ length: seedCount / chunkSize }, (_, index) => ({
        from: index * chunkSize + 1,
        to: (index + 1) * chunkSize,
      }))
    : [{ from: Number(seedAsked), to: Number(seedAsked) }];

test.each(chunks)("no release of the seeds $from to $to breaks a rule", { timeout: 900_000 }, async ({ from, to }) => {
  await expect(runSeeds(from, to)).resolves.toBeUndefined();
});

async function transcriptOf(seed: number): Promise<string> {
  const { history, world } = await releaseBySeed({ seed });
  const { runs, appends, faults: met } = history;
  return JSON.stringify({
    journal: appends.map(({ machine, process, durable, durableAt, events }) => ({
      machine,
      process,
      durable,
      durableAt,
      events,
    })),
    exits: runs.map(({ exitCode, endedAt }) => ({ exitCode, endedAt })),
    changes: world.changes,
    met,
  });
}

test.each([7, 42, 1234, 99_991])("seed %i gives one journal, byte for byte, however often it is run", async (seed) => {
  const first = await transcriptOf(seed);
  expect(first.length).toBeGreaterThan(1_000);
  expect(await transcriptOf(seed)).toBe(first);
});

test("different seeds give different journals", async () => {
  const transcripts = await Promise.all([1, 2, 3].map((seed) => transcriptOf(seed)));
  expect(new Set(transcripts).size).toBe(3);
});

/** What nothing can reach yet, and why. */
const exempt: Readonly<Record<string, string>> = {
  "event turned-back": "promotion groups come with the issue on visibility",
  "status staged": "staged publishing comes with a later issue",
  "status restored": "promotion groups come with the issue on visibility",
};

const toCover = [
  ...[
    "opened",
    "resumed",
    "observed",
    "downloaded",
    "looked-up",
    "status-told",
    "bound",
    "judged",
    "write-started",
    "write-ended",
  ].map((what) => ({ kind: "event", what }) as const),
  ...["waited", "turned-back", "failed", "ended"].map((what) => ({ kind: "event", what }) as const),
  ...["ready", "writing", "accepted", "pending", "staged", "done", "superseded", "stale", "conflict", "corrupt"].map(
    (what) => ({ kind: "status", what }) as const,
  ),
  ...["wedged", "failed", "blocked", "restored", "unconfirmed"].map((what) => ({ kind: "status", what }) as const),
  ...["accepted", "pending", "exists", "ambiguous", "retry", "refused"].map(
    (what) => ({ kind: "answer", what }) as const,
  ),
  ...faults.map((what) => ({ kind: "fault", what }) as const),
];

// Only a whole set of seeds covers everything.
if (seedAsked === undefined)
  test.each(toCover)("the seeds have exercised $kind $what, unless it is exempt", ({ kind, what }) => {
    const count = coverage.countOf(kind, what);
    if (exempt[`${kind} ${what}`] === undefined) expect(count).toBeGreaterThan(0);
    else expect(count).toBe(0);
  });
