/** Which versions of a workspace or of a release folder are to be read back, and what is expected of each; and reading them back. */
import { join } from "node:path";
import {
  formatSpec,
  isDistTagStep,
  isPublishStep,
  type Limits,
  type Plan,
  type ReleaseHost,
  type TagForm,
  type Verification,
} from "@slipway/core";
import { readNpmConfig } from "./auth/npmrc.ts";
import type { Flags, VerbContext } from "./commands/verb.ts";
import { areCommitsHere, isRepository } from "./git.ts";
import { readJournal } from "./journal.ts";
import { openProject } from "./planning.ts";
import { openRegistries, type Registries } from "./registries.ts";
import { journalPathOf, readPlan } from "./release-folder.ts";
import { readWait } from "./release-options.ts";
import { verifyUntilSure, type VerifyTarget } from "./verifying.ts";
import { startStage } from "./views/stage.ts";

export interface VerifyQuestion {
  readonly targets: readonly VerifyTarget[];
  readonly registries: Registries;
  readonly limits: Limits;
  /** Where commits are looked up; undefined where there is no repository. */
  readonly repository: string | undefined;
}

/** What the workspace or the plan says of git tags. */
export interface MarkOptions {
  readonly gitTags: TagForm | undefined;
  readonly releases: ReleaseHost | undefined;
}

export async function repositoryAt(dir: string): Promise<string | undefined> {
  return (await isRepository(dir)) ? dir : undefined;
}

/** All publishable versions of the workspace; what a release recorded is not known here. */
export async function askWorkspace(
  flags: Flags,
  context: VerbContext,
): Promise<VerifyQuestion & { readonly options: MarkOptions }> {
  const { workspace, registries, registryOf, limits, options } = await openProject(flags, context);
  const targets = workspace.packages
    .filter((item) => !item.isPrivate)
    .map((item) => ({ name: item.name, version: item.version, registry: registryOf(item) }));
  return { targets, registries, limits, options, repository: await repositoryAt(workspace.root) };
}

/**
 * The versions of a release folder, with the integrity that the release ended up with and the dist-tags it moved. `useProject`: the
 * folder is used in the checkout of its repository, whose .npmrc then counts.
 */
export async function askFolder(
  dir: string,
  context: VerbContext,
  useProject = false,
): Promise<VerifyQuestion & { readonly plan: Plan }> {
  const { plan } = await readPlan(join(dir, "plan.json"));
  const bound = new Map(
    (await readJournal(journalPathOf(dir))).flatMap((event) =>
      event.type === "bound" ? [[event.step, event.integrity] as const] : [],
    ),
  );
  const tags = new Map(
    plan.steps.filter(isDistTagStep).map((step) => [formatSpec(step.name, step.version), step.goal.tag]),
  );
  const targets = plan.steps.filter(isPublishStep).map((step): VerifyTarget => {
    const expectedIntegrity = bound.get(step.id) ?? step.goal.integrity;
    const expectedTag = tags.get(formatSpec(step.name, step.version));
    const { name, version, registry } = step;
    return {
      name,
      version,
      registry,
      ...(expectedIntegrity === undefined ? {} : { expectedIntegrity }),
      ...(expectedTag === undefined ? {} : { expectedTag }),
    };
  });
  const settings = await readNpmConfig({ cwd: context.cwd, env: context.env, useProject });
  const { limits } = plan.options;
  const registries = await openRegistries(
    [...targets, ...plan.kept].flatMap(({ registry }) => registry ?? []),
    { settings, limits, clock: context.clock },
  );
  return { targets, registries, limits, plan, repository: await repositoryAt(context.cwd) };
}

/** Versions that the plan found published: they belong to the workspace, and their git tags may be missing. */
export function keptTargets({ kept }: Plan): readonly VerifyTarget[] {
  return kept.flatMap(({ name, version, registry, reason, integrity }) =>
    registry === undefined || reason !== "published"
      ? []
      : [{ name, version, registry, ...(integrity === undefined ? {} : { expectedIntegrity: integrity }) }],
  );
}

/** Reads all of them back, telling how far it is; for `--wait` again, while something is not shown everywhere yet. */
export async function answerQuestion(
  { targets, registries, limits, repository }: VerifyQuestion,
  context: VerbContext,
  flags: Flags,
): Promise<readonly Verification[]> {
  const waitMs = readWait(flags) ?? 0;
  const stage = startStage({ ...context, verb: "Verifying", total: targets.length, what: "reading versions back" });
  try {
    const request = {
      registries: registries.get,
      limits,
      clock: context.clock,
      areCommitsHere: async (commits: readonly string[]) =>
        repository === undefined ? new Map() : areCommitsHere(repository, commits),
      onVerified: ({ name, version }: Verification) => stage.advance(formatSpec(name, version)),
      signal: context.signal,
    };
    return await verifyUntilSure(targets, request, waitMs);
  } finally {
    stage.end();
  }
}
