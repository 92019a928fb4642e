/**
 * Finds the commit that `--base` means, and what else the CI event says of the one that is checked out. It reads the event and asks git;
 * what follows from it is decided in core. A base that cannot be found is always an error: taking it for "no changes" is how a release
 * job turns green without having released anything.
 */
import { readFile } from "node:fs/promises";
import {
  type BehindAnswer,
  type CiEvent,
  type CommitAnswer,
  decideBase,
  deepen,
  describeCheckout,
  fail,
  type GitAnswers,
  needsPayload,
  type ProblemExtras,
  ProblemsError,
  readCiEvent,
  remoteBranch,
  revisionsToAsk,
} from "@slipway/core";
import { findLaterCommits, isRepository, isShallow, runGit } from "./git.ts";

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
  if (value !== "auto") return { commit: await resolveRevision(root, value), how: `--base ${value}` };
  const event = readCiEvent(env, needsPayload(env) ? await readPayload(env) : undefined);
  const decision = decideBase(event, await askGit(root, event));
  if (decision.kind === "problem") throw new ProblemsError([decision.problem]);
  return { commit: decision.commit, how: decision.how };
}

function refuse(message: string, extras: ProblemExtras = {}): never {
  return fail("SLIP_BASE_INVALID", message, extras);
}

async function resolveRevision(root: string, revision: string): Promise<string> {
  const subject = `--base ${JSON.stringify(revision)}`;
  if (/^0{7,64}$/.test(revision))
    return refuse(`${subject} is all zeros: the branch is new and has no earlier commit`, {
      hint: "pass the commit to compare with, or leave --base out: then the registry says what is missing",
    });
  if (revision === "" || revision.startsWith("-") || /\p{Cc}/u.test(revision))
    return refuse(`${subject} is no revision`);
  const deeper = { hint: `${deepen(undefined)}, or leave --base out: then the registry says what is missing` };
  const [found] = await findCommits(root, [revision]);
  if (found === undefined)
    return (await isShallow(root))
      ? refuse(`${subject} is not in this shallow clone`, deeper)
      : refuse(`${subject} is not a commit of this repository`);
  const parted = await findMergeBase(root, found);
  if (parted !== undefined) return parted;
  return (await isShallow(root))
    ? refuse(`${subject} cannot be reached from HEAD, because the clone is shallow`, deeper)
    : refuse(`${subject} cannot be reached from HEAD, they share no history`);
}

/** Full object ids in the order asked for, undefined for what is no commit here. One process. */
async function findCommits(root: string, revisions: readonly string[]): Promise<readonly (string | undefined)[]> {
  const input = revisions.map((revision) => `${revision}^{commit}\n`).join("");
  const output = await runGit(root, ["cat-file", "--batch-check=%(objecttype) %(objectname)"], input);
  const lines = output.stdout.toString("utf8").split("\n");
  return revisions.map((_, index) => /^commit ([0-9a-f]{40,64})$/.exec(lines[index] ?? "")?.[1]);
}

async function findMergeBase(root: string, commit: string): Promise<string | undefined> {
  const output = await runGit(root, ["merge-base", commit, "HEAD"]);
  const text = output.stdout.toString("utf8").trim();
  return output.code === 0 && text !== "" ? text : undefined;
}

/** A message that begins with a phrase of what was asked, and the payload behind GITHUB_EVENT_PATH. */
async function readPayload(env: Environment): Promise<unknown> {
  const path = env["GITHUB_EVENT_PATH"];
  if (path === undefined || path === "") return undefined;
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && typeof error.code === "string";
    if (!isMissing && !(error instanceof SyntaxError)) throw error;
    return refuse(`the GitHub event at GITHUB_EVENT_PATH cannot be read`, { cause: error });
  }
}

async function askGit(root: string, event: CiEvent): Promise<GitAnswers> {
  const [parents, shallow] = await Promise.all([readParents(root), isShallow(root)]);
  const revisions = ["HEAD", ...revisionsToAsk(event), ...parents.slice(0, 1)];
  const [head, ...ids] = await findCommits(root, revisions);
  const commits = new Map<string, CommitAnswer>();
  await Promise.all(
    ids.map(async (id, index) => {
      const revision = revisions[index + 1];
      if (id === undefined || revision === undefined) return;
      const [mergeBase, ahead] = await Promise.all([findMergeBase(root, id), countAhead(root, id, "HEAD")]);
      commits.set(revision, { id, mergeBase, ahead });
    }),
  );
  return { head, parents, isShallow: shallow, commits, releaseTag: await findReleaseTag(root) };
}

/** From the commit itself: in a shallow clone git shows the parents that were cut off to nothing else. */
async function readParents(root: string): Promise<readonly string[]> {
  const output = await runGit(root, ["cat-file", "commit", "HEAD"]);
  const [header = ""] = output.stdout.toString("utf8").split("\n\n");
  return [...header.matchAll(/^parent ([0-9a-f]{40,64})$/gm)].map(([, id = ""]) => id);
}

/** Commits that `to` has and `from` has not. */
async function countAhead(root: string, from: string, to: string): Promise<number> {
  const output = await runGit(root, ["rev-list", "--count", `${from}..${to}`]);
  return Number(output.stdout.toString("utf8").trim());
}

/** The nearest release tag below HEAD. Tags at HEAD are of the release that is being made, or made again. */
async function findReleaseTag(root: string): Promise<GitAnswers["releaseTag"]> {
  const here = await runGit(root, ["for-each-ref", "--points-at=HEAD", "--format=%(refname:strip=2)", "refs/tags"]);
  const excluded = here.stdout.toString("utf8").split("\n").filter(Boolean);
  const patterns = ["--match=*@[0-9]*", "--match=v[0-9]*", ...excluded.map((name) => `--exclude=${name}`)];
  const output = await runGit(root, ["describe", "--tags", "--abbrev=0", ...patterns, "HEAD"]);
  const name = output.stdout.toString("utf8").trim();
  if (output.code !== 0 || name === "") return undefined;
  const [commit] = await findCommits(root, [`refs/tags/${name}`]);
  return commit === undefined ? undefined : { name, commit };
}

/** Entries of a branch's reflog that are looked at. */
const reflogMax = 20;

/** Warnings about the checkout that follow from the CI event; none where the event is unknown or cannot be read. */
export async function findCheckoutWarnings(
  root: string,
  head: string | undefined,
  env: Environment,
): Promise<readonly string[]> {
  if (head === undefined || (env["GITHUB_ACTIONS"] !== "true" && env["GITLAB_CI"] !== "true")) return [];
  let payload: unknown;
  try {
    payload = needsPayload(env) ? await readPayload(env) : undefined;
  } catch (error) {
    if (error instanceof ProblemsError) return [];
    throw error;
  }
  const event = readCiEvent(env, payload);
  const behind = event.branch === undefined ? undefined : await findBehind(root, head, event.branch);
  return describeCheckout(event, head, behind);
}

/**
 * Where the branch has been seen to go on after HEAD. actions/checkout sets `origin/<branch>` back to the commit of an old run after it has
 * fetched everything (its git-source-provider.ts, "may have moved"); the reflog still knows what was fetched first.
 */
async function findBehind(root: string, head: string, branch: string): Promise<BehindAnswer | undefined> {
  const ref = remoteBranch(branch);
  const [current, reflog] = await Promise.all([
    runGit(root, ["rev-parse", "--verify", "--quiet", `${ref}^{commit}`]),
    runGit(root, ["rev-list", "--walk-reflogs", `--max-count=${reflogMax}`, ref, "--"]),
  ]);
  const tips = [current, reflog].flatMap(({ code, stdout }) => (code === 0 ? stdout.toString("utf8").split("\n") : []));
  const later = await findLaterCommits(root, head, tips.filter(Boolean));
  let found: BehindAnswer | undefined;
  for (const tip of later) {
    const count = await countAhead(root, head, tip);
    if (found === undefined || count > found.count) found = { tip, count };
  }
  return found;
}
