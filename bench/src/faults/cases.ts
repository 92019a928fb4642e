/** What strikes: faults of the list that the tests go through, and what only npm does. Data only. */
import { allAfter, npmProfile } from "@slipway/testkit";
import type { FaultRule, HttpFace, Profile } from "@slipway/testkit";

import type { FaultCase } from "../../../test/e2e/fault-list.ts";
import { faultCases } from "../../../test/e2e/fault-list.ts";
import type { Folder } from "./tools.ts";

const minuteMs = 60_000;

/** Of the package that is struck, and above what is released: out under `latest` before the release begins. */
export const higherVersion = "2.0.0";

export interface VerdaccioCase extends FaultCase {
  /** `higherVersion` of the struck package is there. */
  readonly hasHigher?: boolean;
}

export interface NpmCase {
  readonly name: string;
  readonly profile: Profile;
  /** The package that is struck: whether the registry has it decides what a false red is. Default `b`. */
  readonly struck?: Folder;
  readonly hasHigher?: boolean;
  readonly seed?: number;
  readonly rules?: (path: string) => readonly FaultRule[];
  readonly prepare?: (face: HttpFace, names: readonly string[]) => Promise<void>;
  /** Of the registry's time, between a run and the next. Default 10 minutes. */
  readonly pauseMs?: number;
  /** The same command so often at most, every tool; default 2. */
  readonly runsMax?: number;
}

const higherName = `${higherVersion} is under latest already`;

/** One of each kind, for tools that take seconds to start. */
const chosen = new Set([
  "reset in the middle of the body",
  "reset after the commit",
  "503 before the commit",
  "503 after the commit",
  "409 before the commit",
  "409 after the commit",
  "429 with Retry-After, not stored",
  "no answer, stored",
  "200 without a commit",
  "503 to every upload, nothing stored",
  "stale packument from a cache",
  "negative-cached tarball",
  higherName,
]);
export const allFaults: readonly VerdaccioCase[] = [
  ...faultCases,
  { name: higherName, strikes: "read", rules: () => [], hasHigher: true },
];
export const chosenFaults: readonly VerdaccioCase[] = allFaults.filter(({ name }) => chosen.has(name));

const steady: Profile = { ...npmProfile, visibility: allAfter(2 * minuteMs), race: { chance: 0, landsChance: 0 } };
const drawn: Profile = { ...npmProfile, race: { chance: 0, landsChance: 0 } };
const capped: Profile = {
  ...steady,
  caps: { newPackages: { max: 2, windowMs: 24 * 60 * minuteMs, form: "seconds" } },
};

function once(name: string, fault: FaultRule["fault"]): NpmCase {
  return { name, profile: steady, rules: (path) => [{ method: "PUT", path, nth: 1, fault }] };
}

export const npmCases: readonly NpmCase[] = [
  { name: "each version is scanned for 2 min", profile: steady },
  { name: "windows as npm has them", profile: drawn, seed: 7 },
  once("503 after the commit, then 409 in the window", { kind: "answer", when: "after", status: 503 }),
  once("answer lost after the commit", { kind: "reset", when: "after" }),
  {
    name: "409 Failed to save packument, stored all the same",
    profile: steady,
    prepare: (face, names) => {
      const [, struck = ""] = names;
      const path = new RegExp(`^/${struck}$`);
      face.interrupt({ method: "PUT", path, when: "after", answer: npmProfile.answers.raced });
      return Promise.resolve();
    },
  },
  {
    name: "404 of every package cached before the release",
    profile: steady,
    prepare: async (face, names) => {
      for (const name of names) await (await fetch(`${face.url}/${name.replace("/", "%2f")}`)).text();
    },
  },
  // The third new package is the first that the registry refuses.
  { name: "429 by the cap on new packages", profile: capped, struck: "c", pauseMs: 25 * 60 * minuteMs },
  {
    name: "a scan of an hour",
    profile: { ...steady, visibility: allAfter(60 * minuteMs) },
    pauseMs: 120 * minuteMs,
    runsMax: 5,
  },
  { name: higherName, profile: steady, hasHigher: true },
];
