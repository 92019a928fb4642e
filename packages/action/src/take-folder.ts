/**
 * Takes the release folder that an earlier job, attempt or run left as an artifact. One with a journal goes before one that was only packed, the newest
 * first; what does not fit is told and left alone.
 */
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { ProblemsError } from "@slipway/core";
import { readJournal, readPlan } from "slipway";
import type { Artifacts, FoundArtifact } from "./artifacts.ts";
import { unpackArtifact } from "./unpack-artifact.ts";

export interface Wanted {
  /** Of the workspace; undefined where there is none to tell it. */
  readonly releaseId: string | undefined;
  readonly planDigest: string | undefined;
}

export interface Taking {
  readonly artifacts: Pick<Artifacts, "fetchZip">;
  readonly found: readonly FoundArtifact[];
  readonly wanted: Wanted;
  /** Folder for what is being looked at, on the same disk as `target`. */
  readonly temp: string;
  /** Where the folder of a release goes; nothing is there. */
  readonly target: (releaseId: string) => string;
  readonly note: (text: string) => void;
}

export interface TakenFolder {
  readonly dir: string;
  readonly releaseId: string;
  readonly artifact: string;
}

/** Of one release more than this were never left by runs that could still matter. */
const artifactsMax = 20;

/** The folder that fits, put in its place; undefined when none does. */
export async function takeFolder(taking: Taking): Promise<TakenFolder | undefined> {
  await mkdir(taking.temp, { recursive: true });
  const temp = await mkdtemp(join(taking.temp, "slipway-artifact-"));
  try {
    let packedOnly: Opened | undefined;
    const fitting = taking.found.filter(
      ({ releaseId }) => taking.wanted.releaseId === undefined || releaseId === taking.wanted.releaseId,
    );
    for (const [index, artifact] of fitting.slice(0, artifactsMax).entries()) {
      const opened = await open(taking, artifact, join(temp, String(index)));
      if (opened === undefined) continue;
      if (opened.hasJournal) return await put(taking, opened);
      packedOnly ??= opened;
    }
    return packedOnly === undefined ? undefined : await put(taking, packedOnly);
  } finally {
    await rm(temp, { recursive: true, force: true });
  }
}

interface Opened {
  readonly dir: string;
  readonly artifact: FoundArtifact;
  readonly hasJournal: boolean;
}

async function open(taking: Taking, artifact: FoundArtifact, dir: string): Promise<Opened | undefined> {
  const { wanted, note } = taking;
  try {
    const folder = join(dir, "folder");
    await unpackArtifact(await taking.artifacts.fetchZip(artifact, join(dir, "zip")), folder);
    const { plan, digest } = await readPlan(join(folder, "plan.json"));
    if (plan.releaseId !== artifact.releaseId) {
      note(`${artifact.name} is not used: it holds the release ${plan.releaseId}`);
      return undefined;
    }
    if (wanted.planDigest !== undefined && wanted.planDigest !== digest) return undefined;
    const journal = await readJournal(join(folder, "journal.ndjson"));
    const [first] = journal;
    if (first !== undefined && (first.type !== "opened" || first.releaseId !== plan.releaseId)) {
      note(`${artifact.name} is not used: its journal is of another release`);
      return undefined;
    }
    return { dir: folder, artifact, hasJournal: journal.length > 0 };
  } catch (error) {
    // Of many, one may be broken, gone or planted: the others are looked at all the same.
    const why =
      error instanceof ProblemsError ? error.problems.map(({ message }) => message).join("; ") : String(error);
    note(`${artifact.name} is not used: ${why}`);
    return undefined;
  }
}

async function put({ target }: Taking, { dir, artifact }: Opened): Promise<TakenFolder> {
  const place = target(artifact.releaseId);
  await mkdir(dirname(place), { recursive: true });
  await rm(place, { recursive: true, force: true });
  await rename(dir, place);
  return { dir: place, releaseId: artifact.releaseId, artifact: artifact.name };
}
