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
const specsNamedMax = 10;

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
  const left: Spec[] = [];
  const kept = input.workspace.packages.flatMap((item): Kept[] => {
    const { name, version } = item;
    if (item.isPrivate) return [{ name, version, registry: undefined, reason: "private" }];
    const candidate = candidates.get(name);
    if (candidate?.keptBecause === undefined) return [];
    const { registry, shown, keptBecause: reason, spec, origin } = candidate;
    if (shown === undefined) {
      const isUnpublished = reason === "unchanged" && input.readings.has(name);
      if (isUnpublished) left.push(spec);
      return [{ name, version, registry, reason, ...(isUnpublished ? { isUnpublished } : {}) }];
    }
    const { gitHead } = shown;
    const isLater = gitHead !== undefined && input.git.laterCommits?.has(gitHead) === true;
    // What has changed from a later commit to an earlier one is nothing that waits to be released.
    const changedFiles = isLater ? [] : (input.git.changedFiles.get(name) ?? []);
    if (isLater)
      warnings.push(
        `${spec} was published from ${gitHead.slice(0, 12)}, which comes after the commit that is checked out`,
      );
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
  warnings.push(...describeLeftOut(left));
  return kept;
}

/** A base narrows what is released; what it leaves out although it is missing must not be taken for up to date. */
function describeLeftOut(specs: readonly Spec[]): readonly string[] {
  if (specs.length === 0) return [];
  const more = specs.length > specsNamedMax ? ` and ${specs.length - specsNamedMax} more` : "";
  const named = specs.slice(0, specsNamedMax).join(", ");
  const [is, its, them] = specs.length === 1 ? ["is", "its version has", "it"] : ["are", "their versions have", "them"];
  return [
    `${named}${more} ${is} not published either: ${its} not changed since the base; leave --base out to release ${them}`,
  ];
}
