/**
 * Holds examples/vextrus to request 001, and does in a copy what its README says: build, check, test, document. What its
 * packages are to those who install them is judged by publint and attw. Releasing it is the business of test/e2e/vextrus.test.ts.
 */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { npm, runProcess, type TestWorkspace } from "@slipway/testkit";
import { publint } from "publint";
import { afterAll, beforeAll, expect, test } from "vitest";
import { copyVextrus, readManifests, runIn, tools, vextrus } from "./vextrus-copy.ts";

/** The list of request 001, and what each package needs of the others. */
const inventory: Readonly<Record<string, readonly string[]>> = {
  "@vextrus/contracts": ["@vextrus/kernel"],
  "@vextrus/distributed-transactions": ["@vextrus/contracts", "@vextrus/kernel", "@vextrus/utils"],
  "@vextrus/kernel": [],
  "@vextrus/utils": ["@vextrus/kernel"],
};

/** Compiler, TypeDoc and attw want a few seconds each of a machine that is theirs, and it is not. */
const slow = { timeout: 180_000 };

let workspace: TestWorkspace;
let tarballs = "";

beforeAll(async () => {
  workspace = await copyVextrus();
  tarballs = await mkdtemp(join(tmpdir(), "slipway-vextrus-"));
  await runIn(workspace.root, "npm", "run", "build");
});

afterAll(async () => {
  await workspace.dispose();
  await rm(tarballs, { recursive: true, force: true });
});

test("the example has the packages and versions of request 001, and each can be published as it is", async () => {
  const manifests = await readManifests(vextrus);
  expect([...manifests.keys()].sort()).toEqual(Object.keys(inventory));
  for (const [name, manifest] of manifests) {
    const folder = name.slice("@vextrus/".length);
    const dependencies = (inventory[name] ?? []).map((item) => [item, "^1.0.0"]);
    expect(manifest.dependencies ?? {}, name).toEqual(Object.fromEntries(dependencies));
    expect(manifest).toMatchObject({
      version: "1.0.0",
      license: "MIT",
      publishConfig: { access: "public" },
      repository: { directory: `examples/vextrus/packages/${folder}` },
    });
    expect(manifest["private"], name).toBeUndefined();
    const files = await readdir(join(vextrus, "packages", folder));
    expect(files, name).toEqual(expect.arrayContaining(["LICENSE", "README.md", "src", "test"]));
  }
});

test("a person who installs it by itself gets the tools that are tested here", async () => {
  const { devDependencies } = JSON.parse(await readFile(join(vextrus, "package.json"), "utf8"));
  const { packages } = JSON.parse(await readFile(join(vextrus, "package-lock.json"), "utf8"));
  expect(Object.keys(devDependencies).sort()).toEqual(Object.keys(tools).sort());
  for (const [name, folder] of Object.entries(tools)) {
    const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    if (name !== "@types/node")
      expect({ name, version: packages[`node_modules/${name}`].version }).toEqual({ name, version });
  }
  for (const [name, manifest] of await readManifests(vextrus)) {
    const locked = packages[`packages/${name.slice("@vextrus/".length)}`];
    expect({ version: locked.version, dependencies: locked.dependencies }, name).toEqual({
      version: manifest.version,
      dependencies: manifest.dependencies,
    });
  }
});

test("sources and tests of the example pass its compiler, and its tests pass", slow, async () => {
  await runIn(workspace.root, "npm", "run", "check");
  const { stdout } = await runIn(workspace.root, "npm", "test");
  expect(stdout).toMatch(/^\S+ fail 0$/m);
  expect(stdout).toMatch(/^\S+ skipped 0$/m);
  expect(Number(/^\S+ pass (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(45);
});

test("publint and attw find nothing to say about the tarballs, from node10 to bundlers", slow, async () => {
  const folders = await readdir(join(workspace.root, "packages"));
  const args = folders.flatMap((folder) => ["--workspace", `packages/${folder}`]);
  const packed = await npm(["pack", "--silent", "--pack-destination", tarballs, ...args], { cwd: workspace.root });
  expect(packed.code, packed.stderr).toBe(0);
  const files = await readdir(tarballs);
  expect(files.length).toBe(4);
  const attw = join(
    dirname(createRequire(import.meta.url).resolve("@arethetypeswrong/cli/package.json")),
    "dist",
    "index.js",
  );
  for (const file of files) {
    const bytes = await readFile(join(tarballs, file));
    const { messages } = await publint({ pack: { tarball: new Uint8Array(bytes).buffer }, strict: true });
    expect(messages, file).toEqual([]);
    const types = await runProcess(process.execPath, [attw, join(tarballs, file), "--format", "json"]);
    expect(types.code, types.stdout + types.stderr).toBe(0);
    const { analysis } = JSON.parse(types.stdout);
    expect(analysis.problems, file).toEqual([]);
    expect(Object.keys(analysis.entrypoints["."].resolutions).sort()).toEqual([
      "bundler",
      "node10",
      "node16-cjs",
      "node16-esm",
    ]);
  }
});

/** Names that a declaration file exports, types included. */
function exportsOf(declarations: string): readonly string[] {
  const list = /^export \{ ([^}]+) \};$/m.exec(declarations)?.[1] ?? "";
  return list.split(", ").map((item) => item.replace(/^type /, ""));
}

test("TypeDoc makes a page for every symbol that the packages export, without a warning", slow, async () => {
  await runIn(workspace.root, "npm", "run", "docs");
  const docs = join(workspace.root, "docs");
  const pages = new Set(
    (
      await Promise.all(["classes", "functions", "interfaces", "types"].map((kind) => readdir(join(docs, kind))))
    ).flat(),
  );
  for (const name of Object.keys(inventory)) {
    const folder = name.slice("@vextrus/".length);
    const declarations = await readFile(join(workspace.root, "packages", folder, "dist", "index.d.mts"), "utf8");
    const symbols = exportsOf(declarations);
    expect(symbols.length, name).toBeGreaterThan(15);
    const missing = symbols.filter((symbol) => !pages.has(`_vextrus_${folder}.${symbol}.html`));
    expect(missing, name).toEqual([]);
    expect(await readFile(join(docs, "modules", `_vextrus_${folder}.html`), "utf8")).toContain("v1.0.0");
  }
  const page = await readFile(
    join(docs, "functions", "_vextrus_distributed-transactions.createIdempotency.html"),
    "utf8",
  );
  expect(page).toContain("runs work once for each key");
});
