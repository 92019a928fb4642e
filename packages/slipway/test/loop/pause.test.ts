/** The loop against a registry that asks for a pause: one answer speaks for every request, reads included. */
import { planOf } from "@slipway/testkit";
import { expect, test } from "vitest";
import {
  defaultLimits,
  type Event,
  makeReport,
  type Packument,
  parsePackument,
  type Reading,
  type RegistryPort,
} from "@slipway/core";
import { runRelease } from "../../src/loop.ts";
import { createClock, integrity, never, untouched } from "./loop-ports.ts";

const pauseMs = 60_000;

function packumentOf(name: string): Packument {
  const json = { name, versions: { "1.0.0": { dist: { integrity } } }, "dist-tags": { latest: "1.0.0" } };
  const value = parsePackument(json, name);
  if (value === undefined) throw new Error("not a packument");
  return value;
}

test.each(["fresh", "plain"] as const)("a 429 to a %s read pauses all reads for as long as it says", async (kind) => {
  const clock = createClock();
  const readAt: number[] = [];
  let pausedAt: number | undefined;
  const port: RegistryPort = {
    ...untouched,
    async readPackument(name, asked): Promise<Reading<Packument>> {
      readAt.push(clock.now());
      if (asked !== kind || pausedAt !== undefined)
        return { kind: "shown", value: packumentOf(name), at: clock.now(), fresh: true };
      pausedAt = clock.now();
      return { kind: "unavailable", at: pausedAt, status: 429, reason: "answered 429", retryAfterMs: pauseMs };
    },
    async readTarball() {
      return {
        kind: "shown",
        value: { integrity, sizeBytes: 1, bytes: undefined },
        at: clock.now(),
        fresh: true,
      };
    },
  };
  const journal: Event[] = [];
  const plan = planOf("a", "b");
  const state = await runRelease({
    plan,
    planDigest: "d",
    toolVersion: "0",
    // One request at a time, so that none is under way when the pause begins.
    limits: { ...defaultLimits, concurrency: 1 },
    registries: () => port,
    journal: { append: async (events) => void journal.push(...events) },
    history: [],
    clock,
    tarballs: { read: never, list: never },
  });
  const from = pausedAt ?? Number.NaN;
  expect(readAt.filter((at) => at > from && at < from + pauseMs)).toEqual([]);
  expect(readAt.some((at) => at >= from + pauseMs)).toBe(true);
  expect(journal.filter((event) => event.type === "waited").map((event) => event.untilAt)).toEqual([from + pauseMs]);
  expect(makeReport(plan, state, clock.now()).exitCode).toBe(0);
});
