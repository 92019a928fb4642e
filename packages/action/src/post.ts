/**
 * Post part of the action: a runner calls it at the end of the job, also where the main part failed or was killed. Uploads the release folder if that has
 * changed since the main part uploaded it.
 */
import { createArtifacts } from "./artifacts.ts";
import { states, uploadFolder } from "./action.ts";
import { readRunner } from "./runner.ts";

function read(name: string): string | undefined {
  return process.env[`STATE_${name}`] || undefined;
}

const dir = read(states.dir);
const releaseId = read(states.release);
if (dir !== undefined && releaseId !== undefined)
  await uploadFolder(
    createArtifacts(readRunner(process.env)),
    { dir, releaseId },
    process.env["INPUT_COMMAND"] ?? "post",
    read(states.uploaded),
  );
