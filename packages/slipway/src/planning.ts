/**
 * From a folder on disk to a plan: workspace, git, configuration, credentials and registries are read here, once, and handed on.
 * It reads the world and writes nothing.
 */
import {
  type ChangesetsInput,
  fail,
  type GitFacts,
  type Limits,
  type Packument,
  type Plan,
  type PlanOptions,
  planRelease,
  ProblemsError,
  type Reading,
  type Source,
  type Workspace,
} from "@slipway/core";
import { loadNpmConfig, settingsOf } from "./auth/npmrc.ts";
import { parseRegistryUrl } from "./auth/registry-url.ts";
import { type Flags, textFlag, type VerbContext } from "./commands/verb.ts";
import type { AuthMode } from "./auth/write-credentials.ts";
import { isCountedFile, readChangesets } from "./changesets/read-changesets.ts";
import { loadConfig } from "./config.ts";
import { createEarlyPacking, type EarlyPacking } from "./early-packing.ts";
import { findCheckoutWarnings, resolveBase } from "./git-base.ts";
import { readSource } from "./git.ts";
import { findJudgedForeign, hasEndedWell, readJournal } from "./journal.ts";
import { type FactsInput, gatherFacts, makeReleaseId, readVersionChanges, selectPackages } from "./plan-facts.ts";
import { readDeclaredRegistries } from "./package-managers/declared-registries.ts";
import { openRegistries, type Registries, type Writing } from "./registries.ts";
import { folderOf, isReportedComplete, journalPathOf } from "./release-folder.ts";
import { type ReleaseOptions, resolveOptions } from "./release-options.ts";
import { writtenIntegrities } from "./release-packer.ts";
import { startStage } from "./views/stage.ts";
import { readWorkspace } from "./workspace-reader.ts";

/** A workspace with everything that reading its packages from their registries needs. */
export interface Project {
  readonly workspace: Workspace;
  readonly source: Source;
  readonly options: ReleaseOptions;
  readonly limits: Limits;
  readonly registries: Registries;
  readonly registryOf: (item: { readonly name: string }) => string;
}

export interface Planning {
  readonly project: Project;
  readonly plan: Plan;
  /** `.slipway/<release id>` in the workspace root; it may not exist. */
  readonly dir: string;
  /** The readings that the plan was made from, so that they need not be made again at once. */
  readonly readings: readonly {
    readonly registry: string;
    readonly name: string;
    readonly reading: Reading<Packument>;
  }[];
  /** What this release has sent already, by `name@version`. */
  readonly written: ReadonlyMap<string, string>;
  /** What was packed meanwhile; undefined unless that was asked for. */
  readonly early: EarlyPacking | undefined;
}

/** What writes of this run may carry, from flags, environment and the person at the terminal. */
export function writingOf(flags: Flags, context: VerbContext, auth: AuthMode): Writing {
  const { env, isInteractive, ask, terminal, onSecret } = context;
  const warn = (text: string): void => terminal.line("warn", "Warning", text);
  return { env, auth, otp: textFlag(flags, "otp"), warn, ask: isInteractive ? ask : undefined, onSecret };
}

/** Reads workspace, git and configuration, and opens the registries of all its packages. The caller closes them. */
export async function openProject(flags: Flags, context: VerbContext): Promise<Project> {
  const workspace = await readWorkspace(context.cwd);
  // Together: git answers while npm's configuration is loaded, which keeps this process busy.
  const [source, options, loaded, declared] = await Promise.all([
    readSource(workspace.root),
    loadConfig(workspace.root, textFlag(flags, "config"), context.cwd).then((config) => resolveOptions(config, flags)),
    loadNpmConfig({ cwd: workspace.root, env: context.env }),
    readDeclaredRegistries(workspace.root, workspace.manager.name),
  ]);
  const settings = settingsOf(loaded, {
    env: context.env,
    ...(options.registry === undefined ? {} : { cliRegistry: parseRegistryUrl(options.registry, "--registry") }),
  });
  const publishable = workspace.packages.filter((item) => !item.isPrivate);
  const urls = new Map(
    publishable.map(({ name, publishConfig }) => {
      const asked = publishConfig.registry ?? (options.registry === undefined ? declared(name) : undefined);
      return [name, settings.registryFor(name, asked)];
    }),
  );
  const registries = await openRegistries(urls.values(), {
    settings,
    limits: options.limits,
    clock: context.clock,
    writing: writingOf(flags, context, options.auth),
  });
  const registryOf = (item: { readonly name: string }): string => {
    const url = urls.get(item.name);
    if (url === undefined) throw new Error(`${item.name} has no registry`);
    return url;
  };
  return { workspace, source, options, limits: options.limits, registries, registryOf };
}

/** Undefined where Changesets is not used, or not gone by. */
async function findChangesets(workspace: Workspace, options: ReleaseOptions): Promise<ChangesetsInput | undefined> {
  if (options.changesets === "off") return undefined;
  const found = await readChangesets(workspace);
  if (found === undefined && options.changesets === "v1")
    fail("SLIP_USAGE", "--changesets v1 is about Changesets, and there is no .changeset/config.json");
  return found;
}

/** `changedFilePatterns` says which files make a change of a package; others are not asked to be released. */
function withoutUncounted(git: GitFacts, workspace: Workspace, { config }: ChangesetsInput): GitFacts {
  // The default means all files; as a glob it would leave out those that begin with a dot.
  if (config.changedFilePatterns.every((pattern) => pattern === "**")) return git;
  const dirs = new Map(workspace.packages.map(({ name, dir }) => [name, dir]));
  const counted = [...git.changedFiles].map(([name, paths]) => {
    const dir = dirs.get(name) ?? ".";
    const start = dir === "." ? 0 : dir.length + 1;
    const isInside = (path: string): boolean => dir === "." || path.startsWith(`${dir}/`);
    // What is not in the package's folder, such as a catalog, has no part in these patterns.
    return [
      name,
      paths.filter((path) => !isInside(path) || isCountedFile(path.slice(start), config.changedFilePatterns)),
    ] as const;
  });
  return { ...git, changedFiles: new Map(counted) };
}

function planOptions(options: ReleaseOptions): PlanOptions {
  const { identity, newPackages, ignoreScripts, build, accept, limits, gitTags, releases } = options;
  return {
    promote: "each",
    identity,
    newPackages,
    ignoreScripts,
    build,
    accept,
    limits,
    ...(gitTags === undefined ? {} : { gitTags }),
    ...(releases === undefined ? {} : { releases }),
  };
}

/** Makes the plan. Throws all its problems at once. `packsEarly` is for a verb that packs next, in this process. */
export async function makePlan(flags: Flags, context: VerbContext, packsEarly = false): Promise<Planning> {
  const project = await openProject(flags, context);
  try {
    return await planProject(project, context, packsEarly);
  } catch (error) {
    project.registries.close();
    throw error;
  }
}

async function planProject(project: Project, context: VerbContext, packsEarly: boolean): Promise<Planning> {
  const { workspace, options, limits, registries } = project;
  const changesets = await findChangesets(workspace, options);
  const base = options.base === undefined ? undefined : await resolveBase(workspace.root, options.base, context.env);
  const source: Source =
    base === undefined ? project.source : { ...project.source, base: base.commit, baseFrom: base.how };
  const changes = base === undefined ? undefined : await readVersionChanges(workspace, base.commit);
  const selected = options.only.length === 0 ? undefined : selectPackages(workspace, options.only);
  const changed = changes === undefined ? undefined : new Set(changes.map((change) => change.name));
  const releaseId = makeReleaseId(source, workspace.packages);
  const dir = folderOf(workspace.root, releaseId);
  const registryOf = (item: { readonly name: string }) => registries.get(project.registryOf(item));
  const early = packsEarly ? createEarlyPacking(workspace, options) : undefined;
  const stage = startStage({ ...context, verb: "Planning", what: "asking the registry" });
  const guessed = workspace.packages.filter(
    ({ name }) =>
      selected?.has(name) !== false && changed?.has(name) !== false && changesets?.ignored.has(name) !== true,
  );
  const mayPack = new Set(guessed.map((item) => item.name));
  const onReading: FactsInput["onReading"] = (item, reading, total) => {
    stage.advance(item.name, total);
    if (mayPack.has(item.name)) early?.offer(item, reading);
  };
  const reported = isReportedComplete(dir);
  void reported.then((isReported) => (isReported ? undefined : early?.guess(guessed)));
  const [facts, history, isReported, checkout] = await Promise.all([
    gatherFacts({ workspace, source, registryOf, selected, changed, clock: context.clock, limits, onReading }),
    readJournal(journalPathOf(dir)),
    reported,
    findCheckoutWarnings(workspace.root, source.commit, context.env),
  ]).finally(stage.end);
  const written = writtenIntegrities(history);
  const urls = [...new Set(facts.registries.values())];
  const { plan, problems } = planRelease({
    workspace,
    source,
    releaseId,
    options: planOptions(options),
    tag: options.tag,
    access: options.access,
    selected,
    changed,
    ...facts,
    ...(changesets === undefined ? {} : { changesets, git: withoutUncounted(facts.git, workspace, changesets) }),
    anonymousRegistries: new Set(urls.filter((url) => !registries.isAuthenticated(url))),
    evidence: {
      journalWrites: new Set(written.keys()),
      judgedForeign: findJudgedForeign(history),
      isReleaseComplete: isReported && hasEndedWell(history),
    },
  });
  if (plan === undefined) throw new ProblemsError(problems);
  const warnings = [...checkout, ...plan.warnings];
  const readings = [...facts.readings].map(([name, reading]) => ({
    registry: facts.registries.get(name) ?? "",
    name,
    reading,
  }));
  return { project, plan: { ...plan, warnings }, dir, readings, written, early };
}
