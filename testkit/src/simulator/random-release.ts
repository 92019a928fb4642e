/**
 * One release that a seed decides: workspace, registry, faults, crashes, a second machine, a stranger. The same seed gives
 * the same history, line for line.
 */
import semver from "semver";
import { type Limits, type UploadRequest, defaultLimits } from "@slipway/core";
import { randomLatency } from "./connection.ts";
import { type Fault, type FaultSource, faults as allFaults, noFaults } from "./fault.ts";
import {
  type Build,
  type Machine,
  type Setting,
  type SimSource,
  type Tampering,
  copyArtifact,
  createMachine,
  pastCommit,
} from "./machine.ts";
import { type CommandOptions, runCommand } from "./run-command.ts";
import { npm } from "./npm-profile.ts";
import { strangerName } from "./oracle-safety.ts";
import type { Judged } from "./oracle-view.ts";
import { type Profile, verdaccio } from "./profile.ts";
import { type Random, createRandom } from "./random.ts";
import { createSetting } from "./scenario.ts";
import { packSim } from "./sim-tarball.ts";
import { allAfter, npmScan } from "./visibility.ts";
import { commit, makeSource, randomShapes } from "./workspaces.ts";

export interface RandomInput {
  readonly seed: number;
  readonly tamper?: Tampering;
  readonly watch?: Setting["watch"];
}

const builds: readonly Build[] = ["reproducible", "stamped", "rewrapped"];

/** Caps that a release meets and that end while it waits; those of a day are tested by themselves. */
function randomCaps(random: Random): Profile["caps"] {
  const form = random.pick(["seconds", "date", "missing"] as const);
  return {
    ...(random.chance(0.3) ? { uploads: { max: random.integer(1, 4), windowMs: 120_000, form } } : {}),
    ...(random.chance(0.2) ? { rate: { max: random.integer(20, 60), windowMs: 60_000, form } } : {}),
  };
}

/** The npm registry on one of its days: with or without races and lagging parts. */
function randomNpm(random: Random): Profile {
  return {
    ...npm,
    visibility: random.pick([
      npmScan(),
      npmScan({ lagMaxMs: 180_000, blockedChance: 0.1 }),
      allAfter(0),
      allAfter(90_000),
    ]),
    replicaLagsMs: random.pick([[0], [0, 1_000, 15_000], [0, 60_000]]),
    plainCacheMs: random.pick([0, 300_000, 300_000]),
    race: { chance: random.pick([0, 0.02, 0.2]), landsChance: 0.5 },
    caps: randomCaps(random),
  };
}

function randomProfile(random: Random): Profile {
  if (random.chance(0.4)) return verdaccio;
  if (random.chance(0.4)) return randomNpm(random);
  const reusesVersions = random.chance(0.5);
  // What becomes corrupt behind a replica that lags cannot be seen by anybody in time.
  if (random.chance(0.2)) return { ...verdaccio, name: "verdaccio with races", raceWindowMs: 200, reusesVersions };
  return {
    ...verdaccio,
    name: "verdaccio with delays",
    visibility: allAfter(random.pick([0, 0, 3_000, 90_000, 8 * 60_000])),
    replicaLagsMs: [random.pick([0, 0, 500, 20_000])],
    plainCacheMs: random.pick([0, 0, 60_000, 300_000]),
    reusesVersions,
  };
}

/** A subset of the faults, each as likely as the others: what never occurs together with another hides nothing. */
function randomFaults(random: Random): FaultSource {
  const swarm = new Set<Fault>(allFaults.filter(() => random.chance(0.4)));
  const rate = random.pick([0, 0.01, 0.03, 0.1, 0.25]);
  return (_operation, possible) => {
    if (!random.chance(rate)) return undefined;
    const own = possible.filter((fault) => swarm.has(fault));
    return own.length === 0 ? undefined : random.pick(own);
  };
}

/** An upload by somebody else: the sources of `name` with a change, made from another commit. */
export function uploadOf(
  code: SimSource,
  name: string,
  version: string,
  gitHead: string,
  change: Readonly<Record<string, unknown>>,
): UploadRequest {
  const source = code.packages.find(({ item }) => item.name === name);
  const manifest = { ...source?.manifest, version, ...change };
  const tarball = packSim(manifest, [...(source?.files ?? []), { path: "theirs.txt", text: gitHead }]);
  const { bytes, integrity } = tarball;
  return { name, version, tag: "latest", access: undefined, manifest: { ...manifest, gitHead }, bytes, integrity };
}

/** What was there before: an older version here and there, and a first part of this very workspace, released before. */
function publishPast(setting: Setting, code: SimSource, random: Random): void {
  const kept = random.chance(0.3) ? random.integer(0, code.packages.length) : 0;
  code.packages.forEach(({ item }, index) => {
    const older = semver.lt("0.0.9", item.version) && random.chance(0.4) ? "0.0.9" : undefined;
    for (const version of [older, index < kept ? item.version : undefined])
      if (version !== undefined)
        setting.world.submit(
          { kind: "upload", request: uploadOf(code, item.name, version, pastCommit, {}) },
          "past",
          -1,
        );
  });
}

/** Somebody else with the right to write these packages, at any instant of the release. */
function letStrangerAct(setting: Setting, code: SimSource, random: Random): void {
  const { clock, world } = setting;
  const act = (): void => {
    const { name, version } = random.pick(code.packages).item;
    const shown = [...(world.stateOf(name)?.versions.keys() ?? [])];
    const higher = semver.inc(version, "minor") ?? "9.0.0";
    const theirs = "badc0de".padEnd(40, "0");
    switch (random.integer(0, 4)) {
      case 0:
        world.submit({ kind: "upload", request: uploadOf(code, name, higher, theirs, {}) }, strangerName, -1);
        return;
      case 1:
        world.submit({ kind: "upload", request: uploadOf(code, name, version, theirs, {}) }, strangerName, -1);
        return;
      case 2: {
        const request = uploadOf(code, name, version, theirs, { dependencies: { evil: "1.0.0" } });
        world.submit({ kind: "upload", request }, strangerName, -1);
        return;
      }
      case 3:
        if (shown.length > 0)
          world.submit({ kind: "set-tag", name, tag: "latest", version: random.pick(shown) }, strangerName, -1);
        return;
      default:
        if (shown.length > 0)
          world.submit({ kind: "deprecate", name, version: random.pick(shown), message: "old" }, strangerName, -1);
    }
  };
  const times = random.integer(1, 4);
  for (let index = 0; index < times; index += 1)
    clock.after(random.integer(0, random.pick([300, 5_000, 120_000])), act);
}

function randomOptions(random: Random, code: SimSource): CommandOptions {
  const damaged = random.chance(0.03) ? [random.pick(code.packages).item] : [];
  return {
    ...(random.chance(0.08) ? { interruptAfterMs: random.integer(0, random.pick([200, 30_000])) } : {}),
    packMs: random.pick([0, 0, 700, 45_000]),
    reusesReadings: random.chance(0.5),
    reusesPlan: random.chance(0.3),
    damaged: new Set(damaged.map((item) => `${item.name}@${item.version}`)),
  };
}

const faultyRunsMax = 4;
const cleanRunsMax = 4;

/** The command again and again, at first with faults, on this machine or a fresh one, until it exits 0. */
async function releaseOn(setting: Setting, code: SimSource, name: string, random: Random): Promise<void> {
  let machine: Machine = createMachine(name, random.pick(builds));
  const faultyRuns = random.integer(0, faultyRunsMax);
  for (let count = 0; count < faultyRuns + cleanRunsMax; count += 1) {
    const isClean = count >= faultyRuns;
    const options = isClean ? { reusesPlan: random.chance(0.3) } : randomOptions(random, code);
    const ended = await runCommand(isClean ? { ...setting, faults: noFaults } : setting, code, machine, options);
    if (ended.exitCode === 0) {
      await runCommand({ ...setting, faults: noFaults }, code, machine);
      return;
    }
    await setting.clock.sleep(random.pick([0, 1_000, 20_000, 600_000]));
    if (!isClean && random.chance(0.3)) {
      ended.isAbandoned = true;
      const fresh = `${name}${count + 2}`;
      machine = random.chance(0.3) ? copyArtifact(machine, fresh) : createMachine(fresh, random.pick(builds));
    }
  }
}

/** What was there before is old enough for every cache and replica. */
const longAgoMs = 24 * 60 * 60_000;

/** Longer than any wait of a run, so that only a wait for ever is reported. */
const simulatedMaxMs = 40 * 24 * 60 * 60_000;

export async function releaseBySeed({ seed, tamper, watch }: RandomInput): Promise<Judged> {
  const random = createRandom(seed);
  const isClean = !random.chance(0.1);
  const code = makeSource(randomShapes(random.fork("workspace")), { isClean, commit });
  const limits: Limits = { ...defaultLimits, concurrency: random.pick([1, 2, 16]) };
  const setting = createSetting({
    limits,
    faults: randomFaults(random.fork("faults")),
    latency: randomLatency(random.fork("latency")),
    profile: randomProfile(random.fork("profile")),
    worldSeed: seed,
    ...(random.chance(0.25) ? { secondProfile: randomProfile(random.fork("second profile")) } : {}),
    fsyncMs: random.pick([0, 0, 1, 1, 15]),
    identity: random.pick(["source", "source", "source", "files", "bytes"]),
    ...(tamper === undefined ? {} : { tamper }),
    ...(watch === undefined ? {} : { watch }),
  });
  publishPast(setting, code, random.fork("past"));
  await setting.clock.run(setting.clock.sleep(longAgoMs), "the past");
  if (random.chance(0.3)) letStrangerAct(setting, code, random.fork(strangerName));
  const releases = [releaseOn(setting, code, "m", random.fork("first"))];
  if (random.chance(0.25)) {
    const delayMs = random.integer(0, random.pick([50, 2_000, 120_000]));
    const later = setting.clock.sleep(delayMs);
    releases.push(later.then(() => releaseOn(setting, code, "n", random.fork("second"))));
  }
  await setting.clock.run(Promise.all(releases), `the release of seed ${seed}`, simulatedMaxMs);
  return { world: setting.world, history: setting.history, code, limits, identity: setting.identity };
}
