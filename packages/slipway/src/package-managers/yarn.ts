/**
 * How yarn 4 packs: one process for all packages, one after the other, dependencies first. `yarn pack` runs prepack and postpack;
 * `prepublish` is what `yarn npm publish` runs before (4.18). Without `--out` it would leave a package.tgz in each package.
 */
import { join } from "node:path";
import {
  divide,
  folderOfRun,
  hasScript,
  type PackItem,
  type PackOptions,
  type PackStep,
  type PackWay,
} from "./pack-step.ts";

const eventBefore = "prepublish";
const pluginName = "ignore-scripts.cjs";

/** Yarn has no setting for it: `enableScripts` is about dependencies. A plugin is asked about each script. */
const ignoreScriptsPlugin = `module.exports = {
  name: "slipway-ignore-scripts",
  factory: () => ({ hooks: { wrapScriptExecution: async () => async () => 0 } }),
};
`;

/** What `%s-%v` becomes: `@scope/name` is `@scope-name-1.0.0`. */
function fileNameOf({ name, version }: PackItem): string {
  return `${name.replace("/", "-")}-${version}`;
}

function forEach(items: readonly PackItem[], command: readonly string[], isAlone: boolean): readonly string[] {
  if (isAlone) return command;
  const selected = items.flatMap((item) => ["--include", item.name]);
  return ["workspaces", "foreach", "--all", "--verbose", "--topological-dev", ...selected, ...command];
}

function listSteps(items: readonly PackItem[], options: PackOptions): readonly PackStep[] {
  const { into, ignoreScripts, isAlone } = options;
  const steps: PackStep[] = [];
  const common = { dir: ".", isConcurrent: false };
  const before = ignoreScripts ? [] : items.filter((item) => hasScript(item, eventBefore));
  for (const batch of divide(before, (item) => item.name))
    steps.push({ ...common, items: batch, into: undefined, args: forEach(batch, ["run", eventBefore], isAlone) });
  for (const [index, batch] of divide(items, fileNameOf).entries()) {
    const folder = folderOfRun(into, index);
    const args = forEach(batch, ["pack", "--out", join(folder, "%s-%v.tgz")], isAlone);
    steps.push({ ...common, items: batch, into: folder, args });
  }
  return steps;
}

export const yarnWay: PackWay = {
  listSteps,
  environment: ({ ignoreScripts, into }, { YARN_PLUGINS: others }) => ({
    YARN_ENABLE_COLORS: "false",
    YARN_ENABLE_HYPERLINKS: "false",
    ...(ignoreScripts
      ? { YARN_PLUGINS: [...(others === undefined ? [] : [others]), join(into, pluginName)].join(";") }
      : {}),
  }),
  files: ({ ignoreScripts, into }) => (ignoreScripts ? { [join(into, pluginName)]: ignoreScriptsPlugin } : {}),
  /** Its reports name every file. */
  createFilter: () => (line) => !/^(?:\[[^\]]+\]: )?\u27a4 YN0000: |^Done in /u.test(line),
};
