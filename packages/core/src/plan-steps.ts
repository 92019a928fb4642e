/** The steps of a planned package: its upload, then its dist-tag, and what has to be done before either. Pure. */
import type { Edge } from "./order.ts";
import type { Candidate } from "./plan-dependencies.ts";
import { readPublishedSize } from "./packument.ts";
import type { PlannedPackage } from "./plan.ts";
import { formatSpec, type Spec } from "./spec.ts";
import { keptId, type Step, stepId } from "./step.ts";
import { isHigher, type TagChoice } from "./tags.ts";
import type { WorkspacePackage } from "./workspace.ts";

export interface StepWorld {
  readonly accessOf: (item: WorkspacePackage) => "public" | "restricted" | undefined;
  readonly candidates: ReadonlyMap<string, Candidate>;
  readonly tags: ReadonlyMap<string, TagChoice>;
  /** Of the commits that shown versions were made from, those that come after the one that is checked out. */
  readonly laterCommits?: ReadonlySet<string> | undefined;
  /** Versions for which the journal of this release shows a write. */
  readonly journalWrites: ReadonlySet<Spec>;
}

/** The publish step of a package and the dist-tag step after it. `edges` are those that begin at the package. */
export function makeSteps(
  world: StepWorld,
  candidate: Candidate,
  edges: readonly Edge[],
  warnings: string[],
): readonly Step[] {
  const { item, registry, packument, shown } = candidate;
  const { name, version } = item;
  const choice = world.tags.get(name);
  if (choice === undefined) throw new Error(`no tag was chosen for ${name}`);
  const goal = {
    kind: "publish",
    integrity: undefined,
    access: world.accessOf(item),
    sendTag: choice.tag,
  } as const;
  const publish: Step = {
    id: stepId(goal, name, version),
    after: edges.flatMap((edge) => findPrerequisites(edge, world)),
    registry,
    name,
    version,
    from: shown?.integrity,
    goal,
  };
  const from = packument?.distTags.get(choice.tag);
  if (shown === undefined) warnings.push(...describeOvertaken(world, candidate, choice));
  if (!movesTag(world, candidate, choice)) {
    const { tag, at } = choice.overtaken ?? { tag: choice.tag, at: from };
    warnings.push(`${tag} of ${name} is at ${at} and is not moved down to ${version}`);
    return [publish];
  }
  const tagGoal = { kind: "dist-tag", tag: choice.tag, to: version } as const;
  return [
    publish,
    { id: stepId(tagGoal, name, version), after: [publish.id], registry, name, version, from, goal: tagGoal },
  ];
}

/** An old run that is started again releases what is missing of its state; that there is a newer one must not go unnoticed. */
function describeOvertaken(
  { laterCommits }: StepWorld,
  { spec, packument }: Candidate,
  { tag }: TagChoice,
): readonly string[] {
  const latest = packument?.distTags.get("latest");
  const gitHead = latest === undefined ? undefined : packument?.versions.get(latest)?.gitHead;
  if (latest === undefined || gitHead === undefined || laterCommits?.has(gitHead) !== true) return [];
  return [
    `${spec} is older than ${latest}, which is latest and was made from ${gitHead.slice(0, 12)}, after the commit that is checked out: it is released as ${tag}`,
  ];
}

/**
 * False for a version that is already there and whose tag has been overtaken by a higher one: it had that tag once. Where this release has sent
 * the version itself, it may have sent it to the line's tag, and then sees to that.
 */
function movesTag(
  { journalWrites }: StepWorld,
  { shown, packument, item, spec }: Candidate,
  choice: TagChoice,
): boolean {
  if (shown === undefined || choice.isAsked) return true;
  if (choice.overtaken !== undefined && !journalWrites.has(spec)) return false;
  const from = packument?.distTags.get(choice.tag);
  return from === undefined || !isHigher(from, item.version);
}

/** What has to be done before the package at the tail of `edge` may be sent. */
function findPrerequisites(edge: Edge, world: StepWorld): readonly string[] {
  const { candidates, tags } = world;
  const target = candidates.get(edge.to);
  if (target === undefined) return [];
  const { name, version } = target.item;
  if (target.keptBecause === undefined) {
    const publishId = `publish:${formatSpec(name, version)}`;
    const choice = tags.get(name);
    if (choice === undefined || edge.range.trim() !== choice.tag || !movesTag(world, target, choice))
      return [publishId];
    return [publishId, stepId({ kind: "dist-tag", tag: choice.tag, to: version }, name, version)];
  }
  return target.shown === undefined ? [] : [keptId(name, version)];
}

export function describePlanned(candidate: Candidate, tags: ReadonlyMap<string, TagChoice>): PlannedPackage {
  const { item, registry, packument } = candidate;
  const tag = tags.get(item.name)?.tag;
  const previous = tag === undefined ? undefined : packument?.distTags.get(tag);
  const published = findPublished(candidate, previous);
  return {
    name: item.name,
    version: item.version,
    dir: item.dir,
    registry,
    isNew: packument === undefined,
    previous,
    ...(published === undefined ? {} : { published }),
    scriptsNotRun: ["publish", "postpublish"].filter((script) => item.scripts[script] !== undefined),
  };
}

/** A version is not compared with itself, and not with one that the registry has lost. */
function findPublished({ item, packument }: Candidate, previous: string | undefined): PlannedPackage["published"] {
  const version = previous ?? packument?.distTags.get("latest");
  const shown = version === undefined ? undefined : packument?.versions.get(version);
  if (version === undefined || shown === undefined || version === item.version) return undefined;
  return { version, ...readPublishedSize(shown) };
}
