/**
 * Which git tags changesets/action is told of, where `slipway publish` stands in for `changeset publish`: those of versions that were
 * made from the commit that is checked out, because the action tags that commit. Pure.
 */
import type { Plan } from "./plan.ts";
import type { Report } from "./report.ts";
import { formatSpec } from "./spec.ts";
import { isShown } from "./step.ts";

/** A git tag that the action is to make. */
export interface ToldTag {
  readonly name: string;
  readonly version: string;
  readonly tag: string;
}

/** A version without a git tag of which the action is not told, and why. */
export interface UntoldTag {
  readonly spec: string;
  /**
   * `unclean` the work tree had changes · `elsewhere` it was made from another commit · `unknown` nothing says from which · `unread`
   * the remote's tags could not be read, and this run did not send it · `moved` a local tag of that name is at another commit ·
   * `root` it is the root of the workspace, which the action does not take for a package.
   */
  readonly why: "unclean" | "elsewhere" | "unknown" | "unread" | "moved" | "root";
}

export interface TagFacts {
  /** The commit that is checked out where the action makes its tags. */
  readonly commit: string | undefined;
  /** Git tags of the remote; undefined where they could not be read. */
  readonly remoteTags: ReadonlySet<string> | undefined;
  /** The commit of each local git tag. */
  readonly localTags: ReadonlyMap<string, string>;
  /** `gitHead` of versions as the registry shows it now, by `name@version`; for those that this run has not sent itself. */
  readonly gitHeads: ReadonlyMap<string, string>;
}

/** The name of a version's git tag, as Changesets forms it. */
export function changesetsTagName(isSingle: boolean, name: string, version: string): string {
  return isSingle ? `v${version}` : formatSpec(name, version);
}

interface Shown {
  readonly name: string;
  readonly version: string;
  /** The commit it was made from; undefined where nothing says so. */
  readonly from: string | undefined;
  readonly isSentNow: boolean;
}

/**
 * Nothing of a run that is not complete: a failed one announces nothing, and one that still waits is run again and then finds these
 * versions on the registry.
 */
export function findToldTags(
  plan: Plan,
  report: Report,
  facts: TagFacts,
): { readonly told: readonly ToldTag[]; readonly untold: readonly UntoldTag[] } {
  const { changesets } = plan;
  const told: ToldTag[] = [];
  const untold: UntoldTag[] = [];
  if (changesets === undefined || !report.isComplete || report.exitCode !== 0) return { told, untold };
  for (const item of listShown(plan, report, facts)) {
    const tag = changesetsTagName(changesets.isSingle, item.name, item.version);
    if (facts.remoteTags?.has(tag) === true) continue;
    const why = findObstacle(item, tag, plan, facts);
    if (why === undefined) told.push({ name: item.name, version: item.version, tag });
    else untold.push({ spec: formatSpec(item.name, item.version), why });
  }
  return { told, untold };
}

/** Versions that the registry shows, and private packages that are released as a git tag: those are what is checked out. */
function listShown({ source, changesets, kept }: Plan, report: Report, { gitHeads }: TagFacts): readonly Shown[] {
  const sent = report.versions
    .filter(({ status }) => isShown(status))
    .map(({ name, version, how }): Shown => {
      const isSentNow = how === "published";
      return { name, version, isSentNow, from: isSentNow ? source.commit : gitHeads.get(formatSpec(name, version)) };
    });
  const found = kept
    .filter(({ reason }) => reason === "published")
    .map(({ name, version, gitHead }): Shown => ({ name, version, isSentNow: false, from: gitHead }));
  const tagOnly = (changesets?.tagOnly ?? []).map(({ name, version }): Shown => ({
    name,
    version,
    isSentNow: false,
    from: source.commit,
  }));
  return [...sent, ...found, ...tagOnly];
}

function findObstacle(item: Shown, tag: string, plan: Plan, facts: TagFacts): UntoldTag["why"] | undefined {
  if (item.from === undefined) return "unknown";
  if (item.from !== facts.commit) return "elsewhere";
  if (!plan.source.isClean) return "unclean";
  if (item.name === plan.changesets?.root) return "root";
  if (facts.remoteTags === undefined && !item.isSentNow) return "unread";
  const local = facts.localTags.get(tag);
  return local !== undefined && local !== facts.commit ? "moved" : undefined;
}
