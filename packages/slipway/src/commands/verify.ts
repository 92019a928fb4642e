/** `slipway verify`: reads published versions back, every facet. Needs no publish credential and writes nothing. */
import { join, resolve } from "node:path";
import { stat } from "node:fs/promises";
import {
  fail,
  findNameFault,
  findVersionFault,
  formatSpec,
  isDistTagStep,
  isPublishStep,
  parseSpec,
  ProblemsError,
  type Limits,
  type Verification,
} from "@slipway/core";
import { readNpmConfig } from "../auth/npmrc.ts";
import { parseRegistryUrl } from "../auth/registry-url.ts";
import { defaultLimits } from "@slipway/core";
import { areCommitsHere, isRepository } from "../git.ts";
import { journalPathOf, readPlan } from "../release-folder.ts";
import { readJournal } from "../journal.ts";
import { findNearestName } from "../nearest.ts";
import { openProject } from "../planning.ts";
import { openRegistries, type Registries } from "../registries.ts";
import { verifyTargets, type VerifyTarget } from "../verifying.ts";
import { startStage } from "../views/stage.ts";
import { formatVerifications } from "../views/verify-view.ts";
import { readWorkspace } from "../workspace-reader.ts";
import { type ExitCode, type Flags, textFlag, type Verb, type VerbContext } from "./verb.ts";

export interface VerifyData {
  readonly verifications: readonly Verification[];
  readonly durationMs: number;
}

interface Question {
  readonly targets: readonly VerifyTarget[];
  readonly registries: Registries;
  readonly limits: Limits;
  /** Where commits are looked up; undefined where there is no repository. */
  readonly repository: string | undefined;
}

export const verify: Verb<VerifyData> = {
  async command(args, flags, context) {
    const startedAt = context.clock.now();
    const question = await understand(args, flags, context);
    const { targets, registries, limits, repository } = question;
    const stage = startStage({ ...context, verb: "Verifying", total: targets.length, what: "reading versions back" });
    try {
      const verifications = await verifyTargets(targets, {
        registries: registries.get,
        limits,
        clock: context.clock,
        areCommitsHere: async (commits) => (repository === undefined ? new Map() : areCommitsHere(repository, commits)),
        onVerified: ({ name, version }) => stage.advance(formatSpec(name, version)),
      });
      return { verifications, durationMs: context.clock.now() - startedAt };
    } finally {
      stage.end();
      registries.close();
    }
  },
  views: {
    human: (data, terminal) => formatVerifications(data.verifications, terminal, data.durationMs),
    json: ({ verifications }) => ({ verifications }),
  },
  exitCode: (data) => exitCodeOf(data.verifications),
};

function exitCodeOf(verifications: readonly Verification[]): ExitCode {
  const results = new Set(
    verifications.flatMap((item) =>
      item.checks.filter((check) => check.facet !== "origin").map((check) => check.result),
    ),
  );
  return results.has("failed") ? 1 : results.has("unknown") ? 3 : 0;
}

async function understand(args: readonly string[], flags: Flags, context: VerbContext): Promise<Question> {
  const [first] = args;
  if (first === undefined) return askWorkspace(flags, context);
  const path = resolve(context.cwd, first);
  if (args.length === 1 && (await isFolder(path))) return askFolder(path, flags, context);
  return askSpecs(args, flags, context);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // Not a path: then it is a spec.
    return false;
  }
}

async function repositoryAt(dir: string): Promise<string | undefined> {
  return (await isRepository(dir)) ? dir : undefined;
}

/** All publishable versions of the workspace; what a release recorded is not known here. */
async function askWorkspace(flags: Flags, context: VerbContext): Promise<Question> {
  const { workspace, registries, registryOf, limits } = await openProject(flags, context);
  const targets = workspace.packages
    .filter((item) => !item.isPrivate)
    .map((item) => ({ name: item.name, version: item.version, registry: registryOf(item) }));
  return { targets, registries, limits, repository: await repositoryAt(workspace.root) };
}

/** The versions of a release folder, with the integrity that the release ended up with and the tags it moved. */
async function askFolder(dir: string, flags: Flags, context: VerbContext): Promise<Question> {
  const { plan } = await readPlan(join(dir, "plan.json"));
  const bound = new Map(
    (await readJournal(journalPathOf(dir))).flatMap((event) =>
      event.type === "bound" ? [[event.step, event.integrity] as const] : [],
    ),
  );
  const tags = new Map(plan.steps.filter(isDistTagStep).map((step) => [`${step.name}@${step.version}`, step.goal.tag]));
  const targets = plan.steps.filter(isPublishStep).map((step): VerifyTarget => {
    const expectedIntegrity = bound.get(step.id) ?? step.goal.integrity;
    const expectedTag = tags.get(`${step.name}@${step.version}`);
    const { name, version, registry } = step;
    return {
      name,
      version,
      registry,
      ...(expectedIntegrity === undefined ? {} : { expectedIntegrity }),
      ...(expectedTag === undefined ? {} : { expectedTag }),
    };
  });
  const settings = await readNpmConfig({ cwd: context.cwd, env: context.env, useProject: false });
  const { limits } = plan.options;
  const registries = await openRegistries(
    targets.map((target) => target.registry),
    { settings, limits, clock: context.clock },
  );
  return { targets, registries, limits, repository: await repositoryAt(context.cwd) };
}

async function askSpecs(args: readonly string[], flags: Flags, context: VerbContext): Promise<Question> {
  const registry = textFlag(flags, "registry");
  const settings = await readNpmConfig({
    cwd: context.cwd,
    env: context.env,
    ...(registry === undefined ? {} : { cliRegistry: parseRegistryUrl(registry, "--registry") }),
  });
  const names = args.some((text) => isVersionless(text)) ? await findSpecsHere(context.cwd) : [];
  const targets = args.map((text): VerifyTarget => {
    const { name, version } = parseSpec(text);
    if (version === undefined || version === "") return failUnknown(text, names);
    // A registry would be asked for what is no package, and its refusal would look like an outage. Old names may be upper case.
    const nameFault = findNameFault(name.toLowerCase());
    if (nameFault !== undefined) return fail("SLIP_USAGE", `the name in ${JSON.stringify(text)} ${nameFault}`);
    const versionFault = findVersionFault(version);
    if (versionFault !== undefined) return fail("SLIP_USAGE", `the version in ${JSON.stringify(text)} ${versionFault}`);
    return { name, version, registry: settings.registryFor(name) };
  });
  const registries = await openRegistries(
    targets.map((target) => target.registry),
    { settings, limits: defaultLimits, clock: context.clock },
  );
  return { targets, registries, limits: defaultLimits, repository: await repositoryAt(context.cwd) };
}

function isVersionless(text: string): boolean {
  const { version } = parseSpec(text);
  return version === undefined || version === "";
}

/** Specs of the workspace, if there is one here: what somebody may have meant. */
async function findSpecsHere(cwd: string): Promise<readonly string[]> {
  try {
    const { packages } = await readWorkspace(cwd);
    return packages.filter((item) => !item.isPrivate).map((item) => formatSpec(item.name, item.version));
  } catch (error) {
    // Specs may be verified anywhere: no workspace, or a broken one, only means that nothing can be proposed.
    if (error instanceof ProblemsError) return [];
    throw error;
  }
}

function failUnknown(text: string, specs: readonly string[]): never {
  const names = new Map(specs.map((spec) => [parseSpec(spec).name, spec]));
  const near = findNearestName(parseSpec(text).name, [...names.keys()]);
  const question = near === undefined ? "" : `; did you mean ${names.get(near)}?`;
  return fail(
    "SLIP_USAGE",
    `${JSON.stringify(text)} is neither a release folder nor of the form name@version${question}`,
  );
}
