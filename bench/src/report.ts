/** Writes the page with the results: what was measured, with which versions, on what machine, and how to read it. */
import { cpus, loadavg, totalmem } from "node:os";

import type { GeneratedPackage } from "./generate.ts";
import { verdaccioVersion } from "./prepare.ts";
import type { Programs } from "./prepare.ts";
import type { Scenario } from "./run-scenario.ts";
import { renderSummaries, renderTable, summarize } from "./table.ts";
import type { Phase, Sample } from "./table.ts";
import { judgeTargets } from "./targets.ts";
import { findStages, renderStages } from "./timeline.ts";
import type { TracedRequest } from "./timeline.ts";

export interface ReportInput {
  readonly samples: readonly Sample[];
  /** Of one run of slipway behind round trips; empty when there was none. */
  readonly requests: readonly TracedRequest[];
  readonly scenarios: readonly Scenario[];
  readonly labels: ReadonlyMap<string, string>;
  readonly floor: string;
  readonly orderedFloor: string;
  readonly programs: Programs;
  readonly packages: readonly GeneratedPackage[];
  readonly rounds: number;
}

const phaseTitles: Readonly<Record<Phase, string>> = {
  publish: "publishing",
  again: "the same command again: nothing to do",
};

export function renderReport(input: ReportInput): string {
  const parts = [
    "# Bench results",
    describeRun(input),
    renderTable(["", "version"], versionRows(input.programs)),
    ...input.scenarios.flatMap((scenario) => renderScenario(input, scenario)),
  ];
  const judged = judgeTargets(input.samples);
  if (judged.length > 0) parts.push("## Targets", judged.map((line) => `- ${line}`).join("\n"));
  if (input.requests.length > 0) {
    const layers = new Map(input.packages.map((item) => [item.name, item.layer]));
    parts.push("## Where slipway's time goes behind round trips (the last round)");
    parts.push(renderStages(findStages(input.requests, layers)));
  }
  parts.push("## How to read this", explanation);
  return `${parts.join("\n\n")}\n`;
}

function describeRun({ packages, rounds }: ReportInput): string {
  const edges = packages.reduce((sum, item) => sum + item.dependencies.length, 0);
  const layers = new Set(packages.map((item) => item.layer)).size;
  const date = new Date().toISOString().slice(0, 10);
  const memoryGb = Math.round(totalmem() / 2 ** 30);
  return `\`npm run bench\` of ${date}: ${packages.length} generated packages of about 60 KB in ${layers} layers with ${edges} dependencies, ${rounds} rounds in turn, medians. ${cpus().length} cores, shared with the registry, and ${memoryGb} GB; load average at the end ${(loadavg()[0] ?? 0).toFixed(1)} (of a machine with nothing else to do: 1 to 2).`;
}

function versionRows({ npm, pnpm, slipway }: Programs): readonly (readonly string[])[] {
  return [
    ["slipway", slipway.version],
    ["Node", process.versions.node],
    ["npm", npm.version],
    ["pnpm", pnpm.version],
    ["Verdaccio", verdaccioVersion()],
  ];
}

function renderScenario({ samples, labels, floor, orderedFloor }: ReportInput, scenario: Scenario): readonly string[] {
  const place = scenario.latencyMs === 0 ? "local registry" : `behind ${scenario.latencyMs} ms round trips`;
  const phases: readonly Phase[] = ["publish", "again"];
  return phases.flatMap((phase) => {
    const rows = summarize(samples.filter((sample) => sample.scenario === scenario.id && sample.phase === phase));
    if (rows.length === 0) return [];
    return [`## ${place}, ${phaseTitles[phase]}`, renderSummaries(rows, { phase, labels, floor, orderedFloor })];
  });
}

const explanation = `- Each measurement has a fresh Verdaccio in its own process and a home folder of its own; the client runs as a child process, and its start counts. "CPU" and "peak" are the client's, not the registry's. Behind round trips, a proxy adds them to each request, and to the first of each connection once more for its handshake.
- **raw uploads** send tarballs that were packed before, 16 at once, and look at nothing else but the answers; **in dependency order** a package is sent when all it depends on has been answered. To do nothing, the floor is one read of each packument, 50 at once.
- **slipway** packs, uploads in dependency order, and reads back each packument and each byte of each tarball before a dependent is sent. Nobody else verifies.
- **sent too early** counts dependencies that the registry had not yet answered for when their dependent arrived: until then, whoever installs the dependent gets an error.
- **on the registry** is counted by the bench, by fetching each version's tarball. An exit code other than 0 for "nothing to do" means that the tool takes a finished release for a failure.`;
