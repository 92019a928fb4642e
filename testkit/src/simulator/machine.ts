/** A machine that runs the release command: what is on its disk, how its build behaves, what it plans and packs. */
import { createHash } from "node:crypto";
import {
  type Decision,
  type Event,
  type IdentityLevel,
  type JournalPort,
  type Limits,
  type Packument,
  type Plan,
  type Reading,
  type RegistryPort,
  type RunState,
  type Source,
  type TarballStore,
  type Workspace,
  type WorkspacePackage,
  exitCodeOf,
  formatSpec,
  isPublishStep,
  planRelease,
  releaseIdInput,
} from "@slipway/core";
import { plainOptions } from "../small-plan.ts";
import type { Latency } from "./connection.ts";
import type { FaultSource } from "./fault.ts";
import type { History } from "./history.ts";
import { isPackageShown } from "./package-history.ts";
import type { SimProcess } from "./process.ts";
import type { RegistryView, RegistryWorld } from "./registry-world.ts";
import { showPackument } from "./shown-packument.ts";
import { type SimFile, type SimTarball, packSim } from "./sim-tarball.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** A package of a simulated workspace. */
export interface SimPackage {
  readonly item: WorkspacePackage;
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly files: readonly SimFile[];
}

/** The repository at one commit: the same on every machine that has checked it out. */
export interface SimSource {
  readonly packages: readonly SimPackage[];
  readonly source: Source;
}

/**
 * What a machine's build does: `reproducible` gives one tarball per commit, `stamped` writes the time into a file,
 * `rewrapped` changes the archive and none of its files.
 */
export type Build = "reproducible" | "stamped" | "rewrapped";

export interface Machine {
  readonly name: string;
  readonly build: Build;
  /** Lines on disk; lost with the folder. */
  journal: Event[];
  /** What pack made, by spec; lost with the folder. */
  tarballs: Map<string, SimTarball>;
  /** The plan that the tarballs were packed for; lost with the folder. */
  plan: Plan | undefined;
  builds: number;
  runs: number;
}

/** A machine that got plan and tarballs of another as an artifact, without its journal. */
export function copyArtifact(from: Machine, name: string): Machine {
  return { ...createMachine(name, from.build), tarballs: new Map(from.tarballs), plan: from.plan };
}

export function createMachine(name: string, build: Build): Machine {
  return { name, build, journal: [], tarballs: new Map(), plan: undefined, builds: 0, runs: 0 };
}

/** Replaced by tests that plant a bug; each gets what the product would have used. */
export interface Tampering {
  readonly decide?: (state: RunState, now: number) => Decision;
  readonly registry?: (port: RegistryPort, process: SimProcess) => RegistryPort;
  readonly journal?: (port: JournalPort, process: SimProcess, clock: VirtualClock) => JournalPort;
  readonly tarballs?: (store: TarballStore) => TarballStore;
  readonly plan?: (plan: Plan) => Plan;
  readonly exitCode?: (exitCode: number, state: RunState) => number;
  readonly limits?: Partial<Limits>;
}

export interface Setting {
  /** All registries together. */
  readonly world: RegistryView;
  readonly worlds: readonly RegistryWorld[];
  /** The registry that a package belongs to. */
  readonly worldOf: (name: string) => RegistryWorld;
  readonly clock: VirtualClock;
  readonly history: History;
  readonly limits: Limits;
  readonly latency: Latency;
  readonly faults: FaultSource;
  readonly identity: IdentityLevel;
  /** How long a line takes to be on disk; 0 lets the process go on in the same turn of its event loop. */
  readonly fsyncMs: number;
  readonly tamper?: Tampering;
  /** Sees each event once it is applied, and the state it led to. */
  readonly watch?: (event: Event, state: RunState) => void;
}

function readFull(setting: Setting, name: string): Reading<Packument> {
  const { clock } = setting;
  const world = setting.worldOf(name);
  const state = world.stateOf(name);
  const at = clock.now();
  if (!isPackageShown(state)) return { kind: "absent", at, fresh: true };
  return { kind: "shown", value: showPackument(world, name, state, true), at, fresh: true };
}

/** What planning gave; without a plan, why not. */
export interface Planned {
  readonly plan: Plan | undefined;
  readonly exitCode: number;
  readonly problems: readonly string[];
  readonly readings: ReadonlyMap<string, Reading<Packument>>;
}

export function makePlan(setting: Setting, code: SimSource, machine: Machine): Planned {
  const packages = code.packages.map(({ item }) => item);
  const workspace: Workspace = {
    root: "/workspace",
    manager: { name: "npm", version: undefined, from: "the simulator" },
    packages,
  };
  const readings = new Map(packages.map(({ name }) => [name, readFull(setting, name)]));
  const journalWrites = new Set(
    machine.journal.flatMap((event) =>
      event.type === "write-started" && event.write === "upload" ? [event.step.slice("publish:".length)] : [],
    ),
  );
  const text = releaseIdInput(code.source, packages);
  const result = planRelease({
    workspace,
    source: code.source,
    releaseId: createHash("sha256").update(text).digest("hex").slice(0, 12),
    options: { ...plainOptions, identity: setting.identity, limits: setting.limits },
    tag: undefined,
    access: "public",
    selected: undefined,
    changed: undefined,
    registries: new Map(packages.map(({ name }) => [name, setting.worldOf(name).url])),
    readings,
    git: { releaseTags: new Set(), commitsHere: new Map([[pastCommit, true]]), changedFiles: new Map() },
    evidence: { journalWrites, isReleaseComplete: false },
  });
  const exitCode = Math.min(2, ...result.problems.map(({ code: problemCode }) => exitCodeOf(problemCode)));
  return { plan: result.plan, exitCode, problems: result.problems.map((item) => item.code), readings };
}

const reproducible = new WeakMap<SimPackage["manifest"], SimTarball>();

/** The same sources give the same tarball, on any machine: made once. */
function packOnce({ manifest, files }: Pick<SimPackage, "manifest" | "files">): SimTarball {
  const tarball = reproducible.get(manifest) ?? packSim(manifest, files);
  reproducible.set(manifest, tarball);
  return tarball;
}

/** Packs what the plan uploads. A tarball for which the journal shows a write is not made again. */
export function pack(setting: Setting, code: SimSource, machine: Machine, planned: Plan): Plan {
  machine.builds += 1;
  const written = new Set(
    machine.journal.flatMap((event) => (event.type === "write-started" ? [event.integrity] : [])),
  );
  for (const { item, manifest, files } of code.packages) {
    const spec = formatSpec(item.name, item.version);
    const kept = machine.tarballs.get(spec);
    if (kept !== undefined && (machine.build === "reproducible" || written.has(kept.integrity))) continue;
    if (machine.build === "reproducible") {
      machine.tarballs.set(spec, packOnce({ manifest, files }));
      continue;
    }
    const stamp = `built ${machine.builds} on ${machine.name} at ${setting.clock.now()}`;
    machine.tarballs.set(
      spec,
      packSim(
        manifest,
        machine.build === "stamped" ? [...files, { path: "build.txt", text: stamp }] : files,
        machine.build === "rewrapped" ? stamp : "",
      ),
    );
  }
  const steps = planned.steps.map((step) => {
    if (!isPublishStep(step)) return step;
    return {
      ...step,
      goal: { ...step.goal, integrity: machine.tarballs.get(formatSpec(step.name, step.version))?.integrity },
    };
  });
  return { ...planned, steps };
}

/** A commit of the same repository that was released before. */
export const pastCommit: string = "0ldc0de".padEnd(40, "0");
