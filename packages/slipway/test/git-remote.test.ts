/** Tags on a remote: how git is let in, by whom they are made, how they are pushed, and what is believed when an answer is lost. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import type { GitTag, Problem } from "@slipway/core";
import { type FakeGithub, startFakeGithub } from "@slipway/testkit/github/server";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openRemote, readRemoteTags } from "../src/git-remote.ts";
import { pushTags } from "../src/git-tags.ts";
import { makeFolder, makeRepository, problemsOf, type Scratch } from "./plan/scratch-repository.ts";

let home: Scratch;
let bare: Scratch;
let work: Scratch;
let github: FakeGithub;
let commit: string;

beforeEach(async () => {
  home = makeFolder();
  home.write({ gitconfig: "" });
  vi.stubEnv("GIT_CONFIG_GLOBAL", join(home.root, "gitconfig"));
  vi.stubEnv("GIT_CONFIG_SYSTEM", "/dev/null");
  bare = makeFolder();
  bare.git("init", "-q", "--bare", "-b", "main");
  work = makeRepository();
  work.write({ "package.json": { name: "a", version: "1.0.0" } });
  commit = work.commit();
  work.git("push", "-q", bare.root, "HEAD:refs/heads/main");
  github = await startFakeGithub({ repository: "acme/shop", gitDir: bare.root });
  work.git("remote", "add", "origin", `${github.url}/acme/shop.git`);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await github.close();
  for (const folder of [home, bare, work]) folder.remove();
});

type Environment = Readonly<Record<string, string>>;

function onGithub(permission = "write"): Environment {
  const token = github.issueToken({ contents: permission });
  return { CI: "true", GITHUB_ACTIONS: "true", GITHUB_SERVER_URL: github.url, GITHUB_TOKEN: token };
}

function tagOf(name: string, at = commit): GitTag {
  return { tag: name, commit: at, specs: [name], isPrerelease: false, isLatest: true };
}

const tags = (count: number): readonly GitTag[] => Array.from({ length: count }, (_, index) => tagOf(`a@1.0.${index}`));

async function push(
  env: Environment,
  wanted: readonly GitTag[],
  more: { timeoutMs?: number; signal?: AbortSignal } = {},
) {
  const { timeoutMs = 20_000, signal = new AbortController().signal } = more;
  const remote = await openRemote(work.root, env, timeoutMs);
  const told: string[] = [];
  const outcome = await pushTags({ remote, tags: wanted, env, signal, onPushed: ({ tag }) => told.push(tag) });
  expect(told).toEqual(outcome.pushed.map(({ tag }) => tag));
  return { remote, pushed: told, codes: outcome.problems.map(({ code }: Problem) => code), problems: outcome.problems };
}

const shown = (): readonly string[] => bare.git("tag", "--list").split("\n").filter(Boolean);
const pushes = (): number =>
  github.requests.filter(({ method, path }) => method === "POST" && path.endsWith("/git-receive-pack")).length;

test("planted bug of tags: all of them in one push would start no workflow; seven take three pushes", async () => {
  expect(await push(onGithub(), tags(7))).toMatchObject({ pushed: tags(7).map(({ tag }) => tag), codes: [] });
  expect(pushes()).toBe(3);
  expect(shown()).toHaveLength(7);
});

test("nothing is pushed while one of them cannot be made", async () => {
  const missing = tagOf("b@1.0.0", "1234567890123456789012345678901234567890");
  expect(await push(onGithub(), [...tags(1), missing])).toMatchObject({ pushed: [], codes: ["SLIP_COMMIT_MISSING"] });
  expect([pushes(), shown()]).toEqual([0, []]);
});

test("a tag that only this clone has, at another commit, is left and said", async () => {
  const other = work.commit("other");
  work.git("tag", "a@1.0.0", other);
  expect(await push(onGithub(), tags(1))).toMatchObject({ pushed: [], codes: ["SLIP_TAG_CONFLICT"] });
  expect(work.git("rev-parse", "a@1.0.0")).toBe(other);
  expect(shown()).toEqual([]);
});

test("a tag that an earlier attempt made here and did not push is pushed", async () => {
  work.git("tag", "-a", "-m", "earlier", "a@1.0.0", commit);
  const { pushed } = await push(onGithub(), tags(1));
  expect(pushed).toEqual(["a@1.0.0"]);
  expect(bare.git("tag", "--list", "--format=%(contents)")).toContain("earlier");
});

test("planted bug of tags: a push over somebody else's tag moves it; it is refused, and the remote's tag stays", async () => {
  const other = work.commit("other");
  work.git("push", "-q", bare.root, `${other}:refs/tags/a@1.0.1`);
  const result = await push(onGithub(), tags(2));
  // The two were sent at once; what landed counts, whatever git answered for both.
  expect(result).toMatchObject({ pushed: ["a@1.0.0"], codes: ["SLIP_TAG_CONFLICT"] });
  expect(bare.git("rev-parse", "a@1.0.1")).toBe(other);
});

test.each([
  ["landed, and its answer is lost", "after", "cut", ["a@1.0.0"], []],
  ["landed, and its answer is a 502", "after", { status: 502 }, ["a@1.0.0"], []],
  ["did not land: cut", "before", "cut", [], ["SLIP_GIT_UNAVAILABLE"]],
  ["did not land: 500", "before", { status: 500 }, [], ["SLIP_GIT_UNAVAILABLE"]],
  ["did not land: 403", "before", { status: 403 }, [], ["SLIP_GIT_REFUSED"]],
] as const)("a push that %s: what the remote shows decides", async (_, when, answer, pushed, codes) => {
  // A connection that is cut is tried once more by git's own transport.
  for (let strike = 0; strike < (answer === "cut" ? 3 : 1); strike += 1)
    github.strike({ method: "POST", path: /git-receive-pack$/, when, answer });
  expect(await push(onGithub(), tags(1))).toMatchObject({ pushed, codes });
  expect(shown()).toEqual(pushed);
});

test("a push whose answer is lost, and after which the remote cannot be asked, keeps what was pushed before", async () => {
  let count = 0;
  github.setHooks({
    async onDone({ method, path }) {
      if (method !== "POST" || !path.endsWith("/git-receive-pack") || (count += 1) < 2) return;
      github.strike({ method: "GET", path: /info\/refs$/, when: "before", answer: { status: 503 } });
      throw new Error("lost");
    },
  });
  const { pushed, codes } = await push(onGithub(), tags(4));
  expect([pushed.length, codes, shown().length]).toEqual([3, ["SLIP_GIT_UNAVAILABLE"], 4]);
  expect(await push(onGithub(), tags(4))).toMatchObject({ pushed: tags(4).map(({ tag }) => tag), codes: [] });
});

test("a remote that never answers is given up", async () => {
  github.strike({ method: "GET", path: /info\/refs$/, when: "before", answer: "hang" });
  const remote = await openRemote(work.root, onGithub(), 700);
  const [problem] = await problemsOf(() => readRemoteTags(remote));
  expect(problem).toMatchObject({ code: "SLIP_GIT_UNAVAILABLE" });
  expect(problem?.message).toContain("did not answer in time");
});

test("what git has started for the remote, and outlives it, holds nothing up", async () => {
  github.strike({ method: "GET", path: /info\/refs$/, when: "before", answer: "hang" });
  const remote = await openRemote(work.root, onGithub(), 700);
  // As while it connects: then it does not give up by itself.
  const patient = { ...remote, env: { ...remote.env, GIT_HTTP_LOW_SPEED_LIMIT: "0" } };
  expect(await problemsOf(() => readRemoteTags(patient))).toMatchObject([{ code: "SLIP_GIT_UNAVAILABLE" }]);
});

test("after Ctrl-C no further push begins, and what is left is said", async () => {
  const interrupt = new AbortController();
  github.setHooks({ onDone: async ({ path }) => void (path.endsWith("receive-pack") && interrupt.abort()) });
  const { pushed, codes } = await push(onGithub(), tags(4), { signal: interrupt.signal });
  expect([pushed.length, codes, shown().length]).toEqual([3, ["SLIP_INTERRUPTED"], 3]);
});

test("a token that may only read is refused, one that is none is too, and neither is shown", async () => {
  for (const env of [onGithub("read"), { ...onGithub(), GITHUB_TOKEN: "ghs_nobody_knows_this_one" }]) {
    const { codes, problems } = await push(env, tags(1));
    expect(codes).toEqual(["SLIP_GIT_REFUSED"]);
    expect(JSON.stringify(problems)).not.toContain(env.GITHUB_TOKEN);
  }
});

test("a header that actions/checkout has left is taken away, and two logins are never sent", async () => {
  const stale = Buffer.from("x-access-token:ghs_of_the_checkout").toString("base64");
  work.git("config", `http.${github.url}/.extraheader`, `AUTHORIZATION: basic ${stale}`);
  expect(await push(onGithub(), tags(1))).toMatchObject({ pushed: ["a@1.0.0"], codes: [] });
});

test("the token stands in no configuration and is kept by no helper of the person's", async () => {
  const kept = join(home.root, "kept");
  writeFileSync(join(home.root, "gitconfig"), `[credential]\n  helper = store --file=${kept}\n`);
  const env = onGithub();
  expect(await push(env, tags(1))).toMatchObject({ codes: [] });
  expect(home.git("config", "--file", join(home.root, "gitconfig"), "--list")).not.toContain(env["GITHUB_TOKEN"]);
  expect(work.git("config", "--list")).not.toContain("extraheader");
  expect(execFileSync("ls", [home.root], { encoding: "utf8" })).not.toContain("kept");
});

/** As git frames lines on the wire. */
function line(text: string): string {
  return (text.length + 4).toString(16).padStart(4, "0") + text;
}

test("planted bug of rule 10: a header goes along a redirect; the token is not sent to where the remote points on", async () => {
  const seen: (string | undefined)[] = [];
  const elsewhere = createServer((request, response) => {
    seen.push(request.headers.authorization);
    if (request.method !== "GET") return response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
    response.writeHead(200, { "content-type": "application/x-git-upload-pack-advertisement" });
    return response.end(`${line("# service=git-upload-pack\n")}0000${line("version 2\n")}${line("ls-refs\n")}0000`);
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
  const address = elsewhere.address();
  const location = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/acme/shop.git/info/refs?service=git-upload-pack`;
  github.strike({ method: "GET", path: /info\/refs$/, when: "before", answer: { status: 302, headers: { location } } });
  const env = onGithub();
  const remote = await openRemote(work.root, env, 20_000);
  const problems = await problemsOf(() => readRemoteTags(remote));
  elsewhere.close();
  expect(problems.map(({ code }) => code)).toEqual(["SLIP_GIT_REFUSED"]);
  expect(seen.length).toBeGreaterThan(1);
  expect(seen.filter((header) => header !== undefined)).toEqual([]);
});

test.each([
  ["a project's token", { GITLAB_TOKEN: "write", CI_JOB_TOKEN: "read" }],
  ["the job's token", { CI_JOB_TOKEN: "write" }],
])("GitLab: %s pushes, although the runner has left the job's in the URL", async (_, permissions) => {
  const issued = Object.entries(permissions).map(([name, level]) => [name, github.issueToken({ contents: level })]);
  const env: Environment = { CI: "true", CI_SERVER_URL: github.url, ...(Object.fromEntries(issued) as Environment) };
  const url = new URL(`${github.url}/acme/shop.git`);
  url.username = "gitlab-ci-token";
  url.password = env["CI_JOB_TOKEN"] ?? "";
  work.git("remote", "set-url", "origin", url.href);
  const { remote, pushed, codes } = await push(env, tags(1));
  expect([pushed, codes]).toEqual([["a@1.0.0"], []]);
  expect(remote.address).not.toContain("ghs_");
});

test("a token of another server is not used", async () => {
  const { codes } = await push({ ...onGithub(), GITHUB_SERVER_URL: "https://github.example" }, tags(1));
  expect(codes).toEqual(["SLIP_GIT_REFUSED"]);
  expect(github.requests.map(({ actor }) => actor).filter(Boolean)).toEqual([]);
});

test.each([
  [
    "the bot's, where a CI job has nobody",
    {},
    "github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>",
  ],
  ["what git is configured to", { user: "Ada", email: "ada@example.com" }, "Ada <ada@example.com>"],
])("who makes a tag is %s", async (_, { user, email }: { user?: string; email?: string }, expected) => {
  if (user !== undefined) writeFileSync(join(home.root, "gitconfig"), `[user]\n  name = ${user}\n  email = ${email}\n`);
  await push(onGithub(), tags(1));
  expect(bare.git("tag", "--list", "--format=%(taggername) %(taggeremail)")).toBe(expected);
});

test("tags are signed where git is configured to, and without the key nothing is pushed", async () => {
  const key = join(home.root, "release");
  execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "release@example.com", "-f", key]);
  const configure = (path: string): void =>
    writeFileSync(
      join(home.root, "gitconfig"),
      `[user]\n  name = Ada\n  email = ada@example.com\n  signingKey = ${path}\n[gpg]\n  format = ssh\n[tag]\n  gpgSign = true\n`,
    );
  configure(join(home.root, "lost"));
  const lost = await push(onGithub(), tags(1));
  expect(work.git("tag", "--list")).toBe("");
  expect(lost).toMatchObject({ pushed: [], codes: ["SLIP_GIT_FAILED"] });
  expect(lost.problems[0]?.hint).toContain("tag.gpgSign");
  configure(key);
  expect(await push(onGithub(), tags(1))).toMatchObject({ pushed: ["a@1.0.0"], codes: [] });
  const signers = join(home.root, "signers");
  writeFileSync(signers, `ada@example.com ${execFileSync("cat", [`${key}.pub`], { encoding: "utf8" })}`);
  // git says on stderr who signed, and fails where nobody did.
  expect(() => bare.git("-c", `gpg.ssh.allowedSignersFile=${signers}`, "tag", "--verify", "a@1.0.0")).not.toThrow();
});

test("hooks of the checkout are not run with the right to push", async () => {
  const hooks = join(work.root, ".git", "hooks");
  mkdirSync(hooks, { recursive: true });
  for (const name of ["pre-push", "reference-transaction"])
    writeFileSync(join(hooks, name), `#!/bin/sh\necho "$0" >> ${home.root}/ran\nexit 1\n`, { mode: 0o755 });
  expect(await push(onGithub(), tags(1))).toMatchObject({ pushed: ["a@1.0.0"] });
  expect(execFileSync("ls", [home.root], { encoding: "utf8" })).not.toContain("ran");
});
