/** Measures one competitor once in one scenario: a fresh registry, a run, and the same run again. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";

import { registryNpmrc, startFaultProxy, startVerdaccioProcess } from "@slipway/testkit";
import type { FaultProxy, FaultRule, VerdaccioProcess } from "@slipway/testkit";

import { countEarlyEdges, countPublished, countWrites } from "./check-registry.ts";
import { commandOf } from "./competitors.ts";
import type { Competitor, RunContext } from "./competitors.ts";
import type { Input } from "./inputs.ts";
import { measure } from "./measure.ts";
import type { Command } from "./measure.ts";
import { npmrcPath, restoreWorkspace } from "./prepare.ts";
import { cpuTimeOf, peakMemoryOf } from "./process-tree.ts";
import type { Program, ProgramId } from "./programs.ts";
import type { UploadList } from "./raw-upload.ts";
import type { Phase, Sample } from "./results.ts";
import type { Scenario } from "./scenarios.ts";
import type { TracedRequest } from "./timeline.ts";

export interface Bench {
  /** May be written to; one folder a measurement is made in it, and removed. */
  readonly folder: string;
  readonly input: Input;
  readonly programs: ReadonlyMap<ProgramId, Program>;
  /** Of all samples of this run. */
  readonly session: string;
  /** From 1. */
  readonly round: number;
  readonly timeoutMs: number;
  /** Told what a run said when it failed. */
  readonly warn: (text: string) => void;
}

export interface ScenarioResult {
  readonly samples: readonly Sample[];
  /** The requests of the publishing run, where a proxy saw them. */
  readonly requests: readonly TracedRequest[];
}

/** `withAgain`: the same command a second time, for competitors that have one. */
export async function runScenario(
  bench: Bench,
  scenario: Scenario,
  competitor: Competitor,
  withAgain: boolean,
): Promise<ScenarioResult> {
  return await withRegistry(scenario, async (registry, proxy) => {
    const { input, programs } = bench;
    const context = await prepareRun(bench, competitor, registry, proxy?.url ?? registry.url);
    const place = { scenario, competitor, registry };
    try {
      const startedAt = Date.now();
      const command = commandOf(competitor, competitor.publish, context, programs);
      const samples = [await measurePhase(bench, { ...place, phase: "publish" }, command)];
      const requests = traceRequests(proxy, startedAt);
      if (competitor.again !== undefined && withAgain) {
        const again = commandOf(competitor, competitor.again, context, programs);
        samples.push(await measurePhase(bench, { ...place, phase: "again" }, again));
      }
      return { samples, requests };
    } finally {
      await rm(context.home, { recursive: true, force: true });
      if (competitor.isTool && input.workspaces.size > 0) await restoreWorkspace(context.workspace);
    }
  });
}

/** A fresh Verdaccio, behind a proxy where the scenario has round trips. */
export async function withRegistry<T>(
  scenario: Scenario,
  use: (registry: VerdaccioProcess, proxy: FaultProxy | undefined) => Promise<T>,
  storageDir?: string,
): Promise<T> {
  const registry = await startVerdaccioProcess(storageDir === undefined ? {} : { storageDir });
  try {
    if (scenario.latencyMs === 0 && scenario.putMs === 0) return await use(registry, undefined);
    const rules: readonly FaultRule[] =
      scenario.putMs === 0 ? [] : [{ method: "PUT", fault: { kind: "delay", when: "before", ms: scenario.putMs } }];
    // A request costs a round trip, and so does the handshake of a new connection.
    const proxy = await startFaultProxy({
      target: registry.url,
      rules,
      latencyMs: scenario.latencyMs,
      connectLatencyMs: scenario.latencyMs,
      inspect: false,
    });
    try {
      return await use(registry, proxy);
    } finally {
      await proxy.close();
    }
  } finally {
    await registry.close();
  }
}

/** A home of its own, with credentials for `url`. */
export async function prepareRun(
  bench: Bench,
  competitor: Competitor,
  { token }: VerdaccioProcess,
  url: string,
): Promise<RunContext> {
  const { folder, input } = bench;
  const home = join(folder, "home");
  const listFile = join(folder, "list.json");
  const workspace = input.workspaces.get(competitor.flavour);
  if (workspace === undefined) throw new Error(`there is no workspace for ${competitor.id}`);
  await mkdir(home, { recursive: true });
  await writeFile(npmrcPath(home), registryNpmrc(url, token));
  const list: UploadList = { registry: url, token, packages: input.items };
  await writeFile(listFile, JSON.stringify(list));
  const { layersFile, ignoreScripts } = input;
  return { workspace, home, registry: url, token, listFile, layersFile, ignoreScripts };
}

interface Place {
  readonly scenario: Scenario;
  readonly phase: Phase;
  readonly competitor: Competitor;
  readonly registry: VerdaccioProcess;
}

/** Runs the command, and then looks at the registry. */
export async function measurePhase(
  { folder, input, session, round, timeoutMs, warn }: Bench,
  { scenario, phase, competitor, registry }: Place,
  command: Command,
): Promise<Sample> {
  const writesBefore = countWrites(registry.accessLog());
  const serverCpuBefore = await cpuTimeOf(registry.pid);
  const load = loadavg()[0];
  const { wallMs, cpuMs, peakBytes, exitCode, output } = await measure(command, join(folder, "usage"), timeoutMs);
  const serverCpuMs = await cpuTimeOf(registry.pid);
  const log = registry.accessLog();
  if (exitCode !== 0)
    warn(`${competitor.label}, ${input.id}, ${scenario.id}, ${phase}: exit code ${exitCode}\n${output}`);
  return {
    session,
    round,
    load,
    input: input.id,
    scenario: scenario.id,
    phase,
    competitor: competitor.id,
    wallMs: Math.round(wallMs * 10) / 10,
    cpuMs,
    peakBytes,
    serverCpuMs: serverCpuMs === undefined || serverCpuBefore === undefined ? undefined : serverCpuMs - serverCpuBefore,
    serverPeakBytes: await peakMemoryOf(registry.pid),
    exitCode,
    published: await countPublished(registry.url, input.packages),
    expected: input.packages.length,
    earlyEdges: countEarlyEdges(log, input.packages),
    writes: countWrites(log) - writesBefore,
  };
}

function traceRequests(proxy: FaultProxy | undefined, startedAt: number): readonly TracedRequest[] {
  return (proxy?.log() ?? []).flatMap(({ method, url, at, answeredAt }) =>
    answeredAt === undefined ? [] : [{ method, url, at: at - startedAt, answeredAt: answeredAt - startedAt }],
  );
}
