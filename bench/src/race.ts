/** Runs what was asked for: inputs from small to large, competitors in turn, and no round that nobody has time for. */
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { competitors, slipwayId } from "./competitors.ts";
import type { Competitor } from "./competitors.ts";
import { corpusId, prepareInput } from "./inputs.ts";
import type { Input } from "./inputs.ts";
import type { BenchOptions } from "./options.ts";
import { measurePlans } from "./plan-time.ts";
import type { Program, ProgramId } from "./programs.ts";
import type { Sample } from "./results.ts";
import { runScenario } from "./run-scenario.ts";
import type { Bench } from "./run-scenario.ts";
import { distantScenario, parts, scenarios } from "./scenarios.ts";
import type { Scenario } from "./scenarios.ts";
import type { TracedRequest } from "./timeline.ts";

export interface Race {
  readonly options: BenchOptions;
  readonly folder: string;
  readonly session: string;
  readonly programs: ReadonlyMap<ProgramId, Program>;
  /** What earlier runs measured: it tells what would take too long. */
  readonly known: readonly Sample[];
  /** Called after each measurement, so that a run that is ended loses nothing. */
  readonly keep: (samples: readonly Sample[], requests: readonly TracedRequest[]) => Promise<void>;
  readonly say: (text: string) => void;
}

/** The floors always run: a time means nothing but beside them, in the same minutes. */
export function chooseCompetitors(tools: readonly string[]): readonly Competitor[] {
  return competitors.filter(({ id, isTool }) => !isTool || tools.includes(id));
}

/** The programs that competitors run, and those that these start. */
export function programsOf(chosen: readonly Competitor[]): readonly ProgramId[] {
  return [...new Set(chosen.flatMap(({ program, starts }) => (starts === undefined ? [program] : [program, starts])))];
}

export async function runRace(race: Race): Promise<void> {
  const { options, say } = race;
  const chosen = chooseCompetitors(options.tools);
  const samples: Sample[] = [...race.known];
  for (const id of options.inputs) {
    const folder = join(race.folder, id);
    const fit = chosen.filter((competitor) => canRelease(competitor, id));
    say(`preparing ${id}`);
    const flavours = new Set(fit.map(({ flavour }) => flavour));
    const input = await prepareInput(folder, id, flavours, race.programs, say);
    const bench: Bench = {
      folder,
      input,
      programs: race.programs,
      session: race.session,
      round: 1,
      timeoutMs: 2 * options.slowestMs,
      warn: say,
    };
    await runInput({ ...race, keep: keepToo }, bench, fit, samples);
    await runPlans({ ...race, keep: keepToo }, bench);
    await rm(folder, { recursive: true, force: true });
  }
  async function keepToo(more: readonly Sample[], requests: readonly TracedRequest[]): Promise<void> {
    samples.push(...more);
    await race.keep(more, requests);
  }
}

function canRelease({ packagesMax, canReleaseCorpus }: Competitor, input: string): boolean {
  if (input === corpusId) return canReleaseCorpus !== false;
  return Number(input) <= (packagesMax ?? Number.POSITIVE_INFINITY);
}

/** In turn, so that a slow minute of the machine is shared by all. */
async function runInput(
  { options, keep, say }: Race,
  bench: Bench,
  chosen: readonly Competitor[],
  samples: readonly Sample[],
): Promise<void> {
  const { input } = bench;
  const used = new Map<string, number>();
  for (let round = 1; round <= options.rounds; round += 1)
    for (const scenario of scenarios) {
      const shown = parts.filter(
        (part) => part.scenario === scenario.id && part.phase !== "plan" && options.parts.includes(part.id),
      );
      if (shown.length === 0) continue;
      for (const competitor of chosen) {
        const key = `${scenario.id} ${competitor.id}`;
        const usedMs = used.get(key) ?? 0;
        if (competitor.isTool && usedMs > options.budgetMs) continue;
        const expectedMs = predict(samples, input, scenario, competitor);
        const name = `${input.id}, round ${round} of ${options.rounds}, ${scenario.id}, ${competitor.id}`;
        if (expectedMs > options.slowestMs) {
          if (round === 1) say(`${name}: left out, it would take ${(expectedMs / 60_000).toFixed(0)} minutes`);
          continue;
        }
        const withAgain = shown.some(({ phase }) => phase === "again");
        const result = await runScenario({ ...bench, round }, scenario, competitor, withAgain);
        const wallMs = result.samples.reduce((sum, sample) => sum + sample.wallMs, 0);
        used.set(key, usedMs + wallMs);
        const isTraced = competitor.id === slipwayId && input.id === "50" && scenario.id === distantScenario;
        await keep(
          result.samples.filter(({ phase }) => shown.some((part) => part.phase === phase)),
          isTraced ? result.requests : [],
        );
        const times = result.samples.map((sample) => `${sample.phase} ${(sample.wallMs / 1000).toFixed(2)} s`);
        say(`${name}: ${times.join(", ")}`);
      }
    }
}

/** From the largest smaller input of which the same was measured; 0 when there is none. */
export function predict(
  samples: readonly Sample[],
  { packages }: Pick<Input, "packages">,
  scenario: Pick<Scenario, "id">,
  competitor: Pick<Competitor, "id">,
): number {
  const smaller = samples
    .filter(
      (sample) =>
        sample.competitor === competitor.id &&
        sample.scenario === scenario.id &&
        sample.phase === "publish" &&
        sample.expected <= packages.length,
    )
    .toSorted((a, b) => a.expected - b.expected)
    .at(-1);
  return smaller === undefined ? 0 : (smaller.wallMs / smaller.expected) * packages.length;
}

/** Ten packages say nothing about a plan. */
const plannedMin = 50;

async function runPlans({ options, keep, say }: Race, bench: Bench): Promise<void> {
  const { input } = bench;
  if (input.id === corpusId || input.packages.length < plannedMin || !options.tools.includes(slipwayId)) return;
  for (const { id, scenario } of parts.filter(({ phase }) => phase === "plan")) {
    const place = scenarios.find((candidate) => candidate.id === scenario);
    if (place === undefined || !options.parts.includes(id)) continue;
    const samples = await measurePlans(bench, place, options.rounds);
    await keep(samples, []);
    const times = samples.map(
      (sample) => `${sample.competitor} ${sample.phase} ${(sample.wallMs / 1000).toFixed(2)} s`,
    );
    say(`${input.id}, ${id}: ${times.join(", ")}`);
  }
}
