/** What a run has left, in forms that tests can look at. Must not judge. */
import { readFile } from "node:fs/promises";
import type { JobRecord, StepRecord, WorkflowRun } from "@slipway/testkit/github/workflow-run";
import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";

export function resultsOf({ jobs }: WorkflowRun): readonly string[] {
  return [...jobs.values()].map(({ id, result }) => `${id} ${result}`);
}

/** The step of the action in a job; each job has one. */
export function stepOf({ jobs }: WorkflowRun, job: string): StepRecord {
  const step = jobs.get(job)?.steps.find(({ name }) => name.startsWith("slipway-release/slipway"));
  if (step === undefined) throw new Error(`${job} has no step of the action`);
  return step;
}

export function jobOf({ jobs }: WorkflowRun, id: string): JobRecord {
  const job = jobs.get(id);
  if (job === undefined) throw new Error(`there is no job ${id}`);
  return job;
}

/** An output of a step, parsed. */
export function outputOf<T>(step: StepRecord, name: string): T {
  return JSON.parse(step.outputs[name] ?? "null");
}

/** A summary as GitHub renders it, nearly: its Markdown, without its sanitiser and its links for names and numbers. */
export function renderSummary(markdown: string): string {
  return micromark(markdown, { allowDangerousHtml: true, extensions: [gfm()], htmlExtensions: [gfmHtml()] });
}

/** Text of a rendered summary, one line a cell, paragraph or item. */
export function linesOf(markdown: string): readonly string[] {
  return renderSummary(markdown)
    .replaceAll(/<(?!\/?(?:code|strong|em|a)[ >])[^>]*>/g, "\n")
    .replaceAll(/<[^>]*>/g, "")
    .replaceAll(/&#(\d+);/g, (_, number: string) => String.fromCodePoint(Number(number)))
    .replaceAll("\u2060", "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

export interface Trace {
  /** Programs that were started, each once. */
  readonly programs: readonly string[];
  /** Files and folders that were opened, each once. */
  readonly opened: readonly string[];
}

/** Reads what strace has written of a process tree; what was asked for and not there is left out. */
export async function readTrace(path: string): Promise<Trace> {
  const lines = (await readFile(path, "utf8")).split("\n").filter((line) => !line.includes(" = -1 "));
  const found = (pattern: RegExp): readonly string[] => [
    ...new Set(lines.flatMap((line) => pattern.exec(line)?.[1] ?? [])),
  ];
  return { programs: found(/execve\("([^"]+)"/), opened: found(/openat\([^,]+, "([^"]+)"/) };
}

/** Everything that a run says: logs without the lines that hide a secret, outputs and summaries. */
export function saidBy({ jobs }: WorkflowRun): string {
  return [...jobs.values()]
    .flatMap(({ outputs, steps }) => [
      JSON.stringify(outputs),
      ...steps.flatMap((step) => [step.log, step.summary, JSON.stringify(step.outputs)]),
    ])
    .join("\n")
    .replaceAll(/^::add-mask::.*$/gm, "");
}
