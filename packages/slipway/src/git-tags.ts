/**
 * Makes git tags and pushes them. As with registries, what the remote shows is the truth: it is read before and after, an answer to a push
 * only tells whether to look again. A tag that is there is never moved.
 */
import { fail, type GitTag, problem, type Problem } from "@slipway/core";
import { runGit } from "./git.ts";
import { createRedactor } from "./redact.ts";

/** GitHub starts no workflow for tags when more than three are pushed at once (docs.github.com, "Events that trigger workflows", push). */
const tagsPerPush = 3;
/** For each command that asks the remote. */
const gitTimeoutMs = 120_000;

export interface GitRemote {
  readonly root: string;
  /** Name of the remote, such as `origin`. */
  readonly name: string;
  /** What git is given to be let in; holds the token, which is in no argument. */
  readonly env: Readonly<Record<string, string>>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The remote with the token of the CI job, where the environment has one for its host. Throws SLIP_GIT_FAILED without a remote. */
export async function openRemote(root: string, env: Environment, name = "origin"): Promise<GitRemote> {
  const found = await runGit(root, ["remote", "get-url", "--push", name]);
  const url = found.stdout.toString("utf8").trim();
  if (found.code !== 0 || url === "")
    return fail("SLIP_GIT_FAILED", `${root} has no remote called ${name}`, {
      hint: "git tags are pushed there: add the remote, or set gitTags to none",
    });
  return { root, name, env: { ...authorise(url, env), ...identify(env) } };
}

/** A header for the remote's host alone, in place of one that a checkout has left in the configuration: two make GitHub answer 400. */
function authorise(url: string, env: Environment): Readonly<Record<string, string>> {
  if (!/^https?:/.test(url) || !URL.canParse(url)) return {};
  const { origin } = new URL(url);
  const login = findLogin(origin, env);
  if (login === undefined) return {};
  const header = `Authorization: Basic ${Buffer.from(login).toString("base64")}`;
  const from = Number(env["GIT_CONFIG_COUNT"] ?? 0);
  const key = `http.${origin}/.extraheader`;
  return {
    GIT_CONFIG_COUNT: String(from + 2),
    [`GIT_CONFIG_KEY_${from}`]: key,
    [`GIT_CONFIG_VALUE_${from}`]: "",
    [`GIT_CONFIG_KEY_${from + 1}`]: key,
    [`GIT_CONFIG_VALUE_${from + 1}`]: header,
  };
}

/** The token goes to the server that the CI system names, and to no other. */
function findLogin(origin: string, env: Environment): string | undefined {
  const isOf = (server: string | undefined): boolean =>
    server !== undefined && URL.canParse(server) && new URL(server).origin === origin;
  const github = env["GITHUB_TOKEN"] ?? env["GH_TOKEN"];
  if (github !== undefined && github !== "" && isOf(env["GITHUB_SERVER_URL"] ?? "https://github.com"))
    return `x-access-token:${github}`;
  if (!isOf(env["CI_SERVER_URL"])) return undefined;
  const gitlab = env["GITLAB_TOKEN"];
  if (gitlab !== undefined && gitlab !== "") return `oauth2:${gitlab}`;
  const job = env["CI_JOB_TOKEN"];
  return job === undefined || job === "" ? undefined : `gitlab-ci-token:${job}`;
}

/** An annotated tag needs somebody who made it; a fresh CI machine has nobody configured. Git's own settings go first. */
function identify(env: Environment): Readonly<Record<string, string>> {
  if (env["CI"] === undefined || env["CI"] === "") return {};
  const isGithub = env["GITHUB_ACTIONS"] === "true";
  const name = isGithub ? "github-actions[bot]" : "slipway";
  // The bot's own address: commits and tags with it are shown as the bot's.
  const email = isGithub ? "41898282+github-actions[bot]@users.noreply.github.com" : "slipway@localhost";
  return {
    GIT_COMMITTER_NAME: env["GIT_COMMITTER_NAME"] ?? name,
    GIT_COMMITTER_EMAIL: env["GIT_COMMITTER_EMAIL"] ?? email,
  };
}

/** All tags of the remote, each with the commit that it leads to. Throws SLIP_GIT_UNAVAILABLE. */
export async function readRemoteTags(remote: GitRemote): Promise<ReadonlyMap<string, string>> {
  const output = await runGit(remote.root, ["ls-remote", "--tags", "--quiet", remote.name], undefined, {
    env: remote.env,
    timeoutMs: gitTimeoutMs,
  });
  if (output.code !== 0)
    return fail("SLIP_GIT_UNAVAILABLE", `the tags of ${remote.name} could not be read: ${firstLine(output.stderr)}`);
  const tags = new Map<string, string>();
  for (const line of output.stdout.toString("utf8").split("\n")) {
    const [, id, name, peeled] = /^([0-9a-f]+)\trefs\/tags\/(.+?)(\^\{\})?$/.exec(line) ?? [];
    // The line of what an annotated tag leads to comes after that of the tag itself.
    if (id !== undefined && name !== undefined && (peeled !== undefined || !tags.has(name))) tags.set(name, id);
  }
  return tags;
}

function firstLine(text: string): string {
  const line = text.split("\n").find((item) => /^(fatal|error|remote):/.test(item.trim())) ?? text.split("\n")[0] ?? "";
  return createRedactor([]).text(line.trim());
}

/** Fetches a commit that a shallow clone has cut off. Throws SLIP_COMMIT_MISSING. */
async function needCommit(remote: GitRemote, { commit, tag }: GitTag): Promise<void> {
  const has = async (): Promise<boolean> =>
    (await runGit(remote.root, ["cat-file", "-e", `${commit}^{commit}`])).code === 0;
  if (await has()) return;
  const args = ["fetch", "--quiet", "--no-tags", "--depth=1", remote.name, commit];
  await runGit(remote.root, args, undefined, { env: remote.env, timeoutMs: gitTimeoutMs });
  if (!(await has()))
    fail("SLIP_COMMIT_MISSING", `${tag} belongs to ${commit}, which is neither in this clone nor at ${remote.name}`);
}

/** Makes the tag here, where it is not yet; signed where git is configured to sign tags. Throws SLIP_TAG_CONFLICT. */
async function makeTag(remote: GitRemote, item: GitTag): Promise<void> {
  const { root, env } = remote;
  const ref = `refs/tags/${item.tag}`;
  const local = await runGit(root, ["rev-parse", "--verify", "--quiet", `${ref}^{commit}`]);
  const at = local.stdout.toString("utf8").trim();
  if (local.code === 0 && at === item.commit) return;
  if (local.code === 0)
    fail(
      "SLIP_TAG_CONFLICT",
      `the git tag ${item.tag} is at ${at.slice(0, 12)} in this clone, and the version was made from ${item.commit.slice(0, 12)}`,
      {
        hint: `nobody has pushed it: remove it with \`git tag --delete ${item.tag}\` if it is wrong`,
      },
    );
  const made = await runGit(
    root,
    ["tag", "--annotate", "--file=-", item.tag, item.commit],
    `${item.specs.join("\n")}\n`,
    { env },
  );
  if (made.code !== 0)
    fail("SLIP_GIT_FAILED", `the git tag ${item.tag} could not be made: ${firstLine(made.stderr)}`, {
      hint: /gpg|sign|ssh-keygen/i.test(made.stderr)
        ? "git is configured to sign tags (tag.gpgSign): give this machine the key, or turn that off"
        : "run `git tag` by hand to see why; user.name and user.email must be set",
    });
}

export interface PushOutcome {
  readonly pushed: readonly GitTag[];
  readonly problems: readonly Problem[];
}

/** Makes and pushes tags, some at a time; whatever a push answers, the remote is then looked at. Stops at the first that is not there. */
export async function pushTags(
  remote: GitRemote,
  tags: readonly GitTag[],
  onPushed: (tag: GitTag) => void,
): Promise<PushOutcome> {
  const pushed: GitTag[] = [];
  for (let at = 0; at < tags.length; at += tagsPerPush) {
    const some = tags.slice(at, at + tagsPerPush);
    for (const item of some) {
      await needCommit(remote, item);
      await makeTag(remote, item);
    }
    const refs = some.map(({ tag }) => `refs/tags/${tag}:refs/tags/${tag}`);
    // No hooks: what a repository has installed for its developers is not run with the right to push.
    const args = ["-c", "core.hooksPath=/dev/null", "push", "--no-verify", "--porcelain", remote.name, ...refs];
    const answer = await runGit(remote.root, args, undefined, { env: remote.env, timeoutMs: gitTimeoutMs });
    const shown = answer.code === 0 ? undefined : await readRemoteTags(remote);
    const missing: GitTag[] = [];
    for (const item of some) {
      if (shown !== undefined && shown.get(item.tag) !== item.commit) missing.push(item);
      else {
        pushed.push(item);
        onPushed(item);
      }
    }
    if (missing.length > 0) return { pushed, problems: missing.map((item) => describeRefusal(item, shown, answer)) };
  }
  return { pushed, problems: [] };
}

function describeRefusal(
  item: GitTag,
  shown: ReadonlyMap<string, string> | undefined,
  answer: { readonly stdout: Buffer; readonly stderr: string },
): Problem {
  const at = shown?.get(item.tag);
  if (at !== undefined)
    return problem("SLIP_TAG_CONFLICT", `somebody else has pushed the git tag ${item.tag}, at ${at.slice(0, 12)}`);
  const said = `${answer.stdout.toString("utf8")}\n${answer.stderr}`;
  const reason = firstLine(answer.stderr);
  const isRefused = /\[(remote )?rejected\]|\b40[13]\b|denied|not permitted|protected|GH0\d\d/i.test(said);
  return problem(
    isRefused ? "SLIP_GIT_REFUSED" : "SLIP_GIT_UNAVAILABLE",
    `the git tag ${item.tag} was not pushed: ${reason}`,
  );
}
