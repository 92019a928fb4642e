/**
 * A machine that runs the release command: what is on its disk, how its build behaves, and one run of the command from
 * plan to exit code. The release itself is the product's own code; only what it touches is simulated.
 */
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
  ProblemsError,
  exitCodeOf,
  fail,
  formatSpec,
  isPublishStep,
  makeReport,
  planRelease,
  releaseIdInput,
} from "@slipway/core";
import { runRelease } from "slipway";
import { type Latency, connect, showPackument } from "./connection.ts";
import type { FaultSource } from "./fault.ts";
import type { AppendRecord, History, HistoryEntry, RunRecord } from "./history.ts";
import { type SimProcess, createProcess, never } from "./process.ts";
import type { RegistryWorld } from "./registry-world.ts";
import { type SimFile, type SimTarball, listSim, packSim } from "./sim-tarball.ts";
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
  readonly world: RegistryWorld;
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

export interface CommandOptions {
  /** Milliseconds after which Ctrl-C is pressed. */
  readonly interruptAfterMs?: number;
  /** Milliseconds that packing takes: the world may move on between plan and upload. */
  readonly packMs?: number;
  /** Hand the readings of the plan to the loop, as the everyday command does. */
  readonly reusesReadings?: boolean;
  /** Carry out the plan of an earlier run on this machine, as `publish DIR` does, if there is one. */
  readonly reusesPlan?: boolean;
  /** Specs whose tarball somebody edited in the release folder before this run. */
  readonly damaged?: ReadonlySet<string>;
}

function readFull(setting: Setting, name: string): Reading<Packument> {
  const { world, clock } = setting;
  const state = world.stateOf(name);
  const at = clock.now();
  if (state === undefined) return { kind: "absent", at, fresh: true };
  return { kind: "shown", value: showPackument(world.url, name, state, true), at, fresh: true };
}

interface Planned {
  readonly plan: Plan | undefined;
  readonly exitCode: number;
  readonly problems: readonly string[];
  readonly readings: ReadonlyMap<string, Reading<Packument>>;
}

function plan(setting: Setting, code: SimSource, machine: Machine): Planned {
  const { world } = setting;
  const packages = code.packages.map(({ item }) => item);
  const workspace: Workspace = { root: "/workspace", packages };
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
    options: {
      promote: "each",
      identity: setting.identity,
      newPackages: "allow",
      ignoreScripts: false,
      build: undefined,
      accept: {},
      limits: setting.limits,
    },
    tag: undefined,
    access: "public",
    selected: undefined,
    changed: undefined,
    registries: new Map(packages.map(({ name }) => [name, world.url])),
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
function pack(setting: Setting, code: SimSource, machine: Machine, planned: Plan): Plan {
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

function storeOf(machine: Machine, damaged: ReadonlySet<string>): TarballStore {
  return {
    async read(name, version) {
      const spec = formatSpec(name, version);
      if (damaged.has(spec)) fail("SLIP_TARBALL_CHANGED", `the tarball of ${spec} is not what was packed`);
      const tarball = machine.tarballs.get(spec);
      if (tarball === undefined) throw new Error(`${spec} was not packed on ${machine.name}`);
      return tarball;
    },
    list: async (bytes) => listSim(bytes),
  };
}

/** A commit of the same repository that was released before. */
export const pastCommit: string = "0ldc0de".padEnd(40, "0");

function journalOf(setting: Setting, machine: Machine, process: SimProcess, entries: HistoryEntry[]): JournalPort {
  const { clock, history } = setting;
  return {
    async append(events) {
      if (!process.isAlive()) return never();
      const label = `append ${[...new Set(events.map(({ type }) => type))].join("+")}`;
      const fault = process.nextFault("append", label, events.length);
      if (fault !== undefined) history.faults.push(fault);
      const record: AppendRecord = {
        process: process.name,
        machine: machine.name,
        events,
        durable: 0,
        durableAt: undefined,
      };
      entries.push({ type: "append", record });
      history.appends.push(record);
      if (fault === "disk-full") fail("SLIP_DISK", `the disk of ${machine.name} is full`);
      if (fault === "crash-before-durable") process.kill();
      if (setting.fsyncMs > 0 || fault === "crash-before-durable") await clock.ownedBy(process).sleep(setting.fsyncMs);
      record.durable = fault === "crash-mid-append" ? Math.ceil(events.length / 2) : events.length;
      record.durableAt = clock.now();
      machine.journal.push(...events.slice(0, record.durable));
      if (fault !== undefined) {
        process.kill();
        return never();
      }
    },
  };
}

function failMissingPort(url: string): never {
  return fail("SLIP_REGISTRY_INVALID", `the simulation has no registry ${url}`);
}

function keepPlan(kept: Plan): Planned {
  return { plan: kept, exitCode: 0, problems: [], readings: new Map() };
}

/** What the command line prints without a stack; bugs are thrown on. */
function problemsOf(error: unknown): ProblemsError {
  if (error instanceof ProblemsError) return error;
  throw error;
}

/** Runs the release command once on `machine`; resolves when it ends or dies. Throws what the product throws. */
export async function runCommand(
  setting: Setting,
  code: SimSource,
  machine: Machine,
  options: CommandOptions = {},
): Promise<RunRecord> {
  const { clock, history, world, tamper = {} } = setting;
  machine.runs += 1;
  const process = createProcess(machine.name, `${machine.name}#${machine.runs}`, setting.faults);
  const kept = options.reusesPlan === true ? machine.plan : undefined;
  const planned = kept === undefined ? plan(setting, code, machine) : keepPlan(kept);
  const startedAt = clock.now();
  const entries: HistoryEntry[] = [];
  const inherited = [...machine.journal];
  const packedPlan = kept ?? (planned.plan === undefined ? undefined : pack(setting, code, machine, planned.plan));
  machine.plan = packedPlan;
  const ready = packedPlan === undefined ? undefined : (tamper.plan?.(packedPlan) ?? packedPlan);
  const record: RunRecord = {
    process: process.name,
    machine: machine.name,
    plan: ready,
    startedAt,
    endedAt: undefined,
    exitCode: undefined,
    packed: new Map([...machine.tarballs].map(([spec, tarball]) => [spec, tarball.integrity])),
    inherited,
    tarballs: new Map(machine.tarballs),
    readings: new Map(options.reusesReadings === true ? planned.readings : []),
    statuses: new Map(),
    problems: planned.problems,
    isFinished: false,
    isAbandoned: false,
    entries,
  };
  history.runs.push(record);
  if (ready === undefined) {
    record.endedAt = clock.now();
    record.exitCode = planned.exitCode;
    return record;
  }
  await clock.sleep(options.packMs ?? 0);
  const limits = { ...setting.limits, ...tamper.limits };
  const port = connect({
    ...setting,
    process,
    entries,
    uploadTimeoutMs: limits.uploadTimeoutMs,
    staleMaxMs: limits.settleMs,
  });
  const registry = tamper.registry?.(port, process) ?? port;
  const journal = journalOf(setting, machine, process, entries);
  const store = storeOf(machine, options.damaged ?? new Set());
  const interrupt = new AbortController();
  if (options.interruptAfterMs !== undefined) clock.after(options.interruptAfterMs, () => interrupt.abort(), process);
  const running = runRelease({
    plan: ready,
    planDigest: ready.releaseId,
    toolVersion: "0.0.0",
    limits,
    registries: (url) => (url === world.url ? registry : failMissingPort(url)),
    journal: tamper.journal?.(journal, process, clock) ?? journal,
    history: inherited,
    readings: [...record.readings].map(([name, reading]) => ({ registry: world.url, name, reading })),
    clock: clock.ownedBy(process),
    tarballs: tamper.tarballs?.(store) ?? store,
    signal: interrupt.signal,
    ...(tamper.decide === undefined ? {} : { decide: tamper.decide }),
    ...(setting.watch === undefined ? {} : { onEvent: setting.watch }),
  });
  const state = await Promise.race([running.catch(problemsOf), process.died]);
  record.endedAt = clock.now();
  // Timers that the command left behind end with it.
  process.kill();
  if (state === "died") return record;
  if (state instanceof ProblemsError) {
    record.problems = state.problems.map(({ code: problemCode }) => problemCode);
    record.exitCode = Math.min(...state.problems.map(({ code: problemCode }) => exitCodeOf(problemCode)));
    return record;
  }
  const { exitCode } = makeReport(ready, state, clock.now());
  record.exitCode = tamper.exitCode?.(exitCode, state) ?? exitCode;
  record.statuses = new Map([...state.nodes].map(([id, node]) => [id, node.status]));
  record.problems = [...state.nodes.values()].flatMap(({ problem }) => (problem === undefined ? [] : [problem.code]));
  record.isFinished = state.ended?.reason === "finished";
  return record;
}
