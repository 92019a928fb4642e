/**
 * Decides what a release does: each package of the workspace becomes steps, or is kept with a reason. Pure: everything
 * it knows of git and the registries comes in as facts. It collects every problem before it gives up.
 */
import { findChangesetsAccess, findChangesetsTag } from "./changesets.ts";
import { orderPackages } from "./order.ts";
import type { Packument, PackumentVersion } from "./packument.ts";
import { describeChangesets } from "./plan-changesets.ts";
import { type Candidate, checkDependencies } from "./plan-dependencies.ts";
import type { PlanInput } from "./plan-input.ts";
import { describeKept, findOrigin } from "./plan-kept.ts";
import { describePlanned, makeSteps } from "./plan-steps.ts";
import { type Plan, planSchema, type Source } from "./plan.ts";
import { type Problem, problem } from "./problem.ts";
import { findTagFault, formatSpec, type Spec } from "./spec.ts";
import { chooseTag, type TagChoice } from "./tags.ts";
import type { WorkspacePackage } from "./workspace.ts";

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
  warnOfUnsetAccess(input, [...candidates.values()], warnings);
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
  const stepWorld = {
    accessOf: (item: WorkspacePackage) => accessOf(input, item),
    candidates,
    tags,
    laterCommits: input.git.laterCommits,
    journalWrites: input.evidence.journalWrites,
  };
  const steps = planned.flatMap((candidate) =>
    makeSteps(stepWorld, candidate, edgesFrom.get(candidate.item.name) ?? [], warnings),
  );
  const packages = planned.map((candidate) => describePlanned(candidate, tags));
  const { source, releaseId, options } = input;
  for (const { name, scriptsNotRun } of packages)
    if (scriptsNotRun.length > 0)
      warnings.push(
        `${scriptsNotRun.length === 1 ? "the script" : "the scripts"} ${scriptsNotRun.join(" and ")} of ${name} ${scriptsNotRun.length === 1 ? "is" : "are"} not run: slipway runs only those of packing`,
      );
  warnings.push(...describeRoot(input, planned));
  if (steps.length > 0 && source.commit !== undefined && !source.isClean)
    warnings.push(
      "the work tree has changes that are not committed: the versions will name no commit, and another machine cannot finish this release",
    );
  if (steps.length > 0 && source.commit === undefined)
    warnings.push(
      "this is not a commit of a git repository: the versions will name none, and another machine cannot finish this release",
    );
  const changesets = describeChangesets(input, packages, tags, warnings);
  return {
    plan: {
      schema: planSchema,
      releaseId,
      source,
      options,
      packages,
      steps,
      kept,
      warnings,
      ...(changesets === undefined ? {} : { changesets }),
      tarballs: undefined,
    },
    problems: [],
  };
}

/** `npm init` makes a root that is not private. That it is published as well should surprise nobody the first time. */
function describeRoot({ workspace, readings }: PlanInput, planned: readonly Candidate[]): readonly string[] {
  const root = workspace.packages.length > 1 ? planned.find(({ item }) => item.dir === ".") : undefined;
  if (root === undefined || readings.get(root.item.name)?.kind !== "absent") return [];
  return [
    `${root.item.name} is the root of the workspace and is published too, with what lies there: say \`"private": true\` in its package.json unless that is meant`,
  ];
}

/** What its publishConfig says, else flags and configuration, else Changesets. */
function accessOf(input: PlanInput, item: WorkspacePackage): "public" | "restricted" | undefined {
  return item.publishConfig.access ?? input.access ?? findChangesetsAccess(input.changesets, item.name);
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
  else if (input.changesets?.ignored.has(item.name) === true) keptBecause = "ignored";
  else if (!isChanged) keptBecause = "unchanged";
  else if (reading === undefined) throw new Error(`${item.name} was not looked up on its registry`);
  const found =
    input.evidence.judgedForeign?.has(spec) === true ? "foreign" : findOrigin(input.git, spec, shown?.gitHead);
  const origin = shown === undefined ? undefined : found;
  return { item, spec, registry, packument, shown, keptBecause, origin };
}

/** True for a shown version that this release has put there and may not have finished with: it stays a step. */
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
    const code = isRefused
      ? "SLIP_READ_REFUSED"
      : reading.isUnknownHost === true
        ? "SLIP_REGISTRY_INVALID"
        : "SLIP_REGISTRY_UNREACHABLE";
    const key = `${code} ${url} ${reading.reason}`;
    const names = named.get(key) ?? [];
    names.push(name);
    named.set(key, names);
    const which = names.length <= 2 ? names.join(" and ") : `${names[0]} and ${names.length - 1} more packages`;
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
      changesets: findChangesetsTag(input.changesets, item.version, packument),
      distTags: packument?.distTags ?? new Map<string, string>(),
      versions: packument?.versions.keys() ?? [],
    });
    tags.set(name, choice);
    // A version that is already there needs no free tag: its tag has merely been overtaken.
    if (shown === undefined) problems.push(...choice.problems);
    if (shown === undefined || choice.isAsked) warnings.push(...choice.warnings);
  }
  return tags;
}

/** Faults of a package that gets steps and of what the registry shows about its name. */
function checkCandidate(input: PlanInput, candidate: Candidate, problems: Problem[], warnings: string[]): void {
  const { item, spec, registry, packument, shown } = candidate;
  if (candidate.keptBecause !== undefined || shown !== undefined) return;
  const access = accessOf(input, item);
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
}

/** One warning for all: a workspace whose packages leave their access open mostly does so in each of them. */
function warnOfUnsetAccess(input: PlanInput, candidates: readonly Candidate[], warnings: string[]): void {
  const names = candidates
    .filter(({ item, keptBecause, shown }) => {
      const isPlanned = keptBecause === undefined && shown === undefined;
      const isUnset = accessOf(input, item) === undefined;
      return isPlanned && isUnset && item.name.startsWith("@") && input.readings.get(item.name)?.kind === "absent";
    })
    .map(({ item }) => item.name);
  if (names.length === 0) return;
  const more = names.length > namesShownMax ? ` and ${names.length - namesShownMax} more` : "";
  const who = `${names.slice(0, namesShownMax).join(", ")}${more}`;
  const is = names.length === 1 ? "is new and scoped, and its access is" : "are new and scoped, and their access is";
  warnings.push(`${who} ${is} not set: the registry may refuse or hide them (publishConfig.access, --access)`);
}

const namesShownMax = 3;
