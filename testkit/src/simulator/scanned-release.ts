/**
 * A large release through a registry that scans: fifty packages in six layers, by the release command, and beside it by a script
 * that publishes and then looks for a minute. A seed decides the workspace and every window.
 */
import { type Limits, defaultLimits } from "@slipway/core";
import { randomLatency } from "./connection.ts";
import { type Machine, type Setting, type SimSource, type Tampering, createMachine, pastCommit } from "./machine.ts";
import { npm } from "./npm-profile.ts";
import type { Judged } from "./oracle-view.ts";
import type { Profile } from "./profile.ts";
import { type Random, createRandom } from "./random.ts";
import { uploadOf } from "./random-release.ts";
import { createSetting, releaseUntilDone } from "./scenario.ts";
import { type DrawVisibility, npmScan } from "./visibility.ts";
import { type PackageShape, makeSource } from "./workspaces.ts";

export interface ScannedInput {
  readonly seed: number;
  readonly limits?: Partial<Limits>;
  /** Default the npm registry's own. */
  readonly visibility?: DrawVisibility;
  /** Default fifty packages in six layers. */
  readonly shapes?: readonly PackageShape[];
  /** True where the registry has never heard of any of the packages; default 20 of 100 are new. */
  readonly isNew?: boolean;
  /** How often uploads are answered as write races; default never. */
  readonly raceChance?: number;
  readonly caps?: Profile["caps"];
  /** Most runs of the command. */
  readonly runsMax?: number;
  /** Milliseconds between two runs; default a minute. */
  readonly pauseMs?: number;
  readonly tamper?: Tampering;
}

const widths = [4, 8, 10, 12, 10, 6];

/** Six layers; each package depends on one to three of the layer below. */
function layeredShapes(random: Random): PackageShape[] {
  const shapes: PackageShape[] = [];
  let below: readonly PackageShape[] = [];
  for (const width of widths) {
    const layer = Array.from({ length: width }, (_, index): PackageShape => {
      const wanted = below.length === 0 ? 0 : random.integer(1, 3);
      const needs = Array.from({ length: wanted }, () => random.pick(below).name);
      return {
        name: `p${shapes.length + index}`,
        version: "1.0.0",
        needs: Object.fromEntries(needs.map((name) => [name, "^1.0.0"])),
      };
    });
    shapes.push(...layer);
    below = layer;
  }
  return shapes;
}

const longAgoMs = 48 * 60 * 60_000;
const simulatedMaxMs = 40 * 24 * 60 * 60_000;

/** The registry with an older version of most packages, long since shown. */
async function prepare(input: ScannedInput): Promise<{ readonly setting: Setting; readonly code: SimSource }> {
  const random = createRandom(input.seed);
  const code = makeSource(input.shapes ?? layeredShapes(random.fork("workspace")));
  let current: DrawVisibility = npmScan();
  const profile: Profile = {
    ...npm,
    visibility: (drawn) => current(drawn),
    race: { ...npm.race, chance: input.raceChance ?? 0 },
    caps: input.caps ?? {},
  };
  const setting = createSetting({
    limits: { ...defaultLimits, ...input.limits },
    latency: randomLatency(random.fork("latency")),
    profile,
    worldSeed: input.seed,
    ...(input.tamper === undefined ? {} : { tamper: input.tamper }),
  });
  for (const { item } of code.packages)
    if (input.isNew !== true && random.chance(0.8))
      setting.world.submit(
        { kind: "upload", request: uploadOf(code, item.name, "0.9.0", pastCommit, { dependencies: {} }) },
        "past",
        -1,
      );
  await setting.clock.run(setting.clock.sleep(longAgoMs), "the past");
  current = input.visibility ?? npm.visibility;
  return { setting, code };
}

/** The command, again and again on one machine, until it exits 0; then once more. */
export async function releaseThroughScan(input: ScannedInput): Promise<Judged> {
  const { setting, code } = await prepare(input);
  const machine: Machine = createMachine("m", "reproducible");
  const script = {
    runsMax: input.runsMax ?? 6,
    nextMachine: (_ended: unknown, same: Machine) => same,
    pauseMs: () => input.pauseMs ?? 60_000,
  };
  const release = releaseUntilDone(setting, code, machine, script);
  return setting.clock.run(release, `the release of seed ${input.seed}`, simulatedMaxMs);
}

export interface PolledRelease {
  /** Packages that its author was told of as failed, though the registry had taken them. */
  readonly falselyFailed: number;
  readonly published: number;
  readonly exitCode: 0 | 1;
}

const lookEveryMs = 5_000;
const lookForMs = 60_000;

/** What many release scripts do: publish in order, look for a minute, give up. It asks as an install would. */
export async function releaseByPolling(input: ScannedInput): Promise<PolledRelease> {
  const { setting, code } = await prepare(input);
  const { clock, worldOf } = setting;
  const isShown = (name: string, version: string): boolean =>
    worldOf(name).plainStateOf(name, `plain ${name}`)?.versions.has(version) === true;
  const publishAll = async (): Promise<PolledRelease> => {
    let published = 0;
    for (const { item } of code.packages) {
      const { name, version } = item;
      const upload = { kind: "upload", request: uploadOf(code, name, version, code.source.commit ?? "", {}) } as const;
      worldOf(name).submit(upload, "script", -1, { account: "release" });
      const until = clock.now() + lookForMs;
      while (clock.now() < until && !isShown(name, version)) await clock.sleep(lookEveryMs);
      if (!isShown(name, version)) return { falselyFailed: 1, published, exitCode: 1 };
      published += 1;
    }
    return { falselyFailed: 0, published, exitCode: 0 };
  };
  return clock.run(publishAll(), `the script of seed ${input.seed}`, simulatedMaxMs);
}
