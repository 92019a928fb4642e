/**
 * Finds the commit that `--base` means. A base that cannot be found is always an error: taking it for "no changes" is
 * how a release job turns green without having released anything.
 */
import { readFile } from "node:fs/promises";
import { fail, isJsonObject, type ProblemExtras } from "@slipway/core";
import { isRepository, isShallow, runGit } from "./git.ts";

export interface Base {
  /** Full object id; the common ancestor when the revision itself is not one. */
  readonly commit: string;
  /** Where it came from, in a phrase. */
  readonly how: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Resolves a revision or `auto`. Throws SLIP_BASE_INVALID. */
export async function resolveBase(root: string, value: string, env: Environment = process.env): Promise<Base> {
  if (!(await isRepository(root))) return refuse(`--base ${value} needs a git repository, and ${root} is in none`);
  const asked = value === "auto" ? await findAutomatically(root, env) : { revision: value, how: `--base ${value}` };
  return { commit: await resolveRevision(root, asked.revision, asked.how), how: asked.how };
}

interface Asked {
  readonly revision: string;
  readonly how: string;
}

function refuse(message: string, extras: ProblemExtras = {}): never {
  return fail("SLIP_BASE_INVALID", message, extras);
}

async function resolveRevision(root: string, revision: string, how: string): Promise<string> {
  const subject = how.startsWith("--base")
    ? `--base ${JSON.stringify(revision)}`
    : `the base ${JSON.stringify(revision)} (${how})`;
  if (/^0{7,64}$/.test(revision))
    return refuse(`${subject} is all zeros: the branch is new and has no earlier commit`, {
      hint: "pass the commit to compare with, or leave --base out: then the registry says what is missing",
    });
  if (revision === "" || revision.startsWith("-") || /\p{Cc}/u.test(revision))
    return refuse(`${subject} is no revision`);
  const found = await findCommit(root, revision);
  if (found === undefined) {
    const reason = (await isShallow(root)) ? "is not in this shallow clone" : "is not a commit of this repository";
    return refuse(`${subject} ${reason}`);
  }
  const ancestor = await runGit(root, ["merge-base", found, "HEAD"]);
  const commit = ancestor.stdout.toString("utf8").trim();
  if (ancestor.code === 0 && commit !== "") return commit;
  const reason = (await isShallow(root)) ? "because the clone is shallow" : "they share no history";
  return refuse(`${subject} cannot be reached from HEAD, ${reason}`);
}

async function findCommit(root: string, revision: string): Promise<string | undefined> {
  const output = await runGit(root, ["rev-parse", "--verify", "--quiet", `${revision}^{commit}`]);
  const text = output.stdout.toString("utf8").trim();
  return output.code === 0 && text !== "" ? text : undefined;
}

async function findAutomatically(root: string, env: Environment): Promise<Asked> {
  const eventPath = env["GITHUB_EVENT_PATH"];
  if (env["GITHUB_ACTIONS"] === "true" && eventPath !== undefined && eventPath !== "") {
    const asked = await findForGitHub(root, eventPath);
    if (asked !== undefined) return asked;
  }
  if (env["GITLAB_CI"] === "true") {
    const mergeBase = env["CI_MERGE_REQUEST_DIFF_BASE_SHA"];
    if (mergeBase !== undefined && mergeBase !== "")
      return { revision: mergeBase, how: "CI_MERGE_REQUEST_DIFF_BASE_SHA" };
    const before = env["CI_COMMIT_BEFORE_SHA"];
    if (before !== undefined && before !== "") return { revision: before, how: "CI_COMMIT_BEFORE_SHA" };
  }
  return findLastTag(root);
}

function stringAt(value: unknown, ...path: readonly string[]): string | undefined {
  let at = value;
  for (const key of path) at = isJsonObject(at) ? at[key] : undefined;
  return typeof at === "string" && at !== "" ? at : undefined;
}

/** Undefined for an event that has no base, such as a manual run. */
async function findForGitHub(root: string, eventPath: string): Promise<Asked | undefined> {
  const event = await readEvent(eventPath);
  const base = stringAt(event, "pull_request", "base", "sha");
  if (base !== undefined) {
    // `pull_request.base.sha` can be older than what the merge was made with; the merge commit knows. A checkout of
    // the branch itself may also be at a merge, but then its second parent is not the branch.
    const head = stringAt(event, "pull_request", "head", "sha");
    const parents = await runGit(root, ["rev-list", "--parents", "--max-count=1", "HEAD"]);
    const [, first, second] = parents.stdout.toString("utf8").trim().split(" ");
    if (first !== undefined && second !== undefined && second === head)
      return { revision: first, how: "the first parent of the pull request's merge commit" };
    return { revision: base, how: "pull_request.base.sha of the GitHub event" };
  }
  const group = stringAt(event, "merge_group", "base_sha");
  if (group !== undefined) return { revision: group, how: "merge_group.base_sha of the GitHub event" };
  const before = stringAt(event, "before");
  return before === undefined ? undefined : { revision: before, how: "`before` of the GitHub push event" };
}

async function readEvent(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && typeof error.code === "string";
    if (!isMissing && !(error instanceof SyntaxError)) throw error;
    return refuse(`the GitHub event at GITHUB_EVENT_PATH cannot be read`, { cause: error });
  }
}

async function findLastTag(root: string): Promise<Asked> {
  const patterns = ["--match", "*@[0-9]*", "--match", "v[0-9]*"];
  const output = await runGit(root, ["describe", "--tags", "--abbrev=0", ...patterns, "HEAD"]);
  const tag = output.stdout.toString("utf8").trim();
  if (output.code === 0 && tag !== "") return { revision: `refs/tags/${tag}`, how: `the last release tag, ${tag}` };
  const reason = (await isShallow(root)) ? "this shallow clone has no release tag" : "no release tag can be reached";
  return refuse(`--base auto found no base: ${reason} from HEAD, and no CI event names a commit`);
}
