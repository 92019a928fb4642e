/**
 * What a step leaves behind for the jobs after it and for people: outputs and summary, written again whenever more is known, so that a step that is killed
 * still has them.
 */
import type { Problem } from "@slipway/core";
import { formatGithubSummary, type GithubSummary } from "slipway";
import { makeOutputs, type OutputSource } from "./outputs.ts";
import { formatOutputs, type Runner, writeStepFile } from "./runner.ts";

export interface Known extends OutputSource, Pick<GithubSummary, "verifications" | "tagging" | "status"> {
  /** Further Markdown for the summary. */
  readonly appendix?: string;
}

export interface StepRecord {
  /** Adds to what is known, and writes it: at once, or where that would be too often, with the next that comes. */
  tell(more: Known): void;
  /** Writes what was held back. */
  flush(): void;
  /** Writes for the last time. */
  end(more: Known, problems: readonly Problem[]): void;
  readonly known: Known;
}

/** GitHub takes 1 MiB a step. */
const summaryMaxBytes = 1_000_000;
/** Of large releases every event would write a file of a megabyte. */
const smallMax = 100;
const largeEveryMs = 1_000;

export function createStepRecord(runner: Runner, now: () => number): StepRecord {
  let known: Known = {};
  let writtenAt = Number.NEGATIVE_INFINITY;
  let last: string | undefined;
  let isHeldBack = false;
  const repositoryUrl = `${runner.serverUrl}/${runner.repository}`;

  function write(problems: readonly Problem[], isRunning: boolean): void {
    const { compareUrl } = runner;
    writeStepFile(runner.outputPath, formatOutputs(makeOutputs(known)));
    const { appendix = "" } = known;
    const summary = formatGithubSummary(
      { ...known, problems, repositoryUrl, compareUrl, isRunning },
      summaryMaxBytes - Buffer.byteLength(appendix),
    );
    writeStepFile(runner.summaryPath, appendix === "" ? summary : `${summary}\n${appendix}\n`);
  }

  return {
    get known() {
      return known;
    },
    tell(more) {
      known = { ...known, ...more };
      const mark = markOf(known);
      if (mark === last) return;
      const isLarge = (known.report?.versions.length ?? 0) > smallMax;
      isHeldBack = isLarge && now() - writtenAt < largeEveryMs;
      if (isHeldBack) return;
      last = mark;
      writtenAt = now();
      write([], true);
    },
    flush() {
      if (isHeldBack) write([], true);
      isHeldBack = false;
    },
    end(more, problems) {
      known = { ...known, ...more };
      isHeldBack = false;
      write(problems, false);
    },
  };
}

/** Changes when there is something new to say; the clock alone is nothing new. */
function markOf({ report, plan, planDigest }: Known): string {
  const versions = report?.versions.map(({ status, tag, problems }) => `${status} ${tag?.status} ${problems.length}`);
  return [plan?.releaseId, planDigest, ...(versions ?? [])].join("\n");
}
