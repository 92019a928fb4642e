/** The packages of a plan that are not steps: why they are kept, where they came from, and what to warn about. Pure. */
import type { Candidate } from "./plan-dependencies.ts";
import type { GitFacts, PlanInput } from "./plan-input.ts";
import type { Kept, Origin } from "./plan.ts";
import { formatSpec, type Spec } from "./spec.ts";

/** Where a version that is kept came from, as far as git can tell. */
export function findOrigin(git: GitFacts, spec: Spec, gitHead: string | undefined): Origin {
  if (git.releaseTags.has(spec)) return "ours";
  const isHere = gitHead === undefined ? undefined : git.commitsHere.get(gitHead);
  if (isHere === undefined) return "unknown";
  return isHere ? "ours" : "foreign";
}

const filesNamedMax = 5;

/** The warning of a published version whose files have changed since. */
export function describeUnreleased({
  name,
  version,
  changedFiles = [],
}: Pick<Kept, "name" | "version" | "changedFiles">): string {
  const more = changedFiles.length > filesNamedMax ? ` and ${changedFiles.length - filesNamedMax} more` : "";
  const files = changedFiles.slice(0, filesNamedMax).join(", ");
  const spec = formatSpec(name, version);
  return `${spec} is published, but its files have changed since: ${files}${more}; bump its version to release them`;
}

/** One entry for each package of the workspace that has no steps, in the workspace's order. */
export function describeKept(
  input: PlanInput,
  candidates: ReadonlyMap<string, Candidate>,
  warnings: string[],
): readonly Kept[] {
  return input.workspace.packages.flatMap((item): Kept[] => {
    const { name, version } = item;
    if (item.isPrivate) return [{ name, version, registry: undefined, reason: "private" }];
    const candidate = candidates.get(name);
    if (candidate?.keptBecause === undefined) return [];
    const { registry, shown, keptBecause: reason, spec, origin } = candidate;
    if (shown === undefined) {
      if (reason === "unchanged" && input.readings.has(name))
        warnings.push(`${spec} is not on ${registry} either, and is left out because its version has not changed`);
      return [{ name, version, registry, reason }];
    }
    const changedFiles = input.git.changedFiles.get(name) ?? [];
    if (origin === "foreign")
      warnings.push(
        shown.gitHead === undefined
          ? `${spec} on ${registry} has contents that are not this release's`
          : `${spec} on ${registry} was made from a commit that is not in this repository (${shown.gitHead})`,
      );
    if (origin === "unknown")
      warnings.push(`${spec} on ${registry} cannot be traced to this repository: no git tag and no known gitHead`);
    if (changedFiles.length > 0) warnings.push(describeUnreleased({ name, version, changedFiles }));
    return [
      {
        name,
        version,
        registry,
        reason,
        ...(origin === undefined ? {} : { origin }),
        ...(shown.integrity === undefined ? {} : { integrity: shown.integrity }),
        ...(shown.gitHead === undefined ? {} : { gitHead: shown.gitHead }),
        ...(changedFiles.length === 0 ? {} : { changedFiles }),
      },
    ];
  });
}
