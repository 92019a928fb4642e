/** Reading `.changeset`, with @changesets/config 4 and @changesets/read 1 as oracles. */
import { validateConfig } from "@changesets/config";
import { readChangesets as readOracle } from "@changesets/read";
import { ProblemsError, type ChangesetsInput, type Problem, type Workspace } from "@slipway/core";
import { createWorkspace, type TestWorkspace } from "@slipway/testkit";
import { afterEach, expect, test } from "vitest";
import { isCountedFile, readChangesets } from "../../src/changesets/read-changesets.ts";
import { readWorkspace } from "../../src/workspace-reader.ts";

const made: TestWorkspace[] = [];

afterEach(async () => {
  for (const workspace of made.splice(0)) await workspace.dispose();
});

const names = ["@s/core", "@s/ui", "@s/ui-kit", "@t/ui", "plain", "plain-cli"];

async function makeWorkspace(files: Readonly<Record<string, string>>): Promise<Workspace> {
  const workspace = await createWorkspace({
    packages: names.map((name) => ({ name, dir: `packages/${name.replace(/[@/]/g, "")}` })),
    files,
  });
  made.push(workspace);
  return await readWorkspace(workspace.root);
}

async function read(config: object, files: Readonly<Record<string, string>> = {}): Promise<ChangesetsInput> {
  const found = await readChangesets(
    await makeWorkspace({ ".changeset/config.json": JSON.stringify(config), ...files }),
  );
  if (found === undefined) throw new Error("no changesets");
  return found;
}

async function refusalsOf(files: Readonly<Record<string, string>>): Promise<readonly Problem[]> {
  try {
    await readChangesets(await makeWorkspace(files));
  } catch (error) {
    if (error instanceof ProblemsError) return error.problems;
    throw error;
  }
  throw new Error("nothing was refused");
}

test("a repository without .changeset/config.json does not use Changesets", async () => {
  expect(await readChangesets(await makeWorkspace({}))).toBeUndefined();
  expect(await readChangesets(await makeWorkspace({ ".changeset/README.md": "?" }))).toBeUndefined();
});

test.each<readonly [patterns: readonly string[]]>([
  [[]],
  [["plain"]],
  [["@s/*"]],
  [["@s/**"]],
  [["*"]],
  [["**"]],
  [["@*/ui"]],
  [["@{s,t}/ui"]],
  [["@s/*", "!@s/ui"]],
  [["!@s/ui", "@s/*"]],
  [["@s/*", "!@s/ui*", "@s/ui-kit"]],
  [["plain*", "@s/ui-???"]],
])("ignore %j selects the same packages as @changesets/config", async (ignore) => {
  const { ignored } = await read({ ignore });
  const packages = names.map((name) => ({ dir: `/w/${name}`, packageJson: { name, version: "1.0.0" } }));
  const oracle = validateConfig({ ignore }, { rootDir: "/w", packages, tool: { type: "npm" } });
  expect(oracle.errors).toBeUndefined();
  expect([...ignored].sort()).toEqual([...(oracle.config?.ignore ?? [])].sort());
});

test("a name in config.json that no package has is a warning", async () => {
  const found = await read({ ignore: ["gone"], fixed: [["plain", "lost-*"]] });
  expect(found.warnings).toEqual([
    'ignore in .changeset/config.json: "gone" matches no package of the workspace',
    'fixed in .changeset/config.json: "lost-*" matches no package of the workspace',
  ]);
  expect(found.fixed).toEqual([["plain"]]);
});

const first = '---\n"plain": minor\n"@s/ui": patch\n---\n\nThe first line.\n\nAnother paragraph.\n';

test("changesets are read as @changesets/read reads them, other texts are not", async () => {
  const files = {
    ".changeset/config.json": "{}",
    ".changeset/brave-cats-run.md": first,
    ".changeset/empty.md": "---\n---\n",
    ".changeset/windows.md": "---\r\nplain: patch\r\n---\r\n\r\nA line\r\n",
    ".changeset/pre/used.md": "---\nplain: major\n---\nUsed.\n",
    ".changeset/README.md": "# Changesets",
    ".changeset/AGENTS.md": "Be brief.",
    ".changeset/notes.txt": "?",
    ".changeset/.hidden.md": "?",
  };
  const workspace = await makeWorkspace(files);
  const found = await readChangesets(workspace);
  const oracle = await readOracle(workspace.root);
  const expected = oracle
    .map(({ id, summary, releases }) => ({
      id,
      summary: summary.split("\n")[0]?.trim(),
      releases: releases.map(({ name, type }) => ({ name, bump: type })),
    }))
    .sort((one, other) => (one.id < other.id ? -1 : 1));
  expect(found?.pending).toEqual(expected);
  expect(found?.pending.map(({ id }) => id)).toEqual(["brave-cats-run", "empty", "pre/used", "windows"]);
  expect(found?.warnings).toEqual([]);
});

test("a changeset that cannot be read is a warning: it stops the next versions, not a release", async () => {
  const found = await read({}, { ".changeset/bad.md": "no front matter", ".changeset/good.md": first });
  expect(found.pending.map(({ id }) => id)).toEqual(["good"]);
  expect(found.warnings).toEqual([".changeset/bad.md is no changeset: missing or invalid frontmatter."]);
});

test("a changeset for a package that there is none of is a warning: `changeset version` will not take it", async () => {
  const found = await read({}, { ".changeset/stray.md": "---\nplain: patch\n'@s/gone': minor\n---\nStrays.\n" });
  expect(found.warnings).toEqual(['.changeset/stray.md names "@s/gone", which is no package of the workspace']);
  expect(found.pending[0]?.releases).toHaveLength(2);
});

test("reading pre.json of version 2 changes nothing in the tree", async () => {
  const pre = { mode: "pre", tag: "next", initialVersions: { plain: "1.0.0" }, changesets: ["used"] };
  const workspace = await createWorkspace({
    packages: [{ name: "plain" }],
    files: {
      ".changeset/config.json": "{}",
      ".changeset/pre.json": JSON.stringify(pre),
      ".changeset/used.md": first,
      ".changeset/waits.md": first,
    },
  });
  made.push(workspace);
  const found = await readChangesets(await readWorkspace(workspace.root));
  expect(found?.pre).toEqual({ mode: "pre", tag: "next" });
  expect(found?.pending.map(({ id }) => id)).toEqual(["waits"]);
  expect(await workspace.git("status", "--porcelain")).toBe("");
});

test("what is broken is refused with its place, all at once", async () => {
  const problems = await refusalsOf({
    ".changeset/config.json": '{\n  "access": "public",\n  "ignore": [,]\n}\n',
    ".changeset/pre.json": '{ "mode": "pre" }',
  });
  expect(problems.map(({ code, message }) => [code, message])).toEqual([
    ["SLIP_CHANGESETS_INVALID", expect.stringMatching(/^\.changeset\/config\.json:3:14 is not JSON: /)],
    ["SLIP_CHANGESETS_INVALID", ".changeset/pre.json is not an object whose tag can be a dist-tag"],
  ]);
  for (const { hint } of problems) expect(hint).not.toBe("");
});

test.each<readonly [path: string, patterns: readonly string[], isCounted: boolean]>([
  ["src/index.ts", ["src/**"], true],
  ["README.md", ["src/**"], false],
  ["src/a.test.ts", ["**", "!**/*.test.ts"], false],
  ["src/a.ts", ["**", "!**/*.test.ts"], true],
  ["src/a.test.ts", ["!**/*.test.ts", "**"], true],
])("whether %s counts by %j: %s", (path, patterns, isCounted) => {
  expect(isCountedFile(path, patterns)).toBe(isCounted);
});
