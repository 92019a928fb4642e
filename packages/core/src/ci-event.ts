/**
 * What a CI event tells of the commits it is about: GitHub's by name and payload, GitLab's by variables. Pure: the caller reads
 * environment and file. It names what git should be asked; what the answers mean is in `ci-base`.
 */
import { isJsonObject } from "./packument.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a base can come from. Commits are full object ids, as the event has them, and may be missing here. */
export type EventBase =
  /** What the branch was at before a push. */
  | { readonly kind: "before"; readonly commit: string; readonly how: string; readonly isForced: boolean }
  /** The commit that a merge queue, or a merged-results pipeline, built upon. */
  | { readonly kind: "given"; readonly commit: string; readonly how: string }
  /** A pull or merge request that is not merged: its merge commit or its own branch is checked out. */
  | {
      readonly kind: "request";
      readonly commit: string;
      readonly how: string;
      readonly head: string | undefined;
      /** Branch it is to be merged into. */
      readonly into: string | undefined;
    }
  /** A pull request that was merged, by a merge commit, squashed or rebased. */
  | {
      readonly kind: "merged";
      readonly merge: string;
      /** `pull_request.base.sha`, which may be older than what was merged into. */
      readonly base: string;
      /** How many commits it had; undefined where the event does not say. */
      readonly commitCount: number | undefined;
    }
  /** A tag, a schedule, a manual run: nothing came before it but the last release. */
  | { readonly kind: "release-tag"; readonly event: string | undefined }
  /** The event says something from which no base follows. */
  | { readonly kind: "none"; readonly message: string; readonly hint?: string };

export type CiHost = "GitHub" | "GitLab";

export interface CiEvent {
  /** Undefined outside of CI. */
  readonly host: CiHost | undefined;
  /** Branch that the event belongs to; undefined for tags and for requests that are not merged. */
  readonly branch: string | undefined;
  readonly base: EventBase;
  /** The commit that another workflow ran on, where its end is the event. */
  readonly testedCommit?: string;
}

/** True where the event is told by a file, which has to be read. */
export function needsPayload(env: Environment): boolean {
  return env["GITHUB_ACTIONS"] === "true";
}

const commitPattern = /^[0-9a-f]{40}([0-9a-f]{24})?$/;

function isZero(commit: string): boolean {
  return /^0+$/.test(commit);
}

/** `payload` is the parsed file of GITHUB_EVENT_PATH, undefined where there is none. */
export function readCiEvent(env: Environment, payload: unknown): CiEvent {
  if (env["GITHUB_ACTIONS"] === "true") return readGitHub(env, payload);
  if (env["GITLAB_CI"] === "true") return readGitLab(env);
  return { host: undefined, branch: undefined, base: { kind: "release-tag", event: undefined } };
}

function at(value: unknown, ...path: readonly string[]): unknown {
  let here = value;
  for (const key of path) here = isJsonObject(here) ? here[key] : undefined;
  return here;
}

function textAt(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path);
  return typeof found === "string" && found !== "" ? found : undefined;
}

function branchOf(ref: string | undefined): string | undefined {
  return /^refs\/heads\/(.+)$/.exec(ref ?? "")?.[1];
}

/** Events that say nothing of an earlier commit, as they are called to people. */
const eventsWithoutBase: Readonly<Record<string, string>> = {
  schedule: "a schedule",
  workflow_dispatch: "a manual run",
  repository_dispatch: "a run asked for through the API",
  workflow_run: "the end of another workflow",
  release: "a release",
};

/** The name is missing where somebody else starts the same programs; the payload then tells. */
function nameOf(env: Environment, payload: unknown): string {
  const name = env["GITHUB_EVENT_NAME"];
  if (name !== undefined && name !== "") return name;
  if (at(payload, "pull_request") !== undefined) return "pull_request";
  if (at(payload, "merge_group") !== undefined) return "merge_group";
  return at(payload, "before") === undefined ? "" : "push";
}

function readGitHub(env: Environment, payload: unknown): CiEvent {
  const name = nameOf(env, payload);
  const ref = textAt(payload, "ref") ?? env["GITHUB_REF"];
  if (name === "push") return { host: "GitHub", branch: branchOf(ref), base: readPush(ref, payload) };
  // Reviews carry the pull request too, and check out the same commit.
  if (name.startsWith("pull_request")) return readPullRequest(payload);
  if (name === "merge_group") {
    const how = "merge_group.base_sha of the GitHub event";
    return { host: "GitHub", branch: undefined, base: given(textAt(payload, "merge_group", "base_sha"), how) };
  }
  if (name === "create" && textAt(payload, "ref_type") === "branch")
    return { host: "GitHub", branch: undefined, base: newBranch };
  const event = name === "create" ? "a new tag" : eventsWithoutBase[name];
  const tested = name === "workflow_run" ? textAt(payload, "workflow_run", "head_sha") : undefined;
  return {
    host: "GitHub",
    branch: branchOf(env["GITHUB_REF"]),
    base: { kind: "release-tag", event: event ?? (name === "" ? undefined : `the event ${name}`) },
    ...(tested === undefined || !commitPattern.test(tested) ? {} : { testedCommit: tested }),
  };
}

const withoutBase = "pass the commit to compare with, or leave --base out: then the registry says what is missing";
const newBranch = {
  kind: "none",
  message: "the branch is new and has no earlier commit",
  hint: withoutBase,
} as const;

/** A commit that an event names, or why it cannot be one. */
function given(commit: string | undefined, how: string): EventBase {
  if (commit === undefined) return { kind: "none", message: `the event lacks ${how}` };
  if (!commitPattern.test(commit)) return { kind: "none", message: `${how} is no commit: ${JSON.stringify(commit)}` };
  return { kind: "given", commit, how };
}

function readPush(ref: string | undefined, payload: unknown): EventBase {
  if (ref?.startsWith("refs/tags/") === true) return { kind: "release-tag", event: "the push of a tag" };
  if (at(payload, "deleted") === true)
    return { kind: "none", message: "the push deletes the branch", hint: "do not release from pushes that delete" };
  return before(textAt(payload, "before"), "`before` of the GitHub push event", at(payload, "forced") === true);
}

function before(commit: string | undefined, how: string, isForced: boolean): EventBase {
  const found = given(commit, how);
  if (found.kind !== "given") return found;
  if (isZero(found.commit))
    return { ...newBranch, message: `${how} is all zeros: the branch is new and has no earlier commit` };
  return { ...found, kind: "before", isForced };
}

/** A branch's name as git allows it, so that nothing else of a revision's grammar gets through. */
function refName(text: string | undefined): string | undefined {
  return text !== undefined && /^[^\s~^:?*[\\\p{Cc}]+$/u.test(text) && !/\.\.|@\{/.test(text) ? text : undefined;
}

/**
 * GitHub: `pull_request.base.sha` can be older than what is merged into; `merge_commit_sha` of a merged one is the merge commit, the
 * squashed commit, or the last of those rebased (docs.github.com/rest/pulls/pulls, "Get a pull request").
 */
function readPullRequest(payload: unknown): CiEvent {
  const request = at(payload, "pull_request");
  const how = "pull_request.base.sha of the GitHub event";
  const base = given(textAt(request, "base", "sha"), how);
  const into = refName(textAt(request, "base", "ref"));
  const head = textAt(request, "head", "sha");
  if (base.kind !== "given") return { host: "GitHub", branch: undefined, base };
  if (textAt(payload, "action") !== "closed")
    return { host: "GitHub", branch: undefined, base: { ...base, kind: "request", head, into } };
  if (at(request, "merged") !== true)
    return {
      host: "GitHub",
      branch: undefined,
      base: {
        kind: "none",
        message: "the pull request was closed and not merged",
        hint: "let the job run only `if: github.event.pull_request.merged`, or on pushes to the branch",
      },
    };
  const merge = given(textAt(request, "merge_commit_sha"), "pull_request.merge_commit_sha of the GitHub event");
  if (merge.kind !== "given") return { host: "GitHub", branch: into, base: merge };
  const count = at(request, "commits");
  const commitCount = typeof count === "number" && Number.isSafeInteger(count) && count > 0 ? count : undefined;
  return {
    host: "GitHub",
    branch: into,
    base: { kind: "merged", merge: merge.commit, base: base.commit, commitCount },
  };
}

/** Pipelines for which CI_COMMIT_BEFORE_SHA is always zero without that meaning a new branch. */
const gitLabSources: Readonly<Record<string, string>> = {
  schedule: "a schedule",
  web: "a manual run",
  webide: "a manual run",
  api: "a run asked for through the API",
  trigger: "a run asked for through the API",
  pipeline: "another project's pipeline",
  parent_pipeline: "a parent pipeline",
  chat: "a manual run",
};

/** Variables as in docs.gitlab.com/ci/variables/predefined_variables. */
function readGitLab(env: Environment): CiEvent {
  const text = (key: string): string | undefined => (env[key] === "" ? undefined : env[key]);
  const branch = refName(text("CI_COMMIT_BRANCH"));
  const source = text("CI_PIPELINE_SOURCE");
  if (text("CI_COMMIT_TAG") !== undefined)
    return { host: "GitLab", branch: undefined, base: { kind: "release-tag", event: "a tag" } };
  const diffBase = text("CI_MERGE_REQUEST_DIFF_BASE_SHA");
  const target = text("CI_MERGE_REQUEST_TARGET_BRANCH_SHA");
  // Only pipelines for merged results, and merge trains, say what the target branch was at; the diff's base is older.
  if (target !== undefined)
    return { host: "GitLab", branch: undefined, base: given(target, "CI_MERGE_REQUEST_TARGET_BRANCH_SHA") };
  if (diffBase !== undefined || source === "merge_request_event") {
    const base = given(diffBase, "CI_MERGE_REQUEST_DIFF_BASE_SHA");
    const into = refName(text("CI_MERGE_REQUEST_TARGET_BRANCH_NAME"));
    if (base.kind !== "given") return { host: "GitLab", branch: undefined, base };
    return { host: "GitLab", branch: undefined, base: { ...base, kind: "request", head: text("CI_COMMIT_SHA"), into } };
  }
  const event = gitLabSources[source ?? ""];
  if (event !== undefined) return { host: "GitLab", branch, base: { kind: "release-tag", event } };
  return { host: "GitLab", branch, base: before(text("CI_COMMIT_BEFORE_SHA"), "CI_COMMIT_BEFORE_SHA", false) };
}

/** The revisions that git has to be asked about before `decideBase` can decide. */
export function revisionsToAsk({ base }: CiEvent): readonly string[] {
  switch (base.kind) {
    case "before":
    case "given":
      return [base.commit];
    case "request":
      return base.into === undefined ? [base.commit] : [base.commit, remoteBranch(base.into)];
    case "merged": {
      const { merge, commitCount } = base;
      const asked = [merge, `${merge}^1`, `${merge}^2`, base.base];
      return commitCount === undefined ? asked : [...asked, `${merge}~${commitCount}`];
    }
    case "release-tag":
    case "none":
      return [];
  }
}

/** The branch as it was when it was fetched. */
export function remoteBranch(name: string): string {
  return `refs/remotes/origin/${name}`;
}
