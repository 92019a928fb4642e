/** The tools that the faults strike, and the command of each. Those of the bench are its own. */
import { fileURLToPath } from "node:url";

import { commandOf, competitors } from "../competitors.ts";
import type { RunContext } from "../competitors.ts";
import type { Command } from "../measure.ts";
import type { Flavour } from "../prepare.ts";
import { isolatedEnv } from "../prepare.ts";
import type { Program, ProgramId } from "../programs.ts";

export interface FaultTool {
  readonly id: string;
  readonly label: string;
  readonly flavour: Flavour;
  readonly programs: readonly ProgramId[];
  readonly command: (context: RunContext, programs: ReadonlyMap<ProgramId, Program>) => Command;
}

const script = fileURLToPath(new URL("publish-each.sh", import.meta.url));
/** Folders of the trial's packages, what is needed first. */
export const folders = ["a", "b", "c"] as const;
export type Folder = (typeof folders)[number];

function each(id: string, label: string, mode: string): FaultTool {
  return {
    id,
    label,
    flavour: "npm",
    programs: ["npm"],
    command: ({ workspace, home }) => ({
      file: "bash",
      args: [script, mode, ...folders],
      cwd: workspace,
      env: isolatedEnv(home),
    }),
  };
}

function ofBench(id: string, benchId: string, label: string): FaultTool {
  const found = competitors.find((competitor) => competitor.id === benchId);
  if (found === undefined) throw new Error(`the bench has no ${benchId}`);
  const { flavour, program, publish } = found;
  return {
    id,
    label,
    flavour,
    programs: [program],
    command: (context, programs) => commandOf(found, publish, context, programs),
  };
}

/** In the order of the tables. */
export const faultTools: readonly FaultTool[] = [
  ofBench("slipway", "slipway", "slipway"),
  each("npm-each", "npm publish, one by one", "plain"),
  ofBench("npm", "npm", "npm publish --workspaces"),
  ofBench("pnpm", "pnpm", "pnpm -r publish"),
  ofBench("changesets", "changesets-npm", "changeset publish"),
  ofBench("lerna", "lerna", "lerna from-package"),
  each("seed-000", "seed 000's step", "verify"),
  ofBench("seed-002", "seed-loop", "seed 002's loop"),
];
