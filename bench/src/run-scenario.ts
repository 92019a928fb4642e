/** Measures one competitor once in one scenario: a fresh registry, a run, and the same run again. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { registryNpmrc, startFaultProxy, startVerdaccioProcess } from "@slipway/testkit";
import type { FaultProxy } from "@slipway/testkit";

import { countEarlyEdges, countPublished, countWrites } from "./check-registry.ts";
import { npmrcPath } from "./competitors.ts";
import type { Competitor, RunContext } from "./competitors.ts";
import type { GeneratedPackage } from "./generate.ts";
import { measure } from "./measure.ts";
import type { Command } from "./measure.ts";
import type { UploadItem, UploadList } from "./raw-upload.ts";
import type { Phase, Sample } from "./table.ts";
import type { TracedRequest } from "./timeline.ts";

export interface Scenario {
  readonly id: string;
  /** Time of a round trip between client and registry. */
  readonly latencyMs: number;
}

export interface Bench {
  /** May be written to; one folder a measurement is made in it, and removed. */
  readonly folder: string;
  readonly workspace: string;
  readonly packages: readonly GeneratedPackage[];
  readonly items: readonly UploadItem[];
  readonly timeoutMs: number;
  /** Told what a run said when it failed. */
  readonly warn: (text: string) => void;
}

export interface ScenarioResult {
  readonly samples: readonly Sample[];
  /** The requests of the publishing run, where a proxy saw them. */
  readonly requests: readonly TracedRequest[];
}

export async function runScenario(bench: Bench, scenario: Scenario, competitor: Competitor): Promise<ScenarioResult> {
  const registry = await startVerdaccioProcess();
  try {
    if (scenario.latencyMs === 0) return await measureOn(bench, scenario, competitor, registry, undefined);
    // A request costs a round trip, and so does the handshake of a new connection.
    const proxy = await startFaultProxy({
      target: registry.url,
      latencyMs: scenario.latencyMs,
      connectLatencyMs: scenario.latencyMs,
      inspect: false,
    });
    try {
      return await measureOn(bench, scenario, competitor, registry, proxy);
    } finally {
      await proxy.close();
    }
  } finally {
    await registry.close();
  }
}

type Registry = Awaited<ReturnType<typeof startVerdaccioProcess>>;

async function measureOn(
  bench: Bench,
  scenario: Scenario,
  competitor: Competitor,
  registry: Registry,
  proxy: FaultProxy | undefined,
): Promise<ScenarioResult> {
  const url = proxy?.url ?? registry.url;
  const home = join(bench.folder, "home");
  const listFile = join(bench.folder, "list.json");
  const context: RunContext = { workspace: bench.workspace, home, listFile };
  await mkdir(home, { recursive: true });
  await writeFile(npmrcPath(home), registryNpmrc(url, registry.token));
  const list: UploadList = { registry: url, token: registry.token, packages: bench.items };
  await writeFile(listFile, JSON.stringify(list));

  const samples: Sample[] = [];
  async function measurePhase(phase: Phase, command: Command): Promise<void> {
    const writesBefore = countWrites(registry.accessLog());
    const measured = await measure(command, join(bench.folder, "usage"), bench.timeoutMs);
    const log = registry.accessLog();
    if (measured.exitCode !== 0)
      bench.warn(`${competitor.label}, ${scenario.id}, ${phase}: exit code ${measured.exitCode}\n${measured.output}`);
    const { wallMs, cpuMs, peakBytes, exitCode } = measured;
    samples.push({
      scenario: scenario.id,
      phase,
      competitor: competitor.id,
      wallMs,
      cpuMs,
      peakBytes,
      exitCode,
      published: await countPublished(registry.url, bench.packages),
      expected: bench.packages.length,
      earlyEdges: countEarlyEdges(log, bench.packages),
      writes: countWrites(log) - writesBefore,
    });
  }

  try {
    const startedAt = Date.now();
    await measurePhase("publish", competitor.publish(context));
    const requests = traceRequests(proxy, startedAt);
    if (competitor.again !== undefined) await measurePhase("again", competitor.again(context));
    return { samples, requests };
  } finally {
    await rm(home, { recursive: true, force: true });
    await rm(join(bench.workspace, ".slipway"), { recursive: true, force: true });
  }
}

function traceRequests(proxy: FaultProxy | undefined, startedAt: number): readonly TracedRequest[] {
  return (proxy?.log() ?? []).flatMap(({ method, url, at, answeredAt }) =>
    answeredAt === undefined ? [] : [{ method, url, at: at - startedAt, answeredAt: answeredAt - startedAt }],
  );
}
