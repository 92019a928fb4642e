/** Which git tags the remote has, asked of a private repository from a checkout that keeps no credentials, as the job's token allows. */
import { createWorkspace, startVerdaccio, type TestWorkspace, type Verdaccio } from "@slipway/testkit";
import { type FakeGithub, startFakeGithub } from "@slipway/testkit/github/server";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createRemote, type Remote, runAction } from "./action.ts";

let verdaccio: Verdaccio;
let workspace: TestWorkspace;
let remote: Remote;
let github: FakeGithub;

beforeEach(async () => {
  verdaccio = await startVerdaccio();
  workspace = await createWorkspace({
    packages: [{ name: "@remote/a" }, { name: "@remote/b", dependencies: ["@remote/a"] }],
    files: { ".changeset/config.json": '{ "access": "public" }' },
  });
  remote = await createRemote(workspace);
  github = await startFakeGithub({ repository: "owner/project", gitDir: remote.path, isPublic: false });
  await workspace.git("remote", "set-url", "origin", `${github.url}/owner/project.git`);
});

afterEach(async () => {
  await github.close();
  await workspace.dispose();
  await remote.remove();
  await verdaccio.close();
});

const run = async (env: Readonly<Record<string, string>>) =>
  await runAction({ version: "v2", workspace, remote, verdaccio, env, usesGit: false });

test("the token that the action hands to its script reads them, and stands in no output", async () => {
  const token = github.issueToken({ contents: "read" });
  const env = { GITHUB_SERVER_URL: github.url, GITHUB_TOKEN: token };
  const first = await run(env);
  expect(first.result.code, first.result.stderr).toBe(0);
  expect(first.result.stderr).not.toContain("could not be read");
  expect(first.publishedPackages.map(({ name }) => name)).toEqual(["@remote/a", "@remote/b"]);
  const tags = await remote.tags();
  expect(Object.keys(tags)).toEqual(["@remote/a@1.0.0", "@remote/b@1.0.0"]);
  // A fresh runner, on which one of the two was never tagged.
  await workspace.git("tag", "--delete", "@remote/a@1.0.0", "@remote/b@1.0.0");
  await workspace.git("--git-dir", remote.path, "tag", "--delete", "@remote/b@1.0.0");
  const again = await run(env);
  expect(again.publishedPackages.map(({ name }) => name)).toEqual(["@remote/b"]);
  for (const { result } of [first, again]) {
    expect(result.stdout + result.stderr).not.toContain(token);
    expect(result.stdout + result.stderr).not.toContain(Buffer.from(`x-access-token:${token}`).toString("base64"));
  }
  expect(await workspace.read(".git/config")).not.toContain("extraheader");
});

test("the token goes to no other server than the job's", async () => {
  const token = github.issueToken({ contents: "read" });
  const { result, publishedPackages } = await run({ GITHUB_SERVER_URL: "https://github.example", GITHUB_TOKEN: token });
  expect(result.code, result.stderr).toBe(0);
  expect(result.stderr).toContain("the tags of origin could not be read");
  // What this run has sent is told all the same.
  expect(publishedPackages).toHaveLength(2);
  expect(github.requests.length).toBeGreaterThan(0);
  expect(github.requests.filter(({ actor }) => actor !== undefined)).toEqual([]);
});

test("a token that may not read is not taken for a remote without tags", async () => {
  const token = github.issueToken({ actions: "read" });
  const { result } = await run({ GITHUB_SERVER_URL: github.url, GITHUB_TOKEN: token });
  expect(result.code, result.stderr).toBe(0);
  expect(result.stderr).toContain("the tags of origin could not be read");
  expect(github.requests.some(({ actor }) => actor !== undefined)).toBe(true);
});
