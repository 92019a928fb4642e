/**
 * Which dist-tag a version is published under, and what a look at a dist-tag means for a planned move. Nobody who
 * installs `latest` may get an older version, or a prerelease in place of a stable one, by accident.
 */
import semver from "semver";
import type { ChangesetsTag } from "./changesets.ts";
import { type Problem, problem } from "./problem.ts";
import { findTagFault, formatSpec } from "./spec.ts";

export interface TagInput {
  readonly name: string;
  readonly version: string;
  /** `--tag`. */
  readonly asked: string | undefined;
  /** `publishConfig.tag`. */
  readonly configured: string | undefined;
  /** What pre mode or a snapshot of Changesets asks for; comes before `configured`. */
  readonly changesets?: ChangesetsTag | undefined;
  /** What the registry shows; empty for a new package. */
  readonly distTags: ReadonlyMap<string, string>;
  readonly versions: Iterable<string>;
}

export interface TagChoice {
  readonly tag: string;
  /** True for `--tag`: only then may a tag move down. */
  readonly isAsked: boolean;
  /** The tag that the version would have, were it not at a higher one already. */
  readonly overtaken?: { readonly tag: string; readonly at: string };
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/** True when `a` is a higher semantic version than `b`; false when either is no version. */
export function isHigher(a: string, b: string): boolean {
  const left = semver.parse(a);
  const right = semver.parse(b);
  return left !== null && right !== null && semver.gt(left, right);
}

export function isPrerelease(version: string): boolean {
  return (semver.parse(version)?.prerelease.length ?? 0) > 0;
}

/** The first word of a prerelease as a tag; `next` where it is a number or cannot be a tag of its own. */
function prereleaseTag(version: string): string {
  const first = semver.parse(version)?.prerelease[0];
  // A prerelease called `1.0.0-latest.0` must not become what everybody installs.
  if (typeof first !== "string" || first === "latest" || findTagFault(first) !== undefined) return "next";
  return first;
}

/** Why `latest` may not move to this version without being asked to, or undefined. */
function findLatestFault(input: TagInput): string | undefined {
  const shown = input.distTags.get("latest");
  if (shown !== undefined && isHigher(shown, input.version)) return `latest is at ${shown}`;
  if (!isPrerelease(input.version)) return undefined;
  for (const version of input.versions)
    if (!isPrerelease(version)) return `it is a prerelease and ${version} is stable`;
  return undefined;
}

/** Why a tag that a manifest names may not be moved to this version: it shows a higher one, as it does to an old run that is started again. */
function findDownFault(input: TagInput, tag: string): string | undefined {
  const shown = input.distTags.get(tag);
  if (shown === undefined || !isHigher(shown, input.version)) return undefined;
  // Builds of commits are often numbered 0.0.0-<commit>: their order means nothing.
  if ([shown, input.version].every((version) => version.startsWith("0.0.0-"))) return undefined;
  return `${tag} is at ${shown}`;
}

/** `--tag` may move a tag down, but not unnoticed. */
function describeDown(input: TagInput, tag: string): readonly string[] {
  const fault = findDownFault(input, tag);
  return fault === undefined
    ? []
    : [`${formatSpec(input.name, input.version)} moves ${tag} down, as --tag asks: ${fault}`];
}

/**
 * The tag of a maintenance line, in the form npm's own packages use: `latest-6` for an older major, `latest-6.1` where
 * that is taken by something higher. A prerelease keeps its word: `beta-6`. Undefined when both are taken.
 */
function findLineTag(stem: string, input: TagInput): string | undefined {
  const version = semver.parse(input.version);
  if (version === null) return undefined;
  const isSameMajor = ["latest", stem].some((tag) => {
    const shown = semver.parse(input.distTags.get(tag) ?? "");
    return shown !== null && shown.major === version.major && semver.gt(shown, version);
  });
  const candidates = [`${stem}-${version.major}.${version.minor}`];
  if (!isSameMajor) candidates.unshift(`${stem}-${version.major}`);
  return candidates.find((tag) => {
    const shown = input.distTags.get(tag);
    return findTagFault(tag) === undefined && (shown === undefined || !isHigher(shown, input.version));
  });
}

/** Chooses the first there is: asked, Changesets', configured, the maintenance line's, the prerelease's first word, `latest`. */
export function chooseTag(input: TagInput): TagChoice {
  const spec = formatSpec(input.name, input.version);
  const { asked, changesets } = input;
  // A snapshot is lower than everything else, so no line of versions is searched for it.
  if (asked === undefined && changesets?.from === "snapshot")
    return { tag: changesets.tag, isAsked: false, problems: [], warnings: [] };
  const given = asked ?? (changesets === undefined ? input.configured : undefined);
  const warnings: string[] = [];
  if (given !== undefined) {
    const fault = findTagFault(given);
    const where = input.asked === undefined ? `publishConfig.tag of ${input.name}` : "--tag";
    if (fault !== undefined)
      return {
        tag: given,
        isAsked: input.asked !== undefined,
        problems: [problem("SLIP_TAG_INVALID", `the dist-tag ${JSON.stringify(given)} of ${where} ${fault}`, { spec })],
        warnings,
      };
    if (input.asked !== undefined)
      return { tag: given, isAsked: true, problems: [], warnings: describeDown(input, given) };
    const givenFault = given === "latest" ? findLatestFault(input) : findDownFault(input, given);
    if (givenFault === undefined) return { tag: given, isAsked: false, problems: [], warnings };
    warnings.push(`${spec} does not become ${given} although publishConfig.tag says so: ${givenFault}`);
  }
  const word = given === undefined || given === "latest" ? undefined : given;
  const stem = changesets?.tag ?? word ?? (isPrerelease(input.version) ? prereleaseTag(input.version) : "latest");
  const latest = input.distTags.get("latest");
  const shown = input.distTags.get(stem);
  const isBehind = (other: string | undefined): boolean => other !== undefined && isHigher(other, input.version);
  if (!isBehind(latest) && !isBehind(shown)) return { tag: stem, isAsked: false, problems: [], warnings };
  const at = isBehind(shown) ? shown : undefined;
  const overtaken = at === undefined ? {} : { overtaken: { tag: stem, at } };
  const line = findLineTag(stem, input);
  if (line !== undefined) return { tag: line, isAsked: false, ...overtaken, problems: [], warnings };
  const taken = problem(
    "SLIP_TAG_INVALID",
    `no dist-tag can be chosen for ${spec}: all that fit show higher versions`,
    {
      spec,
      hint: "say where it belongs with --tag, or bump the version",
    },
  );
  return { tag: stem, isAsked: false, ...overtaken, problems: [taken], warnings };
}

/** True when a tag that shows `shown` has moved past `to` on the line that the tag stands for. */
function isPast(tag: string, shown: string, to: string): boolean {
  if (!isHigher(shown, to)) return false;
  const line = /-(\d+)(?:\.(\d+))?$/.exec(tag);
  const a = semver.parse(shown);
  const b = semver.parse(to);
  // `nightly-20261121` names no line of 1.2.0: there, any higher version is past it.
  if (line === null || a === null || b === null || Number(line[1]) !== b.major) return true;
  return a.major === b.major && (line[2] === undefined || a.minor === b.minor);
}

/**
 * What a look at a dist-tag means: `shown` it is where it should be · `from` it is where the plan saw it · `superseded`
 * a higher version of the same line holds it, so nothing is written · `other` somebody moved it elsewhere. Versions
 * are undefined where the tag does not exist.
 */
export function judgeTag(look: {
  readonly shown: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly tag: string;
}): "shown" | "from" | "superseded" | "other" {
  const { shown, from, to, tag } = look;
  if (shown === to) return "shown";
  if (shown === from) return "from";
  if (shown !== undefined && to !== undefined && isPast(tag, shown, to)) return "superseded";
  return "other";
}
