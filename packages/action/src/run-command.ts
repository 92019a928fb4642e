/**
 * One command of the action: takes the release folder that it goes on from, runs the verb, and hands on what the verb found. Which verb does what is the
 * verb's business.
 */
import { join, relative, resolve, sep } from "node:path";
import { fail, makeReport, type Problem } from "@slipway/core";
import {
  createProcessTerminal,
  type Flags,
  folderOf,
  makeReleaseId,
  type RunVerbOptions,
  readJournal,
  readPlan,
  readSource,
  readWorkspace,
  runVerb,
  type VerbData,
  type VerbOutcome,
} from "slipway";
import type { Artifacts, FoundArtifact } from "./artifacts.ts";
import type { CommandName, Inputs } from "./inputs.ts";
import { inGroup, quietly } from "./log.ts";
import type { Runner } from "./runner.ts";
import type { StepRecord } from "./step-record.ts";
import { takeFolder, type TakenFolder } from "./take-folder.ts";

export interface CommandContext {
  readonly runner: Runner;
  readonly inputs: Inputs;
  readonly env: NodeJS.ProcessEnv;
  readonly artifacts: Artifacts;
  readonly record: StepRecord;
  /** Told the release folder before anything is written to it. */
  readonly onFolder: (dir: string, releaseId: string) => void;
  readonly note: (text: string) => void;
}

export interface CommandOutcome {
  readonly exitCode: number;
  readonly problems: readonly Problem[];
  /** Folder of the npm workspace below the checkout, posix. */
  readonly prefix: string;
  /** The release folder that was used. */
  readonly folder: string | undefined;
}

export async function runCommand(context: CommandContext): Promise<CommandOutcome> {
  const { command, planDigest } = context.inputs;
  switch (command) {
    case "plan":
      return plan(context);
    case "pack":
      return packWorkspace(context);
    case "publish":
      return planDigest === undefined ? publishWorkspace(context) : publishPacked(context, planDigest);
    case "verify":
    case "tag":
      return lookAt(context, command);
    case "status":
      return showStatus(context);
  }
}

/** What no verb and no script of the project is to see: the action's own inputs, and what lets it write artifacts, caches and outputs. */
const hiddenNames = /^(INPUT_|STATE_|ACTIONS_(?!ID_TOKEN_REQUEST_)|GITHUB_(OUTPUT|ENV|PATH|STATE|STEP_SUMMARY)$)/;

/** Runs the verb where nothing that it prints is obeyed. */
async function run<Name extends CommandName>(
  context: CommandContext,
  name: Name,
  args: readonly string[],
  flags: Flags,
): Promise<VerbOutcome<VerbData[Name]>> {
  return quietly(`slipway ${name}`, (mask) => runVerb(name, args, flags, optionsOf(context, mask)));
}

function optionsOf({ env, inputs, record }: CommandContext, mask: (secret: string) => void): RunVerbOptions {
  const visible = Object.fromEntries(Object.entries(env).filter(([name]) => !hiddenNames.test(name)));
  const writesToGithub = inputs.command === "tag" || inputs.flags["comment"] === true;
  return {
    env:
      writesToGithub && inputs.githubToken !== undefined ? { ...visible, GITHUB_TOKEN: inputs.githubToken } : visible,
    isInteractive: false,
    terminal: createProcessTerminal(true),
    onSecret: mask,
    onReleaseEvent: (plan, event, state) => record.tell({ plan, report: makeReport(plan, state, event.at) }),
  };
}

function cwdOf({ runner, inputs }: CommandContext): string {
  const { cwd } = inputs.flags;
  return typeof cwd === "string" ? resolve(runner.workspace, cwd) : runner.workspace;
}

function prefixOf({ runner }: CommandContext, root: string): string {
  const prefix = relative(runner.workspace, root);
  return prefix.startsWith("..") ? "" : prefix.split(sep).join("/");
}

/** Makes a plan of the checkout; with a digest it is the one of this run that has it, and no code of the repository is read. */
async function plan(context: CommandContext): Promise<CommandOutcome> {
  const { inputs, record } = context;
  const { planDigest } = inputs;
  const cwd = cwdOf(context);
  const taken = planDigest === undefined ? undefined : await getPacked(context, planDigest);
  const args = taken === undefined ? [] : [taken.dir];
  const given = taken === undefined ? { ...inputs.flags, cwd } : { ...inputs.flags, planDigest };
  const { exitCode, data, problems } = await run(context, "plan", args, given);
  if (data !== undefined) record.tell({ plan: data.plan });
  // Where the token may not write, as for a fork, the comment is for whoever looks at the job.
  if (data?.commenting?.result === "not-allowed") record.tell({ appendix: data.commenting.markdown });
  return { exitCode, problems, prefix: prefixOf(context, cwd), folder: taken?.dir };
}

interface Home {
  readonly root: string;
  readonly releaseId: string;
  readonly dir: string;
}

/** Where the release of this checkout has its folder; what an earlier attempt or run left is put there. */
async function openHome(context: CommandContext): Promise<Home> {
  const { root, packages } = await readWorkspace(cwdOf(context));
  const releaseId = makeReleaseId(await readSource(root), packages);
  const dir = folderOf(root, releaseId);
  context.onFolder(dir, releaseId);
  if ((await readJournal(join(dir, "journal.ndjson")).catch(() => [])).length > 0) {
    context.note(`${relative(root, dir)} is here already, with a journal: it is used as it is`);
    return { root, releaseId, dir };
  }
  const taken = (await takeOf(context, releaseId, dir, "run")) ?? (await takeOf(context, releaseId, dir, "commit"));
  if (taken !== undefined) context.note(`goes on from ${taken.artifact}`);
  return { root, releaseId, dir };
}

/** Nothing that cannot be looked at keeps a release from being packed: it only costs the evidence that an artifact would be. */
async function takeOf(
  context: CommandContext,
  releaseId: string,
  dir: string,
  where: "run" | "commit",
): Promise<TakenFolder | undefined> {
  const { artifacts, inputs, runner, note } = context;
  let found: readonly FoundArtifact[];
  try {
    found =
      where === "run"
        ? await artifacts.listOfRun()
        : inputs.githubToken === undefined
          ? []
          : await artifacts.listOfCommit(inputs.githubToken);
  } catch (error) {
    const place = where === "run" ? "this run" : "earlier runs of this commit (that takes `actions: read`)";
    note(`the artifacts of ${place} cannot be listed: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
  const wanted = { releaseId, planDigest: undefined };
  return takeFolder({ artifacts, found, wanted, temp: runner.temp, target: () => dir, note });
}

async function packWorkspace(context: CommandContext): Promise<CommandOutcome> {
  const home = await openHome(context);
  const flags = { ...context.inputs.flags, cwd: cwdOf(context) };
  const { exitCode, data, problems } = await run(context, "pack", [], flags);
  if (data !== undefined)
    context.record.tell({ plan: data.plan, planDigest: data.digest, isFinished: data.isFinished });
  return { exitCode, problems, prefix: prefixOf(context, home.root), folder: home.dir };
}

/** Everything in one job: the everyday command, with an artifact to go on from. */
async function publishWorkspace(context: CommandContext): Promise<CommandOutcome> {
  const home = await openHome(context);
  const flags = { ...context.inputs.flags, cwd: cwdOf(context), yes: true };
  const { exitCode, data, problems } = await run(context, "publish", [], flags);
  if (data !== undefined) context.record.tell({ report: data.report });
  return { exitCode, problems, prefix: prefixOf(context, home.root), folder: home.dir };
}

async function publishPacked(context: CommandContext, planDigest: string): Promise<CommandOutcome> {
  const { record, inputs } = context;
  const taken = await getPacked(context, planDigest);
  context.onFolder(taken.dir, taken.releaseId);
  const { plan } = await readPlan(join(taken.dir, "plan.json"), planDigest);
  record.tell({ plan, planDigest });
  const { cwd: _cwd, ...flags } = inputs.flags;
  const { exitCode, data, problems } = await run(context, "publish", [taken.dir], { ...flags, planDigest });
  if (data !== undefined) record.tell({ report: data.report });
  return { exitCode, problems, prefix: prefixOf(context, cwdOf(context)), folder: taken.dir };
}

/** The folder of this run whose plan has the digest, outside of the checkout. Throws SLIP_FOLDER_INVALID where there is none. */
async function getPacked({ artifacts, runner, note }: CommandContext, planDigest: string): Promise<TakenFolder> {
  const taken = await inGroup("Taking the release folder", async () =>
    takeFolder({
      artifacts,
      found: await artifacts.listOfRun(),
      wanted: { releaseId: undefined, planDigest },
      temp: runner.temp,
      target: (releaseId) => join(runner.temp, "slipway-release", releaseId),
      note,
    }),
  );
  if (taken === undefined)
    return fail("SLIP_FOLDER_INVALID", `no artifact of this run holds a packed release with the plan ${planDigest}`, {
      hint: "run the job that packs again, and pass its output plan-digest",
    });
  note(`takes ${taken.artifact}`);
  return taken;
}

/** With a digest the release that it names, against its tarballs; without one the checkout. */
async function lookAt(context: CommandContext, command: "verify" | "tag"): Promise<CommandOutcome> {
  const { planDigest, flags } = context.inputs;
  const taken = planDigest === undefined ? undefined : await getPacked(context, planDigest);
  const args = taken === undefined ? [] : [taken.dir];
  if (taken !== undefined)
    context.record.tell({ planDigest, plan: (await readPlan(join(taken.dir, "plan.json"))).plan });
  const given = { ...flags, cwd: cwdOf(context) };
  if (command === "verify") {
    const { exitCode, data, problems } = await run(context, "verify", args, given);
    context.record.tell({ verifications: data?.verifications });
    return { exitCode, problems, prefix: prefixOf(context, cwdOf(context)), folder: taken?.dir };
  }
  const { exitCode, data, problems } = await run(context, "tag", args, given);
  context.record.tell({ tagging: data });
  return { exitCode, problems, prefix: prefixOf(context, cwdOf(context)), folder: taken?.dir };
}

async function showStatus(context: CommandContext): Promise<CommandOutcome> {
  const flags = { ...context.inputs.flags, cwd: cwdOf(context) };
  const { exitCode, data, problems } = await run(context, "status", [], flags);
  context.record.tell({ status: data });
  return { exitCode, problems, prefix: "", folder: undefined };
}
