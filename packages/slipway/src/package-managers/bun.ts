/**
 * How bun packs: a process for each package, in its folder. `bun pm pack` runs prepack, prepare and postpack; `prepublishOnly` is
 * what `bun publish` runs before (1.4.5). Packages with scripts come first and one after the other: a script may read what
 * another has built.
 */
import { folderOfRun, hasScript, type PackItem, type PackOptions, type PackStep, type PackWay } from "./pack-step.ts";

const eventBefore = "prepublishOnly";
const events = [eventBefore, "prepack", "prepare", "postpack"];

function listSteps(items: readonly PackItem[], { into, ignoreScripts }: PackOptions): readonly PackStep[] {
  const isScripted = (item: PackItem): boolean => !ignoreScripts && events.some((event) => hasScript(item, event));
  const ordered = [...items.filter(isScripted), ...items.filter((item) => !isScripted(item))];
  return ordered.flatMap((item, index) => {
    const common = { items: [item], dir: item.dir, isConcurrent: !isScripted(item) };
    const folder = folderOfRun(into, index);
    const flags = ignoreScripts ? ["--ignore-scripts"] : [];
    const steps: PackStep[] = [];
    if (isScripted(item) && hasScript(item, eventBefore))
      steps.push({ ...common, into: undefined, args: ["run", eventBefore] });
    steps.push({ ...common, into: folder, args: ["pm", "pack", "--quiet", ...flags, "--destination", folder] });
    return steps;
  });
}

export const bunWay: PackWay = {
  listSteps,
  environment: () => ({}),
  files: () => ({}),
  createFilter: () => (line) => line !== "" && !line.endsWith(".tgz"),
};
