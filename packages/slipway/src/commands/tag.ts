/** `slipway tag`: git tags and releases of what registries show, and of nothing else. Runs none of the project's code. */
import { join, resolve } from "node:path";
import {
  defaultTagForm,
  formatSpec,
  isPublishStep,
  type Plan,
  ProblemsError,
  type Spec,
  type Verification,
} from "@slipway/core";
import { readSource } from "../git.ts";
import type { ReleaseAsset } from "../hosting/github-releases.ts";
import { readReleaseAssets } from "../release-assets.ts";
import { readMarkFlags } from "../release-options.ts";
import { type Tagging, tagRelease } from "../tagging.ts";
import {
  answerQuestion,
  askFolder,
  askWorkspace,
  keptTargets,
  type MarkOptions,
  type VerifyQuestion,
} from "../verify-question.ts";
import { createTagProgress, exitCodeOfTagging, formatTagging } from "../views/tag-view.ts";
import { readWorkspace } from "../workspace-reader.ts";
import { type Flags, isFlagSet, type Verb, type VerbContext } from "./verb.ts";

export interface TagData extends Tagging {
  readonly dryRun: boolean;
}

export const tag: Verb<TagData> = {
  async command([dir], flags, context) {
    const asked = readMarkFlags(flags);
    const question =
      dir === undefined ? await askAll(flags, context) : await askRelease(resolve(context.cwd, dir), context);
    try {
      const verifications = await answerQuestion(question, context, flags);
      const source = await readSource(context.cwd);
      const dryRun = isFlagSet(flags, "dryRun");
      const progress = createTagProgress(context.terminal);
      const tagging = await tagRelease({
        root: question.repository ?? context.cwd,
        form: asked.gitTags ?? question.options.gitTags ?? defaultTagForm(verifications.length),
        releases: asked.releases ?? question.options.releases ?? "none",
        verifications,
        release: question.release,
        dirs: await readDirs(context.cwd),
        repository: source.repository,
        assetsOf: (specs) => question.assetsOf(specs, verifications),
        dryRun,
        env: context.env,
        clock: context.clock,
        limits: question.limits,
        signal: context.signal,
        onTagged: progress.tagged,
        onReleased: progress.released,
      });
      return { ...tagging, dryRun };
    } finally {
      question.registries.close();
    }
  },
  views: {
    human: (data, terminal) => formatTagging(data, terminal, data.dryRun),
    json: (data) => data,
  },
  exitCode: exitCodeOfTagging,
};

interface TagQuestion extends VerifyQuestion {
  readonly options: MarkOptions;
  readonly release: { readonly commit: string; readonly specs: ReadonlySet<Spec> } | undefined;
  assetsOf(specs: readonly Spec[], verifications: readonly Verification[]): Promise<readonly ReleaseAsset[]>;
}

async function askAll(flags: Flags, context: VerbContext): Promise<TagQuestion> {
  return { ...(await askWorkspace(flags, context)), release: undefined, assetsOf: async () => [] };
}

/** The versions of the release, and those that its workspace had published before: their git tags may be missing too. */
async function askRelease(dir: string, context: VerbContext): Promise<TagQuestion> {
  const question = await askFolder(dir, context, true);
  const { plan } = question;
  return {
    ...question,
    targets: [...question.targets, ...keptTargets(plan)],
    options: { gitTags: plan.options.gitTags, releases: plan.options.releases },
    release: releaseOf(plan),
    assetsOf: (specs, verifications) =>
      readReleaseAssets({ dir, plan, specs, verifications, reportPath: join(dir, "report.json") }),
  };
}

/** Only a clean commit says what a version was made from. */
function releaseOf({ source, steps }: Plan): TagQuestion["release"] {
  if (source.commit === undefined || !source.isClean) return undefined;
  const specs = steps.filter(isPublishStep).map((step) => formatSpec(step.name, step.version));
  return { commit: source.commit, specs: new Set(specs) };
}

/** Where changelogs are; a folder without a workspace has none. */
async function readDirs(cwd: string): Promise<ReadonlyMap<string, string>> {
  try {
    const { packages } = await readWorkspace(cwd);
    return new Map(packages.map(({ name, dir }) => [name, dir]));
  } catch (error) {
    if (error instanceof ProblemsError) return new Map();
    throw error;
  }
}
