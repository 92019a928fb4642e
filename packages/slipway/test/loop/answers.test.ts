/**
 * Every answer that registries are known to give, in the loop: once with the version stored behind it, once without. What
 * becomes of the release is decided by what the registry shows, and the answer decides only whether to ask or send again.
 */
import {
  type AnswerClass,
  type Clock,
  defaultLimits,
  type Event,
  makeReport,
  parsePackument,
  type Reading,
  type RegistryPort,
} from "@slipway/core";
import { knownAnswers, type KnownAnswer, planOf } from "@slipway/testkit";
import { expect, test } from "vitest";
import { runRelease } from "../../src/loop.ts";
import { createClock, integrity, never, untouched } from "./loop-ports.ts";

/** Where the first upload is answered so: whether it landed, and when it becomes visible. */
interface Fate {
  readonly landed: "no" | "at once" | "after two minutes";
}

interface Outcome {
  readonly exitCode: number;
  readonly uploads: number;
  readonly code: string | undefined;
}

const shownAfterMs = { no: Number.POSITIVE_INFINITY, "at once": 0, "after two minutes": 120_000 } as const;

/** A registry of one package. The second upload is taken and shown at once. */
function createPort(clock: Clock, known: KnownAnswer, fate: Fate, uploads: number[]): RegistryPort {
  let shownAt = Number.POSITIVE_INFINITY;
  const read = (name: string): Reading<NonNullable<ReturnType<typeof parsePackument>>> => {
    const at = clock.now();
    if (at < shownAt) return { kind: "absent", at, fresh: true };
    const json = { name, versions: { "1.0.0": { dist: { integrity } } }, "dist-tags": { latest: "1.0.0" } };
    const value = parsePackument(json, name);
    if (value === undefined) throw new Error("not a packument");
    return { kind: "shown", value, at, fresh: true };
  };
  return {
    ...untouched,
    readPackument: async (name) => read(name),
    async readVersion() {
      const at = clock.now();
      return at < shownAt ? { kind: "absent", at, fresh: true } : { kind: "shown", value: true, at, fresh: true };
    },
    async readTarball() {
      const at = clock.now();
      if (at < shownAt) return { kind: "absent", at, fresh: true };
      return { kind: "shown", value: { integrity, sizeBytes: 1, bytes: undefined }, at, fresh: true };
    },
    async upload() {
      uploads.push(clock.now());
      if (uploads.length > 1) {
        shownAt = Math.min(shownAt, clock.now());
        return { kind: "response", status: 201, headers: {}, body: {} };
      }
      shownAt = clock.now() + shownAfterMs[fate.landed];
      return known.answer;
    },
  };
}

async function release(known: KnownAnswer, fate: Fate): Promise<Outcome> {
  const clock = createClock();
  const uploads: number[] = [];
  const port = createPort(clock, known, fate, uploads);
  const journal: Event[] = [];
  const plan = planOf("a");
  // Longer than any Retry-After of the table that is not a year.
  const limits = { ...defaultLimits, waitMs: 2 * 3_600_000, lostAsyncMs: 1_800_000 };
  const state = await runRelease({
    plan,
    planDigest: "d",
    toolVersion: "0",
    limits,
    registries: () => port,
    journal: { append: async (events) => void journal.push(...events) },
    history: [],
    clock,
    tarballs: { read: async () => ({ bytes: new Uint8Array(1), integrity, manifest: {} }), list: never },
  });
  const report = makeReport(plan, state, clock.now());
  const [problem] = report.versions[0]?.problems ?? [];
  return { exitCode: report.exitCode, uploads: uploads.length, code: problem?.code };
}

const done = (uploads: number): Outcome => ({ exitCode: 0, uploads, code: undefined });

/** What must come of it when nothing was stored. */
function outcomeOfNothing(known: KnownAnswer): Outcome {
  const byClass: Readonly<Record<AnswerClass, Outcome>> = {
    // Taken, never shown: lost, and the same bytes go again.
    accepted: done(2),
    pending: done(2),
    ambiguous: done(2),
    retry: done(2),
    // Somebody holds the number and never shows it: not our upload, so not ours to repair.
    exists: { exitCode: 1, uploads: 1, code: "SLIP_WEDGED" },
    refused: { exitCode: 1, uploads: 1, code: known.code },
  };
  return byClass[known.class];
}

const isEndless = (known: KnownAnswer): boolean => (known.rest?.retryAfterMs ?? 0) > 86_400_000;
const finite = knownAnswers.filter((known) => !isEndless(known));

test.each(finite)("$what, and nothing was stored", async (known) => {
  expect(await release(known, { landed: "no" })).toMatchObject(outcomeOfNothing(known));
});

const mayHaveLanded = finite.filter((known) => known.class !== "refused" && known.class !== "retry");

test.each(mayHaveLanded)("$what, and the version is there: done without a second upload", async (known) => {
  expect(await release(known, { landed: "at once" })).toEqual(done(1));
});

const isPatient = (known: KnownAnswer): boolean => known.class === "pending" || known.class === "accepted";

test.each(mayHaveLanded.filter(isPatient))(
  "$what, and the version shows after two minutes: waited for",
  async (known) => {
    expect(await release(known, { landed: "after two minutes" })).toEqual(done(1));
  },
);

test("a pause of a year ends the run as resumable, with nothing sent again", async () => {
  const known = knownAnswers.find(isEndless);
  if (known === undefined) throw new Error("no such answer");
  expect(await release(known, { landed: "no" })).toEqual({ exitCode: 3, uploads: 1, code: "SLIP_RATE_LIMITED" });
});
