/**
 * How yarn 4 packs: a process for each package with scripts, dependencies first, and one for all the others. `yarn pack` runs
 * prepack and postpack; `prepublish` is what `yarn npm publish` runs before (4.18). Without `--out` it would leave a package.tgz in
 * each package.
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
const events = [eventBefore, "prepack", "postpack"];
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

/**
 * Not in yarn's own order: `--topological-dev` fails where development dependencies go in a circle, and both forms of it look no
 * further than direct dependencies among the packages that are packed (4.18).
 */
function forEach(items: readonly PackItem[], command: readonly string[]): readonly string[] {
  const selected = items.flatMap((item) => ["--include", item.name]);
  return ["workspaces", "foreach", "--all", "--verbose", ...selected, ...command];
}

function listSteps(items: readonly PackItem[], options: PackOptions): readonly PackStep[] {
  const { into, ignoreScripts, isAlone } = options;
  const isScripted = (item: PackItem): boolean => !ignoreScripts && events.some((event) => hasScript(item, event));
  const steps: PackStep[] = [];
  let runs = 0;
  const add = (batch: readonly PackItem[], argumentsFor: (command: readonly string[]) => readonly string[]): void => {
    const common = { items: batch, dir: ".", isConcurrent: false };
    const folder = folderOfRun(into, runs);
    runs += 1;
    const isRunBefore = !ignoreScripts && batch.some((item) => hasScript(item, eventBefore));
    if (isRunBefore) steps.push({ ...common, into: undefined, args: argumentsFor(["run", eventBefore]) });
    steps.push({ ...common, into: folder, args: argumentsFor(["pack", "--out", join(folder, "%s-%v.tgz")]) });
  };
  for (const item of items.filter(isScripted))
    add([item], (command) => (isAlone ? command : ["workspace", item.name, ...command]));
  const others = items.filter((item) => !isScripted(item));
  for (const batch of divide(others, fileNameOf))
    add(batch, (command) => (isAlone ? command : forEach(batch, command)));
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
