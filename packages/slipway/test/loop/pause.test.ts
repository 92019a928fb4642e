/** The loop against a registry that asks for a pause: one answer speaks for every request, reads included. */
import { expect, test } from "vitest";
import {
  type Clock,
  defaultLimits,
  type Event,
  makeReport,
  type Packument,
  parsePackument,
  type Plan,
  type Reading,
  type RegistryPort,
  type Step,
} from "@slipway/core";
import { runRelease } from "../../src/loop.ts";

const registry = "http://registry.test/";
const integrity = "sha512-ours";
const pauseMs = 60_000;

function stepsOf(name: string): readonly Step[] {
  const id = `publish:${name}@1.0.0`;
  const common = { registry, name, version: "1.0.0", from: undefined };
  const goal = { kind: "publish", integrity, access: undefined, sendTag: "latest" } as const;
  return [
    { ...common, id, after: [], goal },
    {
      ...common,
      id: `dist-tag:${name}@1.0.0:latest`,
      after: [id],
      goal: { kind: "dist-tag", tag: "latest", to: "1.0.0" },
    },
  ];
}

const plan: Plan = {
  schema: 1,
  releaseId: "0123456789ab",
  source: { repository: undefined, commit: undefined, isClean: true },
  options: {
    promote: "each",
    identity: "source",
    newPackages: "allow",
    ignoreScripts: false,
    build: undefined,
    accept: {},
    limits: defaultLimits,
  },
  packages: [],
  steps: [...stepsOf("a"), ...stepsOf("b")],
  kept: [],
  warnings: [],
  tarballs: [],
};

/** Time that passes only while somebody waits. */
function createClock(): Clock {
  let at = 0;
  return {
    now: () => at,
    async sleep(ms, signal) {
      await new Promise((resolve) => setImmediate(resolve));
      if (signal?.aborted !== true) at += ms;
    },
  };
}

function packumentOf(name: string): Packument {
  const json = { name, versions: { "1.0.0": { dist: { integrity } } }, "dist-tags": { latest: "1.0.0" } };
  const value = parsePackument(json, name);
  if (value === undefined) throw new Error("not a packument");
  return value;
}

function never(): never {
  throw new Error("everything is shown already: nothing is to be written");
}

test.each(["fresh", "plain"] as const)("a 429 to a %s read pauses all reads for as long as it says", async (kind) => {
  const clock = createClock();
  const readAt: number[] = [];
  let pausedAt: number | undefined;
  const port: RegistryPort = {
    url: registry,
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
    tarballUrl: (name, version) => `${registry}${name}/-/${name}-${version}.tgz`,
    readVersion: never,
    upload: never,
    setDistTag: never,
    removeDistTag: never,
    deprecate: never,
    removeTarball: never,
  };
  const journal: Event[] = [];
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
