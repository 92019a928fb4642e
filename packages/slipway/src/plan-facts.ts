/**
 * Gathers what `planRelease` decides from: one reading of each package that matters, and what git knows about the
 * versions found. It asks the registry about candidates, what they depend on and what a base leaves out, and writes nothing.
 */
import { createHash } from "node:crypto";
import { posix } from "node:path";
import {
  type Clock,
  fail,
  findVersionChanges,
  type GitFacts,
  isMetBy,
  type Limits,
  type Packument,
  type Reading,
  type RegistryPort,
  releaseIdInput,
  type Source,
  type VersionChange,
  type Workspace,
  type WorkspacePackage,
} from "@slipway/core";
import { areCommitsHere, findLaterCommits, readChangedFiles, readManifestsAt, readReleaseTags } from "./git.ts";
import { mapAtOnce } from "./map-at-once.ts";
import { findCatalogChanges } from "./package-managers/catalog-changes.ts";
import { findNearest, findNearestName } from "./nearest.ts";

export interface FactsInput {
  readonly workspace: Workspace;
  readonly source: Source;
  /** The registry that a package is published to and read from. */
  readonly registryOf: (item: WorkspacePackage) => RegistryPort;
  /** Names that `--only` selects, from `selectPackages`. */
  readonly selected: ReadonlySet<string> | undefined;
  /** Names whose version changed since `--base`, from `readVersionChanges`. */
  readonly changed: ReadonlySet<string> | undefined;
  readonly clock: Clock;
  readonly limits: Limits;
  /** Told of each reading as it arrives, and how many there will be. Must not throw. */
  readonly onReading?: (item: WorkspacePackage, reading: Reading<Packument>, total: number) => void;
}

/** The part of `PlanInput` that has to be gathered. */
export interface Facts {
  /** Registry URL by package name. */
  readonly registries: ReadonlyMap<string, string>;
  readonly readings: ReadonlyMap<string, Reading<Packument>>;
  readonly git: GitFacts;
}

/** 12 hex digits that stay the same for as long as the same versions of the same commit are released. */
export function makeReleaseId(source: Source, packages: readonly WorkspacePackage[]): string {
  return createHash("sha256").update(releaseIdInput(source, packages)).digest("hex").slice(0, 12);
}

/**
 * Names of the packages that `--only` patterns select: each pattern is matched with names and with folders, `!`
 * takes away. Throws SLIP_USAGE for a pattern that matches nothing, which is most often a mistyped name.
 */
export function selectPackages(workspace: Workspace, patterns: readonly string[]): ReadonlySet<string> {
  const selected = new Set<string>();
  const isAllBut = patterns.every((pattern) => pattern.startsWith("!"));
  if (isAllBut) for (const item of workspace.packages) selected.add(item.name);
  for (const declared of patterns) {
    const isNegated = declared.startsWith("!");
    const pattern = (isNegated ? declared.slice(1) : declared).replace(/^\.\//, "").replace(/\/$/, "");
    const hits = workspace.packages.filter(
      (item) => item.name === pattern || posix.matchesGlob(item.name, pattern) || posix.matchesGlob(item.dir, pattern),
    );
    if (hits.length === 0)
      fail(
        "SLIP_USAGE",
        `--only ${JSON.stringify(declared)} matches no package of the workspace${propose(workspace, pattern)}`,
        {
          hint: "give names or folders of packages, such as '@scope/*' or packages/core",
        },
      );
    for (const item of hits) {
      if (isNegated) selected.delete(item.name);
      else selected.add(item.name);
    }
  }
  return selected;
}

function propose({ packages }: Workspace, pattern: string): string {
  const near =
    findNearestName(
      pattern,
      packages.map((item) => item.name),
    ) ??
    findNearest(
      pattern,
      packages.map((item) => item.dir),
    );
  return near === undefined ? "" : `; did you mean ${near}?`;
}

/** Versions of the workspace that differ from those at `commit`. */
export async function readVersionChanges(workspace: Workspace, commit: string): Promise<readonly VersionChange[]> {
  return findVersionChanges(await readManifestsAt(workspace.root, commit), workspace.packages);
}

export async function gatherFacts(input: FactsInput): Promise<Facts> {
  const { workspace, source } = input;
  const publishable = workspace.packages.filter((item) => !item.isPrivate);
  const ports = new Map(publishable.map((item) => [item.name, input.registryOf(item)]));
  const registries = new Map([...ports].map(([name, port]) => [name, port.url]));
  const needed = findNamesToRead(input);
  const told = findLeftOut(input, new Set(needed));
  const [read, releaseTags] = await Promise.all([
    readPackuments(input, [...needed, ...told]),
    source.commit === undefined ? new Set<string>() : readReleaseTags(workspace.root),
  ]);
  const readings = withoutUnread(read, told);
  const git = source.commit === undefined ? outsideGit : await readGitFacts(workspace, source, readings, releaseTags);
  return { registries, readings, git };
}

const outsideGit: GitFacts = { releaseTags: new Set(), commitsHere: new Map(), changedFiles: new Map() };

/** The candidates, and the siblings that what they need may have to come from. */
function findNamesToRead(input: FactsInput): readonly WorkspacePackage[] {
  const { workspace, selected, changed } = input;
  const byName = new Map(workspace.packages.map((item) => [item.name, item]));
  const wanted = new Set<WorkspacePackage>();
  for (const item of workspace.packages) {
    if (item.isPrivate || selected?.has(item.name) === false || changed?.has(item.name) === false) continue;
    wanted.add(item);
    for (const dependency of item.dependencies) {
      const sibling = dependency.kind === "devDependencies" ? undefined : byName.get(dependency.name);
      if (sibling === undefined) continue;
      // A private package is asked about only where the range must be about another package of its name.
      if (!sibling.isPrivate || !isMetBy(dependency, sibling)) wanted.add(sibling);
    }
  }
  return [...wanted];
}

/** A base narrows what is released and not what is known: what it leaves out although the registry lacks it is told. */
function findLeftOut(
  { workspace, selected, changed }: FactsInput,
  needed: ReadonlySet<WorkspacePackage>,
): readonly WorkspacePackage[] {
  if (changed === undefined) return [];
  return workspace.packages.filter(
    (item) => !item.isPrivate && !needed.has(item) && selected?.has(item.name) !== false,
  );
}

/** What is only told must not stop a release when it cannot be read. */
function withoutUnread(
  readings: ReadonlyMap<string, Reading<Packument>>,
  told: readonly WorkspacePackage[],
): ReadonlyMap<string, Reading<Packument>> {
  const names = new Set(told.map(({ name }) => name));
  return new Map([...readings].filter(([name, { kind }]) => kind !== "unavailable" || !names.has(name)));
}

async function readPackuments(
  input: FactsInput,
  items: readonly WorkspacePackage[],
): Promise<ReadonlyMap<string, Reading<Packument>>> {
  const readings = new Map<string, Reading<Packument>>();
  const silent = new Map<string, number>();
  await mapAtOnce(items, input.limits.planConcurrency, async (item) => {
    const reading = await readWithRetries(input, item, silent);
    readings.set(item.name, reading);
    input.onReading?.(item, reading, items.length);
  });
  return readings;
}

/** Reads that may end in silence before the rest of a registry's packages are asked about once each, without patience. */
const silencesMax = 3;

async function readWithRetries(
  input: FactsInput,
  item: WorkspacePackage,
  silent: Map<string, number>,
): Promise<Reading<Packument>> {
  const { limits, clock } = input;
  const port = input.registryOf(item);
  let delayMs = limits.pollFirstMs;
  for (let attempt = 1; ; attempt++) {
    const reading = await port.readPackument(item.name, "fresh");
    if (reading.kind !== "unavailable" || !isPassing(reading.status)) return reading;
    const silences = silent.get(port.url) ?? 0;
    if (attempt >= limits.planReadAttempts || silences >= silencesMax) {
      silent.set(port.url, silences + 1);
      return reading;
    }
    await clock.sleep(delayMs);
    delayMs = Math.min(delayMs * limits.pollFactor, limits.pollMaxMs);
  }
}

/** True where asking again can help: no answer, overload, and errors of the server. */
function isPassing(status: number | undefined): boolean {
  return status === undefined || status === 408 || status === 420 || status === 429 || status >= 500;
}

async function readGitFacts(
  workspace: Workspace,
  source: Source,
  readings: ReadonlyMap<string, Reading<Packument>>,
  releaseTags: ReadonlySet<string>,
): Promise<GitFacts> {
  const { root, packages } = workspace;
  const heads = new Map<string, string>();
  const latestHeads: string[] = [];
  for (const item of packages) {
    const reading = readings.get(item.name);
    const shown = reading?.kind === "shown" ? reading.value.versions.get(item.version) : undefined;
    if (shown?.gitHead !== undefined) heads.set(item.name, shown.gitHead);
    if (reading?.kind !== "shown" || shown !== undefined) continue;
    // What is to be released may have been overtaken by a release of a later commit.
    const latest = reading.value.versions.get(reading.value.distTags.get("latest") ?? "")?.gitHead;
    if (latest !== undefined) latestHeads.push(latest);
  }
  // The commit that is checked out needs no asking: a finished release then costs no process.
  const asked = [...heads.values(), ...latestHeads];
  const others = asked.filter((head) => head !== source.commit);
  const commitsHere = new Map(await areCommitsHere(root, others));
  if (source.commit !== undefined && others.length < asked.length) commitsHere.set(source.commit, true);
  const questions = packages.flatMap((item) => {
    const since = heads.get(item.name);
    if (since === undefined || commitsHere.get(since) !== true) return [];
    return since === source.commit && source.isClean ? [] : [{ name: item.name, dir: item.dir, since }];
  });
  const dirs = packages.map((item) => item.dir);
  const here = others.filter((head) => commitsHere.get(head) === true);
  const [changed, catalogs, laterCommits] = await Promise.all([
    readChangedFiles(root, questions, dirs),
    findCatalogChanges(workspace, questions),
    source.commit === undefined ? new Set<string>() : findLaterCommits(root, source.commit, here),
  ]);
  const changedFiles = new Map(changed);
  for (const [name, path] of catalogs) changedFiles.set(name, [...new Set([...(changed.get(name) ?? []), path])]);
  return { releaseTags, commitsHere, changedFiles, laterCommits };
}
