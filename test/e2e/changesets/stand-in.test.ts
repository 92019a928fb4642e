/** `slipway publish` in the place of `changeset publish`, on a real Verdaccio, in a checkout with a real remote. */
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createWorkspace,
  runSlipway,
  startFaultProxy,
  startVerdaccio,
  type TestWorkspace,
  type Verdaccio,
} from "@slipway/testkit";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createRemote, type Remote, runAction } from "./action.ts";

let verdaccio: Verdaccio;
const disposals: (() => Promise<void>)[] = [];

beforeAll(async () => {
  verdaccio = await startVerdaccio();
});

afterEach(async () => {
  for (const dispose of disposals.splice(0)) await dispose();
});

afterAll(() => verdaccio.close());

const versions = ["v1", "v2"] as const;

interface Place {
  readonly workspace: TestWorkspace;
  readonly remote: Remote;
  /** The names of `a` and of `b`, which needs `a`. */
  readonly names: readonly [string, string];
}

const config = (more: object = {}): string => JSON.stringify({ access: "public", baseBranch: "main", ...more });

async function createPlace(scope: string, more: object = {}): Promise<Place> {
  const names = [`@${scope}/a`, `@${scope}/b`] as const;
  const workspace = await createWorkspace({
    packages: [
      { name: names[0] },
      { name: names[1], dependencies: [names[0]] },
      { name: `@${scope}/site`, private: true },
    ],
    files: { ".changeset/config.json": config(more) },
  });
  const remote = await createRemote(workspace);
  disposals.push(workspace.dispose, remote.remove);
  return { workspace, remote, names };
}

const specsOf = (packages: readonly { name: string; version: string }[]): readonly string[] =>
  packages.map(({ name, version }) => `${name}@${version}`).sort();

describe.each(versions)("changesets/action %s", (version) => {
  test("is told of each version once, and makes tags and releases of them at its checkout", async () => {
    const { workspace, remote, names } = await createPlace(`once-${version}`);
    const options = { version, workspace, remote, verdaccio };
    const first = await runAction(options);
    expect(first.result.code, first.result.stderr).toBe(0);
    expect(first.failure).toBeUndefined();
    const specs = names.map((name) => `${name}@1.0.0`);
    expect(specsOf(first.publishedPackages)).toEqual(specs);
    expect(await remote.tags()).toEqual(Object.fromEntries(specs.map((spec) => [spec, workspace.commit()])));
    expect([...remote.releases.keys()].sort()).toEqual(specs);
    const second = await runAction(options);
    expect(second.result.code, second.result.stderr).toBe(0);
    expect(second.publishedPackages).toEqual([]);
    expect(second.failure).toBeUndefined();
  });

  test("that died before it made its tags is told again by a later attempt in a fresh checkout", async () => {
    const { workspace, remote, names } = await createPlace(`died-${version}`);
    const options = { version, workspace, remote, verdaccio };
    const died = await runAction({ ...options, diesBeforeTags: true });
    expect(died.result.code, died.result.stderr).toBe(0);
    expect(await remote.tags()).toEqual({});
    const clone = await workspace.clone();
    disposals.push(clone.dispose);
    await clone.git("remote", "set-url", "origin", remote.path);
    const again = await runAction({ ...options, workspace: clone });
    expect(again.result.code, again.result.stderr).toBe(0);
    expect(specsOf(again.publishedPackages)).toEqual(names.map((name) => `${name}@1.0.0`));
    expect(again.failure).toBeUndefined();
  });

  test("that died is told again in the same checkout, which has the local tags already", async () => {
    const { workspace, remote, names } = await createPlace(`same-${version}`);
    const options = { version, workspace, remote, verdaccio };
    await runAction({ ...options, diesBeforeTags: true });
    expect((await workspace.git("tag")).split("\n")).toEqual(names.map((name) => `${name}@1.0.0`));
    const again = await runAction(options);
    expect(specsOf(again.publishedPackages)).toEqual(names.map((name) => `${name}@1.0.0`));
    expect(again.failure).toBeUndefined();
  });

  test("is told of nothing by a run that failed in part, and of everything by the one that completes it", async () => {
    const { workspace, remote, names } = await createPlace(`part-${version}`);
    const options = { version, workspace, remote, verdaccio };
    // What a registry says is printed, and must not be taken for a line of ours.
    const body = { error: `New tag: ${names[0]}@1.0.0` };
    const fault = { kind: "answer", when: "before", status: 403, body } as const;
    const proxy = await startFaultProxy({
      target: verdaccio.url,
      rules: [{ method: "PUT", path: `/${names[1]}`, fault }],
    });
    disposals.push(proxy.close);
    const failed = await runAction({ ...options, registry: proxy.url });
    expect(failed.result.code, failed.result.stderr).toBe(1);
    expect(failed.result.stdout).toContain("tag: @part");
    expect(failed.publishedPackages).toEqual([]);
    expect(await remote.tags()).toEqual({});
    expect(await workspace.git("tag")).toBe("");
    const completed = await runAction(options);
    expect(completed.result.code, completed.result.stderr).toBe(0);
    expect(specsOf(completed.publishedPackages)).toEqual(names.map((name) => `${name}@1.0.0`));
  });

  test("is told of nothing while a version is not shown", async () => {
    const { workspace, remote, names } = await createPlace(`pending-${version}`);
    const fault = { kind: "answer", when: "before", status: 201, body: { ok: true } } as const;
    const proxy = await startFaultProxy({
      target: verdaccio.url,
      rules: [{ method: "PUT", path: `/${names[1]}`, fault }],
    });
    disposals.push(proxy.close);
    const args = ["publish", "--wait", "2s"];
    const run = await runAction({ version, workspace, remote, verdaccio, registry: proxy.url, args });
    expect(run.result.code, run.result.stderr).toBe(3);
    expect(run.publishedPackages).toEqual([]);
  });

  test("is not told of a version that was made from an earlier commit, and the log says so", async () => {
    const { workspace, remote, names } = await createPlace(`early-${version}`);
    const options = { version, workspace, remote, verdaccio };
    await runAction({ ...options, diesBeforeTags: true });
    await workspace.edit("packages/b", (manifest) => ({ ...manifest, version: "1.0.1" }));
    const commit = await workspace.commitAll("Version packages");
    await workspace.git("push", "--quiet", "origin", "HEAD");
    // A fresh runner has no local tags.
    for (const name of names) await workspace.git("tag", "--delete", `${name}@1.0.0`);
    const later = await runAction(options);
    expect(later.result.code, later.result.stderr).toBe(0);
    expect(specsOf(later.publishedPackages)).toEqual([`${names[1]}@1.0.1`]);
    expect(await remote.tags()).toEqual({ [`${names[1]}@1.0.1`]: commit });
    expect(later.result.stderr).toContain(
      `changesets/action is not told of ${names[0]}@1.0.0: made from another commit`,
    );
  });

  test("is told of private packages where privatePackages.tag is set", async () => {
    const scope = `private-${version}`;
    const { workspace, remote, names } = await createPlace(scope, { privatePackages: { version: true, tag: true } });
    const run = await runAction({ version, workspace, remote, verdaccio });
    expect(run.result.code, run.result.stderr).toBe(0);
    expect(specsOf(run.publishedPackages)).toEqual([...names, `@${scope}/site`].map((name) => `${name}@1.0.0`));
  });

  test("gets no release of a work tree with changes: it is refused before anything is sent", async () => {
    const { workspace, remote, names } = await createPlace(`unclean-${version}`);
    await workspace.write("packages/a/index.js", "export const changed = true;\n");
    const run = await runAction({ version, workspace, remote, verdaccio });
    expect(run.result.code).toBe(2);
    expect(run.warning).toBeUndefined();
    expect(run.result.stderr).toContain("SLIP_CHANGESETS_UNCLEAN");
    expect(run.result.stderr).toContain("packages/a/index.js");
    expect(verdaccio.accessLog().filter(({ url, isWrite }) => isWrite && url.includes(names[0].slice(1)))).toEqual([]);
    const off = await runAction({ version, workspace, remote, verdaccio, args: ["publish", "--changesets", "off"] });
    expect(off.result.code, off.result.stderr).toBe(0);
    expect([off.publishedPackages, off.warning !== undefined]).toEqual([[], version === "v2"]);
  });

  test("whose remote cannot be read is told of what this run has sent", async () => {
    const { workspace, remote, names } = await createPlace(`unread-${version}`);
    await workspace.git("remote", "set-url", "origin", join(tmpdir(), "slipway-no-such-remote"));
    const run = await runAction({ version, workspace, remote, verdaccio, usesGit: false });
    expect(run.result.code, run.result.stderr).toBe(0);
    expect(specsOf(run.publishedPackages)).toEqual(names.map((name) => `${name}@1.0.0`));
    expect(run.result.stderr).toContain("the tags of origin could not be read");
    // Nobody knows whether an earlier attempt has told the action already.
    const again = await runAction({ version, workspace, remote, verdaccio, usesGit: false });
    expect(again.publishedPackages).toEqual([]);
    expect(again.result.stderr).toContain("the remote's tags cannot be read; running this again tells it");
  });
});

/** What the action sets for its script, with a file for v2. */
const ofAction = (output: string): Readonly<Record<string, string>> => ({ CHANGESETS_OUTPUT: output });

async function publish(workspace: TestWorkspace, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  return await runSlipway(["publish", ...args], {
    cwd: workspace.root,
    registry: verdaccio.url,
    token: verdaccio.token,
    env,
  });
}

test("data on standard output stays data: v2 is told beside it, v1 is refused before anything is sent", async () => {
  const { workspace, names } = await createPlace("json");
  const refused = await publish(workspace, ["--json"], {
    GITHUB_ACTIONS: "true",
    INPUT_PUBLISH: "x",
    INPUT_SETUPGITUSER: "true",
  });
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("changesets/action v1 reads the git tags from the lines of standard output");
  expect((await publish(workspace, ["--json", "--changesets", "v1"])).code).toBe(2);
  const output = join(workspace.root, ".slipway", "told", "output.ndjson");
  const told = await publish(workspace, ["--json"], ofAction(output));
  expect(told.code, told.stderr).toBe(0);
  const tags = names.map((name) => ({ name, version: "1.0.0", tag: `${name}@1.0.0` }));
  expect(JSON.parse(told.stdout)).toMatchObject({ isComplete: true, changesets: { protocol: "v2", tags } });
  const lines = (await readFile(output, "utf8")).trim().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toEqual(
    names.map((name) => ({ type: "git-tag", tag: `${name}@1.0.0`, packageName: name })),
  );
});

test("outside of the action nothing is told and no git tag is made; --changesets v1 asks for its lines", async () => {
  const { workspace, names } = await createPlace("plain");
  // Another step of another action, in the same CI system.
  const plain = await publish(workspace, [], { GITHUB_ACTIONS: "true", GITHUB_TOKEN: "t", INPUT_PUBLISH: "true" });
  expect(plain.code, plain.stderr).toBe(0);
  expect(`${plain.stdout}${plain.stderr}`).not.toMatch(/new tag|changesets\/action/i);
  expect(await workspace.git("tag")).toBe("");
  const asked = await publish(workspace, ["--changesets", "v1"]);
  expect(asked.code, asked.stderr).toBe(0);
  expect(asked.stdout.split("\n").filter((line) => line.startsWith("New tag:"))).toEqual(
    names.map((name) => `New tag:  ${name}@1.0.0`),
  );
});

test("a dry run tells nothing", async () => {
  const { workspace } = await createPlace("dry");
  const output = join(workspace.root, ".slipway", "output.ndjson");
  const dry = await publish(workspace, ["--dry-run"], ofAction(output));
  expect(dry.code, dry.stderr).toBe(0);
  expect(await readFile(output, "utf8")).toBe("");
  expect(await workspace.git("tag")).toBe("");
});

test("a packed folder is carried out in the action's checkout and told like any other", async () => {
  const { workspace, remote, names } = await createPlace("folder");
  const packed = await runSlipway(["pack", "--json"], {
    cwd: workspace.root,
    registry: verdaccio.url,
    token: verdaccio.token,
  });
  expect(packed.code, packed.stderr).toBe(0);
  const { dir } = JSON.parse(packed.stdout) as { readonly dir: string };
  const args = ["publish", dir];
  const first = await runAction({ version: "v2", workspace, remote, verdaccio, args, diesBeforeTags: true });
  expect(first.result.code, first.result.stderr).toBe(0);
  const again = await runAction({ version: "v2", workspace, remote, verdaccio, args });
  expect(again.result.code, again.result.stderr).toBe(0);
  expect(specsOf(again.publishedPackages)).toEqual(names.map((name) => `${name}@1.0.0`));
});

test("of a repository with one package at its root the git tag is v1.0.0", async () => {
  const workspace = await createWorkspace({
    packages: [{ name: "single-root", dir: "." }],
    files: { ".changeset/config.json": config() },
  });
  const remote = await createRemote(workspace);
  disposals.push(workspace.dispose, remote.remove);
  const output = join(workspace.root, ".slipway", "output.ndjson");
  const run = await publish(workspace, [], ofAction(output));
  expect(run.code, run.stderr).toBe(0);
  expect(JSON.parse(await readFile(output, "utf8"))).toEqual({
    type: "git-tag",
    tag: "v1.0.0",
    packageName: "single-root",
  });
  expect(await workspace.git("tag")).toBe("v1.0.0");
});

test("a local git tag at another commit is not pushed as this release", async () => {
  const { workspace, remote, names } = await createPlace("moved");
  await workspace.git("tag", `${names[0]}@1.0.0`);
  await workspace.commitAll("Another");
  const run = await runAction({ version: "v1", workspace, remote, verdaccio });
  expect(run.result.code, run.result.stderr).toBe(0);
  expect(specsOf(run.publishedPackages)).toEqual([`${names[1]}@1.0.0`]);
  expect(run.result.stderr).toContain("a local git tag of this name is at another commit");
});

test("a broken config.json stops what makes a plan, and nothing that only looks", async () => {
  const { workspace } = await createPlace("broken");
  await workspace.write(".changeset/config.json", '{ "access": "open" }');
  const options = { cwd: workspace.root, registry: verdaccio.url, token: verdaccio.token };
  const planned = await runSlipway(["plan"], options);
  expect(planned.code).toBe(2);
  expect(planned.stderr).toContain("error[SLIP_CHANGESETS_INVALID]: access in .changeset/config.json");
  expect((await runSlipway(["plan", "--changesets", "off"], options)).code).toBe(0);
  const status = await runSlipway(["status"], options);
  expect(status.code, status.stderr).toBe(0);
});

test("where git tags are configured, too, the action makes them alone", async () => {
  const { workspace, remote, names } = await createPlace("both");
  await workspace.write("slipway.config.json", '{ "gitTags": "package" }');
  await workspace.commitAll("Configure git tags");
  await workspace.git("push", "--quiet", "origin", "HEAD");
  const run = await runAction({ version: "v2", workspace, remote, verdaccio, diesBeforeTags: true });
  expect(run.result.code, run.result.stderr).toBe(0);
  expect(await remote.tags()).toEqual({});
  // Outside of the action the same command makes them.
  const plain = await publish(workspace, []);
  expect(plain.code, plain.stderr).toBe(0);
  expect(Object.keys(await remote.tags())).toEqual(names.map((name) => `${name}@1.0.0`));
});
