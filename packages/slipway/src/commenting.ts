/**
 * Says on a pull request what merging it would release. Where the token may not write, as in a run for a fork, the same text goes to the job's summary: nobody's
 * checks turn red for it.
 */
import { appendFile } from "node:fs/promises";
import { type Clock, defaultLimits, type Plan, type Problem, ProblemsError } from "@slipway/core";
import { findGithubToken, openGithub } from "./hosting/github.ts";
import { type CommentOutcome, findPullRequest, keepComment } from "./hosting/pull-request-comment.ts";
import { formatPlanComment, isWorthAComment, planCommentMark } from "./views/plan-comment.ts";

export interface CommentingRequest {
  readonly plan: Plan | undefined;
  /** Why there is no plan. */
  readonly problems: readonly Problem[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly dryRun: boolean;
}

export interface Commenting {
  /** `no-pull-request`: the event has none. `not-allowed`: the token may not write, and the summary has the text. */
  readonly result: CommentOutcome["result"] | "no-pull-request" | "not-allowed";
  readonly dryRun: boolean;
  readonly pullRequest?: number;
  readonly url?: string;
  /** Why it could not be written. */
  readonly reason?: string;
  readonly markdown: string;
}

/** Throws SLIP_USAGE outside of an event, unless nothing is to be written; SLIP_HOST_REFUSED and SLIP_HOST_UNAVAILABLE for what is no matter of rights. */
export async function commentPlan(request: CommentingRequest): Promise<Commenting> {
  const { env, dryRun } = request;
  const markdown = formatPlanComment(request);
  const common = { dryRun, markdown };
  if (dryRun && (env["GITHUB_EVENT_PATH"] ?? "") === "") return { ...common, result: "no-pull-request" };
  const pullRequest = await findPullRequest(env);
  if (pullRequest === undefined) return { ...common, result: "no-pull-request" };
  try {
    if (findGithubToken(env) === undefined) return await fallBack(request, pullRequest, markdown, "there is no token");
    const github = openGithub({ ...request, remote: undefined, limits: defaultLimits });
    const isWorthMaking = isWorthAComment(request);
    const wanted = { pullRequest, mark: planCommentMark, body: markdown, isWorthMaking };
    const { result, url } = await keepComment(github, wanted, dryRun);
    return { ...common, result, pullRequest, ...(url === undefined ? {} : { url }) };
  } catch (error) {
    const refusal = error instanceof ProblemsError ? error.problems.find(isNotAllowed) : undefined;
    if (refusal === undefined) throw error;
    return fallBack(request, pullRequest, markdown, refusal.message);
  }
}

/** 403 `Resource not accessible by integration` is what a token without the permission is told, and that of a run for a fork has none. */
function isNotAllowed({ code, status }: Problem): boolean {
  return code === "SLIP_HOST_REFUSED" && status === 403;
}

async function fallBack(
  { env, dryRun }: CommentingRequest,
  pullRequest: number,
  markdown: string,
  reason: string,
): Promise<Commenting> {
  const path = env["GITHUB_STEP_SUMMARY"];
  if (!dryRun && path !== undefined && path !== "") await appendFile(path, `${markdown}\n`);
  return { result: "not-allowed", dryRun, pullRequest, reason, markdown };
}
