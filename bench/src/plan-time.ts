/** Measures how long slipway needs to find what has to be released, in a workspace of which most is published. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

import { z } from "zod";

import { commandOf, competitors, floorId, slipwayId } from "./competitors.ts";
import type { Competitor } from "./competitors.ts";
import { measure } from "./measure.ts";
import { isolatedEnv } from "./prepare.ts";
import type { Phase, Sample } from "./results.ts";
import { measurePhase, prepareRun, withRegistry } from "./run-scenario.ts";
import type { Bench } from "./run-scenario.ts";
import { scenarios } from "./scenarios.ts";
import type { Scenario } from "./scenarios.ts";

const run = promisify(execFile);

/** One of fifty packages is changed: 20 of 1,000. */
const changedShare = 50;

function findCompetitor(id: string): Competitor {
  const found = competitors.find((competitor) => competitor.id === id);
  if (found === undefined) throw new Error(`there is no competitor ${id}`);
  return found;
}

/**
 * Publishes all, commits new versions of some, and measures the plan. Each time Verdaccio has just been started and the
 * home is empty: nothing is cached anywhere but in the file system.
 */
export async function measurePlans(bench: Bench, scenario: Scenario, rounds: number): Promise<readonly Sample[]> {
  const [local] = scenarios;
  if (local === undefined) throw new Error("there is no local scenario");
  const storageDir = await mkdtemp(join(bench.folder, "storage-"));
  const slipway = findCompetitor(slipwayId);
  const floor = findCompetitor(floorId);
  const workspace = bench.input.workspaces.get(slipway.flavour) ?? "";
  const git = async (...args: readonly string[]): Promise<unknown> =>
    await run("git", ["-c", "user.name=bench", "-c", "user.email=bench@git.example", ...args], {
      cwd: workspace,
      env: isolatedEnv(join(bench.folder, "git-home")),
    });
  const planFile = join(bench.folder, "plan.json");
  let round = 1;
  async function once(place: Scenario, competitor: Competitor, phase: Phase, args: readonly string[]): Promise<Sample> {
    return await withRegistry(
      place,
      async (registry, proxy) => {
        const context = await prepareRun(bench, competitor, registry, proxy?.url ?? registry.url);
        try {
          const command = commandOf(competitor, () => args, context, bench.programs);
          return await measurePhase({ ...bench, round }, { scenario: place, phase, competitor, registry }, command);
        } finally {
          await rm(context.home, { recursive: true, force: true });
          await rm(join(workspace, ".slipway"), { recursive: true, force: true });
        }
      },
      storageDir,
    );
  }
  const samples: Sample[] = [];
  try {
    await withRegistry(
      local,
      async (registry) => {
        const context = await prepareRun(bench, floor, registry, registry.url);
        const command = commandOf(floor, floor.publish, context, bench.programs);
        const { exitCode, output } = await measure(command, join(bench.folder, "usage"), bench.timeoutMs);
        if (exitCode !== 0) throw new Error(`nothing could be published beforehand: ${output}`);
      },
      storageDir,
    );
    const changed = await changeSome(bench, workspace);
    await git("commit", "--quiet", "--all", "--message=some new versions");
    for (; round <= rounds; round += 1) {
      const read = ["read", join(bench.folder, "list.json")];
      samples.push(await once(scenario, floor, "plan", read));
      for (const [phase, flags] of [
        ["plan", []],
        ["plan-base", ["--base", "HEAD~1"]],
      ] as const) {
        samples.push(await once(scenario, slipway, phase, ["plan", "--out", planFile, ...flags]));
        await checkPlan(planFile, changed);
      }
    }
    await git("reset", "--quiet", "--hard", "HEAD~1");
    return samples;
  } finally {
    await rm(storageDir, { recursive: true, force: true });
  }
}

/** Packages that nothing depends on come last in a workspace as in a release: the changed ones are spread over all. */
async function changeSome({ input }: Bench, workspace: string): Promise<readonly string[]> {
  const count = Math.ceil(input.packages.length / changedShare);
  const every = Math.floor(input.packages.length / count);
  const changed = input.packages.filter((_, index) => index % every === 0).slice(0, count);
  for (const { dir, version } of changed) {
    const path = join(workspace, dir, "package.json");
    const text = await readFile(path, "utf8");
    const next = version.replace(/\d+$/, (patch) => String(Number(patch) + 1));
    await writeFile(path, text.replace(`"version": "${version}"`, `"version": "${next}"`));
  }
  return changed.map(({ name }) => name);
}

const planSchema = z.object({ plan: z.object({ steps: z.array(z.object({ name: z.string() })) }) });

/** A plan that is quick and wrong is worth nothing. */
async function checkPlan(planFile: string, changed: readonly string[]): Promise<void> {
  const { plan } = planSchema.parse(JSON.parse(await readFile(planFile, "utf8")));
  // A package has a step for its version, and more for its tags.
  const planned = [...new Set(plan.steps.map(({ name }) => name))].toSorted();
  if (planned.join() !== changed.toSorted().join())
    throw new Error(`slipway planned ${planned.join(", ")} and not ${changed.join(", ")}`);
}
