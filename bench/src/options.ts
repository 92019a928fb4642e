/** The command line of the bench: what is asked for, checked. Pure. */
import { parseArgs } from "node:util";

import { competitors } from "./competitors.ts";
import { corpusId, sizes } from "./inputs.ts";
import { parts } from "./scenarios.ts";

export interface BenchOptions {
  /** Inputs, in order of size. */
  readonly inputs: readonly string[];
  /** Ids of tools; the floors always run beside them. */
  readonly tools: readonly string[];
  readonly parts: readonly string[];
  readonly rounds: number;
  /** A competitor that has used this much time in one scenario of an input gets no further round. */
  readonly budgetMs: number;
  /** What would take longer, going by a smaller input, is not run. */
  readonly slowestMs: number;
  /** The file that measurements are added to; undefined: nothing is kept. */
  readonly file: string | undefined;
  /** Files whose measurements are added, instead of measuring. */
  readonly merge: readonly string[];
  readonly renderOnly: boolean;
}

const usage = `npm run bench                     50 packages: slipway, npm and pnpm; prints
npm run bench:all                 everything; adds to bench/results.json, writes bench/RESULTS.md and docs/bench/*.svg

  --n 10,50,200,1000,corpus       any number of generated packages, or the corpus
  --tools slipway,pnpm            of ${competitors
    .filter(({ isTool }) => isTool)
    .map(({ id }) => id)
    .join(", ")}
  --only publish-local            of ${parts.map(({ id }) => id).join(", ")}; or a phase or a scenario: publish, again, plan, local
  --rounds 3
  --budget 90                     seconds of a competitor in one scenario of an input, after which it gets no further round
  --slowest 300                   seconds; what would take longer, going by fewer packages, is not run
  --file bench/results.json       where measurements are added: each replaces older ones of the same thing
  --merge other.json,another.json adds the measurements of other files and measures nothing
  --render                        writes the pages of what has been measured
`;

export class UsageError extends Error {}

const flags = {
  all: { type: "boolean", default: false },
  n: { type: "string" },
  tools: { type: "string" },
  only: { type: "string" },
  rounds: { type: "string", default: "3" },
  budget: { type: "string", default: "90" },
  slowest: { type: "string", default: "300" },
  file: { type: "string" },
  merge: { type: "string" },
  render: { type: "boolean", default: false },
} as const;

/** Throws UsageError. `file` stays as it was given; the caller knows the folder. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = readFlags(args);
  const isAll = values.all;
  const tools = competitors.filter(({ isTool }) => isTool).map(({ id }) => id);
  const merge = split(values.merge);
  return {
    inputs: parseInputs(values.n ?? (isAll ? [...sizes, corpusId].join() : "50")),
    tools: choose("tools", values.tools ?? (isAll ? undefined : "slipway,npm,pnpm"), tools),
    parts: parseParts(values.only ?? (isAll ? undefined : "publish-local,again-local,publish-80ms,again-80ms")),
    rounds: parseCount("rounds", values.rounds),
    budgetMs: parseCount("budget", values.budget) * 1000,
    slowestMs: parseCount("slowest", values.slowest) * 1000,
    file: values.file ?? (isAll ? "bench/results.json" : undefined),
    merge,
    renderOnly: values.render || merge.length > 0,
  };
}

function readFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags });
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new UsageError(`${cause.message}\n\n${usage}`, { cause });
  }
}

function split(text: string | undefined): readonly string[] {
  return (text ?? "").split(",").flatMap((word) => (word.trim() === "" ? [] : [word.trim()]));
}

function choose(flag: string, text: string | undefined, known: readonly string[]): readonly string[] {
  if (text === undefined) return known;
  const words = split(text);
  const strange = words.find((word) => !known.includes(word));
  if (strange !== undefined) throw new UsageError(`--${flag} ${strange}: there are ${known.join(", ")}\n\n${usage}`);
  return known.filter((name) => words.includes(name));
}

function matches(word: string): readonly string[] {
  return parts
    .filter(({ id, scenario, phase }) => id === word || (phase !== "plan" && scenario === word) || phase === word)
    .map(({ id }) => id);
}

/** Whole parts, or all parts of a phase or of a scenario. */
function parseParts(text: string | undefined): readonly string[] {
  if (text === undefined) return parts.map(({ id }) => id);
  const words = split(text);
  const strange = words.find((word) => matches(word).length === 0);
  if (strange !== undefined)
    throw new UsageError(`--only ${strange}: there are ${parts.map(({ id }) => id).join(", ")}\n\n${usage}`);
  const chosen = new Set(words.flatMap(matches));
  return parts.map(({ id }) => id).filter((id) => chosen.has(id));
}

function parseInputs(text: string): readonly string[] {
  const words = [...new Set(split(text))];
  const numbers = words.filter((word) => word !== corpusId).map((word) => parseCount("n", word));
  return [...numbers.sort((a, b) => a - b).map(String), ...words.filter((word) => word === corpusId)];
}

function parseCount(flag: string, text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new UsageError(`--${flag} ${text} is no number of them\n\n${usage}`);
  return count;
}
