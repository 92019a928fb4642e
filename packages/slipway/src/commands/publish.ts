/**
 * `slipway publish`: plan, pack, publish and verify in one process; `slipway publish DIR` carries a packed release folder out
 * and needs neither repository nor configuration, and runs none of the project's code.
 */
import { join, resolve } from "node:path";
import { fail, isPublishStep, type Event, type Plan, type Report, type RunState } from "@slipway/core";
import { readNpmConfig } from "../auth/npmrc.ts";
import { carryOut, reportNothing } from "../carry-out.ts";
import { findProtocol } from "../changesets/protocol.ts";
import {
  type Announcement,
  announce,
  assertTellable,
  formatTagLines,
  openStandIn,
  prepareOutput,
  type StandIn,
  withoutTagLines,
} from "../changesets/stand-in.ts";
import { createDryRunRegistry, type PlannedWrite, rehearseWrites, reportRehearsal } from "../dry-run.ts";
import { readJournal } from "../journal.ts";
import type { ReleaseRun } from "../loop.ts";
import { packInto } from "../packing.ts";
import { makePlan, type Planning, writingOf } from "../planning.ts";
import { openRegistries, type Registries } from "../registries.ts";
import { writtenIntegrities } from "../release-packer.ts";
import { overrideLimits, readAuthMode, readChangesetsMode } from "../release-options.ts";
import { createTarballStore, openReleaseFolder, readPlan, writePlan } from "../release-folder.ts";
import { describeWaiting } from "../views/changesets-view.ts";
import { formatPlan, warningRows } from "../views/plan-view.ts";
import { createProgress } from "../views/progress.ts";
import { formatReport } from "../views/report-view.ts";
import { exitCodeOfTagging, formatTagging } from "../views/tag-view.ts";
import type { Terminal } from "../views/terminal.ts";
import { formatWrites } from "../views/writes-view.ts";
import { count } from "../views/quantities.ts";
import { globalFlags, markFlags, packFlags, planFlags } from "./flags.ts";
import { refuseIdleFlags } from "./idle-flags.ts";
import type { TagData } from "./tag.ts";
import { isFlagSet, textFlag, type Flags, type Verb, type VerbContext } from "./verb.ts";

export interface PublishData {
  readonly report: Report;
  /** With `--dry-run`: what would have been written, in order. */
  readonly writes: readonly PlannedWrite[] | undefined;
  /** Where changesets/action runs this. */
  readonly announcement?: Announcement;
  /** Where git tags are configured and the release is complete. */
  readonly tagging?: TagData;
}

export const publish: Verb<PublishData> = {
  async command(args, flags, context) {
    const [dir] = args;
    refuseIdleFlags(dir, flags, decidedBefore);
    await prepareOutput(findProtocol(readChangesetsMode(flags), context.env));
    return dir === undefined
      ? publishWorkspace(flags, context)
      : publishFolder(resolve(context.cwd, dir), flags, context);
  },
  views: {
    human: (data, terminal) =>
      data.writes === undefined
        ? formatForAction(formatOutcome(data, terminal), data.announcement)
        : formatWrites(data.writes, data.report, terminal),
    json: (data) =>
      data.writes === undefined
        ? {
            ...data.report,
            ...(data.announcement === undefined ? {} : { changesets: data.announcement }),
            ...(data.tagging === undefined ? {} : { tagging: data.tagging }),
          }
        : { dryRun: true, writes: data.writes, report: reportRehearsal(data.report, data.writes) },
  },
  exitCode: ({ report, tagging }) =>
    tagging === undefined || report.exitCode !== 0 ? report.exitCode : exitCodeOfTagging(tagging),
};

function formatOutcome({ report, tagging }: PublishData, terminal: Terminal): string {
  const text = formatReport(report, terminal);
  return tagging === undefined ? text : `${text}\n${formatTagging(tagging, terminal, tagging.dryRun)}`;
}

/** The report, and behind it what changesets/action v1 looks for in it. */
function formatForAction(text: string, announcement: Announcement | undefined): string {
  if (announcement?.protocol !== "v1") return text;
  return [withoutTagLines(text), formatTagLines(announcement)].filter((part) => part !== "").join("\n");
}

const decidedBefore = [
  ...planFlags,
  ...packFlags,
  ...markFlags,
  ...globalFlags.filter(({ flags }) => /registry|config/.test(flags)),
];

/** A flag that would change nothing is refused: whoever gave it believes that it did. */
function eventsFor(context: VerbContext, plan: Plan): (event: Event, state: RunState) => void {
  const progress = createProgress(context.terminal, context.clock, plan.tarballs ?? []);
  return (event, state) => {
    progress(event, state);
    context.onJsonEvent?.(event);
    context.onReleaseEvent?.(plan, event, state);
  };
}

async function publishWorkspace(flags: Flags, context: VerbContext): Promise<PublishData> {
  const planning = await makePlan(flags, context, true);
  const { project, plan } = planning;
  const { registries, workspace, options } = project;
  try {
    warn(context, plan.warnings);
    const waiting = plan.steps.length === 0 ? describeWaiting(plan.changesets) : undefined;
    if (waiting !== undefined) context.terminal.line("quiet", "Waiting", waiting);
    const isDry = isFlagSet(flags, "dryRun");
    const standIn = openStandIn(options.changesets, { plan, root: workspace.root, registries, env: context.env });
    if (!isDry) await assertTellable(standIn, Boolean(flags["json"]));
    if (standIn === undefined) await assertTaggable(planning, context);
    if (plan.steps.length === 0 && isDry) return { report: reportNothing(plan, context.clock), writes: [] };
    if (isDry) return await dryRun(planning, context);
    const data =
      plan.steps.length === 0
        ? { report: reportNothing(plan, context.clock), writes: undefined }
        : await packAndPublish(planning, flags, context);
    return standIn === undefined
      ? await tagIfWanted(planning, data, flags, context)
      : await tellAction(standIn, data, context);
  } finally {
    project.registries.close();
  }
}

/** Before anything is sent: where tags are wanted and there is no remote for them, a release would end half done. Throws SLIP_GIT_FAILED. */
async function assertTaggable({ plan, project }: Planning, { env }: VerbContext): Promise<void> {
  const { gitTags = "none", limits } = plan.options;
  if (gitTags === "none") return;
  const { openRemote } = await import("../git-remote.ts");
  await openRemote(project.workspace.root, env, limits.uploadTimeoutMs);
}

/** After everything is shown, and only then. changesets/action makes the tags itself. */
async function tagIfWanted(
  { plan, dir }: Planning,
  data: PublishData,
  flags: Flags,
  context: VerbContext,
): Promise<PublishData> {
  const { gitTags = "none" } = plan.options;
  if (gitTags === "none" || !data.report.isComplete) return data;
  const { tag } = await import("./tag.ts");
  return { ...data, tagging: await tag.command(plan.steps.length === 0 ? [] : [dir], flags, context) };
}

/** Where changesets/action runs this in the place of `changeset publish`, it is told which git tags to make. */
async function tellAction(standIn: StandIn | undefined, data: PublishData, context: VerbContext): Promise<PublishData> {
  if (standIn === undefined) return data;
  const { report } = data;
  const announcement = await announce(standIn, report);
  warn(context, announcement.warnings);
  const what = `changesets/action ${announcement.protocol} of ${count(announcement.tags.length, "git tag")}`;
  context.terminal.line("good", "Told", what, report.isComplete ? "" : "because the release is not complete");
  return { ...data, announcement };
}

/** Packs in memory and rehearses: nothing is written, neither to a registry nor to the release folder. */
async function dryRun(planning: Planning, context: VerbContext): Promise<PublishData> {
  const { project, plan, written, dir, readings, early } = planning;
  const packed = await packInto({ plan, workspace: project.workspace, dir: undefined, written, context, early });
  return rehearseWrites({
    plan: packed.plan,
    dir,
    contents: packed.contents,
    registries: dryRegistries(project.registries, context),
    readings,
    context,
  });
}

function dryRegistries(
  registries: Registries,
  context: VerbContext,
): (url: string) => ReturnType<typeof createDryRunRegistry> {
  const made = new Map<string, ReturnType<typeof createDryRunRegistry>>();
  return (url) => {
    const port = made.get(url) ?? createDryRunRegistry(registries.get(url), context.clock);
    made.set(url, port);
    return port;
  };
}

function registriesWritten(plan: Plan): ReadonlySet<string> {
  return new Set(plan.steps.map((step) => step.registry));
}

function warn(context: VerbContext, warnings: readonly string[]): void {
  for (const { tone, verb, what } of warningRows(warnings)) context.terminal.line(tone, verb, what);
}

async function packAndPublish(planning: Planning, flags: Flags, context: VerbContext): Promise<PublishData> {
  const { project, plan, dir, readings, early } = planning;
  const uploads = plan.steps.filter((step) => isPublishStep(step) && step.from === undefined);
  // Before anything is built: a release that cannot be sent is not worth packing.
  if (uploads.length > 0) warn(context, await project.registries.prepareWrites(plan.steps));
  if (uploads.length > 0 && context.isInteractive && !isFlagSet(flags, "yes")) {
    context.terminal.talk(formatPlan(plan, context.terminal));
    if (
      !(await context.confirm(
        `Publish ${count(uploads.length, "package")} to ${[...registriesWritten(plan)].join(", ")}?`,
      ))
    )
      fail("SLIP_INTERRUPTED", "not confirmed, nothing was written", {
        hint: "run the same command again, or pass --yes",
      });
  }
  const folder = await openReleaseFolder(dir);
  try {
    // Once more, now that no other process can add to it: what was sent meanwhile is not packed again.
    const written = writtenIntegrities(await readJournal(folder.journalPath));
    const packed = await packInto({ plan, workspace: project.workspace, dir, written, context, early });
    const planDigest = await writePlan(dir, packed.plan);
    return await publishPacked(
      {
        plan: packed.plan,
        planDigest,
        folder,
        registries: project.registries,
        tarballs: createTarballStore(dir, packed.plan, packed.contents),
        readings,
        mayRepair: isFlagSet(flags, "repair"),
      },
      context,
    );
  } finally {
    await folder.close();
  }
}

interface Packed {
  readonly plan: Plan;
  readonly planDigest: string;
  readonly folder: Awaited<ReturnType<typeof openReleaseFolder>>;
  readonly registries: Registries;
  readonly tarballs: ReleaseRun["tarballs"];
  readonly readings?: ReleaseRun["readings"];
  readonly mayRepair: boolean;
}

async function publishPacked(packed: Packed, context: VerbContext): Promise<PublishData> {
  const { clock, signal, wrapJournal } = context;
  const report = await carryOut({ ...packed, clock, signal, wrapJournal, onEvent: eventsFor(context, packed.plan) });
  return { report, writes: undefined };
}

async function publishFolder(dir: string, flags: Flags, context: VerbContext): Promise<PublishData> {
  const { plan: stored, digest } = await readPlan(join(dir, "plan.json"), textFlag(flags, "planDigest"));
  if (stored.tarballs === undefined)
    fail("SLIP_FOLDER_INVALID", `the plan in ${dir} is not packed`, { hint: "run slipway pack first" });
  const plan: Plan = {
    ...stored,
    options: { ...stored.options, limits: overrideLimits(stored.options.limits, flags) },
  };
  const settings = await readNpmConfig({ cwd: dir, env: context.env, useProject: false });
  const { limits } = plan.options;
  const registries = await openRegistries(
    [...plan.steps, ...plan.kept].flatMap((item) => item.registry ?? []),
    { settings, limits, clock: context.clock, writing: writingOf(flags, context, readAuthMode(flags)) },
  );
  try {
    const tarballs = createTarballStore(dir, plan);
    // All of them before the first write: what was edited since packing refuses the whole folder.
    for (const step of plan.steps) if (isPublishStep(step)) await tarballs.read(step.name, step.version);
    if (isFlagSet(flags, "dryRun"))
      return await rehearseWrites({
        plan,
        dir,
        contents: new Map(),
        registries: dryRegistries(registries, context),
        readings: [],
        context,
      });
    const standIn = openStandIn(readChangesetsMode(flags), { plan, root: context.cwd, registries, env: context.env });
    await assertTellable(standIn, Boolean(flags["json"]));
    warn(context, await registries.prepareWrites(plan.steps));
    const folder = await openReleaseFolder(dir);
    try {
      const mayRepair = isFlagSet(flags, "repair");
      const packed = { plan, planDigest: digest, folder, registries, tarballs, mayRepair };
      return await tellAction(standIn, await publishPacked(packed, context), context);
    } finally {
      await folder.close();
    }
  } finally {
    registries.close();
  }
}
