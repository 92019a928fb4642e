/** `slipway init`: writes the workflows of a repository, shows what it would write before it does, and never over an edit. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { defaultTagForm, fail } from "@slipway/core";
import { createTwoFilesPatch } from "diff";
import { type Host, hosts, type InitFacts, readInitFacts } from "../init/facts.ts";
import { type GeneratedFile, planFile, type PlannedFile, writeFiles } from "../init/generated-file.ts";
import { renderPullRequestWorkflow, renderReleaseWorkflow } from "../init/github-workflows.ts";
import { renderGitlabPipeline } from "../init/gitlab-pipeline.ts";
import {
  exchangePublish,
  exchangeScript,
  findReplaced,
  isChangesetsAction,
  readWorkflowFiles,
  type Replaced,
  type WorkflowFile,
} from "../init/replaced.ts";
import { listSteps, type ManualStep } from "../init/steps.ts";
import { configFileNames } from "../config.ts";
import { formatInit } from "../views/init-view.ts";
import { isFlagSet, textFlag, type Flags, type Verb } from "./verb.ts";

export interface InitData {
  readonly host: Host;
  readonly files: readonly (Omit<PlannedFile, "before" | "after"> & { readonly diff: string })[];
  readonly replaced: readonly Replaced[];
  readonly steps: readonly ManualStep[];
  readonly isWritten: boolean;
}

export const init: Verb<InitData> = {
  async command(_args, flags, context) {
    const facts = await readInitFacts(readHost(flags), context);
    const { root } = facts.workspace;
    const workflows = facts.host === "github" ? await readWorkflowFiles(root) : [];
    const replaced = await findReplaced(facts.workspace, workflows);
    const isWorkflow = isFlagSet(flags, "workflow") || !replaced.some(({ id }) => id === "changesets-action");
    const files = isWorkflow
      ? await Promise.all((await generate(facts)).map((file) => planFile(root, file, isFlagSet(flags, "force"))))
      : await exchangeAll(root, workflows);
    const unread = isWorkflow ? [] : findUnread(workflows, files, await readScripts(root));
    const shown = files.map((file) => ({ path: file.path, state: file.state, diff: diffOf(file) }));
    const data: InitData = {
      host: facts.host,
      files: shown,
      replaced,
      steps: listSteps(facts, replaced, { isWorkflow, unread }),
      isWritten: false,
    };
    const due = files.filter(({ state }) => state !== "unchanged" && state !== "edited");
    if (due.length === 0 || isFlagSet(flags, "dryRun")) return data;
    if (!isFlagSet(flags, "yes")) {
      if (!context.isInteractive)
        fail("SLIP_USAGE", "nobody can be asked whether to write the files", {
          hint: "pass --yes, or --dry-run to see them only",
        });
      context.terminal.talk(formatInit(data, context.terminal));
      if (!(await context.confirm(`Write ${due.map(({ path }) => path).join(", ")}?`)))
        fail("SLIP_INTERRUPTED", "not confirmed, nothing was written", {
          hint: "run the same command again, or pass --yes",
        });
    }
    await writeFiles(root, files);
    return { ...data, isWritten: true };
  },
  views: {
    human: formatInit,
    json: (data) => data,
  },
  exitCode: () => 0,
};

function readHost(flags: Flags): Host | undefined {
  const text = textFlag(flags, "host");
  const host = hosts.find((item) => item === text);
  if (text !== undefined && host === undefined)
    fail("SLIP_USAGE", `--host ${JSON.stringify(text)} is not one of ${hosts.join(", ")}`);
  return host;
}

function workflow(name: string, body: string): GeneratedFile {
  return { path: `.github/workflows/${name}`, body, hasMark: true };
}

async function generate(facts: InitFacts): Promise<readonly GeneratedFile[]> {
  const config = await generateConfig(facts);
  if (facts.host === "github")
    return [
      workflow("release.yml", renderReleaseWorkflow(facts)),
      workflow("pull-request.yml", renderPullRequestWorkflow(facts)),
      ...config,
    ];
  const pipeline = { path: ".gitlab/slipway.yml", body: renderGitlabPipeline(facts), hasMark: true };
  const root = { path: ".gitlab-ci.yml", body: "include:\n  - local: .gitlab/slipway.yml\n", hasMark: true };
  // A pipeline that is there already is its owner's: the line to add is told.
  return [pipeline, ...((await hasOtherPipeline(facts.workspace.root)) ? [] : [root]), ...config];
}

async function hasOtherPipeline(root: string): Promise<boolean> {
  const path = join(root, ".gitlab-ci.yml");
  return existsSync(path) && !(await readFile(path, "utf8")).startsWith("# Made by slipway init.");
}

/** What the workflow does is said once, where a run by hand finds it too. One that exists is its owner's. */
async function generateConfig({ workspace, build, host, publishable }: InitFacts): Promise<readonly GeneratedFile[]> {
  const { root } = workspace;
  const manifest = join(root, "package.json");
  const isInManifest = existsSync(manifest) && /^\s*"slipway"\s*:\s*\{/m.test(await readFile(manifest, "utf8"));
  if (isInManifest || configFileNames.some((name) => name !== "slipway.config.json" && existsSync(join(root, name))))
    return [];
  const config = {
    $schema: "./node_modules/slipway/schema/config.schema.json",
    ...(build === undefined ? {} : { build }),
    gitTags: defaultTagForm(publishable),
    ...(host === "github" ? { releases: "github" } : {}),
  };
  return [{ path: "slipway.config.json", body: `${JSON.stringify(config, undefined, 2)}\n`, hasMark: false }];
}

/** With changesets/action in use the smallest change: its publish command, where that is written. */
async function exchangeAll(root: string, workflows: readonly WorkflowFile[]): Promise<readonly PlannedFile[]> {
  const scripts = await readScripts(root);
  const changed = [...workflows.map(exchangePublish), ...scripts.map(exchangeScript)].filter(
    (item) => item !== undefined,
  );
  const before = new Map([...workflows, ...scripts].map(({ path, text }) => [path, text]));
  return changed.map(({ path, after }) => ({
    path,
    after,
    before: before.get(path) ?? "",
    state: "replaced" as const,
  }));
}

async function readScripts(root: string): Promise<readonly WorkflowFile[]> {
  const manifest = join(root, "package.json");
  return existsSync(manifest) ? [{ path: "package.json", text: await readFile(manifest, "utf8") }] : [];
}

/** Where nothing says `slipway publish`, neither in the workflow nor in a script that it may call, before the change or after it. */
function findUnread(
  workflows: readonly WorkflowFile[],
  changed: readonly PlannedFile[],
  scripts: readonly WorkflowFile[],
): readonly string[] {
  const after = (file: WorkflowFile): string => changed.find(({ path }) => path === file.path)?.after ?? file.text;
  const speaks = (file: WorkflowFile): boolean => /\bslipway publish\b/.test(after(file));
  return scripts.some(speaks)
    ? []
    : workflows.filter((file) => isChangesetsAction(file) && !speaks(file)).map(({ path }) => path);
}

function diffOf({ path, before, after, state }: PlannedFile): string {
  if (state === "unchanged") return "";
  const from = state === "created" ? "/dev/null" : `a/${path}`;
  return createTwoFilesPatch(from, `b/${path}`, before, after, "", "", { context: 2 }).replace(/^=+\n/, "");
}
