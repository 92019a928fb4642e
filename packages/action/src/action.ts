/**
 * A step of the action from its environment to its exit code: runs the command, annotates what went wrong, and uploads the release folder. All that is
 * written for people or for later jobs is written here.
 */
import { mkdir } from "node:fs/promises";
import * as core from "@actions/core";
import { type Problem, problem, ProblemsError } from "@slipway/core";
import { systemClock } from "slipway";
import { type Artifacts, createArtifacts, fingerprintOf } from "./artifacts.ts";
import { describeTrouble } from "./annotations.ts";
import { type Inputs, readInputs } from "./inputs.ts";
import { annotate, inGroup, note } from "./log.ts";
import { runCommand, type CommandOutcome } from "./run-command.ts";
import { readRunner, type Runner } from "./runner.ts";
import { createStepRecord, type StepRecord } from "./step-record.ts";

/** Names under which the main part leaves for the post part what it has done. */
export const states = { dir: "dir", release: "release", uploaded: "uploaded" } as const;

export async function runAction(env: NodeJS.ProcessEnv): Promise<number> {
  let runner: Runner;
  let inputs: Inputs;
  try {
    runner = readRunner(env);
    inputs = readInputs(env);
  } catch (error) {
    annotate((await describeTrouble({}, problemsOf(error), undefined)).slice(0, 1));
    return 2;
  }
  const artifacts = createArtifacts(runner);
  const record = createStepRecord(runner, () => systemClock.now());
  let isInterrupted = false;
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => (isInterrupted = true));
  hideSecrets(inputs);
  const folder: { dir?: string; releaseId?: string } = {};
  process.on("exit", () => record.flush());
  record.tell({});
  const outcome = await carryOut(runner, inputs, env, artifacts, record, (dir, releaseId) => {
    Object.assign(folder, { dir, releaseId });
    core.saveState(states.dir, dir);
    core.saveState(states.release, releaseId);
  });
  record.end({}, outcome.problems);
  const places = { workspace: runner.workspace, prefix: outcome.prefix, folder: outcome.folder };
  annotate(await describeTrouble(record.known, outcome.problems, places));
  // The post part has minutes for it where a cancelled run leaves this part seconds.
  const isUploaded = isInterrupted || (await uploadFolder(artifacts, folder, inputs.command));
  // Without its artifact a packed release cannot be published; a published one has all that counts in the registry.
  return outcome.exitCode === 0 && inputs.command === "pack" && !isUploaded ? 1 : outcome.exitCode;
}

function hideSecrets({ githubToken, flags }: Inputs): void {
  for (const secret of [githubToken, flags["otp"]]) if (typeof secret === "string") core.setSecret(secret);
}

async function carryOut(
  runner: Runner,
  inputs: Inputs,
  env: NodeJS.ProcessEnv,
  artifacts: Artifacts,
  record: StepRecord,
  onFolder: (dir: string, releaseId: string) => void,
): Promise<CommandOutcome> {
  try {
    await mkdir(runner.temp, { recursive: true });
    return await runCommand({ runner, inputs, env, artifacts, record, onFolder, note });
  } catch (error) {
    const problems = problemsOf(error);
    for (const item of problems) note(`${item.code}: ${item.message}; ${item.hint}`);
    return {
      exitCode: problems.some(({ code }) => code === "SLIP_BUG") ? 1 : 2,
      problems,
      prefix: "",
      folder: undefined,
    };
  }
}

function problemsOf(error: unknown): readonly Problem[] {
  if (error instanceof ProblemsError) return error.problems;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return [problem("SLIP_BUG", `the action has a bug: ${message.replaceAll(/\s+/g, " ")}`, { cause: error })];
}

/** False where there is something to upload that could not be. */
export async function uploadFolder(
  artifacts: Artifacts,
  { dir, releaseId }: { readonly dir?: string; readonly releaseId?: string },
  command: string,
  uploadedBefore = "",
): Promise<boolean> {
  if (dir === undefined || releaseId === undefined) return true;
  const fingerprint = await fingerprintOf(dir);
  if (fingerprint === "" || fingerprint === uploadedBefore) return true;
  try {
    const name = await inGroup("Uploading the release folder", () => artifacts.upload(dir, releaseId, command));
    core.saveState(states.uploaded, fingerprint);
    core.info(`The release folder is the artifact ${name}`);
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    annotate([
      { level: "warning", title: "Artifact", message: `the release folder could not be uploaded: ${message}` },
    ]);
    return false;
  }
}
