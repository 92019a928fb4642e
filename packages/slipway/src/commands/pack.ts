/** `slipway pack`: makes the tarballs of a plan, once. Runs the project's scripts, reads no registry, holds no credentials. */
import { dirname, join, relative, resolve } from "node:path";
import { fail, type Plan, type Tarball } from "@slipway/core";
import { readSource } from "../git.ts";
import { readJournal } from "../journal.ts";
import { makeReleaseId } from "../plan-facts.ts";
import { makePlan } from "../planning.ts";
import {
  folderName,
  isReportedComplete,
  journalPathOf,
  openReleaseFolder,
  readPlan,
  writePlan,
} from "../release-folder.ts";
import { packInto } from "../packing.ts";
import { writtenIntegrities } from "../release-packer.ts";
import { count, formatSize } from "../views/quantities.ts";
import { readWorkspace } from "../workspace-reader.ts";
import { planFlags } from "./flags.ts";
import { refuseIdleFlags } from "./idle-flags.ts";
import { isFlagSet, textFlag, type Flags, type Verb, type VerbContext } from "./verb.ts";

export interface PackData {
  readonly plan: Plan;
  readonly digest: string;
  readonly dir: string;
  /** What an install would probably not like. */
  readonly warnings: readonly string[];
  /** The release was finished before: its plan and tarballs were left as they are. */
  readonly isFinished: boolean;
}

async function findPlan(
  args: readonly string[],
  flags: Flags,
  context: VerbContext,
): Promise<{ readonly plan: Plan; readonly dir: string }> {
  const [given] = args;
  refuseIdleFlags(given, flags, planFlags);
  if (given === undefined) {
    const planning = await makePlan(flags, context);
    planning.project.registries.close();
    return { plan: planning.plan, dir: planning.dir };
  }
  const path = resolve(context.cwd, given);
  const { plan } = await readPlan(path.endsWith(".json") ? path : join(path, "plan.json"));
  return { plan, dir: path.endsWith(".json") ? dirname(path) : path };
}

export const pack: Verb<PackData> = {
  async command(args, flags, context) {
    const found = await findPlan(args, flags, context);
    const workspace = await readWorkspace(context.cwd);
    const source = await readSource(workspace.root);
    if (makeReleaseId(source, workspace.packages) !== found.plan.releaseId)
      fail(
        "SLIP_PLAN_STALE",
        `the plan is not of this workspace: its release is ${found.plan.releaseId}, and commit or versions have changed since`,
        { hint: "plan again, or run `slipway pack` without a plan" },
      );
    const build = textFlag(flags, "build") ?? found.plan.options.build;
    const ignoreScripts = isFlagSet(flags, "ignoreScripts") || found.plan.options.ignoreScripts;
    const plan: Plan = { ...found.plan, options: { ...found.plan.options, build, ignoreScripts } };
    const out = textFlag(flags, "out");
    // A plan given as a loose file is packed into the release's own folder, not beside that file.
    const home =
      relative(workspace.root, found.dir).split(/[\\/]/)[0] === folderName
        ? found.dir
        : join(workspace.root, folderName, plan.releaseId);
    const folder = await openReleaseFolder(out === undefined ? home : resolve(context.cwd, out));
    try {
      // Nothing is left of a finished release: a plan that says so would take the place of what was published.
      if (plan.steps.length === 0 && (await isReportedComplete(folder.dir))) {
        const finished = await readPlan(join(folder.dir, "plan.json"));
        return { ...finished, dir: folder.dir, warnings: [], isFinished: true };
      }
      const written = writtenIntegrities(await readJournal(journalPathOf(folder.dir)));
      const packed = await packInto({ plan, workspace, dir: folder.dir, written, context });
      const digest = await writePlan(folder.dir, packed.plan);
      return { plan: packed.plan, digest, dir: folder.dir, warnings: packed.warnings, isFinished: false };
    } finally {
      await folder.close();
    }
  },
  views: {
    human(data, terminal) {
      const tarballs = data.plan.tarballs ?? [];
      const size = tarballs.reduce((sum: number, tarball: Tarball) => sum + tarball.sizeBytes, 0);
      return [
        data.isFinished
          ? `${terminal.paint("good", "Finished".padStart(12))}  nothing to pack: this release is published, and its plan stays`
          : `${terminal.paint("good", "Packed".padStart(12))}  ${count(tarballs.length, "package")}, ${formatSize(size)}`,
        `${"Folder".padStart(12)}  ${data.dir}`,
        `${"Digest".padStart(12)}  ${data.digest}`,
      ].join("\n");
    },
    json: (data) => ({
      dir: data.dir,
      digest: data.digest,
      releaseId: data.plan.releaseId,
      tarballs: data.plan.tarballs ?? [],
      warnings: data.warnings,
    }),
  },
  exitCode: () => 0,
};
