/** `npm run bench:faults`: the same faults for every tool; adds to bench/faults.json and writes the tables of docs/reliability.md. */
import { startVerdaccio } from "@slipway/testkit";

import { UsageError } from "../options.ts";
import { preparePrograms, verdaccioVersion } from "../programs.ts";
import { mergeVerdicts } from "./judge.ts";
import { parseFaultOptions } from "./options.ts";
import type { FaultOptions } from "./options.ts";
import { noFaultResults, readFaultResults, writeFaultPage, writeFaultResults } from "./results.ts";
import type { FaultResults } from "./results.ts";
import { listTrials } from "./trials.ts";

class TimeLimitError extends Error {}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function measure(options: FaultOptions, known: FaultResults): Promise<FaultResults> {
  const ending = new AbortController();
  const minutes = options.limitMs / 60_000;
  const timer = setTimeout(() => {
    ending.abort(new TimeLimitError(`not done within ${minutes} min (--limit); no page was written`));
  }, options.limitMs);
  timer.unref();
  const programs = await preparePrograms([...new Set(options.tools.flatMap((tool) => tool.programs))]);
  const verdaccio = await startVerdaccio();
  const trials = [...listTrials({ options, verdaccio, programs, signal: ending.signal })];
  const date = new Date().toISOString();
  const versions = {
    ...known.versions,
    Node: process.versions.node,
    Verdaccio: verdaccioVersion(),
    ...Object.fromEntries([...programs].map(([id, { version }]) => [id, version])),
  };
  let { verdicts } = known;
  const worker = async (): Promise<void> => {
    for (let next = trials.shift(); next !== undefined; next = trials.shift()) {
      ending.signal.throwIfAborted();
      const verdict = await next();
      say(`${trials.length} left: ${JSON.stringify(verdict)}`);
      verdicts = [...mergeVerdicts(verdicts, [verdict])];
      await writeFaultResults({ date, versions, verdicts });
    }
  };
  // What one of them throws ends the others: none outlives the registry.
  const guarded = async (): Promise<void> => {
    try {
      await worker();
    } catch (error) {
      ending.abort(error);
      throw error;
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: options.atOnce }, guarded));
  clearTimeout(timer);
  await verdaccio.close();
  if (ends.some(({ status }) => status === "rejected")) throw ending.signal.reason;
  const results = { date, versions, verdicts };
  // Once more by itself: those above may have come at the same time.
  await writeFaultResults(results);
  return results;
}

async function main(): Promise<void> {
  const options = parseFaultOptions(process.argv.slice(2));
  const isFresh = options.isWhole && !options.renderOnly;
  const known = isFresh ? noFaultResults : await readFaultResults();
  await writeFaultPage(options.renderOnly ? known : await measure(options, known));
}

// An exit, not a sudden end: the tool that is being tried is ended with it.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError || error instanceof TimeLimitError)) throw error;
  say(error.message);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
