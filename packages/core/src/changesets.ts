/**
 * What the files that Changesets keeps in `.changeset` mean for a release: configuration, pre mode, snapshots. Pure: the files are
 * handed in as JSON. What only concerns bumping versions and writing changelogs is Changesets' own business and is not looked at.
 */
import semver from "semver";
import { isJsonObject, type Packument } from "./packument.ts";
import { type Problem, problem } from "./problem.ts";
import { findTagFault } from "./spec.ts";

export type Bump = "major" | "minor" | "patch" | "none";

/** A changeset that no version has used up yet. */
export interface PendingChangeset {
  /** Its file's name without the ending. */
  readonly id: string;
  /** First line of what it says. */
  readonly summary: string;
  /** Empty for one that says on purpose that nothing has to be released. */
  readonly releases: readonly { readonly name: string; readonly bump: Bump }[];
}

/** The keys of `.changeset/config.json` that a release goes by, with the defaults of @changesets/config 4. */
export interface ChangesetsConfig {
  readonly access: "public" | "restricted";
  /** Names and globs, as written. */
  readonly ignore: readonly string[];
  readonly fixed: readonly (readonly string[])[];
  readonly linked: readonly (readonly string[])[];
  readonly privatePackages: { readonly version: boolean; readonly tag: boolean };
  readonly baseBranch: string;
  readonly changedFilePatterns: readonly string[];
  /** `snapshot.prereleaseTemplate`. */
  readonly snapshotTemplate: string | undefined;
}

/** `.changeset/pre.json`. In mode `exit` the next `changeset version` makes normal versions; until then it still counts. */
export interface PreState {
  readonly mode: "pre" | "exit";
  readonly tag: string;
}

/** What a plan takes into account of Changesets, with globs already turned into names of the workspace. */
export interface ChangesetsInput {
  readonly config: ChangesetsConfig;
  readonly pre: PreState | undefined;
  readonly pending: readonly PendingChangeset[];
  readonly ignored: ReadonlySet<string>;
  readonly fixed: readonly (readonly string[])[];
  readonly linked: readonly (readonly string[])[];
  /** What the files say that does no harm to a release, but is hardly meant. */
  readonly warnings: readonly string[];
}

type Parsed<T> =
  | { readonly value: T; readonly problems: readonly Problem[] }
  | { readonly value?: undefined; readonly problems: readonly Problem[] };

const texts = (value: unknown): readonly string[] | undefined => (isTexts(value) ? value : undefined);
const groups = (value: unknown): readonly (readonly string[])[] | undefined => (isGroups(value) ? value : undefined);

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isGroups(value: unknown): value is readonly (readonly string[])[] {
  return Array.isArray(value) && value.every(isTexts);
}

const accesses: ReadonlyMap<unknown, "public" | "restricted"> = new Map([
  ["public", "public"],
  ["restricted", "restricted"],
  // An alias that @changesets/cli took until version 2.
  ["private", "restricted"],
]);

/** Parses `.changeset/config.json`; `where` names the file. Unknown keys are Changesets' business. */
export function parseChangesetsConfig(json: unknown, where: string): Parsed<ChangesetsConfig> {
  const problems: Problem[] = [];
  const refuse = (at: string, what: string): void => {
    problems.push(problem("SLIP_CHANGESETS_INVALID", `${at === "" ? where : `${at} in ${where}`} is not ${what}`));
  };
  if (!isJsonObject(json)) {
    refuse("", "an object");
    return { problems };
  }
  function read<T>(key: string, fallback: T, what: string, parse: (value: unknown) => T | undefined): T {
    const value = isJsonObject(json) ? json[key] : undefined;
    if (value === undefined) return fallback;
    const parsed = parse(value);
    if (parsed === undefined) refuse(key, what);
    return parsed ?? fallback;
  }
  const value: ChangesetsConfig = {
    access: read("access", "restricted", "public or restricted", (given) => accesses.get(given)),
    ignore: read("ignore", [], "a list of names", texts),
    fixed: read("fixed", [], "a list of lists of names", groups),
    linked: read("linked", [], "a list of lists of names", groups),
    privatePackages: read(
      "privatePackages",
      { version: false, tag: false },
      "true, false, or an object in which version and tag are true or false",
      parsePrivatePackages,
    ),
    baseBranch: read("baseBranch", "main", "the name of a branch", (given) =>
      typeof given === "string" ? given : undefined,
    ),
    changedFilePatterns: read("changedFilePatterns", ["**"], "a list of file patterns", texts),
    snapshotTemplate: read<{ readonly template: string | undefined }>(
      "snapshot",
      { template: undefined },
      "an object whose prereleaseTemplate is a text",
      parseSnapshot,
    ).template,
  };
  return problems.length > 0 ? { problems } : { value, problems };
}

function parsePrivatePackages(value: unknown): ChangesetsConfig["privatePackages"] | undefined {
  if (typeof value === "boolean") return { version: value, tag: value };
  if (!isJsonObject(value)) return undefined;
  const { version = false, tag = false } = value;
  return typeof version === "boolean" && typeof tag === "boolean" ? { version, tag } : undefined;
}

function parseSnapshot(value: unknown): { readonly template: string | undefined } | undefined {
  if (!isJsonObject(value)) return undefined;
  const template = value["prereleaseTemplate"];
  // Null is what @changesets/cli 2 wrote for none.
  if (template === undefined || template === null) return { template: undefined };
  return typeof template === "string" && template !== "" ? { template } : undefined;
}

/** Parses `.changeset/pre.json`. `used` are the changesets that @changesets/cli 2 lists there as used up by a prerelease. */
export function parsePreState(
  json: unknown,
  where: string,
): Parsed<{ readonly pre: PreState; readonly used: readonly string[] }> {
  const { mode, tag, changesets = [] } = isJsonObject(json) ? json : {};
  const fault =
    mode !== "pre" && mode !== "exit"
      ? "whose mode is pre or exit"
      : typeof tag !== "string" || findTagFault(tag) !== undefined
        ? "whose tag can be a dist-tag"
        : isTexts(changesets)
          ? undefined
          : "whose changesets are a list of names";
  if (fault === undefined)
    return { value: { pre: { mode, tag } as PreState, used: changesets as readonly string[] }, problems: [] };
  const message = `${where} is not an object ${fault}`;
  return {
    problems: [
      problem("SLIP_CHANGESETS_INVALID", message, {
        hint: "restore it from git, or run `changeset pre exit` and `changeset pre enter <tag>`",
      }),
    ],
  };
}

/**
 * The changesets that still wait for a version. In pre mode those that a prerelease has used stay where they are until the end:
 * @changesets/cli 3 moves them to `.changeset/pre/`, 2 lists them in pre.json. (changesets/action v1.9.0 and v2.1.1,
 * src/readChangesetState.ts, leave them out in the same way.)
 */
export function findPending(
  changesets: readonly PendingChangeset[],
  pre: PreState | undefined,
  used: readonly string[],
): readonly PendingChangeset[] {
  if (pre?.mode !== "pre") return changesets;
  return changesets.filter(({ id }) => !id.startsWith("pre/") && !used.includes(id));
}

/** Changesets that make `changeset version` do something; empty ones do not. */
export function countWaiting(pending: readonly PendingChangeset[]): number {
  return pending.filter(({ releases }) => releases.length > 0).length;
}

const placeholders: Readonly<Record<string, string>> = {
  commit: "[0-9a-f]{7,64}",
  "commit-short": "[0-9a-f]{7}",
  timestamp: "\\d{13}",
  datetime: "\\d{14}",
  tag: "(?<tag>.+)",
};

/** What a snapshot's version looks like behind its first `-`, and whether that alone tells it from other prereleases. */
function readTemplate(template: string): { readonly pattern: RegExp; readonly isTelling: boolean } {
  let hasTag = false;
  let isTelling = false;
  const parts = template.split(/\{([a-z-]+)\}/);
  const source = parts.map((part, index) => {
    const known = index % 2 === 1 ? placeholders[part] : undefined;
    if (known === undefined) return part.replace(/[^A-Za-z0-9]/g, "\\$&");
    if (part !== "tag") isTelling = true;
    else if (hasTag) return "\\k<tag>";
    else hasTag = true;
    return known;
  });
  return { pattern: new RegExp(`^${source.join("")}$`), isTelling };
}

/** As @changesets/assemble-release-plan composes it where there is no template. */
const plainSnapshot = /^(?:(?<tag>.+)-)?\d{14}$/;
/** Any template, which `changeset version` may also be given as a flag: what changes every time stands at the end. */
const anySnapshot = /^(?:(?<tag>.+?)[-.])?(?:[0-9a-f]{7,64}|\d{13,14})(?:[-.](?:[0-9a-f]{7,64}|\d{13,14}))*$/;

/** Where a snapshot has no name that can be a dist-tag. */
const snapshotTag = "snapshot";

/**
 * The dist-tag of a version that `changeset version --snapshot [name]` made; undefined for any other version. Never `latest`.
 * `template` is `snapshot.prereleaseTemplate`.
 */
export function findSnapshotTag(version: string, template: string | undefined): string | undefined {
  const parsed = semver.parse(version);
  if (parsed === null || parsed.prerelease.length === 0) return undefined;
  // Only a snapshot has this version, unless it was told to go on from the package's own.
  const isZero = parsed.major === 0 && parsed.minor === 0 && parsed.patch === 0;
  const own = template === undefined ? undefined : readTemplate(template);
  const patterns = [
    ...(own !== undefined && (own.isTelling || isZero) ? [own.pattern] : []),
    plainSnapshot,
    ...(isZero ? [anySnapshot] : []),
  ];
  const suffix = parsed.prerelease.join(".");
  const match = patterns.map((pattern) => pattern.exec(suffix)).find((found) => found !== null);
  if (match === undefined) return undefined;
  const name = match.groups?.["tag"] ?? snapshotTag;
  return name === "latest" || findTagFault(name) !== undefined ? snapshotTag : name;
}

/**
 * The dist-tag of pre mode for a package, as `changeset publish` 3.0 chooses it (packages/cli/src/commands/publish-plan): its tag for
 * all packages, prereleases or not, but `latest` while all that the registry has of a package are prereleases of this tag, because
 * `latest` is then one of those already. `version` itself does not count: a second attempt must choose like the first.
 */
export function findPreTag(pre: PreState, version: string, packument: Packument | undefined): string {
  const others = [...(packument?.versions.keys() ?? [])].filter((other) => other !== version);
  const isOnlyPre =
    others.length > 0 &&
    packument?.distTags.has("latest") === true &&
    others.every((other) => semver.parse(other)?.prerelease[0] === pre.tag);
  return isOnlyPre ? "latest" : pre.tag;
}

export interface ChangesetsTag {
  readonly tag: string;
  readonly from: "pre" | "snapshot";
}

/** The dist-tag that Changesets' files ask for; undefined where they leave it open. */
export function findChangesetsTag(
  changesets: ChangesetsInput | undefined,
  version: string,
  packument: Packument | undefined,
): ChangesetsTag | undefined {
  if (changesets === undefined) return undefined;
  const snapshot = findSnapshotTag(version, changesets.config.snapshotTemplate);
  if (snapshot !== undefined) return { tag: snapshot, from: "snapshot" };
  if (changesets.pre === undefined) return undefined;
  return { tag: findPreTag(changesets.pre, version, packument), from: "pre" };
}

/**
 * The access that `.changeset/config.json` gives a package whose publishConfig does not say. `changeset publish` passes it for every
 * package; npm refuses `restricted` for a name without a scope, so there it says nothing.
 */
export function findChangesetsAccess(
  changesets: ChangesetsInput | undefined,
  name: string,
): "public" | "restricted" | undefined {
  const access = changesets?.config.access;
  return access === "restricted" && !name.startsWith("@") ? undefined : access;
}
