/**
 * `npm run corpus [-- family…]`: releases really published packages to an empty registry and proves what became of
 * them. Without arguments it takes all families and writes bench/corpus/RESULTS.md. Exit code 1 when anything failed.
 */
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

import { defaultFamily } from "./corpus.ts";
import { findFailures, renderResults } from "./results.ts";
import type { CorpusFindings } from "./results.ts";
import { runCorpus } from "./run-corpus.ts";

const resultsPath = fileURLToPath(new URL("../../corpus/RESULTS.md", import.meta.url));

const corpora = [
  { family: defaultFamily, isInverted: false },
  { family: defaultFamily, isInverted: true },
  { family: "mixed", isInverted: false },
] as const;

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function versionOf(name: string): string {
  const manifest: { readonly version: string } = createRequire(import.meta.url)(`${name}/package.json`);
  return manifest.version;
}

async function main(wanted: readonly string[]): Promise<void> {
  const chosen = corpora.filter(
    ({ family, isInverted }) => wanted.length === 0 || wanted.includes(isInverted ? `${family}-outside` : family),
  );
  if (chosen.length === 0) throw new RangeError(`there is no corpus ${wanted.join(", ")}`);
  const all: CorpusFindings[] = [];
  for (const corpus of chosen) all.push(await runCorpus({ ...corpus, say }));
  const page = renderResults(
    {
      date: new Date().toISOString().slice(0, 10),
      node: process.versions.node,
      slipway: versionOf("slipway"),
      verdaccio: versionOf("verdaccio"),
    },
    all,
  );
  if (wanted.length === 0) await writeFile(resultsPath, page);
  else process.stdout.write(page);
  const failures = all.flatMap(findFailures);
  for (const failure of failures) say(failure);
  if (failures.length > 0) process.exitCode = 1;
}

await main(process.argv.slice(2));
