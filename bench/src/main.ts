/** `npm run bench` and `npm run bench:all`: measures Slipway beside its peers and writes the pages of it. */
import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { cpus, tmpdir, totalmem } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { renderRaceChart } from "./chart.ts";
import { competitors } from "./competitors.ts";
import { parseOptions, UsageError } from "./options.ts";
import type { BenchOptions } from "./options.ts";
import { preparePrograms, verdaccioVersion } from "./programs.ts";
import type { Program, ProgramId } from "./programs.ts";
import { chooseCompetitors, programsOf, runRace } from "./race.ts";
import { renderReport } from "./report.ts";
import { mergeResults, noResults, readResults, writeResults } from "./results.ts";
import type { Results, Sample } from "./results.ts";
import type { TracedRequest } from "./timeline.ts";

const run = promisify(execFile);
const repository = fileURLToPath(new URL("../..", import.meta.url));
const floors = new Set(competitors.filter(({ isTool }) => !isTool).map(({ id }) => id));
const isFloor = (competitor: string): boolean => floors.has(competitor);

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Where measurements are kept, the pages are written too; only the file of the repository has its pages there. */
async function writePages(file: string, results: Results): Promise<void> {
  await writeResults(file, results);
  const isOwn = file === join(repository, "bench", "results.json");
  const page = isOwn ? join(repository, "bench", "RESULTS.md") : file.replace(/(\.json)?$/, ".md");
  const chart = isOwn ? join(repository, "docs", "bench", "race.svg") : file.replace(/(\.json)?$/, ".svg");
  await mkdir(dirname(chart), { recursive: true });
  await writeFile(page, renderReport(results));
  const drawing = renderRaceChart(results.samples);
  if (drawing !== undefined) await writeFile(chart, drawing);
}

async function describeSession(programs: ReadonlyMap<ProgramId, Program>): Promise<Results["sessions"][string]> {
  const { stdout } = await run("git", ["describe", "--always", "--dirty"], { cwd: repository });
  const versions = [...programs].flatMap(([id, { version }]) => (id === "raw-upload" ? [] : [[id, version] as const]));
  return {
    commit: stdout.trim(),
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    versions: Object.fromEntries([["Node", process.versions.node], ["Verdaccio", verdaccioVersion()], ...versions]),
  };
}

async function measureAll(options: BenchOptions, file: string | undefined, before: Results): Promise<Results> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-bench-"));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove);
  try {
    const programs = await preparePrograms(programsOf(chooseCompetitors(options.tools)));
    const session = new Date().toISOString();
    const description = await describeSession(programs);
    let results = before;
    async function keep(samples: readonly Sample[], requests: readonly TracedRequest[]): Promise<void> {
      const more: Results = { sessions: { [session]: description }, samples: [...samples], requests: [...requests] };
      results = mergeResults([results, more], isFloor);
      if (file !== undefined) await writeResults(file, results);
    }
    await runRace({ options, folder, session, programs, known: before.samples, keep, say });
    return results;
  } finally {
    process.off("exit", remove);
    remove();
  }
}

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  const file = options.file === undefined ? undefined : resolve(repository, options.file);
  const before = file === undefined ? noResults : await readResults(file);
  const others = await Promise.all(options.merge.map((path) => readResults(resolve(repository, path))));
  const results = options.renderOnly
    ? mergeResults([before, ...others], isFloor)
    : await measureAll(options, file, before);
  if (file === undefined) process.stdout.write(renderReport(results));
  else await writePages(file, results);
}

// An exit, not a sudden end: what is being measured is ended with it.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  say(error.message);
  process.exitCode = 2;
}
