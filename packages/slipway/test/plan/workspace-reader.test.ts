import { mkdirSync, symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import mapWorkspaces from "@npmcli/map-workspaces";
import { afterAll, expect, test } from "vitest";
import { findWorkspaceFolders } from "../../src/workspace-globs.ts";
import { readWorkspace } from "../../src/workspace-reader.ts";
import { makeFolder, problemsOf, type Scratch } from "./scratch-repository.ts";

const scratches: Scratch[] = [];
afterAll(() => {
  for (const scratch of scratches) scratch.remove();
});

function makeWorkspace(files: Readonly<Record<string, string | Buffer | object>>): Scratch {
  const scratch = makeFolder();
  scratches.push(scratch);
  scratch.write(files);
  return scratch;
}

const dirs = [
  "a",
  "packages/a",
  "packages/b",
  "packages/b/nested",
  "packages/b/nested/deep",
  "packages/.hidden",
  "packages/a-b",
  "packages/ä b",
  "packages/a/test",
  "packages/a/node_modules/dep",
  "node_modules/dep",
  "libs/x/one",
  "libs/y/two",
  "libs/y/test",
  "apps/web",
  ".dot/pkg",
] as const;

const parity = makeWorkspace(
  Object.fromEntries(dirs.map((dir, index) => [`${dir}/package.json`, { name: `p${index}`, version: "1.0.0" }])),
);
mkdirSync(join(parity.root, "packages/no-manifest"));
symlinkSync("../apps/web", join(parity.root, "packages/linked"));

test.each<readonly string[][]>([
  [["packages/*"]],
  [["packages/*/"]],
  [["./packages/*"]],
  [["/packages/*"]],
  [["packages/**"]],
  [["**"]],
  [["*"]],
  [["packages/a", "packages/b"]],
  [["packages/a", "missing", "packages/no-manifest"]],
  [["packages/*", "!packages/b"]],
  [["packages/*", "!packages/b/"]],
  [["!packages/b", "packages/*"]],
  [["packages/**", "!packages/b/**"]],
  [["packages/**", "!**/test"]],
  [["packages/**", "!**/test/**", "libs/*/*"]],
  [["packages/**", "!packages/b/**", "packages/b/nested"]],
  [["packages/**", "!packages/*"]],
  [["packages/*", "!!packages/b"]],
  [["packages/*", "!!!packages/b"]],
  [["packages/{a,b}"]],
  [["{packages,libs/x}/*"]],
  [["packages/{a,b/nested}"]],
  [["packages/[ab]"]],
  [["packages/?"]],
  [["packages/a*"]],
  [["packages/+(a|b)"]],
  [["packages/!(a)"]],
  [["packages/.hidden"]],
  [["packages/.*"]],
  [[".dot/*"]],
  [["libs/*/*"]],
  [["libs/**/test"]],
  [["**/a"]],
  [["packages/b/**"]],
  [["packages/ä b"]],
  [["node_modules/*"]],
  [["packages/a/node_modules/dep"]],
  [["packages\\*"]],
  [["packages/linked"]],
  [["packages/*", "packages/a"]],
])("the patterns %j find the folders that npm finds", async (patterns) => {
  const expected = [...(await mapWorkspaces({ cwd: parity.root, pkg: { workspaces: patterns } })).values()]
    .map((path) => relative(parity.root, path))
    .sort();
  const found = await findWorkspaceFolders(parity.root, patterns);
  const withManifest = found.filter(
    (dir) => dir !== "packages/no-manifest" && !["packages", "libs", "libs/x", "libs/y", "apps"].includes(dir),
  );
  expect(withManifest).toEqual(expected);
});

test("a workspace is found from any folder below it, and read with all that its manifests say", async () => {
  const { root } = makeWorkspace({
    "package.json": { private: true, workspaces: { packages: ["packages/*"] } },
    "packages/a/package.json": {
      name: "@x/a",
      version: "1.0.0-beta.1",
      dependencies: { "@x/b": "^1.0.0", c: "npm:@x/b@^2.0.0" },
      peerDependencies: { d: "*" },
      peerDependenciesMeta: { d: { optional: true } },
      publishConfig: { access: "public", tag: "next" },
      scripts: { prepack: "build" },
    },
    "packages/a/src/index.js": "",
    "packages/b/package.json": `\uFEFF{\r\n"name": "@x/b",\r\n"version": "1.0.0", "private": true }`,
    "packages/c/readme.md": "no manifest",
  });
  const workspace = await readWorkspace(join(root, "packages/a/src"));
  expect(workspace.root).toBe(root);
  expect(workspace.packages.map((item) => item.dir)).toEqual(["packages/a", "packages/b"]);
  expect(workspace.packages[0]).toEqual({
    name: "@x/a",
    version: "1.0.0-beta.1",
    dir: "packages/a",
    packDir: "packages/a",
    isPrivate: false,
    dependencies: [
      { alias: "@x/b", name: "@x/b", range: "^1.0.0", declared: "^1.0.0", kind: "dependencies", isOptional: false },
      {
        alias: "c",
        name: "@x/b",
        range: "^2.0.0",
        declared: "npm:@x/b@^2.0.0",
        kind: "dependencies",
        isOptional: false,
      },
      { alias: "d", name: "d", range: "*", declared: "*", kind: "peerDependencies", isOptional: true },
    ],
    publishConfig: { access: "public", tag: "next" },
    scripts: { prepack: "build" },
  });
  expect(workspace.packages[1]?.isPrivate).toBe(true);
});

test("a repository without workspaces is a workspace of one", async () => {
  const { root } = makeWorkspace({ "package.json": { name: "one", version: "1.0.0" }, "src/x": "" });
  expect(await readWorkspace(join(root, "src"))).toMatchObject({ root, packages: [{ name: "one", dir: "." }] });
});

test("a root that could be published is a package of its workspace", async () => {
  const manifest = { name: "root", version: "1.0.0", workspaces: ["packages/*"] };
  const { root } = makeWorkspace({
    "package.json": manifest,
    "packages/a/package.json": { name: "a", version: "1.0.0" },
  });
  expect((await readWorkspace(root)).packages.map((item) => item.dir)).toEqual([".", "packages/a"]);
});

test("a package that the workspace above it does not name is a workspace of its own", async () => {
  const { root } = makeWorkspace({
    "package.json": { private: true, workspaces: ["packages/*"] },
    "packages/a/package.json": { name: "a", version: "1.0.0" },
    "example/package.json": { name: "example", version: "1.0.0" },
    "example/inner/package.json": { name: "inner", version: "1.0.0" },
  });
  expect((await readWorkspace(join(root, "example"))).root).toBe(join(root, "example"));
  expect((await readWorkspace(join(root, "packages"))).root).toBe(root);
});

const good = { name: "good", version: "1.0.0" };

test.each<readonly [what: string, files: Readonly<Record<string, string | object>>, expected: readonly string[]]>([
  ["no manifest at all", { "readme.md": "" }, ["SLIP_WORKSPACE_NOT_FOUND"]],
  [
    "a broken root",
    { "package.json": '{\n  "name": "x",\n}' },
    ["SLIP_MANIFEST_INVALID package.json:3:1 is not JSON: expected double-quoted property name"],
  ],
  ["an empty root", { "package.json": "" }, ["SLIP_MANIFEST_INVALID package.json:1:1 is not JSON: it is empty"]],
  [
    "a root that is a list",
    { "package.json": "[]" },
    ["SLIP_MANIFEST_INVALID package.json does not hold a JSON object"],
  ],
  [
    "broken packages",
    {
      "package.json": { workspaces: ["packages/*"] },
      "packages/a/package.json": '{ "name": tru }',
      "packages/b/package.json": '{ "name": "b"',
      "packages/c/package.json": { name: "../up", version: "1.0.0" },
      "packages/d/package.json": { name: "d; rm -rf /", version: "$(id)" },
      "packages/e/package.json": { name: "e", version: "1.0" },
      "packages/f/package.json": { name: "f", version: "v1.0.0" },
      "packages/g/package.json": { name: "g", version: "1.0.0+build" },
      "packages/h/package.json": { name: "h\u001B[31m", version: "1.0.0" },
      "packages/i/package.json": { name: "i", version: "1.0.0", dependencies: [] },
      "packages/j/package.json/file": "a folder with the name of a manifest",
    },
    [
      "SLIP_MANIFEST_INVALID packages/a/package.json:1:14 is not JSON: unexpected token ' '",
      "SLIP_MANIFEST_INVALID packages/b/package.json:1:14 is not JSON: expected ',' or '}' after property value",
      'SLIP_NAME_INVALID the name "../up" in packages/c/package.json may only hold a-z, 0-9, -, _, ., ~ and must not begin with . or _',
      'SLIP_NAME_INVALID the name "d; rm -rf /" in packages/d/package.json may only hold a-z, 0-9, -, _, ., ~ and must not begin with . or _',
      'SLIP_VERSION_INVALID the version "$(id)" in packages/d/package.json is not a semantic version',
      'SLIP_VERSION_INVALID the version "1.0" in packages/e/package.json is not a semantic version',
      'SLIP_VERSION_INVALID the version "v1.0.0" in packages/f/package.json must be written 1.0.0',
      'SLIP_VERSION_INVALID the version "1.0.0+build" in packages/g/package.json must be written 1.0.0',
      'SLIP_NAME_INVALID the name "h\\u001b[31m" in packages/h/package.json may only hold a-z, 0-9, -, _, ., ~ and must not begin with . or _',
      "SLIP_MANIFEST_INVALID dependencies in packages/i/package.json is not an object",
      "SLIP_MANIFEST_INVALID packages/j/package.json cannot be read (EISDIR)",
    ],
  ],
  [
    "folders and names made for a terminal",
    {
      "package.json": { workspaces: ["packages/*"] },
      "packages/new\nline/package.json": good,
      "packages/esc\u001B[2J/package.json": "{ broken",
      "packages/back\\slash/package.json": good,
      "packages/bidi/package.json": { name: "a\u202Eb", private: true },
    },
    [
      'SLIP_MANIFEST_INVALID the folder "packages/back\\\\slash" cannot hold a package',
      'SLIP_NAME_INVALID the name "a?b" in packages/bidi/package.json holds control characters',
      'SLIP_MANIFEST_INVALID the folder "packages/esc\\u001b[2J" cannot hold a package',
      'SLIP_MANIFEST_INVALID the folder "packages/new\\nline" cannot hold a package',
    ],
  ],
  [
    "one name twice",
    {
      "package.json": { workspaces: ["packages/*"] },
      "packages/a/package.json": good,
      "packages/b/package.json": good,
    },
    ["SLIP_NAME_DUPLICATE good is the name of 2 packages: packages/a, packages/b"],
  ],
  [
    "workspaces that are no list",
    { "package.json": { ...good, workspaces: "packages/*" } },
    ["SLIP_MANIFEST_INVALID workspaces in package.json is not a list of strings"],
  ],
  [
    "workspaces outside",
    { "package.json": { ...good, workspaces: ["../*"] } },
    ['SLIP_MANIFEST_INVALID workspaces in package.json leads out of the workspace: "../*"'],
  ],
  [
    "workspaces that match nothing",
    { "package.json": { private: true, workspaces: ["packages/*"] } },
    ["SLIP_WORKSPACE_NOT_FOUND workspaces in package.json match no folder with a package.json"],
  ],
])("%s: every fault is named with its place", async (_, files, expected) => {
  const { root } = makeWorkspace(files);
  const problems = await problemsOf(() => readWorkspace(root));
  const texts = problems.map((item) => `${item.code} ${item.message}`);
  expect(texts).toHaveLength(expected.length);
  for (const [index, text] of expected.entries()) expect(texts[index]).toContain(text);
  for (const item of problems) expect(item.hint).not.toBe("");
});

test("a broken manifest at or above the package at hand is reported, wherever the command was started", async () => {
  const { root } = makeWorkspace({
    "package.json": { private: true, workspaces: ["packages/*"] },
    "packages/a/package.json": "{",
  });
  const messagesFrom = async (dir: string): Promise<readonly string[]> =>
    (await problemsOf(() => readWorkspace(join(root, dir)))).map((item) => item.message.split(" ")[0] ?? "");
  expect(await messagesFrom(".")).toEqual(["packages/a/package.json:1:2"]);
  expect(await messagesFrom("packages/a")).toEqual(["package.json:1:2"]);
  const { root: broken } = makeWorkspace({ "package.json": "{", "packages/a/package.json": good });
  expect(await problemsOf(() => readWorkspace(join(broken, "packages/a")))).toMatchObject([
    { code: "SLIP_MANIFEST_INVALID", message: expect.stringContaining("../../package.json:1:2 is not JSON") },
  ]);
});
