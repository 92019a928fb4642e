/** What the runner gives a job, read once from its variables; and its files for outputs and the summary. Must not know what is written to them. */
import { randomUUID } from "node:crypto";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { fail } from "@slipway/core";

export interface Runner {
  readonly workspace: string;
  readonly temp: string;
  readonly outputPath: string | undefined;
  readonly summaryPath: string | undefined;
  /** `owner/name`. */
  readonly repository: string;
  readonly sha: string;
  readonly runId: number;
  readonly attempt: number;
  /** Path of the workflow's file in the repository. */
  readonly workflowPath: string | undefined;
  readonly serverUrl: string;
  readonly apiUrl: string;
  /** Of a push: the pages that compare it with what was there before. */
  readonly compareUrl: string | undefined;
}

/** Throws SLIP_USAGE where this is no job of GitHub Actions. */
export function readRunner(env: NodeJS.ProcessEnv): Runner {
  const get = (name: string): string => {
    const value = env[name];
    if (value !== undefined && value !== "") return value;
    return fail("SLIP_USAGE", `${name} is not set: the action runs in a job of GitHub Actions`, {
      hint: "elsewhere run the command line: npx slipway",
    });
  };
  const repository = get("GITHUB_REPOSITORY");
  const workflow = env["GITHUB_WORKFLOW_REF"]?.split("@")[0];
  return {
    workspace: get("GITHUB_WORKSPACE"),
    temp: get("RUNNER_TEMP"),
    outputPath: env["GITHUB_OUTPUT"],
    summaryPath: env["GITHUB_STEP_SUMMARY"],
    repository,
    sha: get("GITHUB_SHA"),
    runId: Number(get("GITHUB_RUN_ID")),
    attempt: Number(env["GITHUB_RUN_ATTEMPT"] ?? 1),
    workflowPath: workflow?.startsWith(`${repository}/`) ? workflow.slice(repository.length + 1) : undefined,
    serverUrl: get("GITHUB_SERVER_URL"),
    apiUrl: get("GITHUB_API_URL"),
    compareUrl: readCompareUrl(env["GITHUB_EVENT_PATH"]),
  };
}

function readCompareUrl(eventPath: string | undefined): string | undefined {
  if (eventPath === undefined) return undefined;
  try {
    const event: unknown = JSON.parse(readFileSync(eventPath, "utf8"));
    const compare = Object(event).compare;
    return typeof compare === "string" ? compare : undefined;
  } catch {
    // Only a link: no event, or one that is no JSON, takes nothing else away.
    return undefined;
  }
}

/**
 * Replaces one of the step's files as a whole. The runner reads it when the step has ended, also when it killed the step (actions/runner 2.33x,
 * ActionRunner.RunAsync), and takes nothing of a file whose last value is torn: so it is never written in place. A step has files of its own.
 */
export function writeStepFile(path: string | undefined, contents: string): void {
  if (path === undefined) return;
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, contents);
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** The lines of a file of outputs: `name<<DELIMITER`, the value, and a delimiter that nobody can foresee. */
export function formatOutputs(outputs: Readonly<Record<string, string>>): string {
  return Object.entries(outputs)
    .map(([name, value]) => {
      const delimiter = `slipway_${randomUUID()}`;
      return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
    })
    .join("");
}
