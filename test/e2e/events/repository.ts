/**
 * A bare repository that people push to, and checkouts of it as CI systems make them. A checkout of an old run is not a clone: what it knows
 * of the branch is what the run's own commit was.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { devNull, tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { cleanEnvironment, runProcess } from "@slipway/testkit";

export interface CheckOut {
  /** `refs/heads/main`, `refs/tags/…`, `refs/pull/1/merge`. */
  readonly ref: string;
  readonly commit: string;
  /** Of actions/checkout; default 0, which is all there is. */
  readonly depth?: number;
}

export interface Remote {
  readonly url: string;
  /** As actions/checkout does it. Returns the folder. */
  readonly checkOut: (what: CheckOut) => Promise<string>;
  /** As GitLab's runner does it with `GIT_DEPTH: 0`: a commit and no branch. */
  readonly checkOutForGitLab: (commit: string) => Promise<string>;
  /** Removes it and every checkout. */
  readonly remove: () => Promise<void>;
}

const environment = { GIT_CONFIG_GLOBAL: devNull, GIT_CONFIG_NOSYSTEM: "1", GIT_TERMINAL_PROMPT: "0" };

async function git(cwd: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runProcess("git", args, { cwd, env: cleanEnvironment(environment) });
  if (code !== 0) throw new Error(`git ${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout.trim();
}

const everything = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"];

export async function createRemote(): Promise<Remote> {
  const root = await mkdtemp(join(tmpdir(), "slipway-remote-"));
  const bare = join(root, "remote.git");
  const url = pathToFileURL(bare).href;
  await git(root, "init", "--quiet", "--bare", "--initial-branch=main", bare);
  // As on GitHub and GitLab, a commit can be had by its id.
  await git(bare, "config", "uploadpack.allowAnySHA1InWant", "true");

  async function begin(): Promise<string> {
    const dir = await mkdtemp(join(root, "checkout-"));
    await git(dir, "init", "--quiet", "--initial-branch=unborn");
    await git(dir, "remote", "add", "origin", url);
    return dir;
  }

  /** After its git-source-provider.ts and ref-helper.ts (v4 to v7): all of it, and then the ref set to the commit of the event if it has moved since. */
  async function checkOut({ ref, commit, depth = 0 }: CheckOut): Promise<string> {
    const dir = await begin();
    const branch = /^refs\/heads\/(.*)$/.exec(ref)?.[1];
    const pull = /^refs\/pull\/(.*)$/.exec(ref)?.[1];
    const local =
      branch === undefined ? (pull === undefined ? ref : `refs/remotes/pull/${pull}`) : `refs/remotes/origin/${branch}`;
    const fetch = ["fetch", "--quiet", "--no-tags"];
    if (depth > 0) await git(dir, ...fetch, `--depth=${depth}`, "origin", `+${commit}:${local}`);
    else {
      const pulled = pull === undefined ? [] : [`+${commit}:${local}`];
      await git(dir, ...fetch, "origin", ...everything, ...pulled);
      const { stdout } = await runProcess("git", ["rev-parse", "--quiet", "--verify", `${local}^{commit}`], {
        cwd: dir,
      });
      if (stdout.trim() !== commit) await git(dir, ...fetch, "origin", `+${commit}:${local}`);
    }
    if (branch === undefined) await git(dir, "checkout", "--quiet", "--force", local);
    else await git(dir, "checkout", "--quiet", "--force", "-B", branch, local);
    return dir;
  }

  return {
    url,
    checkOut,
    async checkOutForGitLab(commit) {
      const dir = await begin();
      await git(dir, "fetch", "--quiet", "origin", ...everything, `+${commit}:refs/pipelines/1`);
      await git(dir, "checkout", "--quiet", "--force", commit);
      return dir;
    },
    remove: () => rm(root, { recursive: true, force: true, maxRetries: 5 }),
  };
}
