/**
 * How pnpm packs: one process for all packages, dependencies first. `pnpm pack` runs prepack, prepare and postpack;
 * `prepublishOnly` is what `pnpm publish` runs before (10.28, 11.0, 12.21).
 */
import {
  divide,
  folderOfRun,
  hasScript,
  type PackItem,
  type PackOptions,
  type PackStep,
  type PackWay,
} from "./pack-step.ts";

const eventBefore = "prepublishOnly";

/** `@scope/name` becomes `scope-name-1.0.0.tgz`. */
function fileNameOf({ name, version }: PackItem): string {
  return `${name.replace("@", "").replace("/", "-")}-${version}`;
}

function select(items: readonly PackItem[], isAlone: boolean): readonly string[] {
  return isAlone ? [] : ["--recursive", ...items.map((item) => `--filter=${item.name}`)];
}

function listSteps(items: readonly PackItem[], options: PackOptions): readonly PackStep[] {
  const { into, ignoreScripts, isAlone } = options;
  const steps: PackStep[] = [];
  const common = { dir: ".", isConcurrent: false };
  const before = ignoreScripts ? [] : items.filter((item) => hasScript(item, eventBefore));
  for (const batch of divide(before, (item) => item.name))
    steps.push({ ...common, items: batch, into: undefined, args: [...select(batch, isAlone), "run", eventBefore] });
  for (const [index, batch] of divide(items, fileNameOf).entries()) {
    const folder = folderOfRun(into, index);
    const flags = ignoreScripts ? ["--config.ignore-scripts=true"] : [];
    const args = [...flags, ...select(batch, isAlone), "pack", "--pack-destination", folder];
    steps.push({ ...common, items: batch, into: folder, args });
  }
  return steps;
}

export const pnpmWay: PackWay = {
  listSteps,
  // Scripts are run where everything is installed already, or fail: pnpm must not install anything before.
  environment: () => ({ pnpm_config_verify_deps_before_run: "false" }),
  files: () => ({}),
  /** What follows the scripts is a list of all files of all packages. */
  createFilter: () => {
    let isSummary = false;
    return (line) => {
      isSummary ||= /^(?:\u{1f4e6} +|package: )\S+@\S+$/u.test(line);
      return !isSummary && line !== "";
    };
  },
};
