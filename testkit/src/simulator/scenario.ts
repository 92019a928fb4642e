/** One release from the first run of the command to its last, with whatever befalls it in between. */
import type { IdentityLevel, Limits } from "@slipway/core";
import { type Latency, steadyLatency } from "./connection.ts";
import type { Choose } from "./exhaust.ts";
import { type FaultSource, noFaults } from "./fault.ts";
import { type RunRecord, createHistory } from "./history.ts";
import { type Build, type Machine, type Setting, type SimSource, type Tampering, createMachine } from "./machine.ts";
import { type CommandOptions, runCommand } from "./run-command.ts";
import type { Judged } from "./oracle-view.ts";
import { type Profile, verdaccio } from "./profile.ts";
import { type Change, type RegistryWorld, createRegistryWorld, viewTogether } from "./registry-world.ts";
import { createRandom } from "./random.ts";
import { createVirtualClock } from "./virtual-clock.ts";
import { allAfter } from "./visibility.ts";

export interface SettingInput {
  readonly limits: Limits;
  readonly faults?: FaultSource;
  readonly latency?: Latency;
  readonly profile?: Profile;
  /** Of a second registry, for packages with a scope. */
  readonly secondProfile?: Profile;
  /** Decides what the registries draw: windows, replicas, races. */
  readonly worldSeed?: number;
  readonly identity?: IdentityLevel;
  readonly fsyncMs?: number;
  readonly tamper?: Tampering;
  readonly watch?: Setting["watch"];
}

export function createSetting(input: SettingInput): Setting {
  const clock = createVirtualClock();
  const random = createRandom(input.worldSeed ?? 0);
  const changes: Change[] = [];
  const first = createRegistryWorld(input.profile ?? verdaccio, clock, "https://registry.invalid/", changes, random);
  const second =
    input.secondProfile === undefined
      ? undefined
      : createRegistryWorld(input.secondProfile, clock, "https://second.invalid/", changes, random);
  const worlds = second === undefined ? [first] : [first, second];
  // Packages with a scope belong to the second registry, as a line `@scope:registry=` in an .npmrc has it.
  const worldOf = (name: string): RegistryWorld => (name.startsWith("@") ? (second ?? first) : first);
  return {
    clock,
    world: viewTogether(changes, worldOf),
    worlds,
    worldOf,
    history: createHistory(),
    limits: input.limits,
    latency: input.latency ?? steadyLatency,
    faults: input.faults ?? noFaults,
    identity: input.identity ?? "source",
    fsyncMs: input.fsyncMs ?? 1,
    ...(input.tamper === undefined ? {} : { tamper: input.tamper }),
    ...(input.watch === undefined ? {} : { watch: input.watch }),
  };
}

export interface ReleaseScript {
  /** Most runs of the command before the release counts as not converging. */
  readonly runsMax: number;
  /** The machine of the next run, after one that did not exit 0. */
  readonly nextMachine: (ended: RunRecord, machine: Machine) => Machine;
  readonly options?: (run: number) => CommandOptions;
  /** Milliseconds between two runs. */
  readonly pauseMs?: () => number;
}

/** Runs the command until it exits 0, then once more without faults: that run has nothing to write. */
export async function releaseUntilDone(
  setting: Setting,
  code: SimSource,
  first: Machine,
  script: ReleaseScript,
): Promise<Judged> {
  const { clock, world, history, limits } = setting;
  let machine = first;
  for (let count = 0; count < script.runsMax; count += 1) {
    const ended = await runCommand(setting, code, machine, script.options?.(count));
    if (ended.exitCode === 0) {
      await runCommand({ ...setting, faults: noFaults }, code, machine);
      break;
    }
    await clock.sleep(script.pauseMs?.() ?? 2_000);
    const next = script.nextMachine(ended, machine);
    if (next !== machine) ended.isAbandoned = true;
    machine = next;
  }
  return { world, history, code, limits, identity: setting.identity };
}

const restarts: readonly { readonly label: string; readonly build: Build | undefined }[] = [
  { label: "same machine", build: undefined },
  { label: "fresh machine, same bytes", build: "reproducible" },
  { label: "fresh machine, other bytes", build: "stamped" },
];

/** Fewer and longer polls: each is a point at which an enumeration may put a fault. */
function fewPolls(limits: Limits): Limits {
  return { ...limits, pollFactor: 4, pollMaxMs: 60_000 };
}

export interface EnumeratedInput {
  readonly limits: Limits;
  readonly code: SimSource;
  readonly choose: Choose;
  /** Default Verdaccio's. */
  readonly profile?: Profile;
  readonly tamper?: Tampering;
  readonly watch?: Setting["watch"];
}

/** A release in which every fault, and once what the next run starts from, is a choice. */
export async function releaseByChoice(input: EnumeratedInput): Promise<Judged> {
  const { limits, code, choose } = input;
  const faults: FaultSource = ({ process, label, kind }, possible) =>
    possible[choose(possible.length + 1, `${process} ${label}, fault of ${kind}`) - 1];
  const setting = createSetting({
    limits: fewPolls(limits),
    faults,
    ...(input.profile === undefined ? {} : { profile: input.profile }),
    ...(input.tamper === undefined ? {} : { tamper: input.tamper }),
  });
  const script: ReleaseScript = {
    runsMax: 6,
    nextMachine(_ended, machine) {
      if (machine.name !== "first") return machine;
      const restart = restarts[choose(restarts.length, "restart", { isFree: true })];
      return restart?.build === undefined ? machine : createMachine("fresh", restart.build);
    },
  };
  return setting.clock.run(
    releaseUntilDone(setting, code, createMachine("first", "reproducible"), script),
    "the release",
  );
}

/** A registry that takes everything and shows nothing: each run has to end by itself, as unconfirmed. */
export function releaseIntoTheVoid(limits: Limits, code: SimSource, tamper: Tampering = {}): Promise<Judged> {
  const profile = { ...verdaccio, name: "shows nothing", visibility: allAfter(60 * 24 * 60 * 60_000) };
  const setting = createSetting({ limits: fewPolls(limits), profile, tamper });
  const script: ReleaseScript = {
    runsMax: 2,
    nextMachine(ended, machine) {
      ended.isAbandoned = true;
      return machine;
    },
  };
  return setting.clock.run(
    releaseUntilDone(setting, code, createMachine("first", "reproducible"), script),
    "the release",
  );
}
