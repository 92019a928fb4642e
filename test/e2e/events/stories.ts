/** What has happened in a repository before a CI job runs in it, a strategy each, made with git itself. */
import type { TestWorkspace } from "@slipway/testkit";

export interface Moment {
  /** The checkout that the job has. */
  readonly checkout: TestWorkspace;
  readonly event: string;
  readonly payload: object;
  /** What request 002 compares with: `pull_request.base.sha`, or the nearest thing to it that the event has. */
  readonly seedBase: string;
  /** `GITHUB_REF`; default `refs/heads/main`. */
  readonly ref?: string;
}

export interface World {
  /** The repository that everybody pushes to, at main. All three packages were released at 1.0.0 from its first commit. */
  readonly main: TestWorkspace;
  readonly first: string;
  /** Releases what main holds, as another run would. */
  readonly release: () => Promise<void>;
}

export interface Story {
  readonly event: string;
  readonly strategy: string;
  readonly tell: (world: World) => Promise<Moment>;
  /** `a@1.1.0`, with the dist-tag behind a blank where that is not `latest`. */
  readonly planned: readonly string[];
  /** The same with `--base auto`, or the code of the problem. */
  readonly withBase: readonly string[] | string;
  /** What the shell of request 002 finds with its path mended; as it was written it finds nothing, ever. */
  readonly mended: readonly string[];
}

const zeros = "0".repeat(40);

async function bump(workspace: TestWorkspace, dir: string, version: string): Promise<string> {
  await workspace.edit(`packages/${dir}`, (manifest) => ({ ...manifest, version }));
  return workspace.commitAll(`${dir} ${version}`);
}

/** A branch whose bump is not its last commit. Leaves main checked out; returns the branch's head. */
async function branchOff({ main }: World, dir: string, version: string): Promise<string> {
  await main.git("checkout", "-q", "-b", "topic");
  await bump(main, dir, version);
  await main.write("README.md", `about ${version}\n`);
  const head = await main.commitAll("readme");
  await main.git("checkout", "-q", "main");
  return head;
}

function closed(base: string, head: string, merge: string): Pick<Moment, "event" | "payload" | "seedBase"> {
  const request = { merged: true, merge_commit_sha: merge, commits: 2, base: { sha: base, ref: "main" } };
  const payload = { action: "closed", pull_request: { ...request, head: { sha: head } } };
  return { event: "pull_request", payload, seedBase: base };
}

function pushed(before: string, ref = "refs/heads/main"): Pick<Moment, "event" | "payload" | "seedBase" | "ref"> {
  return { event: "push", payload: { ref, before }, seedBase: before, ref };
}

const merges = {
  merge: ["merge", "-q", "--no-ff", "-m", "merge", "topic"],
  squash: ["merge", "-q", "--squash", "topic"],
  rebase: ["rebase", "-q", "main", "topic"],
} as const;

async function mergeBy(world: World, how: keyof typeof merges): Promise<Moment> {
  const { main } = world;
  const head = await branchOff(world, "a", "1.1.0");
  // Something else was merged meanwhile, so that a rebase makes new commits.
  await main.write("OTHER.md", "other\n");
  const base = await main.commitAll("other");
  await main.git(...merges[how]);
  if (how === "squash") await main.commitAll("squashed");
  if (how === "rebase") {
    await main.git("checkout", "-q", "main");
    await main.git("merge", "-q", "--ff-only", "topic");
  }
  return { checkout: await main.clone(), ...closed(base, head, await main.git("rev-parse", "HEAD")) };
}

export const stories: readonly Story[] = [
  {
    event: "pull request closed",
    strategy: "merge commit",
    tell: (world) => mergeBy(world, "merge"),
    planned: ["a@1.1.0"],
    withBase: ["a@1.1.0"],
    mended: ["a@1.1.0"],
  },
  {
    event: "pull request closed",
    strategy: "squash",
    tell: (world) => mergeBy(world, "squash"),
    planned: ["a@1.1.0"],
    withBase: ["a@1.1.0"],
    mended: ["a@1.1.0"],
  },
  {
    event: "pull request closed",
    strategy: "rebase, the bump not in the last commit",
    tell: (world) => mergeBy(world, "rebase"),
    planned: ["a@1.1.0"],
    withBase: ["a@1.1.0"],
    mended: ["a@1.1.0"],
  },
  {
    event: "pull request closed",
    strategy: "`base.sha` older than what was merged with, another bump in between",
    async tell(world) {
      const { main, first } = world;
      const head = await branchOff(world, "a", "1.1.0");
      await bump(main, "b", "1.1.0");
      await main.git("merge", "-q", "--no-ff", "-m", "merge", "topic");
      return { checkout: await main.clone(), ...closed(first, head, await main.git("rev-parse", "HEAD")) };
    },
    planned: ["a@1.1.0", "b@1.1.0"],
    withBase: ["a@1.1.0"],
    mended: ["a@1.1.0", "b@1.1.0"],
  },
  {
    event: "push",
    strategy: "several commits at once",
    async tell({ main, first }) {
      await bump(main, "a", "1.1.0");
      await bump(main, "b", "1.1.0");
      return { checkout: await main.clone(), ...pushed(first) };
    },
    planned: ["a@1.1.0", "b@1.1.0"],
    withBase: ["a@1.1.0", "b@1.1.0"],
    mended: ["a@1.1.0", "b@1.1.0"],
  },
  {
    event: "push",
    strategy: "after a release that failed",
    async tell({ main }) {
      const before = await bump(main, "a", "1.1.0");
      await main.write("README.md", "again\n");
      await main.commitAll("try again");
      return { checkout: await main.clone(), ...pushed(before) };
    },
    planned: ["a@1.1.0"],
    withBase: [],
    mended: [],
  },
  {
    event: "push",
    strategy: "a bump reverted and applied again, neither released",
    async tell({ main }) {
      await bump(main, "a", "1.1.0");
      await main.git("revert", "--no-edit", "HEAD");
      await main.git("revert", "--no-edit", "HEAD");
      const before = await main.git("rev-parse", "HEAD");
      await main.write("README.md", "more\n");
      await main.commitAll("more");
      return { checkout: await main.clone(), ...pushed(before) };
    },
    planned: ["a@1.1.0"],
    withBase: [],
    mended: [],
  },
  {
    event: "push",
    strategy: "force-push",
    async tell({ main, first }) {
      const gone = await bump(main, "b", "1.1.0");
      await main.git("reset", "-q", "--hard", first);
      await bump(main, "a", "1.1.0");
      return { checkout: await main.clone(), ...pushed(gone) };
    },
    planned: ["a@1.1.0"],
    withBase: "SLIP_BASE_INVALID",
    mended: [],
  },
  {
    event: "push",
    strategy: "first push of the branch",
    async tell({ main }) {
      await bump(main, "a", "1.1.0");
      return { checkout: await main.clone(), ...pushed(zeros) };
    },
    planned: ["a@1.1.0"],
    withBase: "SLIP_BASE_INVALID",
    mended: [],
  },
  {
    event: "push",
    strategy: "shallow clone",
    async tell({ main, first }) {
      await bump(main, "a", "1.1.0");
      return { checkout: await main.clone({ depth: 1 }), ...pushed(first) };
    },
    planned: ["a@1.1.0"],
    withBase: "SLIP_BASE_INVALID",
    mended: [],
  },
  {
    event: "push",
    strategy: "a private package",
    async tell({ main, first }) {
      await bump(main, "tool", "1.1.0");
      return { checkout: await main.clone(), ...pushed(first) };
    },
    planned: [],
    withBase: [],
    mended: ["tool@1.1.0"],
  },
  {
    event: "push",
    strategy: "a prerelease",
    async tell({ main, first }) {
      await bump(main, "a", "2.0.0-beta.1");
      return { checkout: await main.clone(), ...pushed(first) };
    },
    planned: ["a@2.0.0-beta.1 beta"],
    withBase: ["a@2.0.0-beta.1 beta"],
    mended: ["a@2.0.0-beta.1"],
  },
  {
    event: "push",
    strategy: "a folder renamed, its version as before",
    async tell({ main, first }) {
      await main.git("mv", "packages/a", "packages/renamed");
      await main.commitAll("rename");
      return { checkout: await main.clone(), ...pushed(first) };
    },
    planned: [],
    withBase: [],
    mended: ["a@1.0.0"],
  },
  {
    event: "merge queue",
    strategy: "a group of two pull requests",
    async tell(world) {
      const { main, first } = world;
      await branchOff(world, "a", "1.1.0");
      await main.git("merge", "-q", "--no-ff", "-m", "one", "topic");
      await bump(main, "b", "1.1.0");
      const payload = { merge_group: { base_sha: first, head_sha: main.commit() } };
      return { checkout: await main.clone(), event: "merge_group", payload, seedBase: first };
    },
    planned: ["a@1.1.0", "b@1.1.0"],
    withBase: ["a@1.1.0", "b@1.1.0"],
    mended: ["a@1.1.0", "b@1.1.0"],
  },
  {
    event: "by hand",
    strategy: "workflow_dispatch, no release tag",
    async tell({ main }) {
      await bump(main, "a", "1.1.0");
      const payload = { ref: "refs/heads/main", inputs: {} };
      return { checkout: await main.clone(), event: "workflow_dispatch", payload, seedBase: "" };
    },
    planned: ["a@1.1.0"],
    withBase: "SLIP_BASE_INVALID",
    mended: [],
  },
  {
    event: "schedule",
    strategy: "after a release tag",
    async tell({ main, first }) {
      await main.git("tag", "v1.0.0", first);
      await bump(main, "a", "1.1.0");
      return { checkout: await main.clone(), event: "schedule", payload: { schedule: "0 0 * * *" }, seedBase: "" };
    },
    planned: ["a@1.1.0"],
    withBase: ["a@1.1.0"],
    mended: [],
  },
  {
    event: "push of a tag",
    strategy: "v1.1.0 at the commit of the bump",
    async tell({ main, first }) {
      await main.git("tag", "v1.0.0", first);
      await bump(main, "a", "1.1.0");
      await main.git("tag", "v1.1.0");
      return { checkout: await main.clone(), ...pushed(zeros, "refs/tags/v1.1.0") };
    },
    planned: ["a@1.1.0"],
    withBase: ["a@1.1.0"],
    mended: [],
  },
  {
    event: "re-run of an old run",
    strategy: "newer commits were merged and released meanwhile",
    async tell({ main, first, release }) {
      const old = await bump(main, "a", "1.1.0");
      await bump(main, "b", "1.1.0");
      await bump(main, "a", "2.0.0");
      await release();
      const checkout = await main.clone();
      await checkout.git("checkout", "-q", "--detach", old);
      return { checkout, ...pushed(first) };
    },
    planned: ["a@1.1.0 latest-1"],
    withBase: ["a@1.1.0 latest-1"],
    mended: ["a@1.1.0"],
  },
];
