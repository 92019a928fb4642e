/**
 * Whether what a package asks of its siblings will exist once the release is done. Pure; it only names problems, the
 * order of steps is decided elsewhere.
 */
import { isMetBy, rangeKindOf, satisfies } from "./order.ts";
import type { Packument, PackumentVersion, Reading } from "./packument.ts";
import type { KeptReason, Origin } from "./plan.ts";
import { type Problem, type ProblemCode, problem } from "./problem.ts";
import type { Spec } from "./spec.ts";
import { isHigher, type TagChoice } from "./tags.ts";
import type { Dependency, PackageManager, Workspace, WorkspacePackage } from "./workspace.ts";

/** A package of the workspace that can be published, with all that was decided about it. */
export interface Candidate {
  readonly item: WorkspacePackage;
  readonly spec: Spec;
  readonly registry: string;
  readonly packument: Packument | undefined;
  /** The version of the workspace as the registry shows it. */
  readonly shown: PackumentVersion | undefined;
  /** Undefined for a package that gets steps. */
  readonly keptBecause: Exclude<KeptReason, "private"> | undefined;
  /** Where a shown version came from. */
  readonly origin: Origin | undefined;
}

export interface DependencyWorld {
  readonly workspace: Workspace;
  readonly candidates: ReadonlyMap<string, Candidate>;
  readonly tags: ReadonlyMap<string, TagChoice>;
  readonly readings: ReadonlyMap<string, Reading<Packument>>;
  /** `name@version` to the integrity a person accepted. */
  readonly accept: Readonly<Record<string, string>>;
}

type Report = (code: ProblemCode, message: string, hint?: string) => void;

/** Checks each dependency on a sibling of a package that is to be uploaded. */
export function checkDependencies(
  world: DependencyWorld,
  siblings: ReadonlyMap<string, WorkspacePackage>,
  candidate: Candidate,
  problems: Problem[],
  warnings: string[],
): void {
  const { item, spec } = candidate;
  const report: Report = (code, message, hint) =>
    problems.push(problem(code, message, { spec, ...(hint === undefined ? {} : { hint }) }));
  for (const dependency of item.dependencies) {
    if (dependency.fault !== undefined) {
      problems.push(dependency.fault);
      continue;
    }
    if (dependency.kind === "devDependencies") continue;
    if (rangeKindOf(dependency.range) === "protocol") {
      reportProtocol(world.workspace.manager, dependency, spec, report);
      continue;
    }
    // pnpm, yarn and bun take it for a range of the key's package; npm ends an install with "aliases must have a name".
    if (dependency.name !== dependency.alias && rangeKindOf(dependency.name) === "versions") {
      const what = `${dependency.alias}: "npm:${dependency.name}"`;
      const hint = `write ${JSON.stringify(dependency.name)}, without npm:`;
      report("SLIP_DEPENDENCY_PROTOCOL", `${dependency.kind} of ${spec} has ${what}, which npm cannot install`, hint);
      continue;
    }
    warnOfAnyPeer(dependency, spec, warnings);
    const sibling = siblings.get(dependency.name);
    const isOptionalPeer = dependency.kind === "peerDependencies" && dependency.isOptional;
    if (sibling === undefined || sibling.name === item.name || isOptionalPeer) continue;
    if (sibling.isPrivate) checkPrivate(world, dependency, sibling, spec, report);
    else checkSibling(world, dependency, sibling, spec, report, warnings);
  }
}

/** npm would publish it as it stands; the others would if Slipway knew no range for it. */
function reportProtocol(manager: PackageManager, dependency: Dependency, spec: Spec, report: Report): void {
  const { kind, alias, range } = dependency;
  const message = `${kind} of ${spec} has ${alias}: ${JSON.stringify(range)}, which no registry can serve`;
  const isOthers = manager.name === "npm" && /^(workspace|catalog):/.test(range);
  report(
    "SLIP_DEPENDENCY_PROTOCOL",
    message,
    isOthers
      ? `npm packs it as it stands, and this is a workspace of npm (${manager.from}): write a version range, or name the package manager that reads it with \`packageManager\` in package.json`
      : "write a version range: no package manager rewrites this when it packs",
  );
}

/** yarn 4.18 publishes `*` for a peer from a catalog, which is hardly what its author means. */
function warnOfAnyPeer(dependency: Dependency, spec: Spec, warnings: string[]): void {
  const { kind, alias, declared, range } = dependency;
  if (kind !== "peerDependencies" || range !== "*" || !/^(workspace|catalog):/.test(declared)) return;
  warnings.push(
    `the peer dependency of ${spec} on ${alias} (${declared}) is published as "*": write the range out if it should be narrower`,
  );
}

function checkPrivate(
  world: DependencyWorld,
  dependency: Dependency,
  sibling: WorkspacePackage,
  spec: Spec,
  report: Report,
): void {
  // A private package can share its name with a public one that npm takes from the registry instead of linking.
  if (!isMetBy(dependency, sibling) && findOnRegistry(world, dependency) !== undefined) return;
  report("SLIP_DEPENDENCY_PRIVATE", `${spec} needs ${describe(dependency)}, which is private (${sibling.dir})`);
}

function checkSibling(
  world: DependencyWorld,
  dependency: Dependency,
  sibling: WorkspacePackage,
  spec: Spec,
  report: Report,
  warnings: string[],
): void {
  const what = describe(dependency);
  const target = world.candidates.get(sibling.name);
  if (target === undefined) return;
  const instead = findOnRegistry(world, dependency);
  if (rangeKindOf(dependency.range) === "tag") {
    checkTagRange(world, dependency, target, spec, report);
  } else if (!isMetBy(dependency, sibling)) {
    const has = `the workspace has ${target.spec}`;
    if (instead === undefined && !isUnread(world, sibling.name))
      report("SLIP_DEPENDENCY_RANGE", `${spec} needs ${what}, but ${has} and the registry has nothing that fits`);
    else if (instead !== undefined)
      warnings.push(`${spec} needs ${what}: installs take ${instead} from the registry, ${has}`);
    return;
  } else if (target.keptBecause !== undefined && target.shown === undefined) {
    if (instead === undefined && !isUnread(world, sibling.name))
      report(
        "SLIP_DEPENDENCY_UNPUBLISHED",
        `${spec} needs ${what}, but ${target.spec} is neither in this release (${reasonOf[target.keptBecause]}) nor on ${target.registry}`,
      );
    else if (instead !== undefined)
      warnings.push(
        `${spec} needs ${what}: installs take ${instead}, because ${target.spec} is not published (${reasonOf[target.keptBecause]})`,
      );
    return;
  }
  checkOrigin(world, target, spec, report);
}

/** Why a package is not in the release, in the words of the plan. */
const reasonOf: Readonly<Record<Exclude<KeptReason, "private">, string>> = {
  published: "already published",
  "not-selected": "left out by --only",
  unchanged: "version unchanged since the base",
  ignored: "ignored in .changeset/config.json",
};

/** `"a": "next"`: something has to show that tag when installs come, and a first version always gets `latest`. */
function checkTagRange(
  world: DependencyWorld,
  dependency: Dependency,
  target: Candidate,
  spec: Spec,
  report: Report,
): void {
  const tag = dependency.range.trim();
  const isMoved = target.keptBecause === undefined && world.tags.get(target.item.name)?.tag === tag;
  const isFirst = target.keptBecause === undefined && target.packument === undefined && tag === "latest";
  const isThere = target.packument?.distTags.has(tag) ?? false;
  if (isMoved || isFirst || isThere || isUnread(world, target.item.name)) return;
  report("SLIP_DEPENDENCY_RANGE", `${spec} needs ${describe(dependency)}, but ${target.registry} has no such dist-tag`);
}

function checkOrigin(world: DependencyWorld, target: Candidate, spec: Spec, report: Report): void {
  if (target.keptBecause === undefined || target.origin !== "foreign" || target.shown === undefined) return;
  const accepted = world.accept[target.spec];
  const { integrity, gitHead } = target.shown;
  if (accepted !== undefined && accepted === integrity) return;
  const seen = accepted === undefined ? "" : `; accepted was ${accepted}`;
  report(
    "SLIP_VERSION_TAKEN",
    `${spec} needs ${target.spec}, which ${target.registry} has ${gitHead === undefined ? "with somebody else's contents" : `from commit ${gitHead}, not of this repository`}${seen}`,
    integrity === undefined
      ? "bump the version"
      : `bump its version, or pass --accept ${target.spec}=${integrity} after looking at it`,
  );
}

function describe(dependency: Dependency): string {
  return `${dependency.name}@${dependency.range === "" ? "*" : dependency.range}`;
}

/** True when nobody answered about a name; that is a problem of its own, reported where the reading is looked at. */
function isUnread(world: DependencyWorld, name: string): boolean {
  const reading = world.readings.get(name);
  if (reading === undefined) throw new Error(`${name} was not looked up although a planned package depends on it`);
  return reading.kind === "unavailable";
}

/** What staging a new package leaves on an npm-like registry; it is no release. */
const stagePlaceholder = "0.0.0-stage";

/** The version that npm would take from the registry for this dependency as it stands: `latest` if it fits, else the highest. */
function findOnRegistry(world: DependencyWorld, dependency: Dependency): string | undefined {
  const reading = world.readings.get(dependency.name);
  if (reading?.kind !== "shown") return undefined;
  const { distTags, versions } = reading.value;
  const range = dependency.range.trim();
  if (rangeKindOf(range) === "tag") return distTags.get(range);
  const fitting = [...versions.keys()].filter((version) => version !== stagePlaceholder && satisfies(version, range));
  const latest = distTags.get("latest");
  if (latest !== undefined && fitting.includes(latest)) return latest;
  return fitting.reduce<string | undefined>(
    (highest, version) => (highest === undefined || isHigher(version, highest) ? version : highest),
    undefined,
  );
}
