/** The client for GitHub's API, and releases made with it: pages, pauses, refusals, and what a release holds at each moment. */
import type { Clock, GitTag } from "@slipway/core";
import { type FakeGithub, type GithubFault, startFakeGithub } from "@slipway/testkit/github/server";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Github, openGithub } from "../src/hosting/github.ts";
import {
  ensureRelease,
  findRelease,
  readLatest,
  readReleases,
  type ReleaseAsset,
} from "../src/hosting/github-releases.ts";
import { systemClock } from "../src/system-clock.ts";
import { makeFolder, makeRepository, problemsOf, type Scratch } from "./plan/scratch-repository.ts";

let bare: Scratch;
let work: Scratch;
let github: FakeGithub;
let commit: string;
let token: string;

beforeEach(async () => {
  bare = makeFolder();
  bare.git("init", "-q", "--bare", "-b", "main");
  work = makeRepository();
  commit = work.commit();
  work.git("push", "-q", bare.root, "HEAD:refs/heads/main", "HEAD:refs/tags/v1.0.0");
  github = await startFakeGithub({ repository: "acme/shop", gitDir: bare.root, hasImmutableReleases: true });
  token = github.issueToken({ contents: "write" });
});

afterEach(async () => {
  await github.close();
  bare.remove();
  work.remove();
});

/** A hundred times as fast. */
const clock: Clock = { now: systemClock.now, sleep: (ms, signal) => systemClock.sleep(ms / 100, signal) };

interface Opening {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly remote?: string;
  readonly readTimeoutMs?: number;
}

function open({ env = {}, remote, readTimeoutMs = 500_000 }: Opening = {}): Github {
  return openGithub({
    env: {
      GITHUB_SERVER_URL: github.url,
      GITHUB_API_URL: github.apiUrl,
      GITHUB_REPOSITORY: "acme/shop",
      GITHUB_TOKEN: token,
      ...env,
    },
    remote,
    clock,
    limits: { readTimeoutMs, uploadTimeoutMs: 500_000 },
    signal: new AbortController().signal,
  });
}

const asked = (): readonly string[] => github.requests.map(({ method, status }) => `${method} ${status}`);

function strike(answer: GithubFault["answer"], times = 1, method = "GET"): void {
  for (let time = 0; time < times; time += 1) github.strike({ method, path: /\/releases/, when: "before", answer });
}

const limited = (headers: Readonly<Record<string, string>>, status = 403): GithubFault["answer"] => ({
  status,
  body: { message: "API rate limit exceeded for installation." },
  headers,
});

test("all pages of a list are read", async () => {
  for (let id = 1; id <= 230; id += 1)
    github.state.releases.push({
      id: github.state.nextId(),
      tagName: `a@1.0.${id}`,
      targetCommitish: "main",
      name: null,
      body: null,
      isDraft: false,
      isPrerelease: false,
      isImmutable: false,
      createdAt: null,
      publishedAt: null,
      mayBeLatest: true,
      assets: [],
    });
  expect(await readReleases(open())).toHaveLength(230);
  expect(asked()).toEqual(["GET 200", "GET 200", "GET 200"]);
});

test("a read that fails in passing is made again, three times at most", async () => {
  strike({ status: 502 });
  expect(await readReleases(open())).toEqual([]);
  strike({ status: 500, body: { message: "Server Error" } }, 3);
  expect(await problemsOf(() => readReleases(open()))).toMatchObject([
    { code: "SLIP_HOST_UNAVAILABLE", status: 500, message: expect.stringContaining("Server Error") },
  ]);
  expect(asked()).toEqual(["GET 502", "GET 200", "GET 500", "GET 500", "GET 500"]);
});

test.each([
  ["Retry-After", limited({ "retry-after": "0" })],
  ["a 429", limited({ "retry-after": "0" }, 429)],
  ["the time of the reset", limited({ "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1700000000" })],
])("a rate limit is waited for, as %s says", async (_, answer) => {
  strike(answer, 2, "POST");
  const { status } = await open().call("POST", "/releases", { tag_name: "v1.0.0", draft: true });
  // Nothing has landed of what a limit turned away: it may be sent again.
  expect([status, github.state.releases.length]).toEqual([201, 1]);
});

test("a pause longer than a minute ends the run with 3, and says what to do", async () => {
  strike(limited({ "retry-after": "1800" }));
  const [problem] = await problemsOf(() => readReleases(open()));
  expect(problem).toMatchObject({ code: "SLIP_HOST_UNAVAILABLE" });
  expect(problem?.message).toContain("rate limit");
  expect(problem?.message).toContain("it asks to wait 30 min");
  expect(asked()).toEqual(["GET 403"]);
});

test("an answer that never comes is given up, and a write is not sent again", async () => {
  strike("hang", 3);
  const [problem] = await problemsOf(() => readReleases(open({ readTimeoutMs: 15_000 })));
  expect(problem).toMatchObject({ code: "SLIP_HOST_UNAVAILABLE" });
  expect(problem?.message).toContain("none in 15 s");
  strike("cut", 1, "POST");
  const lost = await problemsOf(() => open().call("POST", "/releases", { tag_name: "v1.0.0", draft: true }));
  expect(lost.map(({ code }) => code)).toEqual(["SLIP_HOST_UNAVAILABLE"]);
  expect(asked().filter((line) => line.startsWith("POST"))).toEqual(["POST 0"]);
});

test.each([
  ["a token that may only read", () => ({ GITHUB_TOKEN: github.issueToken({ contents: "read" }) }), "not accessible"],
  ["a token that is none", () => ({ GITHUB_TOKEN: "ghs_unknown" }), "Bad credentials"],
  ["no token", () => ({ GITHUB_TOKEN: "" }), "there is no token"],
  ["another repository", () => ({ GITHUB_REPOSITORY: "acme/other" }), "Not Found"],
])("%s is refused, with GitHub's words", async (_, env, words) => {
  const [problem] = await problemsOf(async () =>
    open({ env: env() }).call("POST", "/releases", { tag_name: "v1.0.0" }),
  );
  expect(problem).toMatchObject({ code: "SLIP_HOST_REFUSED" });
  expect(problem?.message).toContain(words);
  expect(github.state.releases).toEqual([]);
});

test("a token of one server is not sent to it for a repository of another", async () => {
  const env = { GITHUB_REPOSITORY: undefined, GITHUB_SERVER_URL: undefined };
  const problems = await problemsOf(async () => open({ env, remote: "https://git.example.com/acme/shop" }));
  expect(problems.map(({ code }) => code)).toEqual(["SLIP_HOST_REFUSED"]);
  expect(open({ env, remote: "https://github.com/acme/shop" }).repository).toBe("acme/shop");
});

const tag = (): GitTag => ({ tag: "v1.0.0", commit, specs: ["a@1.0.0"], isPrerelease: false, isLatest: true });
const assets: readonly ReleaseAsset[] = ["a-1.0.0.tgz", "slipway-report.json"].map((name) => ({
  name,
  bytes: Buffer.from(name),
  contentType: "application/octet-stream",
}));

async function ensure(more: { notes?: string; isLatest?: boolean } = {}) {
  const client = open();
  const found = findRelease(await readReleases(client), "v1.0.0");
  return ensureRelease(client, { tag: tag(), notes: "Notes", assets, isLatest: true, ...more }, found);
}

test("planted bug of releases: one that is published first is frozen, and its assets come too late", async () => {
  const client = open();
  await client.call("POST", "/releases", { tag_name: "v1.0.0", draft: false });
  const [release] = github.state.releases;
  const url = `${github.state.uploadsUrl}/repos/acme/shop/releases/${release?.id}/assets?name=a.tgz`;
  const problems = await problemsOf(() => client.upload(url, Buffer.from("a"), "application/gzip"));
  expect(problems.map(({ code }) => code)).toEqual(["SLIP_HOST_REFUSED"]);
  // What somebody has published is left as it is.
  expect(await ensure()).toMatchObject({ result: "there" });
  expect(release?.assets).toEqual([]);
});

test("a release is whole when it is published, and made once", async () => {
  expect(await ensure()).toMatchObject({ result: "created" });
  const writes = asked().filter((line) => !line.startsWith("GET"));
  expect(writes).toEqual(["POST 201", "POST 201", "POST 201", "PATCH 200"]);
  expect(await ensure()).toMatchObject({ result: "there" });
  expect(github.state.releases).toMatchObject([{ isImmutable: true, assets: [{}, {}] }]);
});

test("a draft of ours is completed: an asset whose bytes are others is sent anew, one that is right is not", async () => {
  strike({ status: 502 }, 1, "PATCH");
  expect(await problemsOf(ensure)).toMatchObject([{ code: "SLIP_HOST_UNAVAILABLE" }]);
  const [release] = github.state.releases;
  release?.assets.splice(0, 1, { id: 77, name: "a-1.0.0.tgz", bytes: Buffer.from("cut of"), contentType: "x" });
  const kept = release?.assets[1]?.id;
  expect(await ensure()).toMatchObject({ result: "completed" });
  expect(release?.isDraft).toBe(false);
  expect(release?.assets.map(({ name, bytes }) => [name, bytes.toString("utf8")]).toSorted()).toEqual([
    ["a-1.0.0.tgz", "a-1.0.0.tgz"],
    ["slipway-report.json", "slipway-report.json"],
  ]);
  expect(release?.assets.some(({ id }) => id === kept)).toBe(true);
});

test("notes that are too long are cut between characters, and still known as ours", async () => {
  strike({ status: 502 }, 1, "PATCH");
  // A first character of one unit, so that the cut would fall into the middle of one of two.
  const room = 125_000 - "\n\n<!-- slipway: v1.0.0 -->".length - "\n\n… the changelog has the rest".length;
  const notes = `${"x".repeat(room - 1)}${"🚀".repeat(100)}`;
  expect(await problemsOf(() => ensure({ notes }))).toMatchObject([{ code: "SLIP_HOST_UNAVAILABLE" }]);
  const body = github.state.releases[0]?.body ?? "";
  expect(body.length).toBeLessThanOrEqual(125_000);
  expect(body.isWellFormed()).toBe(true);
  expect(body).not.toContain("\uFFFD");
  expect(await ensure({ notes })).toMatchObject({ result: "completed" });
});

test("a commit that changes workflows gets its release with a job's token", async () => {
  work.write({ ".github/workflows/release.yml": "on: push\n" });
  commit = work.commit("workflow");
  work.git("push", "-q", "--force", bare.root, "HEAD:refs/heads/main", "HEAD:refs/tags/v1.0.0");
  expect(await ensure()).toMatchObject({ result: "created" });
});

test("the latest release is told with the time of its commit, and only a release that asks becomes it", async () => {
  expect(await readLatest(open())).toBeUndefined();
  await ensure({ isLatest: false });
  expect(await readLatest(open())).toBeUndefined();
  github.state.releases.length = 0;
  await ensure();
  const committedAt = Number(work.git("log", "-1", "--format=%ct")) * 1000;
  expect(await readLatest(open())).toEqual({ tag: "v1.0.0", committedAt });
});

test("bytes go to no other host than GitHub's", async () => {
  const problems = await problemsOf(() => open().upload("http://127.0.0.1:9/assets", Buffer.from("a"), "text/plain"));
  expect(problems.map(({ code }) => code)).toEqual(["SLIP_HOST_REFUSED"]);
});
