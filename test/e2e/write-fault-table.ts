/**
 * Runs every fault on every package with slipway and with npm, and writes what came of it into docs/reliability.md.
 * `npm run docs:faults`: some minutes, because npm is started a few hundred times.
 */
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createHome, cleanEnvironment, runProcess, startVerdaccio, type Verdaccio } from "@slipway/testkit";
import { type FaultCase, faultCases } from "./fault-list.ts";
import { type Publisher, runTrial, type Trial, trialPackages, type TrialRun } from "./fault-trial.ts";
import { publishWithNpm, publishWithSlipway, slipwayConfig } from "./publishers.ts";

const document = new URL("../../docs/reliability.md", import.meta.url);
const trialsAtOnce = 3;

interface Outcome {
  /** Ended with 0 at once. */
  readonly once: number;
  /** Ended with 0 at once or after the same command again. */
  readonly twice: number;
  /** A run ended with 0, and a version was not there. */
  readonly falseSuccess: number;
  /** A run called the struck package failed, and the registry had it. */
  readonly falseFailure: number;
}

async function mapAtOnce<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = [...items.entries()];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: trialsAtOnce }, worker));
  return results;
}

function runsOf({ first, again }: Trial): readonly TrialRun[] {
  return again === undefined ? [first] : [first, again];
}

function summarise(trials: readonly (Trial & { readonly struck: string })[]): Outcome {
  const count = (holds: (trial: Trial & { readonly struck: string }) => boolean): number => trials.filter(holds).length;
  return {
    once: count(({ first }) => first.result.code === 0 && first.isComplete),
    twice: count(({ first, again }) => (again ?? first).result.code === 0 && (again ?? first).isComplete),
    falseSuccess: count((trial) => runsOf(trial).some((run) => run.result.code === 0 && !run.isComplete)),
    falseFailure: count(({ first, struck }) => first.result.code === 1 && first.served.get(struck) !== undefined),
  };
}

async function measure(verdaccio: Verdaccio, tool: string, publisher: (fault: FaultCase) => Publisher) {
  const cells = faultCases.flatMap((fault, index) => trialPackages.map((letter) => ({ fault, index, letter })));
  const trials = await mapAtOnce(cells, async ({ fault, index, letter }) => {
    const scope = `${tool}-${index}-${letter}`;
    const root = { slipway: slipwayConfig(fault) };
    const trial = await runTrial({ fault, letter, scope, verdaccio, publish: publisher(fault), root });
    process.stderr.write(
      `${scope} ${fault.name}: ${trial.first.result.code} ${trial.again === undefined ? "" : trial.again.result.code}\n`,
    );
    return { ...trial, fault, struck: `@${scope}/${letter}` };
  });
  return new Map(faultCases.map((fault) => [fault, summarise(trials.filter((trial) => trial.fault === fault))]));
}

function add(outcomes: Iterable<Outcome>): Outcome {
  let [once, twice, falseSuccess, falseFailure] = [0, 0, 0, 0];
  for (const outcome of outcomes) {
    once += outcome.once;
    twice += outcome.twice;
    falseSuccess += outcome.falseSuccess;
    falseFailure += outcome.falseFailure;
  }
  return { once, twice, falseSuccess, falseFailure };
}

function row(name: string, slipway: Outcome | undefined, npm: Outcome | undefined): string {
  const cells = [slipway, npm].flatMap((of) => [of?.once, of?.twice, of?.falseSuccess, of?.falseFailure]);
  return `| ${name} | ${cells.join(" | ")} |`;
}

async function npmVersion(): Promise<string> {
  const home = await createHome();
  const { stdout } = await runProcess("npm", ["--version"], { env: cleanEnvironment(home.env) });
  await home.remove();
  return stdout.trim();
}

const verdaccio = await startVerdaccio();
const slipway = await measure(verdaccio, "slipway", () => publishWithSlipway);
const npm = await measure(verdaccio, "npm", publishWithNpm);
await verdaccio.close();

const verdaccioVersion: string = createRequire(import.meta.url)("verdaccio/package.json").version;
const trials = trialPackages.length;
const table = [
  "<!-- faults:start -->",
  `slipway beside npm ${await npmVersion()} (\`npm publish --workspaces\`, its two retries after shorter waits) on Verdaccio ${verdaccioVersion}, Node ${process.versions.node}.`,
  `Each fault strikes each of the ${trials} packages once, so every figure is out of ${trials}: how often one run ended with 0, how often that or the same`,
  "command again did, how often 0 was said of a release that was not whole (false success), and how often a run called a package failed that",
  "was published with right bytes (false failure). npm reads nothing back: faults of reads pass it by, and a lost upload is not noticed. Its",
  "re-run ends at the first version that is already there, so it helps only where the first upload was the one that failed.",
  "",
  "| fault | slipway: one run | with a re-run | false success | false failure | npm: one run | with a re-run | false success | false failure |",
  "|---|---|---|---|---|---|---|---|---|",
  ...faultCases.map((fault) => row(fault.name, slipway.get(fault), npm.get(fault))),
  row(`**all, of ${trials * faultCases.length}**`, add(slipway.values()), add(npm.values())),
  "<!-- faults:end -->",
].join("\n");

const text = await readFile(document, "utf8");
await writeFile(
  document,
  text.replace(/<!-- faults:start -->[\s\S]*<!-- faults:end -->/, () => table),
);
process.stdout.write(`${table}\n`);
