/** Who is measured: how each one is told to publish the workspace, and to do it again when there is nothing to do. */
import { join } from "node:path";

import type { Command } from "./measure.ts";
import { isolatedEnv } from "./prepare.ts";
import type { Program, Programs } from "./prepare.ts";

/** What one run is given: a registry of its own and a home of its own. */
export interface RunContext {
  readonly workspace: string;
  /** Holds an .npmrc with the registry and its token. */
  readonly home: string;
  /** The list that the raw uploads read. */
  readonly listFile: string;
}

export interface Competitor {
  readonly id: string;
  readonly label: string;
  publish(context: RunContext): Command;
  /** Undefined: has nothing of its own to do again. */
  again: ((context: RunContext) => Command) | undefined;
  /** False for the floors, which read no workspace. */
  readonly isTool: boolean;
}

export const floorId = "floor";
export const orderedFloorId = "ordered-floor";
export const slipwayId = "slipway";
export const pnpmId = "pnpm";

function command(program: Program, args: readonly string[], context: RunContext): Command {
  return {
    file: program.file,
    args: [...program.args, ...args],
    cwd: context.workspace,
    env: isolatedEnv(context.home),
  };
}

function tool(id: string, label: string, program: Program, args: readonly string[]): Competitor {
  const publish = (context: RunContext): Command => command(program, args, context);
  return { id, label, publish, again: publish, isTool: true };
}

/** In the order of the tables. */
export function listCompetitors({ rawUpload, npm, pnpm, slipway }: Programs): readonly Competitor[] {
  const raw =
    (mode: string) =>
    (context: RunContext): Command =>
      command(rawUpload, [mode, context.listFile], context);
  return [
    { id: floorId, label: "raw uploads (the floor)", publish: raw("free"), again: raw("read"), isTool: false },
    {
      id: orderedFloorId,
      label: "raw uploads in dependency order",
      publish: raw("ordered"),
      again: undefined,
      isTool: false,
    },
    tool(slipwayId, "slipway publish, every byte read back", slipway, ["publish", "--yes"]),
    tool(pnpmId, "pnpm -r publish", pnpm, ["-r", "publish", "--no-git-checks"]),
    tool("npm", "npm publish --workspaces", npm, ["publish", "--workspaces"]),
  ];
}

export function npmrcPath(home: string): string {
  return join(home, ".npmrc");
}
