/** `npm run bench`: measures Slipway beside its peers, in turn, and writes bench/RESULTS.md. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { floorId, listCompetitors, orderedFloorId, slipwayId } from "./competitors.ts";
import type { Competitor } from "./competitors.ts";
import { generatePackages } from "./generate.ts";
import { preparePrograms, prepareWorkspace } from "./prepare.ts";
import { renderReport } from "./report.ts";
import { runScenario } from "./run-scenario.ts";
import type { Bench, Scenario } from "./run-scenario.ts";
import type { Sample } from "./table.ts";
import { distantScenario, localScenario } from "./targets.ts";
import type { TracedRequest } from "./timeline.ts";

const usage = `npm run bench -- [--rounds 3] [--packages 50] [--only slipway,pnpm,npm] [--scenario local,80ms]

A run that --only or --scenario narrows prints its tables and leaves bench/RESULTS.md alone.
`;

const scenarios: readonly Scenario[] = [
  { id: localScenario, latencyMs: 0 },
  { id: distantScenario, latencyMs: 80 },
];

/** Words of a comma-separated list, each of which must be known. Spaces do not matter. */
function parseList(flag: string, text: string | undefined, known: readonly string[]): readonly string[] {
  if (text === undefined) return known;
  const words = text.split(",").map((word) => word.replaceAll(" ", ""));
  const strange = words.find((word) => !known.some((name) => name.replaceAll(" ", "") === word));
  if (strange !== undefined) throw new RangeError(`--${flag} ${strange}: there are ${known.join(", ")}\n\n${usage}`);
  return known.filter((name) => words.includes(name.replaceAll(" ", "")));
}

function parseCount(flag: string, text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`--${flag} ${text} is no number of them\n\n${usage}`);
  return count;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "3" },
      packages: { type: "string", default: "50" },
      only: { type: "string" },
      scenario: { type: "string" },
    },
  });
  const rounds = parseCount("rounds", values.rounds);
  const packages = generatePackages({
    packages: parseCount("packages", values.packages),
    layers: 6,
    seed: 20261121,
    sizeBytes: 60_000,
  });
  const folder = await mkdtemp(join(tmpdir(), "slipway-bench-"));
  try {
    const programs = await preparePrograms(folder);
    const all = listCompetitors(programs);
    const tools = all.filter((competitor) => competitor.isTool).map((competitor) => competitor.id);
    const chosen = parseList("only", values.only, tools);
    // The floors always run: a time means nothing but beside them, in the same minute.
    const competitors = all.filter((competitor) => !competitor.isTool || chosen.includes(competitor.id));
    const ids = parseList(
      "scenario",
      values.scenario,
      scenarios.map((scenario) => scenario.id),
    );
    const chosenScenarios = scenarios.filter((scenario) => ids.includes(scenario.id));
    say(`preparing ${packages.length} packages`);
    const bench: Bench = {
      folder,
      packages,
      ...(await prepareWorkspace(folder, packages, programs.npm)),
      timeoutMs: 10 * 60_000,
      warn: say,
    };
    const { samples, requests } = await runRounds(bench, chosenScenarios, competitors, rounds);
    const report = renderReport({
      samples,
      requests,
      scenarios: chosenScenarios,
      labels: new Map(all.map((competitor) => [competitor.id, competitor.label])),
      floor: floorId,
      orderedFloor: orderedFloorId,
      programs,
      packages,
      rounds,
    });
    process.stdout.write(report);
    if (values.only === undefined && values.scenario === undefined)
      await writeFile(new URL("../RESULTS.md", import.meta.url), report);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** In turn, so that a slow minute of the machine is shared by all. */
async function runRounds(
  bench: Bench,
  chosen: readonly Scenario[],
  competitors: readonly Competitor[],
  rounds: number,
): Promise<{ readonly samples: readonly Sample[]; readonly requests: readonly TracedRequest[] }> {
  const samples: Sample[] = [];
  let requests: readonly TracedRequest[] = [];
  for (let round = 1; round <= rounds; round += 1)
    for (const scenario of chosen)
      for (const competitor of competitors) {
        const result = await runScenario(bench, scenario, competitor);
        samples.push(...result.samples);
        // The last round stands for the others.
        if (competitor.id === slipwayId && result.requests.length > 0) requests = result.requests;
        const times = result.samples.map((sample) => `${sample.phase} ${(sample.wallMs / 1000).toFixed(2)} s`);
        say(`round ${round} of ${rounds}, ${scenario.id}, ${competitor.label}: ${times.join(", ")}`);
      }
  return { samples, requests };
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

await main();
