/** What `--base auto` asks of git, and what is told of the checkout, on real repositories; git.test.ts has the simpler ones. */
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { findLaterCommits } from "../../src/git.ts";
import { findCheckoutWarnings, resolveBase } from "../../src/git-base.ts";
import { makeFolder, makeRepository, problemsOf, type Scratch } from "./scratch-repository.ts";

const scratches: Scratch[] = [];
afterAll(() => {
  for (const scratch of scratches) scratch.remove();
});

function keep(scratch: Scratch): Scratch {
  scratches.push(scratch);
  return scratch;
}

/** Five commits on main, each with a new version of the one package. */
function makeHistory(): { readonly repo: Scratch; readonly commits: readonly string[] } {
  const repo = keep(makeRepository());
  const commits = ["1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0"].map((version) => {
    repo.write({ "package.json": { name: "a", version } });
    return repo.commit(version);
  });
  return { repo, commits };
}

function gitHub(scratch: Scratch, name: string, event: object, ref = "refs/heads/main") {
  scratch.write({ ".git/event.json": event });
  const path = join(scratch.root, ".git/event.json");
  return { GITHUB_ACTIONS: "true", GITHUB_EVENT_NAME: name, GITHUB_EVENT_PATH: path, GITHUB_REF: ref };
}

/** What actions/checkout does for a branch: fetches all there is, then sets the branch back to the commit of the event. */
function checkOut(from: Scratch, commit: string, branch = "main"): Scratch {
  const target = keep(makeFolder());
  target.git("init", "-q", "-b", "unborn");
  target.git("remote", "add", "origin", `file://${from.root}`);
  target.git("fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*");
  if (target.git("rev-parse", `refs/remotes/origin/${branch}`) !== commit)
    target.git("fetch", "-q", "origin", `+${commit}:refs/remotes/origin/${branch}`);
  target.git("checkout", "-q", "-B", branch, `refs/remotes/origin/${branch}`);
  return target;
}

test("tags at HEAD belong to the release that is being made: the base is the one before, also of a merge and at the root", async () => {
  const { repo, commits } = makeHistory();
  repo.git("tag", "v1.2.0", commits[2] ?? "");
  repo.git("tag", "a@1.4.0");
  repo.git("tag", "-a", "-m", "x", "v1.4.0");
  const expected = { commit: commits[2], how: "the last release tag, v1.2.0" };
  expect(await resolveBase(repo.root, "auto", {})).toEqual(expected);
  const dispatched = gitHub(repo, "workflow_dispatch", { ref: "refs/heads/main" });
  expect(await resolveBase(repo.root, "auto", dispatched)).toEqual(expected);
  const only = keep(makeRepository());
  only.commit();
  only.git("tag", "v1.0.0");
  expect(await problemsOf(() => resolveBase(only.root, "auto", {}))).toMatchObject([{ code: "SLIP_BASE_INVALID" }]);
});

test("a release tag that is reached only through the other side of a merge is found", async () => {
  const { repo, commits } = makeHistory();
  repo.git("checkout", "-q", "-b", "line", commits[1] ?? "");
  repo.write({ "line.txt": "x" });
  const tagged = repo.commit();
  repo.git("tag", "v1.1.1");
  repo.git("checkout", "-q", "main");
  repo.git("merge", "-q", "--no-ff", "-m", "merge", "line");
  expect((await resolveBase(repo.root, "auto", {})).commit).toBe(tagged);
});

function merged(base: string, head: string, merge: string, commits: number): object {
  const request = {
    merged: true,
    merge_commit_sha: merge,
    commits,
    base: { sha: base, ref: "main" },
    head: { sha: head },
  };
  return { action: "closed", pull_request: request };
}

test.each(["merge", "squash", "rebase"] as const)(
  "a pull request merged by %s is compared with what it was merged into, although the event's base is stale and main has moved on",
  async (how) => {
    const { repo, commits } = makeHistory();
    const [first = "", , , , into = ""] = commits;
    repo.git("checkout", "-q", "-b", "topic", first);
    for (const name of ["one", "two", "three"]) {
      repo.write({ [`${name}.txt`]: name });
      repo.commit(name);
    }
    const head = repo.git("rev-parse", "HEAD");
    repo.git("checkout", "-q", "main");
    if (how === "merge") repo.git("merge", "-q", "--no-ff", "-m", "merge", "topic");
    if (how === "squash") {
      repo.git("merge", "-q", "--squash", "topic");
      repo.commit("squashed");
    }
    if (how === "rebase") repo.git("cherry-pick", `${first}..topic`);
    const merge = repo.git("rev-parse", "HEAD");
    repo.write({ "later.txt": "x" });
    repo.commit("later");
    const env = gitHub(repo, "pull_request", merged(first, head, merge, 3));
    // A squash looks like a rebase: three commits back is too far, and misses nothing.
    expect((await resolveBase(repo.root, "auto", env)).commit).toBe(how === "squash" ? commits[2] : into);
  },
);

test("the commit that a force-push has taken away is named, also where it can still be had", async () => {
  const { repo, commits } = makeHistory();
  const gone = commits[4] ?? "";
  repo.git("branch", "old");
  repo.git("reset", "-q", "--hard", commits[2] ?? "");
  repo.write({ "package.json": { name: "a", version: "1.3.1" } });
  const now = repo.commit();
  const event = { ref: "refs/heads/main", before: gone, forced: true };
  const kept = checkOut(repo, now);
  const [here] = await problemsOf(() => resolveBase(kept.root, "auto", gitHub(kept, "push", event)));
  expect(here?.message).toContain(gone);
  expect(here?.message).toContain("force-pushed");
  expect(here?.hint).toContain(`--base ${commits[2]}`);
  repo.git("branch", "-q", "-D", "old");
  const fresh = checkOut(repo, now);
  const [lost] = await problemsOf(() => resolveBase(fresh.root, "auto", gitHub(fresh, "push", event)));
  expect(lost?.message).toMatch(new RegExp(`"${gone}" .* is gone: the branch was force-pushed`));
  expect(lost?.hint).toContain("leave --base out");
});

test("a test merge in a shallow clone names the parent that was cut off, and two commits are enough", async () => {
  const { repo, commits } = makeHistory();
  const [first = "", , , , into] = commits;
  repo.git("checkout", "-q", "-b", "topic", first);
  repo.write({ "topic.txt": "x" });
  const head = repo.commit();
  repo.git("checkout", "-q", "-b", "merge", "main");
  repo.git("merge", "-q", "--no-ff", "-m", "test merge", "topic");
  const event = { action: "synchronize", pull_request: { base: { sha: first, ref: "main" }, head: { sha: head } } };
  for (const depth of [1, 2]) {
    const shallow = keep(makeFolder());
    shallow.git("clone", "-q", `--depth=${depth}`, "--branch=merge", `file://${repo.root}`, ".");
    const env = gitHub(shallow, "pull_request", event, "refs/pull/1/merge");
    if (depth === 2) expect((await resolveBase(shallow.root, "auto", env)).commit).toBe(into);
    else {
      const [cut] = await problemsOf(() => resolveBase(shallow.root, "auto", env));
      expect(cut?.message).toMatch(new RegExp(`"${into}" .* is not in this shallow clone`));
    }
  }
});

test("a commit that others have come after is told, although the checkout has set the branch back", async () => {
  const { repo, commits } = makeHistory();
  const [first = "", second = "", third = ""] = commits;
  const event = { ref: "refs/heads/main", before: first };
  const old = checkOut(repo, second);
  expect(old.git("rev-parse", "refs/remotes/origin/main")).toBe(second);
  const told = [expect.stringMatching(/not the newest of main: 3 commits come after it, up to [0-9a-f]{12};/)];
  expect(await findCheckoutWarnings(old.root, second, gitHub(old, "push", event))).toEqual(told);
  const gitLab = { GITLAB_CI: "true", CI_COMMIT_BRANCH: "main", CI_COMMIT_BEFORE_SHA: first };
  expect(await findCheckoutWarnings(old.root, second, gitLab)).toEqual(told);
  // Outside of CI, at the newest commit, of another branch, and where nothing newer was fetched, there is nothing to say.
  expect(await findCheckoutWarnings(old.root, second, {})).toEqual([]);
  const now = checkOut(repo, commits[4] ?? "");
  expect(await findCheckoutWarnings(now.root, commits[4], gitHub(now, "push", event))).toEqual([]);
  const other = { ...event, ref: "refs/heads/other" };
  expect(await findCheckoutWarnings(old.root, second, gitHub(old, "push", other))).toEqual([]);
  const shallow = keep(makeFolder());
  shallow.git("init", "-q");
  shallow.git("fetch", "-q", "--depth=1", `file://${repo.root}`, `+${third}:refs/remotes/origin/main`);
  shallow.git("checkout", "-q", third);
  expect(await findCheckoutWarnings(shallow.root, third, gitHub(shallow, "push", event))).toEqual([]);
  const unreadable = { ...gitHub(old, "push", event), GITHUB_EVENT_PATH: join(old.root, "missing.json") };
  expect(await findCheckoutWarnings(old.root, second, unreadable)).toEqual([]);
});

test("commits that come after one are told from those before it and beside it", async () => {
  const { repo, commits } = makeHistory();
  const [first = "", second = "", third = "", fourth = ""] = commits;
  repo.git("checkout", "-q", "-b", "side", first);
  repo.write({ side: "x" });
  const side = repo.commit();
  expect([...(await findLaterCommits(repo.root, second, [first, second, fourth, third, side, "HEAD"]))]).toEqual([
    fourth,
    third,
  ]);
  expect(await findLaterCommits(repo.root, second, [])).toEqual(new Set());
});
