/**
 * Finds the commit that `--base` means. A base that cannot be found is always an error: taking it for "no changes" is
 * how a release job turns green without having released anything.
 */
import { readFile } from "node:fs/promises";
import { type CiFacts, fail, findEventBase, type ProblemExtras } from "@slipway/core";
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
    const isRewritten = how.includes("before");
    return refuse(`${subject} ${reason}`, isRewritten && reason.startsWith("is not a") ? { hint: rewritten } : {});
  }
  const ancestor = await runGit(root, ["merge-base", found, "HEAD"]);
  const commit = ancestor.stdout.toString("utf8").trim();
  if (ancestor.code === 0 && commit !== "") return commit;
  const reason = (await isShallow(root)) ? "because the clone is shallow" : "they share no history";
  return refuse(`${subject} cannot be reached from HEAD, ${reason}`);
}

const rewritten =
  "the push has rewritten the branch, and what was there is gone: leave --base out, then the registry says what is missing";

async function findCommit(root: string, revision: string): Promise<string | undefined> {
  const output = await runGit(root, ["rev-parse", "--verify", "--quiet", `${revision}^{commit}`]);
  const text = output.stdout.toString("utf8").trim();
  return output.code === 0 && text !== "" ? text : undefined;
}

async function findAutomatically(root: string, env: Environment): Promise<Asked> {
  const found = findEventBase(await readCiFacts(root, env));
  if (found.kind === "revision") return found;
  return findTag(root, found.kind === "previous-tag" ? "HEAD^" : "HEAD");
}

async function readCiFacts(root: string, env: Environment): Promise<CiFacts> {
  const output = await runGit(root, ["rev-list", "--parents", "--max-count=1", "HEAD"]);
  const parents = output.stdout.toString("utf8").trim().split(" ").slice(1);
  const path = env["GITHUB_EVENT_PATH"];
  if (env["GITHUB_ACTIONS"] === "true" && path !== undefined && path !== "") {
    const event = env["GITHUB_EVENT_NAME"];
    return { ci: "github", ...(event === undefined ? {} : { event }), payload: await readEvent(path), parents };
  }
  if (env["GITLAB_CI"] === "true") return { ci: "gitlab", variables: env, parents };
  return { ci: "none", parents };
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

/** The last release tag that `from` descends from. */
async function findTag(root: string, from: string): Promise<Asked> {
  const patterns = ["--match", "*@[0-9]*", "--match", "v[0-9]*"];
  const output = await runGit(root, ["describe", "--tags", "--abbrev=0", ...patterns, from]);
  const tag = output.stdout.toString("utf8").trim();
  if (output.code === 0 && tag !== "") return { revision: `refs/tags/${tag}`, how: `the last release tag, ${tag}` };
  const reason = (await isShallow(root)) ? "this shallow clone has no release tag" : "no release tag can be reached";
  return refuse(`--base auto found no base: ${reason} from ${from}, and no CI event names a commit`);
}

/**
 * How many commits the checked-out one is behind its branch, as this clone knows the branch of the remote: a run that is started again after others
 * were merged releases an older state. Undefined where it is not behind, or that cannot be known.
 */
export async function findBehind(
  root: string,
  env: Environment,
): Promise<{ readonly branch: string; readonly commits: number } | undefined> {
  const ref = env["GITHUB_REF"]?.replace(/^refs\/heads\//, "");
  const branch = ref ?? env["CI_COMMIT_BRANCH"];
  if (branch === undefined || branch === "" || branch.startsWith("refs/")) return undefined;
  const range = [`HEAD..refs/remotes/origin/${branch}`, `refs/remotes/origin/${branch}..HEAD`];
  const [ahead, own] = await Promise.all(range.map((item) => runGit(root, ["rev-list", "--count", item, "--"])));
  if (ahead?.code !== 0 || own?.code !== 0 || own.stdout.toString("utf8").trim() !== "0") return undefined;
  const commits = Number(ahead.stdout.toString("utf8").trim());
  return commits > 0 ? { branch, commits } : undefined;
}
