/**
 * The job's log: groups, annotations and masks. While a verb talks, commands in what it says are not obeyed: names, scripts and registries write to the
 * same stream (docs.github.com, "Workflow commands", stop-commands).
 */
import { randomUUID } from "node:crypto";
import * as core from "@actions/core";

/** Runs something whose lines belong together. */
export async function inGroup<T>(title: string, run: () => Promise<T>): Promise<T> {
  core.startGroup(title);
  try {
    return await run();
  } finally {
    core.endGroup();
  }
}

/** Runs something in a group, and no command that it prints is obeyed. It is handed what hides a secret from the log all the same. */
export async function quietly<T>(title: string, run: (mask: (secret: string) => void) => Promise<T>): Promise<T> {
  core.startGroup(title);
  let resumeBy = stop();
  try {
    return await run((secret) => {
      process.stdout.write(`::${resumeBy}::\n`);
      core.setSecret(secret);
      resumeBy = stop();
    });
  } finally {
    process.stdout.write(`::${resumeBy}::\n`);
    core.endGroup();
  }
}

/** A line of the action's own, with texts of others in it. A runner obeys `##[` anywhere in a line, and `::` at its start. */
export function note(text: string): void {
  core.info(`${"Note".padStart(12)}  ${text.replaceAll(/\s*[\r\n]\s*/g, " ").replaceAll("##[", "# #[")}`);
}

function stop(): string {
  const token = randomUUID();
  process.stdout.write(`::stop-commands::${token}\n`);
  return token;
}

export interface Annotation {
  readonly level: "error" | "warning";
  readonly title: string;
  readonly message: string;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
}

/** The runner keeps no more of a level and a step (actions/runner, ExecutionContext). */
const annotationsMax = 10;

const writers = { error: core.error, warning: core.warning } as const;

/** Writes the annotations; of more than the runner keeps, the last one says how many there are. */
export function annotate(annotations: readonly Annotation[]): void {
  for (const level of ["error", "warning"] as const) {
    const all = annotations.filter((item) => item.level === level);
    const shown = all.length <= annotationsMax ? all : all.slice(0, annotationsMax - 1);
    for (const { title, message, file, line } of shown)
      writers[level](message, {
        title,
        ...(file === undefined ? {} : { file }),
        ...(line === undefined ? {} : { startLine: line }),
      });
    const leftOut = all.length - shown.length;
    if (leftOut > 0) writers[level](`and ${leftOut} more: the summary and the log have all of them`);
  }
}
