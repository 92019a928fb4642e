/** Who is measured: how each one is told to publish the workspace, and to do it again when there is nothing to do. */
import { delimiter } from "node:path";

import type { Command } from "./measure.ts";
import { isolatedEnv } from "./prepare.ts";
import type { Flavour } from "./prepare.ts";
import { getProgram } from "./programs.ts";
import type { Program, ProgramId } from "./programs.ts";

/** What one run is given: a registry of its own and a home of its own. */
export interface RunContext {
  readonly workspace: string;
  /** Holds an .npmrc with the registry and its token. */
  readonly home: string;
  readonly registry: string;
  readonly token: string;
  /** The list that the raw uploads read. */
  readonly listFile: string;
  /** The layer of each folder below packages/. */
  readonly layersFile: string;
  /** True for packages that were built before: their scripts need what is not there. */
  readonly ignoreScripts: boolean;
}

type Arguments = (context: RunContext) => readonly string[];

export interface Competitor {
  readonly id: string;
  readonly label: string;
  readonly program: ProgramId;
  /** Started by the program, so it has to be there too. */
  readonly starts?: ProgramId;
  readonly flavour: Flavour;
  readonly publish: Arguments;
  /** Undefined: has nothing of its own to do again. */
  readonly again: Arguments | undefined;
  readonly env?: (context: RunContext) => Readonly<Record<string, string>>;
  /** False for the floors, which read no workspace. */
  readonly isTool: boolean;
  /** Not run on more packages than this. */
  readonly packagesMax?: number;
  /** False where it cannot release the corpus without installing everything first. */
  readonly canReleaseCorpus?: boolean;
}

export const floorId = "floor";
export const orderedFloorId = "ordered-floor";
export const slipwayId = "slipway";
export const pnpmId = "pnpm";

function tool(id: string, label: string, args: readonly string[], more: Partial<Competitor> = {}): Competitor {
  const publish: Arguments = ({ ignoreScripts }) => (ignoreScripts ? [...args, "--ignore-scripts"] : args);
  return { id, label, program: "npm", flavour: "npm", publish, again: publish, isTool: true, ...more };
}

function raw(mode: string): Arguments {
  return ({ listFile }) => [mode, listFile];
}

const libnpm: Arguments = ({ listFile, ignoreScripts }) => [listFile, ...(ignoreScripts ? ["--ignore-scripts"] : [])];
const changesets: Arguments = () => ["publish", "--no-git-tag"];
const seed: Arguments = ({ layersFile }) => ["HEAD~1", layersFile];
const scripts = ({ ignoreScripts }: RunContext): Readonly<Record<string, string>> =>
  ignoreScripts ? { npm_config_ignore_scripts: "true" } : {};

/** In the order of the tables. */
export const competitors: readonly Competitor[] = [
  {
    id: floorId,
    label: "raw uploads (the floor)",
    program: "raw-upload",
    flavour: "npm",
    publish: raw("free"),
    again: raw("read"),
    isTool: false,
  },
  {
    id: orderedFloorId,
    label: "raw uploads in dependency order",
    program: "raw-upload",
    flavour: "npm",
    publish: raw("ordered"),
    again: undefined,
    isTool: false,
  },
  tool(slipwayId, "slipway publish, every byte read back", ["publish", "--yes"], { program: "slipway" }),
  tool("libnpm", "libnpmpack and libnpmpublish in one process", [], {
    program: "libnpm",
    publish: libnpm,
    again: libnpm,
  }),
  tool(pnpmId, "pnpm -r publish", ["-r", "publish", "--no-git-checks"], { program: "pnpm", flavour: "pnpm" }),
  tool("npm", "npm publish --workspaces", ["publish", "--workspaces"]),
  tool(
    "yarn",
    "yarn workspaces foreach npm publish",
    // In parallel, which is faster than what its documentation suggests.
    ["workspaces", "foreach", "-Ap", "--topological", "--no-private", "npm", "publish", "--tolerate-republish"],
    {
      program: "yarn",
      flavour: "yarn",
      canReleaseCorpus: false,
      env: ({ registry, token }) => ({ YARN_NPM_REGISTRY_SERVER: registry, YARN_NPM_AUTH_TOKEN: token }),
    },
  ),
  tool("lerna", "lerna publish from-package", ["publish", "from-package", "--yes"], {
    program: "lerna",
    // Without its daemon, which would outlive the run.
    env: ({ home }) => ({ NX_DAEMON: "false", NX_WORKSPACE_DATA_DIRECTORY: `${home}/nx` }),
  }),
  tool("changesets-npm", "changeset publish, with npm", [], {
    program: "changesets",
    publish: changesets,
    again: changesets,
    env: scripts,
  }),
  tool("changesets-pnpm", "changeset publish, with pnpm", [], {
    program: "changesets",
    starts: "pnpm",
    flavour: "pnpm",
    publish: changesets,
    again: changesets,
    env: scripts,
  }),
  tool("seed-loop", "seed 002: a shell loop of npm publish", [], {
    program: "seed",
    publish: seed,
    again: seed,
    packagesMax: 50,
    canReleaseCorpus: false,
  }),
];

/** The command of one run. */
export function commandOf(
  competitor: Competitor,
  args: Arguments,
  context: RunContext,
  programs: ReadonlyMap<ProgramId, Program>,
): Command {
  const program = getProgram(programs, competitor.program);
  const started = competitor.starts === undefined ? undefined : getProgram(programs, competitor.starts);
  const env = isolatedEnv(context.home);
  const folders = [started?.pathFolder, env["PATH"]].filter((folder) => folder !== undefined);
  return {
    file: program.file,
    args: [...program.args, ...args(context)],
    cwd: context.workspace,
    env: { ...env, PATH: folders.join(delimiter), ...competitor.env?.(context) },
  };
}
