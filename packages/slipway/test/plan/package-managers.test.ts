/** Whose workspace it is, what its files say, and that the packages found are those that the package manager finds. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { PackageManagerName } from "@slipway/core";
import { afterAll, expect, test } from "vitest";
import { readWorkspace } from "../../src/workspace-reader.ts";
import { listFolders } from "./real-managers.ts";
import { makeFolder, problemsOf, type Scratch } from "./scratch-repository.ts";

const scratches: Scratch[] = [];
afterAll(() => {
  for (const scratch of scratches) scratch.remove();
});

type Files = Readonly<Record<string, string | object>>;

function makeWorkspace(files: Files): Scratch {
  const scratch = makeFolder();
  scratches.push(scratch);
  scratch.write(files);
  return scratch;
}

const one = { "packages/a/package.json": { name: "a", version: "1.0.0" } };
const npmRoot = { private: true, workspaces: ["packages/*"] };
const pnpmFile = { "pnpm-workspace.yaml": "packages:\n  - packages/*\n" };

test.each<readonly [files: Files, name: PackageManagerName, version: string | undefined, from: string]>([
  [{ "package.json": npmRoot }, "npm", undefined, "nothing names another package manager"],
  [{ "package.json": npmRoot, "package-lock.json": "{}" }, "npm", undefined, "package-lock.json"],
  [{ "package.json": npmRoot, "npm-shrinkwrap.json": "{}" }, "npm", undefined, "npm-shrinkwrap.json"],
  [{ "package.json": npmRoot, "yarn.lock": "__metadata:\n" }, "yarn", undefined, "yarn.lock"],
  [{ "package.json": npmRoot, ".yarnrc.yml": "nodeLinker: pnp\n" }, "yarn", undefined, ".yarnrc.yml"],
  [{ "package.json": npmRoot, "bun.lock": "{}" }, "bun", undefined, "bun.lock"],
  [{ "package.json": npmRoot, "bun.lockb": "" }, "bun", undefined, "bun.lockb"],
  [{ "package.json": {}, ...pnpmFile, "pnpm-lock.yaml": "" }, "pnpm", undefined, "pnpm-lock.yaml"],
  [{ "package.json": {}, ...pnpmFile }, "pnpm", undefined, "pnpm-workspace.yaml"],
  [{ ...pnpmFile }, "pnpm", undefined, "pnpm-workspace.yaml"],
  [
    { "package.json": { packageManager: "pnpm@12.21.0+sha512.0123abcd" }, ...pnpmFile },
    "pnpm",
    "12.21.0",
    "packageManager in package.json",
  ],
  [
    { "package.json": { ...npmRoot, packageManager: "yarn@4.18.1" }, "yarn.lock": "" },
    "yarn",
    "4.18.1",
    "packageManager in package.json",
  ],
  [
    { "package.json": { ...npmRoot, packageManager: "bun@latest" } },
    "bun",
    undefined,
    "packageManager in package.json",
  ],
  [
    { "package.json": { ...npmRoot, devEngines: { packageManager: { name: "bun", version: "^1.4.0" } } } },
    "bun",
    "^1.4.0",
    "devEngines.packageManager in package.json",
  ],
  [
    { "package.json": { ...npmRoot, packageManager: "npm@12.0.0" }, ...pnpmFile },
    "npm",
    "12.0.0",
    "packageManager in package.json",
  ],
  [
    {
      "package.json": {
        ...npmRoot,
        packageManager: "yarn@4.18.1",
        devEngines: { packageManager: [{ name: "npm" }, { name: "yarn", version: "4.x" }] },
      },
    },
    "yarn",
    "4.18.1",
    "packageManager in package.json",
  ],
  [{ "package.json": npmRoot, ...pnpmFile, "package-lock.json": "{}" }, "npm", undefined, "package-lock.json"],
])("%j is a workspace of %s", async (files, name, version, from) => {
  const { root } = makeWorkspace({ ...one, ...files });
  const workspace = await readWorkspace(join(root, "packages/a"));
  expect(workspace).toMatchObject({ root, manager: { name, version, from }, packages: [{ name: "a" }] });
});

test.each<readonly [what: string, files: Files, expected: string, hint: string]>([
  [
    "a lock file of another",
    { "package.json": { ...npmRoot, packageManager: "pnpm@12.21.0" }, ...pnpmFile, "yarn.lock": "" },
    "SLIP_PACKAGE_MANAGER packageManager in package.json names pnpm, but yarn.lock is a lock file of yarn",
    "delete yarn.lock, or correct packageManager in package.json",
  ],
  [
    "two lock files",
    { "package.json": npmRoot, "package-lock.json": "", "yarn.lock": "" },
    "SLIP_PACKAGE_MANAGER there are lock files of 2 package managers, and package.json names none: package-lock.json (npm), yarn.lock (yarn)",
    'name the one that is used in package.json ("packageManager": "npm@12.0.0" or "packageManager": "yarn@4.18.1"), and delete the lock files of others',
  ],
  [
    "packages that only pnpm finds",
    { "package.json": { private: true }, ...pnpmFile, "bun.lock": "" },
    "SLIP_PACKAGE_MANAGER bun.lock is a lock file of bun, but the packages are in pnpm-workspace.yaml",
    'name the one that is used in package.json ("packageManager": "bun@1.4.5" or "packageManager": "pnpm@12.21.0"), and delete the lock files of others',
  ],
  [
    "two names",
    {
      "package.json": {
        ...npmRoot,
        packageManager: "yarn@4.18.1",
        devEngines: { packageManager: { name: "pnpm", version: "12" } },
      },
    },
    "SLIP_PACKAGE_MANAGER package.json names yarn as packageManager, and pnpm in devEngines",
    "let both name one package manager",
  ],
  [
    "yarn 1 by name",
    { "package.json": { ...npmRoot, packageManager: "yarn@1.22.22" }, "yarn.lock": "" },
    "SLIP_PACKAGE_MANAGER_UNSUPPORTED packageManager in package.json names yarn 1.22.22, and Slipway knows yarn from version 4 on",
    "move to yarn 4",
  ],
  [
    "yarn 1 by its lock file",
    { "package.json": npmRoot, "yarn.lock": "# THIS IS AN AUTOGENERATED FILE.\n# yarn lockfile v1\n\n" },
    "SLIP_PACKAGE_MANAGER_UNSUPPORTED yarn.lock was written by yarn 1, which Slipway does not know",
    "move to yarn 4",
  ],
  [
    "an engine range of yarn 1",
    { "package.json": { ...npmRoot, devEngines: { packageManager: { name: "yarn", version: "^1.22.0" } } } },
    "SLIP_PACKAGE_MANAGER_UNSUPPORTED devEngines.packageManager in package.json names yarn ^1.22.0",
    "move to yarn 4",
  ],
  [
    "another package manager",
    { "package.json": { ...npmRoot, packageManager: "vlt@1.0.0" } },
    'SLIP_PACKAGE_MANAGER_UNSUPPORTED packageManager in package.json is "vlt", which Slipway does not know',
    "use npm, pnpm, yarn 4 or bun",
  ],
  [
    "a name that is no text",
    { "package.json": { ...npmRoot, packageManager: 4 } },
    "SLIP_MANIFEST_INVALID packageManager in package.json is not a text",
    "correct the file",
  ],
])("%s is refused with the way out", async (_, files, expected, hint) => {
  const { root } = makeWorkspace({ ...one, ...files });
  const problems = await problemsOf(() => readWorkspace(root));
  expect(problems).toHaveLength(1);
  expect(`${problems[0]?.code} ${problems[0]?.message}`).toContain(expected);
  expect(problems[0]?.hint).toContain(hint);
});

const root = { "package.json": { name: "root", private: true } };
const yarnRoot = { "package.json": npmRoot, "yarn.lock": "" };

test.each<readonly [what: string, files: Files, expected: readonly string[]]>([
  [
    "no YAML",
    { ...root, "pnpm-workspace.yaml": "packages:\n  - packages/*\n a: b: c\n" },
    ["SLIP_WORKSPACE_INVALID pnpm-workspace.yaml:3:1 is not YAML: all mapping items must start at the same column"],
  ],
  [
    "a list",
    { ...root, "pnpm-workspace.yaml": "- packages/*\n" },
    ["SLIP_WORKSPACE_INVALID pnpm-workspace.yaml:1 does not hold a map"],
  ],
  [
    "a key twice",
    { ...root, "pnpm-workspace.yaml": "packages: []\ncatalog: {}\npackages: [a]\n" },
    ["SLIP_WORKSPACE_INVALID pnpm-workspace.yaml:3:1 is not YAML: map keys must be unique"],
  ],
  [
    "wrong shapes",
    {
      ...root,
      "pnpm-workspace.yaml": [
        "packages:",
        "  - packages/*",
        "  - ''",
        "  - ../out/*",
        "catalog:",
        "  a: [1]",
        "catalogs:",
        "  default: {}",
        "  x: text",
      ].join("\n"),
    },
    [
      "SLIP_WORKSPACE_INVALID pnpm-workspace.yaml:3: packages has an entry that is not a pattern",
      'SLIP_WORKSPACE_INVALID pnpm-workspace.yaml:4: packages leads out of the workspace: "../out/*"',
      "SLIP_WORKSPACE_INVALID pnpm-workspace.yaml:6: catalog has no version range for a",
      "SLIP_WORKSPACE_INVALID pnpm-workspace.yaml:9: catalogs.x is not a map of names to version ranges",
      "SLIP_WORKSPACE_INVALID pnpm-workspace.yaml:8: catalogs.default and catalog are one catalog: pnpm takes only one of them",
    ],
  ],
  [
    "one pattern that is no list",
    { ...root, "pnpm-workspace.yaml": "# packages\npackages: packages/*\n" },
    ["SLIP_WORKSPACE_INVALID pnpm-workspace.yaml:2: packages is not a list of patterns"],
  ],
  [
    "patterns that match nothing",
    { ...root, "pnpm-workspace.yaml": "packages: [nothing/*]\n" },
    ["SLIP_WORKSPACE_NOT_FOUND packages in pnpm-workspace.yaml match no folder with a package.json"],
  ],
  [
    "yarn's file",
    { ...yarnRoot, ".yarnrc.yml": "catalog:\n  a: ^1.0.0\ncatalogs: [x]\n" },
    ["SLIP_WORKSPACE_INVALID .yarnrc.yml:3: catalogs is not a map of catalogs"],
  ],
  [
    "no YAML in yarn's file",
    { ...yarnRoot, ".yarnrc.yml": "catalog: {a\n" },
    ["SLIP_WORKSPACE_INVALID .yarnrc.yml:2:1 is not YAML: "],
  ],
  [
    "bun's catalogs",
    {
      "package.json": { private: true, workspaces: { packages: ["packages/*"], catalog: { a: 1 }, catalogs: [] } },
      "bun.lock": "",
    },
    [
      "SLIP_MANIFEST_INVALID catalog has no version range for a in package.json",
      "SLIP_MANIFEST_INVALID catalogs is not an object of catalogs in package.json",
    ],
  ],
  [
    "a folder to pack that is elsewhere",
    {
      ...root,
      ...pnpmFile,
      "packages/b/package.json": { name: "b", version: "1.0.0", publishConfig: { directory: "../a" } },
    },
    ['SLIP_MANIFEST_INVALID publishConfig.directory in packages/b/package.json leads out of the package: "../a"'],
  ],
  [
    "a manifest that only pnpm reads",
    { ...root, ...pnpmFile, "packages/b/package.yaml": "name: b\n", "packages/c/readme.md": "" },
    ["SLIP_MANIFEST_INVALID packages/b has its manifest in package.yaml, which Slipway does not read"],
  ],
  [
    "a package without a version",
    { ...root, ...pnpmFile, "packages/b/package.json": { name: "b" } },
    ["SLIP_VERSION_INVALID the version (none) in packages/b/package.json"],
  ],
])("%s: each fault is named with its place", async (_, files, expected) => {
  const scratch = makeWorkspace({ ...one, ...files });
  const problems = await problemsOf(() => readWorkspace(scratch.root));
  const texts = problems.map((item) => `${item.code} ${item.message}`);
  expect(texts).toHaveLength(expected.length);
  for (const [index, text] of expected.entries()) expect(texts[index]).toContain(text);
});

test("pnpm packs the folder that publishConfig names, the others do not", async () => {
  const files = {
    "packages/a/package.json": { name: "a", version: "1.0.0", publishConfig: { directory: "./dist/" } },
    "packages/b/package.json": { name: "b", version: "1.0.0", publishConfig: { directory: "." } },
  };
  const pnpm = await readWorkspace(makeWorkspace({ ...root, ...pnpmFile, ...files }).root);
  expect(pnpm.packages.map((item) => [item.dir, item.packDir])).toEqual([
    ["packages/a", "packages/a/dist"],
    ["packages/b", "packages/b"],
  ]);
  const yarn = await readWorkspace(makeWorkspace({ ...yarnRoot, ...files }).root);
  expect(yarn.packages.map((item) => item.packDir)).toEqual(["packages/a", "packages/b"]);
});

test("a pnpm-workspace.yaml without packages is a root that stands alone, and one that can be published is a package", async () => {
  const alone = makeWorkspace({
    "package.json": { name: "alone", version: "1.0.0", dependencies: { x: "catalog:" } },
    "pnpm-workspace.yaml": "catalog:\n  x: ^2.0.0\n",
    ...one,
  });
  expect(await readWorkspace(alone.root)).toMatchObject({
    packages: [{ name: "alone", dependencies: [{ range: "^2.0.0", declared: "catalog:" }] }],
  });
  const both = makeWorkspace({ "package.json": { name: "top", version: "1.0.0" }, ...pnpmFile, ...one });
  expect((await readWorkspace(both.root)).packages.map((item) => item.name)).toEqual(["top", "a"]);
});

const nested = {
  "package.json": npmRoot,
  "yarn.lock": "",
  "packages/outer/package.json": { name: "outer", version: "1.0.0", workspaces: ["inner/*"] },
  "packages/outer/inner/one/package.json": { name: "one", version: "1.0.0", dependencies: { outer: "workspace:^" } },
  "packages/outer/inner/two/package.json": { name: "two", version: "1.0.0" },
};

test("workspaces of workspaces are found with yarn, from the root and from inside", async () => {
  const scratch = makeWorkspace(nested);
  const dirs = ["packages/outer", "packages/outer/inner/one", "packages/outer/inner/two"];
  for (const from of [".", ...dirs]) {
    const workspace = await readWorkspace(join(scratch.root, from));
    expect(workspace.root).toBe(scratch.root);
    expect(workspace.packages.map((item) => item.dir)).toEqual(dirs);
  }
  expect(listFolders("yarn", scratch.root)).toEqual(dirs);
  // With its own lock file the inner one is a workspace by itself.
  scratch.write({ "packages/outer/yarn.lock": "" });
  expect((await readWorkspace(join(scratch.root, dirs[1] ?? ""))).root).toBe(join(scratch.root, "packages/outer"));
});

test("with npm and bun a workspace inside a workspace is its own", async () => {
  for (const lock of ["package-lock.json", "bun.lock"]) {
    const { "yarn.lock": _, ...files } = nested;
    const scratch = makeWorkspace({ ...files, [lock]: "{}" });
    expect((await readWorkspace(scratch.root)).packages.map((item) => item.name)).toEqual(["outer"]);
    const inside = await readWorkspace(join(scratch.root, "packages/outer/inner/one"));
    expect(inside.root).toBe(join(scratch.root, "packages/outer"));
  }
});

const dirs = ["packages/a", "packages/b", "packages/b/nested", "packages/.hidden", "packages/test/t1", "libs/x/one"];
const more = ["libs/y/two", "apps/web", "apps/web/node_modules/dep", "packages/bower_components/bc"];
const tree = Object.fromEntries(
  [...dirs, ...more].map((dir) => [`${dir}/package.json`, { name: dir.replaceAll(/[/.]/g, "-"), version: "1.0.0" }]),
);

const patterns = [
  ["packages/*"],
  ["./packages/*/", "apps/web"],
  ["packages/**", "!packages/bower_components/**"],
  ["packages/*", "!packages/b"],
  ["!packages/b", "packages/*"],
  ["packages/*", "!packages/b", "packages/b"],
  ["packages/{a,b}", "libs/*/*"],
  ["packages/**", "!**/test/**", "!**/bower_components/**", "packages/[ab]", "packages/?"],
  ["libs/**/one", "packages/.*"],
  ["packages/*", "!packages/{a,b}", "libs/x/*", "!a"],
] as const;

test.each([
  ["pnpm", [...patterns, ["packages/**"], ["/packages/*", "packages/a"]]],
  ["yarn", [...patterns, ["packages/**"]]],
  ["bun", [...patterns, ["packages/**"], ["packages/*", "!!packages/b"]]],
] as const)("the patterns of a workspace find what %s finds", { timeout: 120_000 }, async (manager, lists) => {
  for (const list of lists) {
    const scratch = makeWorkspace({
      ...tree,
      "package.json": { name: "root", private: true, ...(manager === "pnpm" ? {} : { workspaces: list }) },
      ...(manager === "pnpm" ? { "pnpm-workspace.yaml": `packages: ${JSON.stringify(list)}\n` } : {}),
      ...(manager === "yarn" ? { "yarn.lock": "" } : {}),
    });
    mkdirSync(join(scratch.root, "packages/empty"));
    const expected = listFolders(manager, scratch.root);
    if (manager === "bun") scratch.write({ "bun.lock": "" });
    const { packages } = await readWorkspace(scratch.root);
    expect([list, packages.map((item) => item.dir)]).toEqual([list, expected]);
  }
});
