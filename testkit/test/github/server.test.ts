/** The fake GitHub refuses and answers as the documentation of the real one says. */
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type FakeGithub, startFakeGithub } from "../../src/github/server.ts";
import { httpRequest, type HttpResponse } from "../../src/http-request.ts";
import { cleanEnvironment, runProcess } from "../../src/run-process.ts";

let dir = "";
let github: FakeGithub;
let commit = "";

const who = ["-c", "user.name=t", "-c", "user.email=t@example.test"];
function git(...args: readonly string[]): string {
  return execFileSync("git", [...who, ...args], { cwd: dir, encoding: "utf8", stdio: "pipe" }).trim();
}

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "slipway-github-"));
  git("init", "-q", "--bare", "-b", "main", "shop.git");
  git("init", "-q", "-b", "main", "work");
  git("-C", "work", "commit", "-q", "--allow-empty", "-m", "one");
  git("-C", "work", "push", "-q", join(dir, "shop.git"), "main");
  commit = git("-C", "work", "rev-parse", "HEAD");
  github = await startFakeGithub({
    repository: "acme/shop",
    gitDir: join(dir, "shop.git"),
    hasImmutableReleases: true,
  });
});
afterEach(async () => {
  await github.close();
  await rm(dir, { recursive: true, force: true });
});

async function call(method: string, path: string, token?: string, body?: object): Promise<HttpResponse> {
  return httpRequest(`${github.apiUrl}/repos/acme/shop${path}`, {
    method,
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    ...(body === undefined ? {} : { body }),
  });
}

test("a token is held to its permissions, an unknown one is no credential, and none may read what is public", async () => {
  const reader = github.issueToken({ contents: "read" });
  expect((await call("GET", "/releases")).status).toBe(200);
  expect((await call("GET", "/releases", "ghs_unknown")).json).toMatchObject({ message: "Bad credentials" });
  expect((await call("POST", "/releases", undefined, { tag_name: "v1" })).status).toBe(401);
  const refused = await call("POST", "/releases", reader, { tag_name: "v1" });
  expect([refused.status, refused.json]).toEqual([
    403,
    expect.objectContaining({ message: "Resource not accessible by integration", status: "403" }),
  ]);
  github.revokeToken(reader);
  expect((await call("GET", "/releases", reader)).status).toBe(401);
  expect(github.requests.map(({ status }) => status)).toEqual([200, 401, 401, 403, 401]);
});

test("a draft becomes a release with its assets, makes its tag, and is frozen then", async () => {
  const token = github.issueToken({ contents: "write" });
  const made = await call("POST", "/releases", token, { tag_name: "a@1.0.0", target_commitish: commit, draft: true });
  expect(made.json).toMatchObject({ draft: true, immutable: false, published_at: null });
  const { id } = Object(made.json);
  expect(Object((await call("GET", "/releases")).json)).toHaveLength(0);
  expect((await call("GET", "/releases/tags/a@1.0.0", token)).status).toBe(404);
  const upload = `${github.url}/api/uploads/repos/acme/shop/releases/${id}/assets?name=`;
  const headers = { authorization: `Bearer ${token}` };
  const sent = await httpRequest(`${upload}a%20b.tgz`, { method: "POST", headers, body: "abc" });
  expect(sent.json).toMatchObject({ name: "a.b.tgz", size: 3, state: "uploaded" });
  const again = await httpRequest(`${upload}a.b.tgz`, { method: "POST", headers, body: "abc" });
  expect(again.json).toMatchObject({ errors: [{ resource: "ReleaseAsset", code: "already_exists", field: "name" }] });
  expect((await call("PATCH", `/releases/${id}`, token, { draft: false })).json).toMatchObject({ immutable: true });
  expect(git("-C", "shop.git", "rev-parse", "refs/tags/a@1.0.0")).toBe(commit);
  expect((await httpRequest(`${upload}late.txt`, { method: "POST", headers, body: "x" })).status).toBe(422);
  const twice = await call("POST", "/releases", token, { tag_name: "a@1.0.0" });
  expect(twice.json).toMatchObject({ errors: [{ code: "already_exists", field: "tag_name" }] });
});

test("references and tag objects are made once, and only of what is there", async () => {
  const token = github.issueToken({ contents: "write" });
  const tag = { tag: "a@1.0.0", message: "a 1.0.0", object: commit, type: "commit" };
  const { sha } = Object((await call("POST", "/git/tags", token, tag)).json);
  const ref = { ref: "refs/tags/a@1.0.0", sha };
  expect((await call("POST", "/git/refs", token, ref)).json).toMatchObject({ object: { sha, type: "tag" } });
  expect((await call("POST", "/git/refs", token, ref)).json).toMatchObject({ message: "Reference already exists" });
  expect((await call("POST", "/git/refs", token, { ...ref, sha: "0".repeat(40) })).status).toBe(422);
  expect((await call("GET", "/git/ref/tags/a@1.0.0", token)).json).toMatchObject({ object: { sha, type: "tag" } });
  expect((await call("GET", `/git/tags/${sha}`, token)).json).toMatchObject({
    object: { sha: commit, type: "commit" },
  });
  expect((await call("GET", "/git/ref/tags/b", token)).status).toBe(404);
});

test("git clones what is public and pushes with a token that may write", async () => {
  const push = async (token: string): Promise<string> => {
    const header = `Authorization: Basic ${Buffer.from(`x-access-token:${token}`).toString("base64")}`;
    const { stderr, code } = await runProcess("git", ["push", `${github.url}/acme/shop.git`, "HEAD:refs/tags/v1"], {
      cwd: join(dir, "work"),
      env: cleanEnvironment({
        GIT_CONFIG_COUNT: "1",
        GIT_CONFIG_KEY_0: "http.extraheader",
        GIT_CONFIG_VALUE_0: header,
        GIT_TERMINAL_PROMPT: "0",
      }),
    });
    return code === 0 ? "pushed" : stderr;
  };
  expect(await push(github.issueToken({ contents: "read" }))).toContain("403");
  expect(await push(github.issueToken({ contents: "write" }))).toBe("pushed");
  const cloned = await runProcess("git", ["ls-remote", `${github.url}/acme/shop.git`], {});
  expect(cloned.stdout).toContain(`${commit}\trefs/tags/v1`);
});

test("a fault strikes once, before or after what it hides has happened; lists have pages", async () => {
  const token = github.issueToken({ contents: "write" });
  github.strike({ method: "POST", path: /releases$/, when: "before", answer: { status: 502 } });
  github.strike({ method: "POST", path: /releases$/, when: "after", answer: "cut" });
  expect((await call("POST", "/releases", token, { tag_name: "v1", draft: true })).status).toBe(502);
  await expect(call("POST", "/releases", token, { tag_name: "v2", draft: true })).rejects.toThrow();
  await call("POST", "/releases", token, { tag_name: "v3", draft: true });
  const page = await call("GET", "/releases?per_page=1", token);
  expect(page.json).toMatchObject([{ tag_name: "v3" }]);
  expect(page.headers.link).toContain('page=2>; rel="next"');
  expect((await call("GET", "/releases?per_page=1&page=2", token)).json).toMatchObject([{ tag_name: "v2" }]);
});
