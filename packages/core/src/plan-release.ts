/**
 * Decides what a release does: each package of the workspace becomes steps, or is kept with a reason. Pure: everything
 * it knows of git and the registries comes in as facts. It collects every problem before it gives up.
 */
import { type Edge, orderPackages } from "./order.ts";
import type { Packument, PackumentVersion, Reading } from "./packument.ts";
import { type Candidate, checkDependencies } from "./plan-dependencies.ts";
import {
  type Kept,
  type Origin,
  type Plan,
  type PlannedPackage,
  type PlanOptions,
  planSchema,
  type Source,
} from "./plan.ts";
import { type Problem, problem } from "./problem.ts";
import { findTagFault, formatSpec, type Spec } from "./spec.ts";
import { keptId, type Step, stepId } from "./step.ts";
import { chooseTag, isHigher, type TagChoice } from "./tags.ts";
import type { Workspace, WorkspacePackage } from "./workspace.ts";

export interface GitFacts {
  /** Git tags of the form `name@version`. */
  readonly releaseTags: ReadonlySet<Spec>;
  /** Whether a commit belongs to this repository, by commit; one that is not listed cannot be known (shallow clone). */
  readonly commitsHere: ReadonlyMap<string, boolean>;
  /** Files below a package that changed since the `gitHead` of its shown version, by package name; posix paths. */
  readonly changedFiles: ReadonlyMap<string, readonly string[]>;
}

/** What earlier attempts of this very release left behind. */
export interface ReleaseEvidence {
  /** Versions for which the journal of this release shows a write. */
  readonly journalWrites: ReadonlySet<Spec>;
  /** True when a report says that this release was completed. */
  readonly isReleaseComplete: boolean;
}

export interface PlanInput {
  readonly workspace: Workspace;
  readonly source: Source;
  /** 12 hex digits, from `releaseIdInput`. */
  readonly releaseId: string;
  readonly options: PlanOptions;
  /** `--tag`. */
  readonly tag: string | undefined;
  /** Access of packages whose publishConfig says nothing. */
  readonly access: "public" | "restricted" | undefined;
  /** Names that `--only` selects; undefined selects all. */
  readonly selected: ReadonlySet<string> | undefined;
  /** Names whose version changed since `--base`; undefined without `--base`. */
  readonly changed: ReadonlySet<string> | undefined;
  /** URL of the registry a package belongs to, by name. */
  readonly registries: ReadonlyMap<string, string>;
  /** Registries known to burn a version number once it was unpublished. */
  readonly burningRegistries?: ReadonlySet<string>;
  /** Registries that were read without credentials and may hide what they do not show to everybody. */
  readonly anonymousRegistries?: ReadonlySet<string>;
  /** Full packuments, by name; a package that nobody asked about has none. */
  readonly readings: ReadonlyMap<string, Reading<Packument>>;
  readonly git: GitFacts;
  readonly evidence: ReleaseEvidence;
}

export interface PlanResult {
  /** Undefined when there are problems. */
  readonly plan: Plan | undefined;
  readonly problems: readonly Problem[];
}

/**
 * The text whose sha256 begins with the release id: what is released from where, and nothing of the registry, the
 * options or the clock.
 */
export function releaseIdInput(source: Source, packages: readonly WorkspacePackage[]): string {
  const specs = packages.filter((item) => !item.isPrivate).map((item) => formatSpec(item.name, item.version));
  return JSON.stringify({
    repository: source.repository ?? null,
    commit: source.commit ?? null,
    clean: source.isClean,
    packages: specs.sort(),
  });
}

export function planRelease(input: PlanInput): PlanResult {
  const problems: Problem[] = [];
  const warnings: string[] = [];
  const releasable = input.workspace.packages.filter((item) => !item.isPrivate);
  if (releasable.length === 0)
    problems.push(problem("SLIP_NOT_RELEASABLE", "every package of the workspace is private"));
  const order = orderPackages(releasable);
  problems.push(...order.problems);
  for (const edge of order.dropped)
    warnings.push(
      `${edge.from} and ${edge.to} need each other: the peer dependency of ${edge.from} does not order them`,
    );
  const byName = new Map(releasable.map((item) => [item.name, item]));
  const candidates = new Map<string, Candidate>();
  for (const name of order.names) {
    const item = byName.get(name);
    if (item !== undefined) candidates.set(name, classify(input, item));
  }
  problems.push(...describeUnavailable(input));
  const tags = chooseTags(input, candidates, problems, warnings);
  for (const candidate of candidates.values()) checkCandidate(input, candidate, problems, warnings);
  const world = { ...input, candidates, tags, accept: input.options.accept };
  const siblings = new Map(input.workspace.packages.map((item) => [item.name, item]));
  for (const candidate of candidates.values())
    if (candidate.keptBecause === undefined && candidate.shown === undefined)
      checkDependencies(world, siblings, candidate, problems, warnings);
  if (problems.length > 0) return { plan: undefined, problems };
  const kept = describeKept(input, candidates, warnings);
  const planned = [...candidates.values()].filter((candidate) => candidate.keptBecause === undefined);
  const edgesFrom = Map.groupBy(order.edges, (edge) => edge.from);
  const steps = planned.flatMap((candidate) =>
    makeSteps(input, candidate, candidates, tags, edgesFrom.get(candidate.item.name) ?? [], warnings),
  );
  const packages = planned.map((candidate) => describePlanned(candidate, tags));
  const { source, releaseId, options } = input;
  return {
    plan: { schema: planSchema, releaseId, source, options, packages, steps, kept, warnings, tarballs: undefined },
    problems: [],
  };
}

function classify(input: PlanInput, item: WorkspacePackage): Candidate {
  const spec = formatSpec(item.name, item.version);
  const registry = input.registries.get(item.name);
  if (registry === undefined) throw new Error(`no registry was given for ${item.name}`);
  const reading = input.readings.get(item.name);
  const packument = reading?.kind === "shown" ? reading.value : undefined;
  const shown = packument?.versions.get(item.version);
  const isSelected = input.selected?.has(item.name) ?? true;
  const isChanged = input.changed?.has(item.name) ?? true;
  let keptBecause: Candidate["keptBecause"];
  if (shown !== undefined) {
    const stays = isSelected && isChanged && belongsToRelease(input, spec, item.version, packument, shown);
    keptBecause = stays ? undefined : "published";
  } else if (!isSelected) keptBecause = "not-selected";
  else if (!isChanged) keptBecause = "unchanged";
  else if (reading === undefined) throw new Error(`${item.name} was not looked up on its registry`);
  const origin = shown === undefined ? undefined : findOrigin(input.git, spec, shown.gitHead);
  return { item, spec, registry, packument, shown, keptBecause, origin };
}

/** True for a shown version that this release has put there and may not have finished with (DESIGN section 3, kept). */
function belongsToRelease(
  input: PlanInput,
  spec: Spec,
  version: string,
  packument: Packument | undefined,
  shown: PackumentVersion,
): boolean {
  for (const [tag, at] of packument?.distTags ?? []) if (tag.startsWith("slipway-") && at === version) return true;
  if (input.evidence.isReleaseComplete) return false;
  if (input.evidence.journalWrites.has(spec)) return true;
  const { commit, isClean } = input.source;
  return isClean && commit !== undefined && shown.gitHead === commit && !input.git.releaseTags.has(spec);
}

/** One problem for each registry and reason: a registry that is down is one fact, not a thousand. */
function describeUnavailable(input: PlanInput): readonly Problem[] {
  const refusals = new Map<string, Problem>();
  const named = new Map<string, string[]>();
  for (const { name } of input.workspace.packages) {
    const reading = input.readings.get(name);
    if (reading?.kind !== "unavailable") continue;
    const url = input.registries.get(name) ?? "the registry";
    const isRefused = reading.status === 401 || reading.status === 403;
    const code = isRefused ? "SLIP_READ_REFUSED" : "SLIP_REGISTRY_UNREACHABLE";
    const key = `${code} ${url} ${reading.reason}`;
    const names = named.get(key) ?? [];
    names.push(name);
    named.set(key, names);
    const which = names.length === 1 ? name : `${names[0]} and ${names.length - 1} more packages`;
    refusals.set(
      key,
      problem(code, `${which} could not be read from ${url}: ${reading.reason}`, {
        spec: names[0] ?? name,
        url,
        ...(reading.status === undefined ? {} : { status: reading.status }),
      }),
    );
  }
  return [...refusals.values()];
}

function chooseTags(
  input: PlanInput,
  candidates: ReadonlyMap<string, Candidate>,
  problems: Problem[],
  warnings: string[],
): ReadonlyMap<string, TagChoice> {
  const tags = new Map<string, TagChoice>();
  // One bad --tag is one problem, not one for each package.
  const fault = input.tag === undefined ? undefined : findTagFault(input.tag);
  if (fault !== undefined)
    problems.push(problem("SLIP_TAG_INVALID", `the dist-tag ${JSON.stringify(input.tag)} of --tag ${fault}`));
  for (const [name, { item, packument, shown, keptBecause }] of candidates) {
    if (keptBecause !== undefined) continue;
    const choice = chooseTag({
      name,
      version: item.version,
      asked: fault === undefined ? input.tag : undefined,
      configured: item.publishConfig.tag,
      distTags: packument?.distTags ?? new Map<string, string>(),
      versions: packument?.versions.keys() ?? [],
    });
    tags.set(name, choice);
    // A version that is already there needs no free tag: its tag has merely been overtaken.
    if (shown === undefined) problems.push(...choice.problems);
    warnings.push(...choice.warnings);
  }
  return tags;
}

/** Faults of a package that gets steps and of what the registry shows about its name. */
function checkCandidate(input: PlanInput, candidate: Candidate, problems: Problem[], warnings: string[]): void {
  const { item, spec, registry, packument, shown } = candidate;
  if (candidate.keptBecause !== undefined || shown !== undefined) return;
  const access = item.publishConfig.access ?? input.access;
  const isScoped = item.name.startsWith("@");
  if (packument?.time?.has(item.version)) {
    const burnt = `${spec} was published to ${registry} before and unpublished`;
    if (input.burningRegistries?.has(registry)) problems.push(problem("SLIP_VERSION_BURNT", burnt, { spec }));
    else warnings.push(`${burnt}: many registries never take a number again`);
  }
  const isNew = input.readings.get(item.name)?.kind === "absent";
  if (!isNew) return;
  if (input.options.newPackages === "refuse")
    problems.push(problem("SLIP_NEW_PACKAGES_REFUSED", `${item.name} is new to ${registry}`, { spec }));
  const mayBeHidden = access === "restricted" || (isScoped && access === undefined);
  if (mayBeHidden && input.anonymousRegistries?.has(registry))
    problems.push(
      problem("SLIP_READ_ANONYMOUS", `${item.name} is not visible on ${registry} without credentials`, { spec }),
    );
  if (isScoped && access === undefined)
    warnings.push(
      `${item.name} is new and scoped, and its access is not set: the registry may refuse it or keep it private (publishConfig.access)`,
    );
}

/** Where a version that is kept came from, as far as git can tell. */
export function findOrigin(git: GitFacts, spec: Spec, gitHead: string | undefined): Origin {
  if (git.releaseTags.has(spec)) return "ours";
  const isHere = gitHead === undefined ? undefined : git.commitsHere.get(gitHead);
  if (isHere === undefined) return "unknown";
  return isHere ? "ours" : "foreign";
}

const filesNamedMax = 5;

function describeKept(
  input: PlanInput,
  candidates: ReadonlyMap<string, Candidate>,
  warnings: string[],
): readonly Kept[] {
  return input.workspace.packages.flatMap((item): Kept[] => {
    const { name, version } = item;
    if (item.isPrivate) return [{ name, version, registry: undefined, reason: "private" }];
    const candidate = candidates.get(name);
    if (candidate?.keptBecause === undefined) return [];
    const { registry, shown, keptBecause: reason, spec, origin } = candidate;
    if (shown === undefined) {
      if (reason === "unchanged" && input.readings.has(name))
        warnings.push(`${spec} is not on ${registry} either, and is left out because its version has not changed`);
      return [{ name, version, registry, reason }];
    }
    const changedFiles = input.git.changedFiles.get(name) ?? [];
    if (origin === "foreign")
      warnings.push(`${spec} on ${registry} was made from a commit that is not in this repository (${shown.gitHead})`);
    if (origin === "unknown")
      warnings.push(`${spec} on ${registry} cannot be traced to this repository: no git tag and no known gitHead`);
    if (changedFiles.length > 0) {
      const more = changedFiles.length > filesNamedMax ? ` and ${changedFiles.length - filesNamedMax} more` : "";
      const files = changedFiles.slice(0, filesNamedMax).join(", ");
      warnings.push(
        `${spec} is published, but its files have changed since: ${files}${more}; bump its version to release them`,
      );
    }
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
}

function makeSteps(
  input: PlanInput,
  candidate: Candidate,
  candidates: ReadonlyMap<string, Candidate>,
  tags: ReadonlyMap<string, TagChoice>,
  edges: readonly Edge[],
  warnings: string[],
): readonly Step[] {
  const { item, registry, packument, shown } = candidate;
  const { name, version } = item;
  const choice = tags.get(name);
  if (choice === undefined) throw new Error(`no tag was chosen for ${name}`);
  const goal = {
    kind: "publish",
    integrity: undefined,
    access: item.publishConfig.access ?? input.access,
    sendTag: choice.tag,
  } as const;
  const publish: Step = {
    id: stepId(goal, name, version),
    after: edges.flatMap((edge) => findPrerequisites(edge, candidates, tags)),
    registry,
    name,
    version,
    from: shown?.integrity,
    goal,
  };
  const from = packument?.distTags.get(choice.tag);
  if (!movesTag(candidate, choice)) {
    warnings.push(`${choice.tag} of ${name} is at ${from} and is not moved down to ${version}`);
    return [publish];
  }
  const tagGoal = { kind: "dist-tag", tag: choice.tag, to: version } as const;
  return [
    publish,
    { id: stepId(tagGoal, name, version), after: [publish.id], registry, name, version, from, goal: tagGoal },
  ];
}

/** False for a version that is already there and whose tag has been overtaken by a higher one. */
function movesTag(candidate: Candidate, choice: TagChoice): boolean {
  const from = candidate.packument?.distTags.get(choice.tag);
  return (
    candidate.shown === undefined || choice.isAsked || from === undefined || !isHigher(from, candidate.item.version)
  );
}

/** What has to be done before the package at the tail of `edge` may be sent. */
function findPrerequisites(
  edge: Edge,
  candidates: ReadonlyMap<string, Candidate>,
  tags: ReadonlyMap<string, TagChoice>,
): readonly string[] {
  const target = candidates.get(edge.to);
  if (target === undefined) return [];
  const { name, version } = target.item;
  if (target.keptBecause === undefined) {
    const publishId = `publish:${formatSpec(name, version)}`;
    const choice = tags.get(name);
    if (choice === undefined || edge.range.trim() !== choice.tag || !movesTag(target, choice)) return [publishId];
    return [publishId, stepId({ kind: "dist-tag", tag: choice.tag, to: version }, name, version)];
  }
  return target.shown === undefined ? [] : [keptId(name, version)];
}

function describePlanned(candidate: Candidate, tags: ReadonlyMap<string, TagChoice>): PlannedPackage {
  const { item, registry, packument } = candidate;
  const tag = tags.get(item.name)?.tag;
  return {
    name: item.name,
    version: item.version,
    dir: item.dir,
    registry,
    isNew: packument === undefined,
    previous: tag === undefined ? undefined : packument?.distTags.get(tag),
    scriptsNotRun: ["publish", "postpublish"].filter((script) => item.scripts[script] !== undefined),
  };
}
