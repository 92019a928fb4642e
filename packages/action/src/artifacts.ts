/**
 * Release folders as artifacts of runs: uploading, listing and fetching them. Of this run through the runner's own service, which needs no permission;
 * of other runs through GitHub's API, which needs `actions: read`. Must not judge what is in them.
 */
import { randomBytes } from "node:crypto";
import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { DefaultArtifactClient, type FindOptions } from "@actions/artifact";
import { getOctokit } from "@actions/github";
import type { Runner } from "./runner.ts";

export interface FoundArtifact {
  readonly id: number;
  readonly name: string;
  readonly releaseId: string;
  readonly attempt: number;
  readonly createdAtMs: number;
  readonly sizeBytes: number;
  /** `sha256:…` of the zip, as GitHub computed it. */
  readonly digest: string | undefined;
  readonly find: FindOptions | undefined;
}

export interface Artifacts {
  /** Uploads the files of a folder; resolves with the artifact's name. */
  upload(dir: string, releaseId: string, command: string): Promise<string>;
  /** Those of this run and its earlier attempts, newest first. */
  listOfRun(): Promise<readonly FoundArtifact[]>;
  /** Those of earlier runs of this workflow on the same commit, newest first. */
  listOfCommit(token: string): Promise<readonly FoundArtifact[]>;
  /** Fetches the zip into an empty folder and resolves with its path. Throws where its digest is another. */
  fetchZip(artifact: FoundArtifact, dir: string): Promise<string>;
}

const namePattern = /^slipway-([0-9a-f]{12})-(\d+)-[a-z]+-[0-9a-f]{8}$/;

/** No two are alike: of an artifact's name GitHub takes one a run, and jobs of a matrix share everything else. */
function nameOf(releaseId: string, attempt: number, command: string): string {
  return `slipway-${releaseId}-${attempt}-${command}-${randomBytes(4).toString("hex")}`;
}

/** The newest runs are looked at; older ones of one commit have nothing that these have not. */
const runsMax = 20;
/** Events whose runs hold code that the repository's owners have taken: a pull request's run may have a stranger's artifacts. */
const eventsTrusted: ReadonlySet<string> = new Set([
  "push",
  "workflow_dispatch",
  "schedule",
  "release",
  "repository_dispatch",
  "create",
  "merge_group",
]);

export function createArtifacts(runner: Runner): Artifacts {
  const client = new DefaultArtifactClient();
  const [owner = "", repo = ""] = runner.repository.split("/");
  return {
    async upload(dir, releaseId, command) {
      const name = nameOf(releaseId, runner.attempt, command);
      // Tarballs are compressed already, and they are nearly all of it.
      await client.uploadArtifact(name, [...(await filesOf(dir))], dir, { compressionLevel: 1 });
      return name;
    },
    async listOfRun() {
      const { artifacts } = await client.listArtifacts();
      return newestFirst(artifacts.map((item) => parse(item, undefined)));
    },
    async listOfCommit(token) {
      const { rest } = getOctokit(token);
      const { data } = await rest.actions.listWorkflowRunsForRepo({
        owner,
        repo,
        head_sha: runner.sha,
        per_page: runsMax,
      });
      const runs = data.workflow_runs.filter(
        (run) =>
          run.id !== runner.runId &&
          run.head_sha === runner.sha &&
          run.path.split("@")[0] === runner.workflowPath &&
          run.head_repository?.full_name === runner.repository &&
          eventsTrusted.has(run.event),
      );
      const found: (FoundArtifact | undefined)[] = [];
      for (const run of runs) {
        const findBy = { token, workflowRunId: run.id, repositoryOwner: owner, repositoryName: repo };
        const { artifacts } = await client.listArtifacts({ findBy });
        found.push(...artifacts.map((item) => parse(item, { findBy })));
      }
      return newestFirst(found);
    },
    async fetchZip({ id, digest, find }, dir) {
      await mkdir(dir, { recursive: true });
      // As it is: unpacking is done with more care than a library can know to take.
      const options = {
        path: dir,
        skipDecompress: true,
        ...find,
        ...(digest === undefined ? {} : { expectedHash: digest }),
      };
      const { digestMismatch } = await client.downloadArtifact(id, options);
      if (digestMismatch === true) throw new Error("the artifact is not what was uploaded: its digest is another");
      const [file] = await readdir(dir);
      if (file === undefined) throw new Error("the artifact could not be downloaded");
      return join(dir, file);
    },
  };
}

interface Listed {
  readonly id: number;
  readonly name: string;
  readonly size: number;
  readonly createdAt?: Date;
  readonly digest?: string;
}

function parse(
  { id, name, size, createdAt, digest }: Listed,
  find: FindOptions | undefined,
): FoundArtifact | undefined {
  const [, releaseId, attempt] = namePattern.exec(name) ?? [];
  if (releaseId === undefined) return undefined;
  const createdAtMs = createdAt?.getTime() ?? 0;
  return {
    id,
    name,
    releaseId,
    attempt: Number(attempt),
    createdAtMs,
    sizeBytes: size,
    digest: digest || undefined,
    find,
  };
}

function newestFirst(found: readonly (FoundArtifact | undefined)[]): readonly FoundArtifact[] {
  return found.filter((item) => item !== undefined).toSorted((a, b) => b.createdAtMs - a.createdAtMs || b.id - a.id);
}

/** What belongs to a release folder; the lock and half-written files do not. */
async function filesOf(dir: string): Promise<readonly string[]> {
  const tarballs = await readdir(join(dir, "tarballs")).catch(() => []);
  const paths = [
    ...["plan.json", "journal.ndjson", "report.json"].map((name) => join(dir, name)),
    ...tarballs.filter((name) => name.endsWith(".tgz")).map((name) => join(dir, "tarballs", name)),
  ];
  const found = await Promise.all(
    paths.map(async (path) => ((await stat(path).catch(() => undefined))?.isFile() === true ? [path] : [])),
  );
  return found.flat();
}

/** Changes whenever the folder does: its journal grows, its plan and report are replaced. Empty for a folder without a plan. */
export async function fingerprintOf(dir: string): Promise<string> {
  const marks = await Promise.all(
    ["plan.json", "journal.ndjson", "report.json"].map(async (name) => {
      const found = await stat(join(dir, name)).catch(() => undefined);
      return found === undefined ? "" : `${name}:${found.size}:${found.mtimeMs}`;
    }),
  );
  return marks[0] === "" ? "" : marks.join(" ");
}
