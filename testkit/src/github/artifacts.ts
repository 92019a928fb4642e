/**
 * Artifacts of runs: kept once, shown by GitHub's API (docs.github.com, "REST API endpoints for GitHub Actions artifacts" and "… workflow runs"), and written
 * through the service that jobs use (actions/toolkit, packages/artifact: twirp in JSON, and a blob store that takes blocks).
 */
import { createHash, randomBytes } from "node:crypto";
import { githubError, type GithubRequest, type GithubResponse, paginate, type Route } from "./route.ts";
import type { GithubState } from "./state.ts";

export interface StoredRun {
  readonly id: number;
  readonly backendId: string;
  readonly headSha: string;
  /** `.github/workflows/release.yml`. */
  readonly path: string;
  readonly event: string;
  /** `owner/name`: another one for a run of a fork. */
  readonly headRepository: string;
}

export interface StoredArtifact {
  readonly id: number;
  readonly runBackendId: string;
  readonly name: string;
  readonly createdAt: string;
  readonly mimeType: string;
  bytes: Buffer;
  digest: string;
  isFinal: boolean;
}

export interface ArtifactStore {
  readonly runs: StoredRun[];
  readonly artifacts: StoredArtifact[];
  addRun(run: Omit<StoredRun, "backendId">): StoredRun;
  /** Undefined where the run has one of this name already. */
  begin(runBackendId: string, name: string, mimeType: string): StoredArtifact | undefined;
  /** What is not final yet is not shown. */
  write(artifact: StoredArtifact, bytes: Buffer): void;
  /** Secret part of the address at which the blob is written and read. */
  readonly signature: string;
}

export function createArtifactStore(now: () => number = Date.now): ArtifactStore {
  const runs: StoredRun[] = [];
  const artifacts: StoredArtifact[] = [];
  let lastAt = 0;
  return {
    runs,
    artifacts,
    signature: randomBytes(16).toString("hex"),
    addRun(run) {
      const stored = { ...run, backendId: `run-${run.id}-${randomBytes(4).toString("hex")}` };
      runs.push(stored);
      return stored;
    },
    begin(runBackendId, name, mimeType) {
      if (artifacts.some((item) => item.runBackendId === runBackendId && item.name === name)) return undefined;
      // GitHub counts whole seconds; two of one second are told apart by their ids.
      lastAt = Math.max(lastAt, Math.floor(now() / 1000) * 1000);
      const createdAt = new Date(lastAt).toISOString().replace(".000Z", "Z");
      const id = artifacts.length + 1;
      const artifact = {
        id,
        runBackendId,
        name,
        createdAt,
        mimeType,
        bytes: Buffer.alloc(0),
        digest: "",
        isFinal: false,
      };
      artifacts.push(artifact);
      return artifact;
    },
    write(artifact, bytes) {
      artifact.bytes = bytes;
      artifact.digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    },
  };
}

const base = "/repos/{owner}/{repo}/actions";

function runBody(state: GithubState, run: StoredRun): object {
  return {
    id: run.id,
    head_sha: run.headSha,
    path: run.path,
    event: run.event,
    status: "completed",
    url: `${state.apiUrl}/repos/${state.repository}/actions/runs/${run.id}`,
    head_repository: { full_name: run.headRepository },
    repository: { full_name: state.repository },
  };
}

function artifactBody(
  state: GithubState,
  run: StoredRun,
  { id, name, bytes, digest, createdAt }: StoredArtifact,
): object {
  const url = `${state.apiUrl}/repos/${state.repository}/actions/artifacts/${id}`;
  return {
    id,
    name,
    size_in_bytes: bytes.length,
    url,
    archive_download_url: `${url}/zip`,
    expired: false,
    created_at: createdAt,
    digest,
    workflow_run: { id: run.id, head_sha: run.headSha },
  };
}

/** Routes for `startFakeGithub`; `blobUrl` is where the service's blobs are. */
export function artifactRoutes(store: ArtifactStore, blobUrl: () => string): readonly Route[] {
  const scope = "actions";
  const listRuns = (request: GithubRequest, state: GithubState): GithubResponse => {
    const sha = request.query.get("head_sha");
    const runs = store.runs.filter((run) => sha === null || run.headSha === sha).toReversed();
    const page = paginate(
      request,
      state,
      runs.map((run) => runBody(state, run)),
    );
    return { ...page, body: { total_count: runs.length, workflow_runs: page.body } };
  };
  const listArtifacts = (request: GithubRequest, state: GithubState): GithubResponse => {
    const run = store.runs.find(({ id }) => String(id) === request.params["run"]);
    if (run === undefined) return githubError(404, "Not Found");
    const found = store.artifacts.filter((item) => item.runBackendId === run.backendId && item.isFinal).toReversed();
    const page = paginate(
      request,
      state,
      found.map((item) => artifactBody(state, run, item)),
    );
    return { ...page, body: { total_count: found.length, artifacts: page.body } };
  };
  const download = ({ params }: GithubRequest): GithubResponse => {
    const found = store.artifacts.find(({ id, isFinal }) => isFinal && String(id) === params["id"]);
    if (found === undefined) return githubError(404, "Not Found");
    return { status: 302, headers: { location: blobAddress(blobUrl(), store, found) } };
  };
  return [
    { method: "GET", path: `${base}/runs`, scope, level: "read", handle: listRuns },
    { method: "GET", path: `${base}/runs/{run}/artifacts`, scope, level: "read", handle: listArtifacts },
    { method: "GET", path: `${base}/artifacts/{id}/zip`, scope, level: "read", handle: download },
  ];
}

export function blobAddress(url: string, { signature }: ArtifactStore, { id }: StoredArtifact): string {
  return `${url}/blob/${id}?sig=${signature}`;
}
