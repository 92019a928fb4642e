import { existsSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, expect, test } from "vitest";
import {
  areCommitsHere,
  normaliseRemote,
  readChangedFiles,
  readManifestsAt,
  readReleaseTags,
  readSource,
} from "../../src/git.ts";
import { resolveBase } from "../../src/git-base.ts";
import { makeFolder, makeRepository, problemsOf, type Scratch } from "./scratch-repository.ts";

const scratches: Scratch[] = [];
afterAll(() => {
  for (const scratch of scratches) scratch.remove();
});

function keep(scratch: Scratch): Scratch {
  scratches.push(scratch);
  return scratch;
}

const zeros = "0".repeat(40);
const unknown = "1234567890".repeat(4);
const noCi = { PATH: process.env["PATH"] };

afterEach(() => {
  delete process.env["GIT_DIR"];
  delete process.env["GIT_WORK_TREE"];
  delete process.env["GIT_INDEX_FILE"];
});

/** A clone over the file protocol, so that --depth is obeyed. */
function clone(from: Scratch, ...args: readonly string[]): Scratch {
  const target = keep(makeFolder());
  target.git("clone", "-q", ...args, `file://${from.root}`, ".");
  return target;
}

test("a repository is described by its remote, its commit and whether it is clean", async () => {
  const repo = keep(makeRepository());
  expect(await readSource(repo.root)).toEqual({ repository: undefined, commit: undefined, isClean: false });
  repo.write({ "package.json": { name: "a", version: "1.0.0" }, ".gitignore": "ignored\n" });
  const commit = repo.commit();
  repo.git("remote", "add", "origin", "https://user:token@host.example/a/b.git");
  const clean = { repository: "https://host.example/a/b", commit, isClean: true };
  expect(await readSource(repo.root)).toEqual(clean);
  repo.write({ "ignored/file": "x", ".slipway/0123456789ab/plan.json": "{}", "packages/x/.slipway/y": "" });
  expect(await readSource(repo.root)).toEqual(clean);
  repo.write({ "new file": "x" });
  expect(await readSource(repo.root)).toEqual({ ...clean, isClean: false });
});

test.each([
  ["a changed file", "package.json"],
  ["a file outside the workspace's folder", "outside.txt"],
])("%s makes the tree unclean", async (_, path) => {
  const repo = keep(makeRepository());
  repo.write({ "package.json": { name: "a" }, "sub/package.json": { name: "b" }, "outside.txt": "" });
  repo.commit();
  expect((await readSource(join(repo.root, "sub"))).isClean).toBe(true);
  repo.write({ [path]: "changed" });
  expect((await readSource(join(repo.root, "sub"))).isClean).toBe(false);
});

test("a folder outside git has no source, and the variables of a git hook lead nowhere", async () => {
  const folder = keep(makeFolder());
  const repo = keep(makeRepository());
  repo.write({ a: "x" });
  const commit = repo.commit();
  process.env["GIT_DIR"] = join(repo.root, ".git");
  process.env["GIT_WORK_TREE"] = repo.root;
  expect(await readSource(folder.root)).toEqual({ repository: undefined, commit: undefined, isClean: false });
  process.env["GIT_DIR"] = join(folder.root, "nowhere");
  expect((await readSource(repo.root)).commit).toBe(commit);
});

test("where there is no git, there is no source, and a base is refused", async () => {
  const repo = keep(makeRepository());
  repo.commit();
  const path = process.env["PATH"];
  process.env["PATH"] = repo.root;
  try {
    expect(await readSource(repo.root)).toEqual({ repository: undefined, commit: undefined, isClean: false });
    expect(await problemsOf(() => resolveBase(repo.root, "HEAD", {}))).toMatchObject([{ code: "SLIP_BASE_INVALID" }]);
  } finally {
    process.env["PATH"] = path;
  }
});

test.each([
  ["git@host.example:a/b.git", "https://host.example/a/b"],
  ["host.example:a/b", "https://host.example/a/b"],
  ["ssh://git@host.example:22/a/b.git", "https://host.example/a/b"],
  ["https://user:token@host.example/a/b.git", "https://host.example/a/b"],
  ["https://token@host.example/a/b/", "https://host.example/a/b"],
  ["http://host.example:8080/a/b.git", "https://host.example:8080/a/b"],
  ["git+https://host.example/a/b.git", "https://host.example/a/b"],
  ["/srv/git/b.git", "/srv/git/b"],
  ["codecommit://user@repository", "codecommit://repository"],
  ["C:\\git\\b.git", "C:\\git\\b"],
  ["file:///srv/git/b.git", "file:///srv/git/b"],
])("the remote %s is %s", (url, expected) => {
  expect(normaliseRemote(url)).toBe(expected);
});

const hostileNames = [
  "packages/with space/package.json",
  "packages/new\nline/package.json",
  "packages/quo\"te's/package.json",
  "packages/ünïcödé-☃/package.json",
  "packages/tab\there/package.json",
  "packages/$(touch pwned)/package.json",
  "packages/-rf/package.json",
  "packages/:(exclude)x/package.json",
] as const;

test("manifests at a commit are read whatever their folders are called, and nothing of them is run", async () => {
  const repo = keep(makeRepository());
  const manifests = hostileNames.map(
    (path, index) => [path, { name: `p${index}`, version: "1.0.0; touch pwned" }] as const,
  );
  repo.write({
    ...Object.fromEntries(manifests),
    "node_modules/x/package.json": { name: "x" },
    "my-package.json": "{}",
  });
  repo.git("add", "-A", "-f");
  const commit = repo.commit();
  repo.write({ [hostileNames[1]]: { name: "changed", version: "2.0.0" } });
  const read = await readManifestsAt(repo.root, commit);
  expect(read.map((item) => item.name).sort()).toEqual(manifests.map(([, manifest]) => manifest.name).sort());
  expect(new Set(read.map((item) => item.version))).toEqual(new Set(["1.0.0; touch pwned"]));
  expect(existsSync(join(repo.root, "pwned"))).toBe(false);
});

test("a manifest that was broken, a link or a list at the base has no version there", async () => {
  const repo = keep(makeRepository());
  repo.write({
    "a/package.json": "{ broken",
    "b/package.json": "[]",
    "c/package.json": `\uFEFF${JSON.stringify({ name: "c", version: "1.0.0", private: true })}`,
    "d/package.json": { name: "d" },
    "d/big.txt": "x".repeat(100_000),
  });
  symlinkSync("../d/package.json", join(repo.root, "a/link"));
  const commit = repo.commit();
  expect(await readManifestsAt(repo.root, commit)).toEqual([
    { name: "c", version: "1.0.0", isPrivate: true },
    { name: "d", version: undefined, isPrivate: false },
  ]);
});

test("a workspace in a folder of a repository is read from there", async () => {
  const repo = keep(makeRepository());
  repo.write({ "package.json": { name: "outer" }, "sub/package.json": { name: "inner", version: "1.0.0" } });
  const commit = repo.commit();
  expect(await readManifestsAt(join(repo.root, "sub"), commit)).toEqual([
    { name: "inner", version: "1.0.0", isPrivate: false },
  ]);
});

test("release tags are those of the form name@version", async () => {
  const repo = keep(makeRepository());
  repo.commit();
  for (const tag of ["@x/a@1.0.0", "b@2.0.0-beta.1", "v1.0.0", "@x/a"]) repo.git("tag", tag);
  repo.git("tag", "-a", "-m", "annotated", "c@1.0.0");
  expect([...(await readReleaseTags(repo.root))].sort()).toEqual(["@x/a@1.0.0", "b@2.0.0-beta.1", "c@1.0.0"]);
});

test("a commit is here or not; in a shallow clone one that is missing is unknown", async () => {
  const repo = keep(makeRepository());
  repo.write({ a: "1" });
  const first = repo.commit();
  repo.write({ a: "2" });
  const second = repo.commit();
  const blob = repo.git("rev-parse", "HEAD:a");
  const asked = [first, second, unknown, blob, "HEAD", "--all", second];
  expect([...(await areCommitsHere(repo.root, asked))]).toEqual([
    [first, true],
    [second, true],
    [unknown, false],
    [blob, false],
  ]);
  const shallow = clone(repo, "--depth=1");
  expect([...(await areCommitsHere(shallow.root, asked))]).toEqual([[second, true]]);
});

test("files that changed since a commit belong to the innermost package, however they are called", async () => {
  const repo = keep(makeRepository());
  const dirs = [".", "packages/a", "packages/a/inner", "packages/b c"];
  repo.write({
    "root.txt": "1",
    "packages/a/x": "1",
    "packages/a/inner/y": "1",
    "packages/b c/new\nline": "1",
    "packages/ab/z": "1",
  });
  const first = repo.commit();
  repo.write({ "packages/a/inner/y": "2", "packages/b c/new\nline": "2", "packages/ab/z": "2" });
  const second = repo.commit();
  repo.write({ "packages/a/x": "uncommitted" });
  const changed = await readChangedFiles(
    repo.root,
    [
      { name: "root", dir: ".", since: first },
      { name: "a", dir: "packages/a", since: first },
      { name: "a2", dir: "packages/a", since: second },
      { name: "inner", dir: "packages/a/inner", since: first },
      { name: "inner2", dir: "packages/a/inner", since: second },
      { name: "b", dir: "packages/b c", since: first },
    ],
    dirs,
  );
  expect(Object.fromEntries(changed)).toEqual({
    root: ["packages/ab/z"],
    a: ["packages/a/x"],
    a2: ["packages/a/x"],
    inner: ["packages/a/inner/y"],
    b: ["packages/b c/new\nline"],
  });
});

function makeHistory(): { readonly repo: Scratch; readonly commits: readonly [string, string, string] } {
  const repo = keep(makeRepository());
  const commits = ["1.0.0", "1.1.0", "1.2.0"].map((version) => {
    repo.write({ "package.json": { name: "a", version } });
    return repo.commit(version);
  });
  const [first = "", second = "", third = ""] = commits;
  return { repo, commits: [first, second, third] };
}

test("a revision is resolved to its commit, a branch to where it parted", async () => {
  const { repo, commits } = makeHistory();
  expect(await resolveBase(repo.root, "HEAD~2", noCi)).toEqual({ commit: commits[0], how: "--base HEAD~2" });
  expect((await resolveBase(repo.root, commits[1].slice(0, 12), noCi)).commit).toBe(commits[1]);
  repo.git("checkout", "-q", "-b", "feature", "HEAD~1");
  repo.write({ "other.txt": "x" });
  repo.commit();
  expect((await resolveBase(repo.root, "main", noCi)).commit).toBe(commits[1]);
});

test.each([
  [zeros, /^--base "0+" is all zeros/],
  ["0000000", /^--base "0+" is all zeros/],
  [unknown, /^--base "\d+" is not a commit of this repository/],
  ["no-such-branch", /^--base "no-such-branch" is not a commit of this repository/],
  ["HEAD:package.json", /is not a commit of this repository/],
  ["--all", /^--base "--all" is no revision/],
  ["", /^--base "" is no revision/],
  ["HEAD\n", /is no revision/],
  ["$(touch pwned)", /is not a commit of this repository/],
])("the base %j is refused", async (value, message) => {
  const { repo } = makeHistory();
  const [first] = await problemsOf(() => resolveBase(repo.root, value, noCi));
  expect(first?.code).toBe("SLIP_BASE_INVALID");
  expect(first?.message).toMatch(message);
  expect(first?.hint).toMatch(/--base/);
  expect(existsSync(join(repo.root, "pwned"))).toBe(false);
});

test("a base outside git, in an empty repository, or of another history is refused", async () => {
  const folder = keep(makeFolder());
  expect(await problemsOf(() => resolveBase(folder.root, "HEAD", noCi))).toMatchObject([{ code: "SLIP_BASE_INVALID" }]);
  const empty = keep(makeRepository());
  expect(await problemsOf(() => resolveBase(empty.root, "HEAD", noCi))).toMatchObject([{ code: "SLIP_BASE_INVALID" }]);
  const { repo } = makeHistory();
  repo.git("checkout", "-q", "--orphan", "other");
  const orphan = repo.commit();
  repo.git("checkout", "-q", "main");
  expect(await problemsOf(() => resolveBase(repo.root, orphan, noCi))).toMatchObject([
    { code: "SLIP_BASE_INVALID", message: expect.stringContaining("they share no history") },
  ]);
});

test("in a shallow clone a base that was cut off is refused, and the hint says how to fetch it", async () => {
  const { repo, commits } = makeHistory();
  const shallow = clone(repo, "--depth=1");
  for (const value of [commits[0], "HEAD~1", "auto"]) {
    const [first] = await problemsOf(() => resolveBase(shallow.root, value, noCi));
    expect(first).toMatchObject({ code: "SLIP_BASE_INVALID", message: expect.stringContaining("shallow") });
    expect(first?.hint).toContain("fetch-depth: 0");
  }
  const deeper = clone(repo, "--depth=2");
  expect((await resolveBase(deeper.root, commits[1], noCi)).commit).toBe(commits[1]);
});

test("--base auto takes the last release tag that can be reached", async () => {
  const { repo, commits } = makeHistory();
  expect(await problemsOf(() => resolveBase(repo.root, "auto", noCi))).toMatchObject([
    { code: "SLIP_BASE_INVALID", message: expect.stringContaining("no release tag can be reached") },
  ]);
  repo.git("tag", "@x/a@1.0.0", commits[0]);
  expect(await resolveBase(repo.root, "auto", noCi)).toEqual({
    commit: commits[0],
    how: "the last release tag, @x/a@1.0.0",
  });
  repo.git("tag", "-a", "-m", "x", "v1.1.0", commits[1]);
  repo.git("tag", "unrelated", commits[2]);
  expect((await resolveBase(repo.root, "auto", noCi)).commit).toBe(commits[1]);
});

function gitHub(scratch: Scratch, event: object | string): Readonly<Record<string, string>> {
  scratch.write({ ".git/event.json": event });
  return { GITHUB_ACTIONS: "true", GITHUB_EVENT_PATH: join(scratch.root, ".git/event.json") };
}

test("--base auto takes `before` of a push, and refuses one that is zero, unknown or unreadable", async () => {
  const { repo, commits } = makeHistory();
  expect(await resolveBase(repo.root, "auto", gitHub(repo, { before: commits[0] }))).toEqual({
    commit: commits[0],
    how: "`before` of the GitHub push event",
  });
  for (const event of [{ before: zeros }, { before: unknown }, "{ broken"]) {
    const problems = await problemsOf(() => resolveBase(repo.root, "auto", gitHub(repo, event)));
    expect(problems).toMatchObject([{ code: "SLIP_BASE_INVALID" }]);
  }
  const missing = { GITHUB_ACTIONS: "true", GITHUB_EVENT_PATH: join(repo.root, "missing.json") };
  expect(await problemsOf(() => resolveBase(repo.root, "auto", missing))).toMatchObject([
    { code: "SLIP_BASE_INVALID" },
  ]);
});

test("--base auto in a pull request takes the merge commit's first parent, not the stale base of the event", async () => {
  const { repo, commits } = makeHistory();
  repo.git("checkout", "-q", "-b", "feature", commits[0]);
  repo.write({ "feature.txt": "x" });
  const head = repo.commit();
  repo.git("checkout", "-q", "main");
  repo.git("merge", "-q", "--no-ff", "-m", "merge", "feature");
  const event = { pull_request: { base: { sha: commits[0] }, head: { sha: head } } };
  expect(await resolveBase(repo.root, "auto", gitHub(repo, event))).toEqual({
    commit: commits[2],
    how: "the first parent of the pull request's merge commit",
  });
});

test("--base auto on the pull request's own branch takes where it parted, also when that branch merged main", async () => {
  const { repo, commits } = makeHistory();
  repo.git("checkout", "-q", "-b", "feature", commits[0]);
  repo.write({ "feature.txt": "x" });
  repo.commit();
  repo.git("merge", "-q", "--no-ff", "-m", "merge main", commits[1]);
  const head = repo.git("rev-parse", "HEAD");
  const event = { pull_request: { base: { sha: commits[2] }, head: { sha: head } } };
  expect(await resolveBase(repo.root, "auto", gitHub(repo, event))).toEqual({
    commit: commits[1],
    how: "pull_request.base.sha of the GitHub event",
  });
});

test("--base auto takes a merge group's base, and the last tag for an event that has none", async () => {
  const { repo, commits } = makeHistory();
  const group = gitHub(repo, { merge_group: { base_sha: commits[1] } });
  expect((await resolveBase(repo.root, "auto", group)).commit).toBe(commits[1]);
  repo.git("tag", "v1.0.0", commits[0]);
  expect((await resolveBase(repo.root, "auto", gitHub(repo, { inputs: {} }))).commit).toBe(commits[0]);
});

test.each([
  ["a merge request", { CI_MERGE_REQUEST_DIFF_BASE_SHA: 0, CI_COMMIT_BEFORE_SHA: zeros }, 0],
  ["a push", { CI_COMMIT_BEFORE_SHA: 1 }, 1],
] as const)("--base auto on GitLab reads the variables of %s", async (_, variables, expected) => {
  const { repo, commits } = makeHistory();
  const env = Object.fromEntries(
    Object.entries(variables).map(([key, value]) => [key, typeof value === "number" ? commits[value] : value]),
  );
  expect((await resolveBase(repo.root, "auto", { GITLAB_CI: "true", ...env })).commit).toBe(commits[expected]);
});

test("--base auto on GitLab refuses the zeros of a new branch", async () => {
  const { repo } = makeHistory();
  const env = { GITLAB_CI: "true", CI_COMMIT_BEFORE_SHA: zeros };
  expect(await problemsOf(() => resolveBase(repo.root, "auto", env))).toMatchObject([{ code: "SLIP_BASE_INVALID" }]);
});
