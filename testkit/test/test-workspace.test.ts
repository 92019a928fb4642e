import { existsSync } from "node:fs";
import { join } from "node:path";

import { afterEach, expect, test } from "vitest";

import { chain, createWorkspace, layers, twelveWithDiamonds } from "@slipway/testkit";
import type { PackageSpec, WorkspaceSpec } from "@slipway/testkit";

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function create(spec: WorkspaceSpec) {
  const workspace = await createWorkspace(spec);
  closers.push(() => workspace.dispose());
  return workspace;
}

test("a description becomes a committed npm workspace", async () => {
  const workspace = await create({
    packages: [
      { name: "@demo/a", version: "1.2.3", files: { "lib/x.js": "export {};\n" } },
      {
        name: "b",
        dependencies: ["@demo/a"],
        devDependencies: { c: "*" },
        scripts: { prepack: "true" },
        private: true,
      },
    ],
    root: { slipway: { identity: "bytes" } },
    files: { "README.md": "read\n" },
  });
  expect(JSON.parse(await workspace.read("package.json"))).toEqual({
    name: "workspace",
    private: true,
    workspaces: ["packages/*"],
    slipway: { identity: "bytes" },
  });
  expect(JSON.parse(await workspace.read("packages/b/package.json"))).toMatchObject({
    name: "b",
    version: "1.0.0",
    private: true,
    dependencies: { "@demo/a": "^1.2.3" },
    devDependencies: { c: "*" },
    scripts: { prepack: "true" },
  });
  expect(await workspace.git("status", "--porcelain")).toBe("");
  const files = (await workspace.git("ls-files")).split("\n");
  expect(files).toContain("packages/a/lib/x.js");
  expect(files).toContain("README.md");
  expect(workspace.commit()).toMatch(/^[0-9a-f]{40}$/);
});

test("the same description is the same commit", async () => {
  const first = await create({ packages: chain(3) });
  const second = await create({ packages: chain(3) });
  expect(second.commit()).toBe(first.commit());
});

test("a repository without workspaces has its package at the root", async () => {
  const workspace = await create({ packages: [{ name: "alone", dir: "." }] });
  expect(JSON.parse(await workspace.read("package.json"))).toMatchObject({ name: "alone", version: "1.0.0" });
});

test("changes are committed, and a clone has them and nothing else", async () => {
  const workspace = await create({ packages: chain(2) });
  const first = workspace.commit();
  await workspace.edit("packages/a", (manifest) => ({ ...manifest, version: "1.1.0" }));
  await workspace.remove("packages/b");
  const second = await workspace.commitAll("Bump");
  await workspace.write("untracked.txt", "x");
  expect(second).not.toBe(first);
  const copy = await workspace.clone();
  closers.push(() => copy.dispose());
  expect(copy.commit()).toBe(second);
  expect(existsSync(join(copy.root, "untracked.txt"))).toBe(false);
  expect(existsSync(join(copy.root, "packages/b"))).toBe(false);
  expect(JSON.parse(await copy.read("packages/a/package.json"))).toMatchObject({ version: "1.1.0" });
});

test("a shallow clone lacks the history", async () => {
  const workspace = await create({ packages: chain(1) });
  await workspace.commitAll("Nothing");
  const copy = await workspace.clone({ depth: 1 });
  closers.push(() => copy.dispose());
  expect(await copy.git("rev-list", "--count", "HEAD")).toBe("1");
  expect(await workspace.git("rev-list", "--count", "HEAD")).toBe("2");
});

test("a dependency list names siblings only", async () => {
  await expect(createWorkspace({ packages: [{ name: "a", dependencies: ["b"] }] })).rejects.toThrow(/b is no package/);
});

function edges(packages: readonly PackageSpec[]): readonly string[] {
  return packages.map(({ name, dependencies = [] }) => `${name}: ${Object.values(dependencies).join()}`);
}

test("shapes have the edges they promise", () => {
  expect(edges(chain(3))).toEqual(["@demo/a: ", "@demo/b: @demo/a", "@demo/c: @demo/b"]);
  expect(edges(layers([2, 1, 1]))).toEqual(["@demo/a: ", "@demo/b: ", "@demo/c: @demo/a,@demo/b", "@demo/d: @demo/c"]);
  expect(twelveWithDiamonds()).toHaveLength(12);
  expect(new Set(layers([10, 20, 30]).map((spec) => spec.name)).size).toBe(60);
});
