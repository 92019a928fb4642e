/** What a plan says of Changesets beside its steps: what waits, which groups there are, and what about them deserves a warning. Pure. */
import type { ChangesetsInput } from "./changesets.ts";
import type { PlanInput } from "./plan-input.ts";
import type { PlanChangesets, PlannedPackage } from "./plan.ts";
import { formatSpec } from "./spec.ts";
import { isPrerelease, type TagChoice } from "./tags.ts";
import type { Workspace } from "./workspace.ts";

/** Undefined where Changesets is not used. Adds to `warnings`. */
export function describeChangesets(
  { changesets, workspace }: PlanInput,
  planned: readonly PlannedPackage[],
  tags: ReadonlyMap<string, TagChoice>,
  warnings: string[],
): PlanChangesets | undefined {
  if (changesets === undefined) return undefined;
  warnings.push(
    ...changesets.warnings,
    ...warnOfGroups(changesets, workspace),
    ...warnOfPre(changesets, planned, tags),
  );
  const { config, pre, pending, ignored, fixed, linked } = changesets;
  const [first] = workspace.packages;
  const isSingle = workspace.packages.length === 1 && first?.dir === ".";
  const root = workspace.packages.find(({ dir }) => dir === ".")?.name;
  return {
    pending,
    ...(pre === undefined ? {} : { pre }),
    baseBranch: config.baseBranch,
    ignored: [...ignored],
    fixed,
    linked,
    tagOnly: findTagOnly(changesets, workspace),
    isSingle,
    ...(config.snapshotTemplate === undefined ? {} : { snapshotTemplate: config.snapshotTemplate }),
    ...(isSingle || root === undefined ? {} : { root }),
  };
}

/** Private packages with a version that is their own, which `changeset publish` releases as a git tag when it is told to. */
function findTagOnly({ config, ignored }: ChangesetsInput, { packages }: Workspace): PlanChangesets["tagOnly"] {
  if (!config.privatePackages.tag) return [];
  return packages
    .filter(({ name, isPrivate, hasVersion }) => isPrivate && hasVersion !== false && !ignored.has(name))
    .map(({ name, version }) => ({ name, version }));
}

/** Packages of a fixed group that have come apart; private ones count only where Changesets gives them versions. */
function warnOfGroups({ config, fixed, ignored }: ChangesetsInput, { packages }: Workspace): readonly string[] {
  const byName = new Map(packages.map((item) => [item.name, item]));
  return fixed.flatMap((group) => {
    const members = group
      .flatMap((name) => byName.get(name) ?? [])
      .filter(({ name, isPrivate }) => !ignored.has(name) && (!isPrivate || config.privatePackages.version));
    if (new Set(members.map(({ version }) => version)).size <= 1) return [];
    const specs = members.map(({ name, version }) => formatSpec(name, version)).join(", ");
    return [
      `a fixed group of Changesets has more than one version (${specs}): \`changeset version\` makes them one again`,
    ];
  });
}

function warnOfPre(
  { pre }: ChangesetsInput,
  planned: readonly PlannedPackage[],
  tags: ReadonlyMap<string, TagChoice>,
): readonly string[] {
  if (pre === undefined) return [];
  const stable = planned.filter(({ name, version }) => !isPrerelease(version) && tags.get(name)?.isAsked === false);
  const specs = stable.map(({ name, version }) => `${formatSpec(name, version)} to ${tags.get(name)?.tag}`);
  if (specs.length === 0) return [];
  const more = specs.length > specsShownMax ? ` and ${specs.length - specsShownMax} more` : "";
  return [
    `what is no prerelease does not go to latest because Changesets is in pre mode: ${specs.slice(0, specsShownMax).join(", ")}${more}; \`changeset pre exit\` and \`changeset version\` end it`,
  ];
}

const specsShownMax = 3;
