/** Whether a published version is what it should be, facet by facet: each of them has been seen to fail alone. Pure. */
import { diffPublishedFields, isGypFile, publishedFields } from "./manifest.ts";
import { rangeKindOf, satisfies } from "./order.ts";
import type { Packument, Reading } from "./packument.ts";
import type { TarballContents } from "./tarball.ts";
import { type Problem, problem, type ProblemCode } from "./problem.ts";
import { formatSpec } from "./spec.ts";
import { isHigher } from "./tags.ts";
import { type Dependency, parseDependencies } from "./workspace.ts";

export type Facet = "entry" | "tarball" | "manifest" | "closure" | "tag" | "attestation" | "origin";

export interface Check {
  readonly facet: Facet;
  /** `none`: the registry or the repository has nothing to say, and nothing was expected. */
  readonly result: "ok" | "failed" | "unknown" | "none";
  /** A phrase for people. */
  readonly note: string;
  readonly problem?: Problem;
}

export interface VerificationInput {
  readonly name: string;
  readonly version: string;
  readonly registry: string;
  /** The abbreviated packument on the plain URL: what installs use. */
  readonly plain: Reading<Packument>;
  /** The full packument past all caches. */
  readonly fresh: Reading<Packument>;
  /** Computed from the bytes served; contents undefined when they are no tarball. */
  readonly tarball: Reading<{ readonly integrity: string; readonly contents: TarballContents | undefined }>;
  /** The integrity that a release recorded for this version. */
  readonly expectedIntegrity: string | undefined;
  /** The dist-tag that a release moved to this version. */
  readonly expectedTag: string | undefined;
  /** Packuments of the packages that belong to the same workspace or release, by name. */
  readonly siblings: ReadonlyMap<string, Reading<Packument>>;
  /** The same past all caches: a version that is only there has been published, and a cache has yet to hear of it. */
  readonly siblingsAtOrigin: ReadonlyMap<string, Reading<Packument>>;
  /** Whether the version's gitHead is a commit of this repository; undefined when that cannot be known. */
  readonly isGitHeadHere: boolean | undefined;
}

export interface Verification {
  readonly name: string;
  readonly version: string;
  readonly registry: string;
  readonly integrity: string | undefined;
  /** The commit that the version says it was made from. */
  readonly gitHead: string | undefined;
  /** Dist-tags that point to it. */
  readonly distTags: readonly string[];
  readonly checks: readonly Check[];
}

export function verifyVersion(input: VerificationInput): Verification {
  const entry = input.plain.kind === "shown" ? input.plain.value.versions.get(input.version) : undefined;
  const checks = [
    checkEntry(input),
    ...(entry === undefined ? [] : [checkTarball(input), checkManifest(input), checkClosure(input)]),
    checkTag(input),
    checkAttestation(input),
    checkOrigin(input),
  ];
  const { name, version, registry, fresh } = input;
  const gitHead = fresh.kind === "shown" ? fresh.value.versions.get(version)?.gitHead : undefined;
  return { name, version, registry, integrity: entry?.integrity, gitHead, distTags: findTagsAt(input), checks };
}

function failed(
  facet: Facet,
  code: ProblemCode,
  input: VerificationInput,
  note: string,
  details: readonly string[] = [],
): Check {
  const spec = formatSpec(input.name, input.version);
  return {
    facet,
    result: "failed",
    note,
    problem: problem(code, `${spec} on ${input.registry}: ${note}`, { spec, details }),
  };
}

function checkEntry(input: VerificationInput): Check {
  const { plain, fresh, version, expectedIntegrity } = input;
  if (plain.kind === "unavailable") return { facet: "entry", result: "unknown", note: plain.reason };
  const entry = plain.kind === "shown" ? plain.value.versions.get(version) : undefined;
  const atOrigin = fresh.kind === "shown" ? fresh.value.versions.get(version) : undefined;
  if (entry === undefined && atOrigin !== undefined)
    return {
      facet: "entry",
      result: "unknown",
      note: "published, but the address that installs use does not show it yet",
    };
  if (entry === undefined) return failed("entry", "SLIP_VERIFY_MISSING", input, "the version is not shown");
  if (entry.integrity === undefined)
    return { facet: "entry", result: "unknown", note: "the registry shows no integrity" };
  if (expectedIntegrity !== undefined && entry.integrity !== expectedIntegrity)
    return failed("entry", "SLIP_INTEGRITY_CONFLICT", input, "other contents than this release published", [
      `registry  ${entry.integrity}`,
      `release   ${expectedIntegrity}`,
    ]);
  return {
    facet: "entry",
    result: "ok",
    note: expectedIntegrity === undefined ? "shown" : "shown with the release's integrity",
  };
}

function checkTarball(input: VerificationInput): Check {
  const { tarball, plain, version } = input;
  const shown = plain.kind === "shown" ? plain.value.versions.get(version)?.integrity : undefined;
  if (tarball.kind === "unavailable") return { facet: "tarball", result: "unknown", note: tarball.reason };
  if (tarball.kind === "absent")
    return failed("tarball", "SLIP_VERIFY_MISSING", input, "the tarball cannot be downloaded");
  if (shown !== undefined && tarball.value.integrity !== shown)
    return failed("tarball", "SLIP_TARBALL_CORRUPT", input, "the tarball does not hash to its integrity", [
      `registry says ${shown}`,
      `bytes are    ${tarball.value.integrity}`,
    ]);
  if (tarball.value.contents === undefined)
    return failed("tarball", "SLIP_TARBALL_CORRUPT", input, "the bytes are not a package tarball");
  return { facet: "tarball", result: "ok", note: "downloaded and hashed" };
}

function checkManifest(input: VerificationInput): Check {
  const contents = input.tarball.kind === "shown" ? input.tarball.value.contents : undefined;
  const entry = input.fresh.kind === "shown" ? input.fresh.value.versions.get(input.version) : undefined;
  if (contents === undefined || entry === undefined)
    return { facet: "manifest", result: "unknown", note: "not compared" };
  const hasGypFile = contents.entries.some((item) => isGypFile(item.path));
  const fields = diffPublishedFields(
    publishedFields(contents.manifest, { hasGypFile }),
    publishedFields(entry.manifest, { hasGypFile }),
  );
  if (fields.length > 0)
    return failed(
      "manifest",
      "SLIP_VERIFY_MANIFEST",
      input,
      `the registry's manifest differs from the tarball's in ${fields.join(", ")}`,
    );
  return { facet: "manifest", result: "ok", note: "equal to the tarball's" };
}

/** Every sibling that an install would need has a version in range that is shown. */
function checkClosure(input: VerificationInput): Check {
  const entry = input.plain.kind === "shown" ? input.plain.value.versions.get(input.version) : undefined;
  const missing: string[] = [];
  let isUnknown = false;
  let isLate = false;
  let needed = 0;
  for (const dependency of parseDependencies(entry?.manifest ?? {})) {
    const sibling = input.siblings.get(dependency.name);
    if (sibling === undefined || !isNeeded(dependency)) continue;
    needed += 1;
    const atOrigin = input.siblingsAtOrigin.get(dependency.name);
    if (sibling.kind === "unavailable") isUnknown = true;
    else if (sibling.kind === "shown" && isMet(sibling.value, dependency.range)) continue;
    else if (atOrigin?.kind === "shown" && isMet(atOrigin.value, dependency.range)) isLate = true;
    else if (sibling.kind === "absent" || !isMet(sibling.value, dependency.range))
      missing.push(`${dependency.name}@${dependency.range}`);
  }
  if (missing.length > 0)
    return failed("closure", "SLIP_VERIFY_CLOSURE", input, `nothing shown satisfies ${missing.join(", ")}`);
  if (isUnknown) return { facet: "closure", result: "unknown", note: "a sibling could not be read" };
  if (isLate)
    return {
      facet: "closure",
      result: "unknown",
      note: "a sibling is published, but the address that installs use does not show it yet",
    };
  return needed === 0
    ? { facet: "closure", result: "none", note: "needs no sibling" }
    : { facet: "closure", result: "ok", note: `${needed} of ${needed} siblings shown` };
}

/** True for what an install takes from the registry. A missing optionalDependency is skipped in silence, which is no success. */
function isNeeded({ kind, isOptional, range }: Dependency): boolean {
  if (kind === "devDependencies" || (kind === "peerDependencies" && isOptional)) return false;
  const asked = rangeKindOf(range);
  return asked === "versions" || asked === "tag";
}

function isMet(packument: Packument, range: string): boolean {
  if (rangeKindOf(range) === "tag") return packument.distTags.has(range.trim());
  return [...packument.versions.keys()].some((version) => satisfies(version, range));
}

function findTagsAt({ fresh, version }: VerificationInput): readonly string[] {
  if (fresh.kind !== "shown") return [];
  return [...fresh.value.distTags].filter(([, at]) => at === version).map(([tag]) => tag);
}

function checkTag(input: VerificationInput): Check {
  const { fresh, version, expectedTag } = input;
  if (fresh.kind !== "shown")
    return { facet: "tag", result: expectedTag === undefined ? "none" : "unknown", note: "dist-tags not read" };
  const pointing = findTagsAt(input);
  if (expectedTag === undefined)
    return pointing.length === 0
      ? { facet: "tag", result: "none", note: "no dist-tag" }
      : { facet: "tag", result: "ok", note: pointing.join(", ") };
  const at = fresh.value.distTags.get(expectedTag);
  if (at === version) return { facet: "tag", result: "ok", note: expectedTag };
  if (at !== undefined && isHigher(at, version))
    return { facet: "tag", result: "ok", note: `${expectedTag} has moved on to ${at}` };
  return failed("tag", "SLIP_VERIFY_TAG", input, `the dist-tag ${expectedTag} shows ${at ?? "nothing"}`);
}

function checkAttestation(input: VerificationInput): Check {
  const entry = input.fresh.kind === "shown" ? input.fresh.value.versions.get(input.version) : undefined;
  return entry?.attested === true
    ? { facet: "attestation", result: "ok", note: "shown" }
    : { facet: "attestation", result: "none", note: "none" };
}

function checkOrigin(input: VerificationInput): Check {
  const entry = input.fresh.kind === "shown" ? input.fresh.value.versions.get(input.version) : undefined;
  const gitHead = entry?.gitHead;
  if (gitHead === undefined) return { facet: "origin", result: "none", note: "no gitHead" };
  const short = gitHead.slice(0, 12);
  if (input.isGitHeadHere === undefined) return { facet: "origin", result: "none", note: `commit ${short}` };
  if (!input.isGitHeadHere)
    return { facet: "origin", result: "unknown", note: `commit ${short} is not in this repository` };
  return { facet: "origin", result: "ok", note: `commit ${short} of this repository` };
}
