/**
 * Which git tags follow from what registries show. A tag says that a version can be installed and from which commit it was made, so there is none before
 * every version of the release is shown, and none that names another commit than the version itself does. Pure.
 */
import semver from "semver";
import { type Problem, problem } from "./problem.ts";
import { formatSpec, type Spec } from "./spec.ts";
import { isHigher } from "./tags.ts";

/** `package`: `name@version`, a tag a version, as Changesets names them · `version`: `v1.2.3`, where all have one version. */
export const tagForms = ["none", "package", "version"] as const;
export type TagForm = (typeof tagForms)[number];

/** A version that the release or the workspace is about, as it was read back. */
export interface TaggableVersion {
  readonly name: string;
  readonly version: string;
  /** `failed` and `unknown`: not every facet of it was shown right; nothing is tagged then. */
  readonly shown: "yes" | "failed" | "unknown";
  /** The commit it was made from; undefined where neither registry nor release says. */
  readonly commit: string | undefined;
  /** Whether that commit belongs to this repository; undefined where that cannot be known. */
  readonly isCommitHere: boolean | undefined;
  /** The dist-tag `latest` points to it. */
  readonly isLatest: boolean;
}

/** A tag that should be there. */
export interface GitTag {
  readonly tag: string;
  readonly commit: string;
  readonly specs: readonly Spec[];
  readonly isPrerelease: boolean;
  readonly isLatest: boolean;
}

export interface TagDecision {
  readonly create: readonly GitTag[];
  /** There already, at the right commit. */
  readonly there: readonly GitTag[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

export interface TagInputs {
  readonly form: TagForm;
  readonly versions: readonly TaggableVersion[];
  /** Tags of the remote: name to the commit that it leads to. */
  readonly existing: ReadonlyMap<string, string>;
}

/** The form that fits where nobody chose one: a line of versions for a single package, else a tag a package. */
export function defaultTagForm(publishable: number): TagForm {
  return publishable === 1 ? "version" : "package";
}

export function decideTags({ form, versions, existing }: TagInputs): TagDecision {
  const nothing: TagDecision = { create: [], there: [], problems: [], warnings: [] };
  if (form === "none") return nothing;
  const open = versions.filter(({ shown }) => shown !== "yes");
  if (open.length > 0) return { ...nothing, problems: open.map(describeOpen) };
  const warnings: string[] = [];
  const traced = versions.filter((item) => isTraced(item, warnings));
  const fault = form === "version" ? findFormFault(traced) : undefined;
  if (fault !== undefined) return { ...nothing, problems: [fault], warnings };
  const wanted = form === "package" ? traced.map(tagOfPackage) : tagOfAll(traced);
  const moved = wanted.filter(({ tag, commit }) => existing.has(tag) && existing.get(tag) !== commit);
  if (moved.length > 0)
    return { ...nothing, problems: moved.map((item) => describeMoved(item, existing.get(item.tag) ?? "")), warnings };
  return {
    create: wanted.filter(({ tag }) => !existing.has(tag)),
    there: wanted.filter(({ tag }) => existing.has(tag)),
    problems: [],
    warnings,
  };
}

/** What a host calls its latest release: when the commit behind it was made, in milliseconds. */
export interface LatestRelease {
  readonly tag: string;
  readonly committedAt: number;
}

/**
 * The tag whose release is to be called the latest, of all that this run is about: made from the newest commit of those that `latest` shows. None
 * where the host shows one from a later commit, or from the same: an old run that is started again moves nothing back.
 */
export function pickLatest(
  tags: readonly GitTag[],
  committedAt: ReadonlyMap<string, number>,
  current: LatestRelease | undefined,
): string | undefined {
  const when = ({ commit }: GitTag): number => committedAt.get(commit) ?? 0;
  const [newest] = tags
    .filter(({ isLatest, isPrerelease: isPre }) => isLatest && !isPre)
    .toSorted((a, b) => when(b) - when(a));
  if (newest === undefined) return undefined;
  const isOfOneCommit = current?.committedAt === when(newest) && tags.some(({ tag }) => tag === current.tag);
  const stays = current !== undefined && (current.committedAt > when(newest) || isOfOneCommit);
  return stays ? undefined : newest.tag;
}

function describeOpen({ name, version, shown }: TaggableVersion): Problem {
  const spec = formatSpec(name, version);
  return shown === "failed"
    ? problem("SLIP_TAG_TOO_EARLY", `${spec} is not shown as it should be, so nothing is tagged`, { spec })
    : problem("SLIP_UNCONFIRMED", `${spec} could not be read back, so nothing is tagged`, { spec });
}

/** A version whose commit is not known to be this repository's gets no tag of this repository. */
function isTraced(item: TaggableVersion, warnings: string[]): boolean {
  const { name, version, commit, isCommitHere } = item;
  const spec = formatSpec(name, version);
  if (commit === undefined) warnings.push(`${spec} does not say which commit it was made from, and gets no git tag`);
  else if (isCommitHere === false)
    warnings.push(`${spec} was made from ${commit.slice(0, 12)}, which is not in this repository, and gets no git tag`);
  return commit !== undefined && isCommitHere !== false;
}

function isPrerelease(version: string): boolean {
  return (semver.parse(version)?.prerelease.length ?? 0) > 0;
}

function tagOfPackage({ name, version, commit = "", isLatest }: TaggableVersion): GitTag {
  const spec = formatSpec(name, version);
  return { tag: spec, commit, specs: [spec], isPrerelease: isPrerelease(version), isLatest };
}

/** Those with the highest version: one tag stands for them. */
function findLine(versions: readonly TaggableVersion[]): readonly TaggableVersion[] {
  const [first] = versions.toSorted((a, b) => (isHigher(a.version, b.version) ? -1 : 1));
  return versions.filter(({ version }) => version === first?.version);
}

function findFormFault(versions: readonly TaggableVersion[]): Problem | undefined {
  const line = findLine(versions);
  const commits = new Set(line.map(({ commit }) => commit));
  const others = versions.filter((item) => commits.has(item.commit) && !line.includes(item));
  if (others.length === 0 && commits.size <= 1) return undefined;
  const specs = [...line, ...others].map(({ name, version }) => formatSpec(name, version));
  const why = others.length > 0 ? "were released together with different versions" : "were made from different commits";
  return problem("SLIP_TAG_FORM", `${specs.join(", ")} ${why}: no single v${line[0]?.version} says that`);
}

/** One tag for all that has the highest version; the others keep the tag of an earlier release. */
function tagOfAll(versions: readonly TaggableVersion[]): readonly GitTag[] {
  const line = findLine(versions);
  const [first] = line;
  if (first === undefined) return [];
  const { version, commit = "" } = first;
  const specs = line.map((item) => formatSpec(item.name, item.version));
  const isLatest = line.some((item) => item.isLatest);
  return [{ tag: `v${version}`, commit, specs, isPrerelease: isPrerelease(version), isLatest }];
}

function describeMoved({ tag, commit }: GitTag, at: string): Problem {
  return problem(
    "SLIP_TAG_CONFLICT",
    `the git tag ${tag} is at ${at.slice(0, 12)}, and the version was made from ${commit.slice(0, 12)}`,
  );
}
