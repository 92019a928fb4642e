/**
 * Makes git tags and pushes them. As with registries, what the remote shows is the truth: it is read before and after, an answer to a push
 * only tells whether to look again. A tag that is there is never moved.
 */
import { fail, type GitTag, problem, type Problem, ProblemsError } from "@slipway/core";
import { type GitOutput, runGit } from "./git.ts";
import { askRemote, failureOf, type GitRemote, readRemoteTags, reasonOf, withoutHooks } from "./git-remote.ts";

/**
 * GitHub creates no event for tags when more than three are pushed at once: docs.github.com, "Events that trigger workflows", under push and create;
 * https://github.com/changesets/action/pull/316 is a release tool that ran into it.
 */
const tagsPerPush = 3;

export interface PushRequest {
  readonly remote: GitRemote;
  readonly tags: readonly GitTag[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Once it is aborted, no further push begins. */
  readonly signal: AbortSignal;
  readonly onPushed: (tag: GitTag) => void;
}

export interface PushOutcome {
  readonly pushed: readonly GitTag[];
  readonly problems: readonly Problem[];
}

/**
 * Makes all tags here, then pushes them, some at a time; whatever a push answers, the remote is then looked at. Nothing is pushed while one of them
 * cannot be made, and a push after which one is not there is the last.
 */
export async function pushTags(request: PushRequest): Promise<PushOutcome> {
  const { remote, tags, signal, onPushed } = request;
  const pushed: GitTag[] = [];
  const unmade = await makeTags(request);
  if (unmade.length > 0) return { pushed, problems: unmade };
  for (let at = 0; at < tags.length; at += tagsPerPush) {
    if (signal.aborted)
      return { pushed, problems: [problem("SLIP_INTERRUPTED", `${tags.length - at} git tags are not pushed yet`)] };
    const some = tags.slice(at, at + tagsPerPush);
    const refs = some.map(({ tag }) => `refs/tags/${tag}:refs/tags/${tag}`);
    const args = ["push", "--no-verify", "--porcelain", remote.address, ...refs];
    const answer = await askRemote(remote, args);
    const { shown, problems } = answer.code === 0 ? pushedAll : await lookAgain(remote);
    if (problems.length > 0) return { pushed, problems };
    const missing: GitTag[] = [];
    for (const item of some) {
      if (shown !== undefined && shown.get(item.tag) !== item.commit) missing.push(item);
      else {
        pushed.push(item);
        onPushed(item);
      }
    }
    if (missing.length > 0)
      return { pushed, problems: missing.map((item) => describeRefusal(remote, item, shown, answer)) };
  }
  return { pushed, problems: [] };
}

interface Look {
  readonly shown?: ReadonlyMap<string, string>;
  readonly problems: readonly Problem[];
}

const pushedAll: Look = { problems: [] };

async function lookAgain(remote: GitRemote): Promise<Look> {
  try {
    return { shown: await readRemoteTags(remote), problems: [] };
  } catch (error) {
    if (error instanceof ProblemsError) return { problems: error.problems };
    throw error;
  }
}

/** What keeps tags from being made; none where all are there. */
async function makeTags({ remote, tags, env }: PushRequest): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const maker = await findMaker(remote.root, env);
  for (const item of tags)
    try {
      await needCommit(remote, item);
      await makeTag(remote.root, item, maker);
    } catch (error) {
      if (!(error instanceof ProblemsError)) throw error;
      problems.push(...error.problems);
    }
  return problems;
}

export interface Maker {
  readonly env: Readonly<Record<string, string>>;
  /** git is configured to sign tags. */
  readonly isSigning: boolean;
}

/** An annotated tag needs somebody who made it; a fresh CI machine has nobody configured. Git's own settings go first. */
export async function findMaker(root: string, env: PushRequest["env"]): Promise<Maker> {
  const signing = await runGit(root, ["config", "--type=bool", "--get", "tag.gpgSign"]);
  const isSigning = signing.stdout.toString("utf8").trim() === "true";
  if ((env["CI"] ?? "") === "") return { env: {}, isSigning };
  const { stdout } = await runGit(root, ["config", "--get-regexp", "^(user|committer)\\.(name|email)$"]);
  const configured = stdout.toString("utf8");
  const isGithub = env["GITHUB_ACTIONS"] === "true";
  // The bot's own address: commits and tags with it are shown as the bot's.
  const bot = isGithub
    ? { name: "github-actions[bot]", email: "41898282+github-actions[bot]@users.noreply.github.com" }
    : { name: "slipway", email: "slipway@localhost" };
  const isMissing = (what: "name" | "email"): boolean =>
    env[`GIT_COMMITTER_${what.toUpperCase()}`] === undefined && !new RegExp(`^\\S+\\.${what} `, "m").test(configured);
  return {
    isSigning,
    env: {
      ...(isMissing("name") ? { GIT_COMMITTER_NAME: bot.name } : {}),
      ...(isMissing("email") ? { GIT_COMMITTER_EMAIL: bot.email } : {}),
    },
  };
}

/** Fetches a commit that a shallow clone has cut off. Throws SLIP_COMMIT_MISSING. */
async function needCommit(remote: GitRemote, { commit, tag }: GitTag): Promise<void> {
  const has = async (): Promise<boolean> =>
    (await runGit(remote.root, ["cat-file", "-e", `${commit}^{commit}`])).code === 0;
  if (await has()) return;
  const answer = await askRemote(remote, ["fetch", "--quiet", "--no-tags", "--depth=1", remote.address, commit]);
  if (!(await has()))
    fail(
      "SLIP_COMMIT_MISSING",
      `${tag} belongs to ${commit}, which is neither in this clone nor to be had from ${remote.name}: ${reasonOf(remote, answer)}`,
    );
}

/** Makes the tag here, where it is not yet; signed where git is configured to sign tags. Throws SLIP_TAG_CONFLICT, SLIP_GIT_FAILED. */
async function makeTag(root: string, item: GitTag, maker: Maker): Promise<void> {
  const ref = `refs/tags/${item.tag}`;
  const local = await runGit(root, ["rev-parse", "--verify", "--quiet", `${ref}^{commit}`]);
  const at = local.stdout.toString("utf8").trim();
  if (local.code === 0 && at === item.commit) return;
  if (local.code === 0)
    fail(
      "SLIP_TAG_CONFLICT",
      `the git tag ${item.tag} is at ${at.slice(0, 12)} in this clone, and the version was made from ${item.commit.slice(0, 12)}`,
      { hint: `nobody has pushed it: remove it with \`git tag --delete ${item.tag}\` if it is wrong` },
    );
  const reason = await writeTag(root, { tag: item.tag, commit: item.commit, message: item.specs.join("\n") }, maker);
  if (reason !== undefined)
    fail("SLIP_GIT_FAILED", `the git tag ${item.tag} could not be made: ${reason}`, {
      hint: maker.isSigning
        ? "git is configured to sign tags (tag.gpgSign): give this machine the key, or turn that off"
        : "run `git tag` by hand to see why; user.name and user.email must be set",
    });
}

/** Makes an annotated tag, signed where git is configured to; what comes back says why it could not be made. */
export async function writeTag(
  root: string,
  { tag, commit, message }: { readonly tag: string; readonly commit: string; readonly message: string },
  { env, isSigning }: Maker,
): Promise<string | undefined> {
  const args = [...withoutHooks, "tag", "--annotate", "--file=-", "--", tag, commit];
  const made = await runGit(root, args, `${message}\n`, { env });
  const reason = made.stderr.split("\n")[0] ?? "";
  if (made.code !== 0) return reason;
  if (!isSigning || (await isSigned(root, `refs/tags/${tag}`))) return undefined;
  // Without the key git 2.39 says so, makes the tag unsigned, and ends with 0.
  await runGit(root, [...withoutHooks, "tag", "--delete", tag]);
  return reason;
}

async function isSigned(root: string, ref: string): Promise<boolean> {
  const { stdout } = await runGit(root, ["for-each-ref", "--format=%(contents:signature)", ref]);
  return stdout.toString("utf8").trim() !== "";
}

function describeRefusal(
  remote: GitRemote,
  item: GitTag,
  shown: ReadonlyMap<string, string> | undefined,
  answer: GitOutput,
): Problem {
  const at = shown?.get(item.tag);
  if (at !== undefined)
    return problem("SLIP_TAG_CONFLICT", `somebody else has pushed the git tag ${item.tag}, at ${at.slice(0, 12)}`);
  return problem(failureOf(answer), `the git tag ${item.tag} was not pushed: ${reasonOf(remote, answer)}`);
}
