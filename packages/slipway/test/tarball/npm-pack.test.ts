/** Holds our tarballs against those of the npm on PATH, run with the Node that runs the tests: zlib differs between Nodes. */
import { execFile } from "node:child_process";
import { cp, glob, mkdir, readFile } from "node:fs/promises";
import { basename, delimiter, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { isJsonObject } from "@slipway/core";
import { expect, test } from "vitest";
import { packPackage } from "../../src/tarball/pack.ts";
import { packageCases } from "./package-cases.ts";
import { manifestText, type TreeEntry, withTree } from "./package-tree.ts";

const repository = resolve(import.meta.dirname, "../../../..");
const run = promisify(execFile);

async function runNpm(args: readonly string[], cwd: string, home: string): Promise<string> {
  const { stdout } = await run("npm", args, {
    cwd,
    maxBuffer: 64 * 1024 * 1024,
    shell: process.platform === "win32",
    env: {
      PATH: [dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter),
      HOME: home,
      npm_config_userconfig: join(home, "npmrc"),
      npm_config_globalconfig: join(home, "global-npmrc"),
      npm_config_cache: join(home, "cache"),
      npm_config_update_notifier: "false",
      npm_config_loglevel: "error",
    },
  });
  return stdout;
}

/** What npm makes of folders or workspaces, in the order asked for; nothing is written. */
async function integritiesByNpm(args: readonly string[], cwd: string, home: string): Promise<readonly string[]> {
  const stdout = await runNpm(["pack", "--dry-run", "--json", "--ignore-scripts", ...args], cwd, home);
  const answer: unknown = JSON.parse(stdout);
  // A list in npm 11, an object by package name since npm 12.
  const items: readonly unknown[] = isJsonObject(answer) ? Object.values(answer) : Array.isArray(answer) ? answer : [];
  return items.map((item) => (isJsonObject(item) ? String(item["integrity"]) : ""));
}

async function findPackages(root: string): Promise<readonly string[]> {
  const dirs: string[] = [];
  for await (const path of glob("packages/*/package.json", { cwd: root })) dirs.push(dirname(path));
  return dirs.sort();
}

/** Copies a workspace, so that nothing changes between our packing and npm's. */
async function copyWorkspace(from: string, to: string): Promise<void> {
  await cp(join(from, "packages"), join(to, "packages"), {
    recursive: true,
    filter: (path) => basename(path) !== "node_modules",
  });
  for (const name of ["package.json", ".gitignore", ".npmignore"])
    await cp(join(from, name), join(to, name)).catch((cause: unknown) => {
      if (name === "package.json") throw cause;
    });
}

test.for(["the repository", "examples/hai3"])("npm pack makes the same bytes of every package of %s", async (place) => {
  await withTree({ "home/": "", "workspace/": "" }, async (top) => {
    const root = join(top, "workspace");
    await copyWorkspace(place === "the repository" ? repository : join(repository, place), root);
    const dirs = await findPackages(root);
    expect(dirs.length).toBeGreaterThan(1);
    const theirs = await Promise.all(
      dirs.map((dir) => integritiesByNpm(["--workspace", dir], root, join(top, "home"))),
    );
    const ours = await Promise.all(
      dirs.map(async (dir) => [(await packPackage(join(root, dir), { workspaceRoot: root })).integrity]),
    );
    expect(dirs.map((dir, index) => [dir, ours[index]])).toEqual(dirs.map((dir, index) => [dir, theirs[index]]));
  });
});

test("npm pack makes the same bytes of packages with peculiarities", async () => {
  const npmMajor = await withTree({}, async (home) => Number.parseInt(await runNpm(["--version"], home, home), 10));
  const cases = packageCases.filter((item) => npmMajor >= 12 || item.unlikeNpm11 === undefined);
  expect(cases.length).toBeGreaterThan(20);
  const trees = Object.fromEntries(
    cases
      .filter((item) => item.isInWorkspace !== true)
      .flatMap((item, index) =>
        Object.entries(item.tree).map(([path, entry]) => [`${index}/${path}`, relocate(entry, index)]),
      ),
  );
  await withTree({ "home/": "", ...trees }, async (root) => {
    const alone = cases.filter((item) => item.isInWorkspace !== true);
    const dirs = alone.map((_, index) => join(root, String(index)));
    const theirs = await integritiesByNpm(dirs, root, join(root, "home"));
    const ours = await Promise.all(dirs.map(async (dir) => (await packPackage(dir)).integrity));
    expect(alone.map((item, index) => [item.name, ours[index]])).toEqual(
      alone.map((item, index) => [item.name, theirs[index]]),
    );
  });
});

/** The entry of one case in a tree of all: its package has a name of its own for npm 12. */
function relocate(entry: TreeEntry, index: number): TreeEntry {
  const rename = (text: string): string => text.replace('"fixture"', `"fixture-${index}"`);
  if (typeof entry === "string") return rename(entry);
  if (Buffer.isBuffer(entry)) return entry;
  return "contents" in entry && typeof entry.contents === "string"
    ? { ...entry, contents: rename(entry.contents) }
    : entry;
}

test.for(packageCases.filter((item) => item.isInWorkspace === true))(
  "npm pack makes the same bytes: $name",
  async (item) => {
    await withTree(
      { "home/": "", ...Object.fromEntries(Object.entries(item.tree).map(([path, entry]) => [`root/${path}`, entry])) },
      async (top) => {
        const root = join(top, "root");
        const dir = item.dir ?? ".";
        const ours = await packPackage(join(root, dir), { workspaceRoot: root });
        expect(await integritiesByNpm(["--workspace", dir], root, join(top, "home"))).toEqual([ours.integrity]);
      },
    );
  },
);

test("the file that npm pack writes is the one we make", async () => {
  await withTree(
    { "package/package.json": manifestText({ files: ["a"] }), "package/a/b.js": "x", "home/": "" },
    async (root) => {
      const destination = join(root, "out");
      await mkdir(destination);
      await runNpm(["pack", join(root, "package"), "--pack-destination", destination], root, join(root, "home"));
      const ours = await packPackage(join(root, "package"));
      expect(Buffer.compare(ours.bytes, await readFile(join(destination, "fixture-1.0.0.tgz")))).toBe(0);
    },
  );
});
