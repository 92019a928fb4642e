/**
 * Which commit a CI event compares with. Pure: it is handed what the event says and what git says of HEAD. An event that names no commit is told apart from
 * one that names a wrong one, so that neither becomes "nothing has changed".
 */
import { isJsonObject } from "./packument.ts";

export interface CiFacts {
  readonly ci: "github" | "gitlab" | "none";
  /** GitHub: the event's name and its payload. */
  readonly event?: string;
  readonly payload?: unknown;
  /** GitLab: the predefined variables. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
  /** Parents of HEAD, in order. */
  readonly parents: readonly string[];
}

export type EventBase =
  /** This revision; it may be zeros, gone or stale, which is the caller's to find out. */
  | { readonly kind: "revision"; readonly revision: string; readonly how: string }
  /** The event names none: the last release tag that HEAD descends from. */
  | { readonly kind: "last-tag" }
  /** HEAD was just tagged: the release tag before that one. */
  | { readonly kind: "previous-tag" };

export function findEventBase(facts: CiFacts): EventBase {
  if (facts.ci === "github") return findGithubBase(facts);
  if (facts.ci === "gitlab") return findGitlabBase(facts);
  return { kind: "last-tag" };
}

function stringAt(value: unknown, ...path: readonly string[]): string | undefined {
  let at = value;
  for (const key of path) at = isJsonObject(at) ? at[key] : undefined;
  return typeof at === "string" && at !== "" ? at : undefined;
}

function revision(value: string, how: string): EventBase {
  return { kind: "revision", revision: value, how };
}

function findGithubBase({ event, payload, parents }: CiFacts): EventBase {
  const base = stringAt(payload, "pull_request", "base", "sha");
  if (base !== undefined) return findPullRequestBase(payload, base, parents);
  const group = stringAt(payload, "merge_group", "base_sha");
  if (group !== undefined) return revision(group, "merge_group.base_sha of the GitHub event");
  const ref = stringAt(payload, "ref");
  const isTag =
    ref?.startsWith("refs/tags/") === true || event === "release" || stringAt(payload, "ref_type") === "tag";
  if (isTag) return { kind: "previous-tag" };
  const before = stringAt(payload, "before");
  return before === undefined ? { kind: "last-tag" } : revision(before, "`before` of the GitHub push event");
}

/**
 * `pull_request.base.sha` can be older than what the merge was made with. A merge commit knows better: of the pull request's own test merge and of a
 * merged one, the second parent is its branch. After a squash or a rebase HEAD does not tell, and an older base only makes more packages
 * look changed, which the registry then has already.
 */
function findPullRequestBase(payload: unknown, base: string, [first, second]: readonly string[]): EventBase {
  const head = stringAt(payload, "pull_request", "head", "sha");
  if (first !== undefined && second !== undefined && second === head)
    return revision(first, "the first parent of the pull request's merge commit");
  return revision(base, "pull_request.base.sha of the GitHub event");
}

function findGitlabBase({ variables = {} }: CiFacts): EventBase {
  const value = (name: string): string | undefined => {
    const text = variables[name];
    return text === undefined || text === "" ? undefined : text;
  };
  // In a merged-results pipeline HEAD is a merge that GitLab has made of this commit of the target branch.
  for (const name of ["CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "CI_MERGE_REQUEST_DIFF_BASE_SHA"]) {
    const found = value(name);
    if (found !== undefined) return revision(found, name);
  }
  if (value("CI_COMMIT_TAG") !== undefined) return { kind: "previous-tag" };
  const source = value("CI_PIPELINE_SOURCE");
  // Only a push has something before it; other pipelines of a branch carry zeros.
  if (source !== undefined && source !== "push") return { kind: "last-tag" };
  const before = value("CI_COMMIT_BEFORE_SHA");
  return before === undefined ? { kind: "last-tag" } : revision(before, "CI_COMMIT_BEFORE_SHA");
}
