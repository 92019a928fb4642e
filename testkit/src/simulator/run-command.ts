/** One run of the release command on a machine, from plan to exit code; only what the product touches is simulated. */
import {
  type JournalPort,
  type Plan,
  ProblemsError,
  type RegistryPort,
  type TarballStore,
  exitCodeOf,
  fail,
  formatSpec,
  makeReport,
} from "@slipway/core";
import { runRelease } from "slipway";
import { connect } from "./connection.ts";
import type { AppendRecord, HistoryEntry, RunRecord } from "./history.ts";
import { type Machine, type Planned, type Setting, type SimSource, makePlan, pack } from "./machine.ts";
import { type SimProcess, createProcess, never } from "./process.ts";
import { listSim } from "./sim-tarball.ts";

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

/** A port to each registry, by URL. */
function connectAll(setting: Setting, process: SimProcess, entries: HistoryEntry[]): ReadonlyMap<string, RegistryPort> {
  const { worlds, limits, tamper } = setting;
  const { uploadTimeoutMs, settleMs: staleMaxMs } = limits;
  return new Map(
    worlds.map((world) => {
      const port = connect({ ...setting, world, process, entries, uploadTimeoutMs, staleMaxMs });
      return [world.url, tamper?.registry?.(port, process) ?? port];
    }),
  );
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
  const { clock, history, worldOf, tamper = {} } = setting;
  machine.runs += 1;
  const process = createProcess(machine.name, `${machine.name}#${machine.runs}`, setting.faults);
  const kept = options.reusesPlan === true ? machine.plan : undefined;
  const planned = kept === undefined ? makePlan(setting, code, machine) : keepPlan(kept);
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
  const ports = connectAll({ ...setting, limits }, process, entries);
  const journal = journalOf(setting, machine, process, entries);
  const store = storeOf(machine, options.damaged ?? new Set());
  const interrupt = new AbortController();
  if (options.interruptAfterMs !== undefined) clock.after(options.interruptAfterMs, () => interrupt.abort(), process);
  const running = runRelease({
    plan: ready,
    planDigest: ready.releaseId,
    toolVersion: "0.0.0",
    limits,
    registries: (url) => ports.get(url) ?? failMissingPort(url),
    journal: tamper.journal?.(journal, process, clock) ?? journal,
    history: inherited,
    readings: [...record.readings].map(([name, reading]) => ({ registry: worldOf(name).url, name, reading })),
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
