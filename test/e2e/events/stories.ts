/** What has happened in a repository before a CI job runs in it, a strategy each, made with git itself. */
import type { TestWorkspace } from "@slipway/testkit";
import type { Remote } from "./repository.ts";

export interface Moment {
  /** Folder of the checkout that the job has. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Payload of the GitHub event. */
  readonly payload?: object;
  /** What request 002 compares with: `pull_request.base.sha`, or the nearest thing to it that the event has. */
  readonly seedBase: string;
}

export interface World {
  /** A developer's clone, at main. All packages that can be published were released at 1.0.0 from its first commit. */
  readonly main: TestWorkspace;
  readonly remote: Remote;
  readonly first: string;
  /** Releases what this clone has checked out, as another run would. */
  readonly release: () => Promise<void>;
}

export interface Story {
  readonly event: string;
  readonly strategy: string;
  readonly tell: (world: World) => Promise<Moment>;
  /** `a@1.1.0`, with the dist-tag behind a blank where that is not `latest`; `seen` where it is there already. */
  readonly planned: readonly string[];
  /** The same with `--base auto`, or the code of the problem. */
  readonly withBase: readonly string[] | string;
  /** What the problem, or a warning, says. */
  readonly says?: RegExp;
  /** What the shell of request 002 finds with its path mended, `seen` as above; as it was written it finds nothing, ever. */
  readonly mended: readonly string[];
}

const zeros = "0".repeat(40);

async function bump(workspace: TestWorkspace, dir: string, version: string): Promise<string> {
  await workspace.edit(`packages/${dir}`, (manifest) => ({ ...manifest, version }));
  return workspace.commitAll(`${dir} ${version}`);
}

async function note(workspace: TestWorkspace, text: string): Promise<string> {
  await workspace.write("README.md", `${text}\n`);
  return workspace.commitAll(text);
}

const head = ({ main }: World): Promise<string> => main.git("rev-parse", "HEAD");

/** A branch of two commits, whose bump is the first. Leaves main checked out; returns the branch's head. */
async function branchOff({ main }: World, dir: string, version: string, topic = "topic"): Promise<string> {
  await main.git("checkout", "-q", "-b", topic);
  await bump(main, dir, version);
  await main.write(`${topic}.md`, `about ${version}\n`);
  const tip = await main.commitAll("say what it is");
  await main.git("checkout", "-q", "main");
  return tip;
}

/** Pushes main, and checks its head out as GitHub would for a push that begins at `before`. */
async function pushed(
  world: World,
  before: string,
  more: { readonly depth?: number; readonly payload?: object } = {},
): Promise<Moment> {
  const { main, remote } = world;
  await main.git("push", "-q", "--force", "origin", "main");
  const commit = await head(world);
  const payload = { ref: "refs/heads/main", before, after: commit, forced: false, ...more.payload };
  const cwd = await remote.checkOut({
    ref: "refs/heads/main",
    commit,
    ...(more.depth === undefined ? {} : { depth: more.depth }),
  });
  return { cwd, ...github("push", "refs/heads/main"), payload, seedBase: before };
}

function github(event: string, ref: string): Pick<Moment, "env"> {
  return { env: { GITHUB_ACTIONS: "true", GITHUB_EVENT_NAME: event, GITHUB_REF: ref } };
}

/** For an event that names no commit. */
async function unbound(world: World, event: string, payload: object, ref = "refs/heads/main"): Promise<Moment> {
  const { main, remote } = world;
  await main.git("push", "-q", "--tags", "origin", "main");
  return {
    cwd: await remote.checkOut({ ref, commit: await head(world) }),
    ...github(event, ref),
    payload,
    seedBase: "",
  };
}

async function closed(world: World, base: string, tip: string): Promise<Moment> {
  const { main, remote } = world;
  await main.git("push", "-q", "origin", "main");
  const merge = await head(world);
  const request = {
    merged: true,
    merge_commit_sha: merge,
    commits: 2,
    base: { sha: base, ref: "main" },
    head: { sha: tip },
  };
  const cwd = await remote.checkOut({ ref: "refs/heads/main", commit: merge });
  return {
    cwd,
    ...github("pull_request", "refs/heads/main"),
    payload: { action: "closed", pull_request: request },
    seedBase: base,
  };
}

type Merge = "merge" | "squash" | "rebase";

async function mergeTopic({ main }: World, how: Merge, topic = "topic"): Promise<void> {
  if (how === "merge") await main.git("merge", "-q", "--no-ff", "-m", "merge", topic);
  if (how === "squash") {
    await main.git("merge", "-q", "--squash", topic);
    await main.commitAll("squashed");
  }
  if (how === "rebase") await main.git("cherry-pick", `main..${topic}`);
}

/** Something else was merged since the branch parted; where the event's base is stale, that was a bump of b. */
async function mergeBy(world: World, how: Merge, isStale: boolean): Promise<Moment> {
  const { main, first } = world;
  const tip = await branchOff(world, "a", "1.1.0");
  const into = isStale ? await bump(main, "b", "1.1.0") : await note(main, "other");
  await mergeTopic(world, how);
  return closed(world, isStale ? first : into, tip);
}

function closedBy(how: Merge, strategy: string, staleBase?: readonly string[]): Story {
  const isStale = staleBase !== undefined;
  return {
    event: "pull request closed",
    strategy,
    tell: (world) => mergeBy(world, how, isStale),
    planned: isStale ? ["a@1.1.0", "b@1.1.0"] : ["a@1.1.0"],
    withBase: staleBase ?? ["a@1.1.0"],
    mended: isStale ? ["a@1.1.0", "b@1.1.0"] : ["a@1.1.0"],
  };
}

const ab = ["a@1.1.0", "b@1.1.0"];

const pullRequests: readonly Story[] = [
  closedBy("merge", "merge commit"),
  closedBy("squash", "squash"),
  closedBy("rebase", "rebase of two commits, the bump in the first"),
  closedBy("merge", "merge commit, `base.sha` older than what was merged into", ["a@1.1.0"]),
  closedBy("squash", "squash, `base.sha` older than what was merged into", ab),
  closedBy("rebase", "rebase, `base.sha` older than what was merged into", ["a@1.1.0"]),
  {
    event: "pull request closed",
    strategy: "not merged",
    async tell(world) {
      const { main, remote, first } = world;
      const tip = await branchOff(world, "a", "1.1.0");
      await main.git("push", "-q", "origin", "topic");
      const pull_request = { merged: false, base: { sha: first, ref: "main" }, head: { sha: tip } };
      const cwd = await remote.checkOut({ ref: "refs/heads/topic", commit: tip });
      const env = github("pull_request", "refs/pull/1/merge");
      return { cwd, ...env, payload: { action: "closed", pull_request }, seedBase: first };
    },
    planned: ["a@1.1.0"],
    withBase: "SLIP_BASE_INVALID",
    says: /closed and not merged/,
    mended: ["a@1.1.0"],
  },
  {
    event: "pull request",
    strategy: "test merge, `base.sha` older than main",
    async tell(world) {
      const { main, remote, first } = world;
      const tip = await branchOff(world, "a", "1.1.0");
      await bump(main, "b", "1.1.0");
      await main.git("push", "-q", "origin", "main");
      await mergeTopic(world, "merge");
      const commit = await head(world);
      const ref = "refs/pull/1/merge";
      await main.git("push", "-q", "origin", `HEAD:${ref}`);
      const pull_request = { base: { sha: first, ref: "main" }, head: { sha: tip } };
      const payload = { action: "synchronize", pull_request };
      return { cwd: await remote.checkOut({ ref, commit }), ...github("pull_request", ref), payload, seedBase: first };
    },
    planned: ab,
    withBase: ["a@1.1.0"],
    mended: ab,
  },
];

const pushes: readonly Story[] = [
  {
    event: "push",
    strategy: "several commits at once",
    async tell(world) {
      await bump(world.main, "a", "1.1.0");
      await bump(world.main, "b", "1.1.0");
      return pushed(world, world.first);
    },
    planned: ab,
    withBase: ab,
    mended: ab,
  },
  {
    event: "push",
    strategy: "after a release that failed",
    async tell(world) {
      const before = await bump(world.main, "a", "1.1.0");
      await note(world.main, "try again");
      return pushed(world, before);
    },
    planned: ["a@1.1.0"],
    withBase: [],
    says: /a@1\.1\.0 is not published either.*leave --base out/,
    mended: [],
  },
  {
    event: "push",
    strategy: "a bump reverted and applied again, neither released",
    async tell(world) {
      const { main } = world;
      await bump(main, "a", "1.1.0");
      await main.git("revert", "--no-edit", "HEAD");
      await main.git("revert", "--no-edit", "HEAD");
      const before = await head(world);
      await note(main, "more");
      return pushed(world, before);
    },
    planned: ["a@1.1.0"],
    withBase: [],
    says: /a@1\.1\.0 is not published either/,
    mended: [],
  },
  {
    event: "push",
    strategy: "a bump taken back before it was released",
    async tell(world) {
      const before = await bump(world.main, "a", "1.1.0");
      await world.main.git("revert", "--no-edit", "HEAD");
      return pushed(world, before);
    },
    planned: [],
    withBase: [],
    mended: ["a@1.0.0 seen"],
  },
  {
    event: "push",
    strategy: "force-push, what was there is gone",
    async tell(world) {
      const { main, first } = world;
      const gone = await bump(main, "b", "1.1.0");
      await main.git("push", "-q", "origin", "main");
      await main.git("reset", "-q", "--hard", first);
      await bump(main, "a", "1.1.0");
      return pushed(world, gone, { payload: { forced: true } });
    },
    planned: ["a@1.1.0"],
    withBase: "SLIP_BASE_INVALID",
    says: /is gone: the branch was force-pushed.*leave --base out/s,
    mended: [],
  },
  {
    event: "push",
    strategy: "force-push, another branch still has what was there",
    async tell(world) {
      const { main, first } = world;
      const before = await bump(main, "b", "1.1.0");
      await main.git("push", "-q", "origin", "main", "main:kept");
      await main.git("reset", "-q", "--hard", first);
      await bump(main, "a", "1.1.0");
      return pushed(world, before, { payload: { forced: true } });
    },
    planned: ["a@1.1.0"],
    withBase: "SLIP_BASE_INVALID",
    says: /was force-pushed.*compare with where they parted: --base [0-9a-f]{40}/s,
    mended: ["a@1.1.0", "b@1.0.0 seen"],
  },
  {
    event: "push",
    strategy: "first push of the branch",
    async tell(world) {
      await bump(world.main, "a", "1.1.0");
      return pushed(world, zeros, { payload: { created: true } });
    },
    planned: ["a@1.1.0"],
    withBase: "SLIP_BASE_INVALID",
    says: /all zeros: the branch is new/,
    mended: [],
  },
  {
    event: "push",
    strategy: "shallow clone",
    async tell(world) {
      await bump(world.main, "a", "1.1.0");
      return pushed(world, world.first, { depth: 1 });
    },
    planned: ["a@1.1.0"],
    withBase: "SLIP_BASE_INVALID",
    says: /not in this shallow clone.*fetch-depth: 0/s,
    mended: [],
  },
  {
    event: "push",
    strategy: "a private package",
    async tell(world) {
      await bump(world.main, "tool", "1.1.0");
      return pushed(world, world.first);
    },
    planned: [],
    withBase: [],
    mended: ["tool@1.1.0"],
  },
  {
    event: "push",
    strategy: "a private package made public",
    async tell(world) {
      await world.main.edit("packages/tool", (manifest) => ({ ...manifest, private: false }));
      await world.main.commitAll("Open the tool");
      return pushed(world, world.first);
    },
    planned: ["tool@1.0.0"],
    withBase: ["tool@1.0.0"],
    mended: [],
  },
  {
    event: "push",
    strategy: "a prerelease",
    async tell(world) {
      await bump(world.main, "a", "2.0.0-beta.1");
      return pushed(world, world.first);
    },
    planned: ["a@2.0.0-beta.1 beta"],
    withBase: ["a@2.0.0-beta.1 beta"],
    mended: ["a@2.0.0-beta.1"],
  },
  {
    event: "push",
    strategy: "a folder renamed, its version as before",
    async tell(world) {
      await world.main.git("mv", "packages/a", "packages/renamed");
      await world.main.commitAll("rename");
      return pushed(world, world.first);
    },
    planned: [],
    withBase: [],
    mended: ["a@1.0.0 seen"],
  },
];

/** Two pull requests that are merged together: GitHub builds their merges on a branch of its own, and then main moves there. */
async function queue(world: World): Promise<string> {
  await branchOff(world, "a", "1.1.0", "one");
  await branchOff(world, "b", "1.1.0", "two");
  await mergeTopic(world, "merge", "one");
  await mergeTopic(world, "merge", "two");
  return head(world);
}

const others: readonly Story[] = [
  {
    event: "merge queue",
    strategy: "a group of two pull requests",
    async tell(world) {
      const { main, remote, first } = world;
      const commit = await queue(world);
      const ref = `refs/heads/gh-readonly-queue/main/pr-2-${first}`;
      await main.git("push", "-q", "origin", `HEAD:${ref}`);
      const merge_group = { base_sha: first, head_sha: commit, head_ref: ref };
      const cwd = await remote.checkOut({ ref, commit });
      return { cwd, ...github("merge_group", ref), payload: { merge_group }, seedBase: first };
    },
    planned: ab,
    withBase: ab,
    mended: ab,
  },
  {
    event: "push",
    strategy: "by the merge queue, of a group of two",
    async tell(world) {
      await queue(world);
      return pushed(world, world.first);
    },
    planned: ab,
    withBase: ab,
    mended: ab,
  },
  {
    event: "workflow_dispatch",
    strategy: "no release tag",
    async tell(world) {
      await bump(world.main, "a", "1.1.0");
      return unbound(world, "workflow_dispatch", { ref: "refs/heads/main", inputs: {} });
    },
    planned: ["a@1.1.0"],
    withBase: "SLIP_BASE_INVALID",
    says: /no release tag can be reached before HEAD, and a manual run names no commit/,
    mended: [],
  },
  {
    event: "workflow_dispatch",
    strategy: "a second try, after half a release was tagged",
    async tell(world) {
      const { main, first } = world;
      await main.git("tag", "v1.0.0", first);
      await bump(main, "a", "1.1.0");
      await main.git("tag", "a@1.1.0");
      return unbound(world, "workflow_dispatch", { ref: "refs/heads/main", inputs: {} });
    },
    planned: ["a@1.1.0"],
    withBase: ["a@1.1.0"],
    mended: [],
  },
  {
    event: "schedule",
    strategy: "after a release tag",
    async tell(world) {
      await world.main.git("tag", "v1.0.0", world.first);
      await bump(world.main, "a", "1.1.0");
      return unbound(world, "schedule", { schedule: "0 0 * * *" });
    },
    planned: ["a@1.1.0"],
    withBase: ["a@1.1.0"],
    mended: [],
  },
  {
    event: "push of a tag",
    strategy: "v1.1.0 at the commit of the bump",
    async tell(world) {
      const { main, first } = world;
      await main.git("tag", "v1.0.0", first);
      await bump(main, "a", "1.1.0");
      await main.git("tag", "v1.1.0");
      const ref = "refs/tags/v1.1.0";
      return { ...(await unbound(world, "push", { ref, before: zeros }, ref)), seedBase: zeros };
    },
    planned: ["a@1.1.0"],
    withBase: ["a@1.1.0"],
    mended: [],
  },
  {
    event: "workflow_run",
    strategy: "main has moved on since the tests ran",
    async tell(world) {
      const { main, first } = world;
      await main.git("tag", "v1.0.0", first);
      const tested = await bump(main, "a", "1.1.0");
      await bump(main, "b", "1.1.0");
      return unbound(world, "workflow_run", { workflow_run: { head_sha: tested, event: "push" } });
    },
    planned: ab,
    withBase: ab,
    says: /what was tested is not what is released/,
    mended: [],
  },
];

/** A run of the bump of `a` to 1.1.0, started again when main has 2.0.0, which is released. */
async function runAgain(world: World, wasReleased: boolean): Promise<Moment> {
  const { main, remote, first, release } = world;
  const commit = await bump(main, "a", "1.1.0");
  if (wasReleased) await release();
  await bump(main, "b", "1.1.0");
  await bump(main, "a", "2.0.0");
  await main.git("push", "-q", "origin", "main");
  await release();
  const ref = "refs/heads/main";
  const payload = { ref, before: first, after: commit, forced: false };
  return { cwd: await remote.checkOut({ ref, commit }), ...github("push", ref), payload, seedBase: first };
}

const again: readonly Story[] = [
  {
    event: "re-run of an old run",
    strategy: "it had failed, and newer commits were released meanwhile",
    tell: (world) => runAgain(world, false),
    planned: ["a@1.1.0 latest-1"],
    withBase: ["a@1.1.0 latest-1"],
    says: /not the newest of main: 2 commits come after it[^]*a@1\.1\.0 is older than 2\.0\.0, which is latest/,
    mended: ["a@1.1.0"],
  },
  {
    event: "re-run of an old run",
    strategy: "it had released everything, and so have newer ones",
    tell: (world) => runAgain(world, true),
    planned: ["a@1.1.0 seen"],
    withBase: ["a@1.1.0 seen"],
    says: /latest of a is at 2\.0\.0 and is not moved down to 1\.1\.0/,
    mended: ["a@1.1.0 seen"],
  },
];

async function gitlab(world: World, variables: Readonly<Record<string, string>>, seedBase: string): Promise<Moment> {
  const { main, remote } = world;
  await main.git("push", "-q", "--tags", "origin", "HEAD");
  const cwd = await remote.checkOutForGitLab(await head(world));
  return { cwd, env: { GITLAB_CI: "true", ...variables }, seedBase };
}

const onGitLab: readonly Story[] = [
  {
    event: "GitLab, push",
    strategy: "two commits at once",
    async tell(world) {
      await bump(world.main, "a", "1.1.0");
      await note(world.main, "more");
      const variables = { CI_PIPELINE_SOURCE: "push", CI_COMMIT_BRANCH: "main", CI_COMMIT_BEFORE_SHA: world.first };
      return gitlab(world, variables, world.first);
    },
    planned: ["a@1.1.0"],
    withBase: ["a@1.1.0"],
    mended: ["a@1.1.0"],
  },
  {
    event: "GitLab, merged results",
    strategy: "the target branch has moved on",
    async tell(world) {
      const { main, first } = world;
      await branchOff(world, "a", "1.1.0");
      const target = await bump(main, "b", "1.1.0");
      await main.git("push", "-q", "origin", "main");
      await main.git("checkout", "-q", "-b", "train");
      await mergeTopic(world, "merge");
      const variables = {
        CI_PIPELINE_SOURCE: "merge_request_event",
        CI_COMMIT_BEFORE_SHA: zeros,
        CI_MERGE_REQUEST_TARGET_BRANCH_SHA: target,
        CI_MERGE_REQUEST_DIFF_BASE_SHA: first,
      };
      return gitlab(world, variables, first);
    },
    planned: ab,
    withBase: ["a@1.1.0"],
    mended: ab,
  },
  {
    event: "GitLab, schedule",
    strategy: "after a release tag",
    async tell(world) {
      await world.main.git("tag", "v1.0.0", world.first);
      await bump(world.main, "a", "1.1.0");
      const variables = { CI_PIPELINE_SOURCE: "schedule", CI_COMMIT_BRANCH: "main", CI_COMMIT_BEFORE_SHA: zeros };
      return gitlab(world, variables, zeros);
    },
    planned: ["a@1.1.0"],
    withBase: ["a@1.1.0"],
    mended: [],
  },
];

export const stories: readonly Story[] = [...pullRequests, ...pushes, ...others, ...again, ...onGitLab];
