/** The command line of the bench of faults: what is asked for, checked. Pure. */
import { parseArgs } from "node:util";

import { UsageError } from "../options.ts";
import { allFaults, chosenFaults, npmCases } from "./cases.ts";
import type { NpmCase, VerdaccioCase } from "./cases.ts";
import type { Verdict } from "./judge.ts";
import { faultTools, folders } from "./tools.ts";
import type { FaultTool, Folder } from "./tools.ts";

export interface FaultOptions {
  readonly tools: readonly FaultTool[];
  /** Empty where the registry is not asked for. */
  readonly verdaccioCases: readonly VerdaccioCase[];
  readonly npmCases: readonly NpmCase[];
  /** Struck on Verdaccio, one trial each. */
  readonly packages: readonly Folder[];
  readonly atOnce: number;
  /** After this the bench ends without a page. */
  readonly limitMs: number;
  /** A folder for what tools said and the workspaces. */
  readonly keep: string | undefined;
  readonly renderOnly: boolean;
  /** Nothing was left out: what was measured before is forgotten. */
  readonly isWhole: boolean;
}

const registries: readonly Verdict["registry"][] = ["verdaccio", "npm"];

const usage = `npm run bench:faults              faults beside the peers; writes bench/faults.json and docs/reliability.md

  --tools slipway,npm             of ${faultTools.map(({ id }) => id).join(", ")}
  --faults 503,scan               parts of the names of faults
  --registry npm                  of ${registries.join(", ")}
  --packages a,b,c                which are struck on Verdaccio, of ${folders.join(", ")}; default b
  --all-faults                    on Verdaccio every fault that the tests have
  --at-once 2
  --limit 15                      minutes for everything; when they are over it ends, and keeps what it has in faults.json
  --keep <folder>                 keeps what tools said, and the workspaces
  --render                        writes the page of what has been measured
`;

const flags = {
  tools: { type: "string" },
  faults: { type: "string" },
  registry: { type: "string" },
  packages: { type: "string", default: "b" },
  "all-faults": { type: "boolean", default: false },
  "at-once": { type: "string", default: "2" },
  limit: { type: "string", default: "15" },
  keep: { type: "string" },
  render: { type: "boolean", default: false },
} as const;

function readFlags(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags }).values;
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new UsageError(`${cause.message}\n\n${usage}`, { cause });
  }
}

/** Those that a word of the option fits; all without the option. Throws for a word that fits none. */
function choose<Item>(
  flag: string,
  text: string | undefined,
  known: readonly Item[],
  fits: (item: Item, word: string) => boolean,
): readonly Item[] {
  if (text === undefined) return known;
  const words = text.split(",").map((word) => word.trim());
  const strange = words.find((word) => word === "" || !known.some((item) => fits(item, word)));
  if (strange !== undefined) throw new UsageError(`--${flag} ${strange || '""'}: there is none\n\n${usage}`);
  return known.filter((item) => words.some((word) => fits(item, word)));
}

function parseCount(flag: string, text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new UsageError(`--${flag} ${text} is no number of them\n\n${usage}`);
  return count;
}

function isSame(item: string, word: string): boolean {
  return item === word;
}

/** Throws UsageError. */
export function parseFaultOptions(args: readonly string[]): FaultOptions {
  const values = readFlags(args);
  const { tools, faults, registry, packages } = values;
  const asked = choose("registry", registry, registries, isSame);
  const cases = [
    ...(asked.includes("verdaccio") ? (values["all-faults"] ? allFaults : chosenFaults) : []).map((item) => ({
      name: item.name,
      verdaccio: [item],
      npm: [],
    })),
    ...(asked.includes("npm") ? npmCases : []).map((item) => ({ name: item.name, verdaccio: [], npm: [item] })),
  ];
  const chosen = choose("faults", faults, cases, ({ name }, word) => name.includes(word));
  return {
    tools: choose("tools", tools, faultTools, ({ id }, word) => id === word),
    verdaccioCases: chosen.flatMap(({ verdaccio }) => verdaccio),
    npmCases: chosen.flatMap(({ npm }) => npm),
    packages: choose("packages", packages, folders, isSame),
    atOnce: parseCount("at-once", values["at-once"]),
    limitMs: parseCount("limit", values.limit) * 60_000,
    keep: values.keep,
    renderOnly: values.render,
    isWhole: [tools, faults, registry].every((option) => option === undefined),
  };
}
