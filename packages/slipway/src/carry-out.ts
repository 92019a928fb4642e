/**
 * Carries a packed plan out in its release folder: opens the journal, runs the loop, writes the report. Used by every verb that
 * writes to a registry.
 */
import {
  applyEvent,
  createRun,
  type Clock,
  type Event,
  type JournalPort,
  makeReport,
  type Plan,
  type Report,
  type RunState,
  type TarballStore,
} from "@slipway/core";
import { openJournal } from "./journal.ts";
import { type ReleaseRun, runRelease } from "./loop.ts";
import type { Registries } from "./registries.ts";
import { digestPlan, type ReleaseFolder, writeReport } from "./release-folder.ts";
import { toolVersion } from "./tool-version.ts";

export interface CarryOutRequest {
  readonly plan: Plan;
  /** As plan.json carries it. */
  readonly planDigest: string;
  readonly folder: ReleaseFolder;
  readonly registries: Registries;
  readonly tarballs: TarballStore;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly readings?: ReleaseRun["readings"];
  readonly mayRepair?: boolean;
  readonly wrapJournal?: ((journal: JournalPort) => JournalPort) | undefined;
  readonly onEvent?: (event: Event, state: RunState) => void;
}

/** Runs until the end, and leaves journal and report in the folder whatever the end is. */
export async function carryOut(request: CarryOutRequest): Promise<Report> {
  const { plan, planDigest, folder, registries, tarballs, clock, signal, readings, mayRepair, onEvent } = request;
  const journal = await openJournal(folder.journalPath, plan.releaseId);
  try {
    const state = await runRelease({
      plan,
      planDigest,
      toolVersion,
      limits: plan.options.limits,
      registries: registries.get,
      journal: request.wrapJournal?.(journal) ?? journal,
      history: journal.history,
      ...(readings === undefined ? {} : { readings }),
      ...(mayRepair === undefined ? {} : { mayRepair }),
      clock,
      tarballs,
      signal,
      ...(onEvent === undefined ? {} : { onEvent }),
    });
    const report = nameCredentials(makeReport(plan, state, clock.now()), registries);
    await writeReport(folder.dir, report);
    return report;
  } finally {
    await journal.close();
  }
}

/** Whoever was refused wants to know which token that was: of several .npmrc files and variables, one was taken. */
function nameCredentials(report: Report, registries: Pick<Registries, "describeCredentials">): Report {
  const versions = report.versions.map((item) => {
    if (!item.problems.some(({ code }) => code === "SLIP_UPLOAD_UNAUTHORISED")) return item;
    const used = registries.describeCredentials(item.registry);
    const from = used.kind === "configured" ? used.origin : used.text;
    if (from === undefined) return item;
    const problems = item.problems.map((problem) =>
      problem.code === "SLIP_UPLOAD_UNAUTHORISED" ? { ...problem, hint: `${problem.hint}; used was ${from}` } : problem,
    );
    return { ...item, problems };
  });
  return { ...report, versions };
}

/** The report of a plan that had nothing to do: no folder was opened and nothing was written. */
export function reportNothing(plan: Plan, clock: Clock): Report {
  const state = createRun(plan, plan.options.limits);
  const at = clock.now();
  applyEvent(state, { type: "resumed", at, planDigest: digestPlan(plan), toolVersion, attempt: 1 });
  return makeReport(plan, state, at);
}
