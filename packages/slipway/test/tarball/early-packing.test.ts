/** Packing while the plan is still being read: what is packed, and when nothing may be. */
import { expect, test } from "vitest";
import type { Packument, Reading } from "@slipway/core";
import { createEarlyPacking } from "../../src/early-packing.ts";
import { packPackage } from "../../src/tarball/pack.ts";
import { readWorkspace } from "../../src/workspace-reader.ts";
import { manifestText, withTree } from "./package-tree.ts";

const absent: Reading<Packument> = { kind: "absent", at: 0, fresh: true };
const unavailable: Reading<Packument> = { kind: "unavailable", at: 0, reason: "answered 503" };
const shown = (version: string): Reading<Packument> => {
  const entry = {
    integrity: "sha512-x",
    tarball: undefined,
    gitHead: undefined,
    deprecated: undefined,
    attested: false,
    manifest: {},
  };
  const value = { name: "a", versions: new Map([[version, entry]]), distTags: new Map(), time: undefined, rev: "1" };
  return { kind: "shown", value, at: 0, fresh: true };
};
const options = { ignoreScripts: false, build: undefined };
const prepare = { scripts: { prepare: "tsc" } };

test.each([
  { what: "an absent package", reading: absent, isPacked: true },
  { what: "an absent version", reading: shown("0.9.0"), isPacked: true },
  { what: "a version that is shown", reading: shown("1.0.0"), isPacked: false },
  { what: "a registry that does not answer", reading: unavailable, isPacked: false },
  { what: "a script around packing", reading: absent, a: prepare, isPacked: false },
  { what: "a script of another package", reading: absent, b: prepare, isPacked: false },
  { what: "scripts that are ignored", reading: absent, b: prepare, ignoreScripts: true, isPacked: true },
  { what: "scripts of other times", reading: absent, b: { scripts: { test: "node ." } }, isPacked: true },
  { what: "a build command", reading: absent, build: "make", isPacked: false },
  { what: "another package manager", reading: absent, root: { packageManager: "bun@1.4.5" }, isPacked: false },
])("packed early with $what: $isPacked", async ({ reading, root: fields = {}, a = {}, b = {}, isPacked, ...rest }) => {
  await withTree(
    {
      "package.json": manifestText({ name: "root", private: true, workspaces: ["packages/*"], ...fields }),
      "packages/a/package.json": manifestText({ name: "a", ...a }),
      "packages/a/index.js": "export default 1;\n",
      "packages/b/package.json": manifestText({ name: "b", ...b }),
    },
    async (root) => {
      const workspace = await readWorkspace(root);
      const early = createEarlyPacking(workspace, { ...options, ...rest });
      for (const item of workspace.packages) if (item.name === "a") early.offer(item, reading);
      const tarball = await early.take("packages/a");
      const expected = await packPackage(`${root}/packages/a`, { workspaceRoot: root });
      expect(tarball?.integrity).toBe(isPacked ? expected.integrity : undefined);
      expect(early.take("packages/a"), "it is given away once").toBeUndefined();
    },
  );
});

test("a package that cannot be packed fails only for whoever takes it", async () => {
  const hardLinked = {
    "package.json": manifestText({ name: "a" }),
    "one.js": "1;\n",
    "two.js": { hardlinkTo: "one.js" },
  };
  await withTree(hardLinked, async (root) => {
    const workspace = await readWorkspace(root);
    const early = createEarlyPacking(workspace, options);
    for (const item of workspace.packages) early.offer(item, absent);
    await expect(early.take(".")).rejects.toThrow("hard link");
  });
});

const two = {
  "package.json": manifestText({ name: "root", private: true, workspaces: ["packages/*"] }),
  "packages/a/package.json": manifestText({ name: "a" }),
  "packages/b/package.json": manifestText({ name: "b" }),
};

test("packages are packed before the registry has said anything", async () => {
  await withTree(two, async (root) => {
    const workspace = await readWorkspace(root);
    const early = createEarlyPacking(workspace, options);
    await early.guess(workspace.packages);
    expect(await early.take("packages/a")).toBeDefined();
    expect(await early.take("packages/b")).toBeDefined();
  });
});

test("guessing ends with the first version that is there, and what is missing is still packed", async () => {
  await withTree(two, async (root) => {
    const workspace = await readWorkspace(root);
    const early = createEarlyPacking(workspace, options);
    const guessing = early.guess(workspace.packages);
    const [a, b] = workspace.packages;
    if (a === undefined || b === undefined) throw new Error("the tree has two packages");
    early.offer(a, shown("1.0.0"));
    await guessing;
    expect(early.take(a.dir), "nothing was begun").toBeUndefined();
    expect(early.take(b.dir)).toBeUndefined();
    early.offer(b, absent);
    expect(await early.take(b.dir)).toBeDefined();
  });
});

test.each([
  { what: "a script", rest: {}, scripts: prepare },
  { what: "a build command", rest: { build: "make" }, scripts: {} },
])("nothing is guessed where $what has to run first", async ({ rest, scripts }) => {
  await withTree({ ...two, "packages/b/package.json": manifestText({ name: "b", ...scripts }) }, async (root) => {
    const workspace = await readWorkspace(root);
    const early = createEarlyPacking(workspace, { ...options, ...rest });
    await early.guess(workspace.packages);
    for (const item of workspace.packages) expect(early.take(item.dir)).toBeUndefined();
  });
});
