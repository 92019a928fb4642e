/**
 * Identity tokens of jobs: claims as GitHub writes them (docs.github.com, "OpenID Connect reference"). A job without `id-token: write` has no address to ask at.
 */
import { randomUUID } from "node:crypto";
import type { TokenSigner } from "./json-web-token.ts";

/** What an identity token says of its job. */
export interface JobIdentity {
  readonly repository: string;
  /** File name, such as `release.yml`. */
  readonly workflow: string;
  readonly ref: string;
  readonly sha: string;
  readonly eventName: string;
  readonly runId: number;
  readonly runAttempt: number;
  readonly environment: string | undefined;
}

const livesS = 300;

export function identityToken(
  signer: TokenSigner,
  issuer: string,
  job: JobIdentity,
  audience: string,
  nowMs: number,
): string {
  const workflowRef = `${job.repository}/.github/workflows/${job.workflow}@${job.ref}`;
  const [owner = ""] = job.repository.split("/");
  const now = Math.floor(nowMs / 1000);
  return signer.sign({
    jti: randomUUID(),
    sub: `repo:${job.repository}:${job.environment === undefined ? `ref:${job.ref}` : `environment:${job.environment}`}`,
    aud: audience,
    iss: issuer,
    ...(job.environment === undefined ? {} : { environment: job.environment }),
    ref: job.ref,
    ref_type: "branch",
    sha: job.sha,
    repository: job.repository,
    repository_owner: owner,
    repository_visibility: "public",
    run_id: String(job.runId),
    run_attempt: String(job.runAttempt),
    workflow_ref: workflowRef,
    workflow_sha: job.sha,
    job_workflow_ref: workflowRef,
    job_workflow_sha: job.sha,
    event_name: job.eventName,
    runner_environment: "github-hosted",
    iat: now,
    nbf: now - 5,
    exp: now + livesS,
  });
}
