import { createHash } from "node:crypto";
import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ProblemsError } from "@slipway/core";
import libnpmpack from "libnpmpack";
import { expect, test } from "vitest";
import { listTarball } from "../../src/tarball/list-tarball.ts";
import { packPackage } from "../../src/tarball/pack.ts";
import { readPackageManifest } from "../../src/tarball/package-manifest.ts";
import { readFiles } from "../../src/tarball/read-files.ts";
import { manifestText, type Tree, withTree } from "./package-tree.ts";

async function failureOf(run: Promise<unknown>): Promise<readonly string[]> {
  const error = await run.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof ProblemsError)) throw new Error("no problem was thrown", { cause: error });
  return error.problems.map((problem) => `${problem.code} ${problem.message}`);
}

test("a packed tarball says what it is", async () => {
  const tree: Tree = {
    "package.json": manifestText({ name: "@scope/name", bin: "cli.js" }),
    "cli.js": "#!/usr/bin/env node\n",
    "lib/a.js": { contents: "12345", mode: 0o664 },
  };
  await withTree(tree, async (dir) => {
    const packed = await packPackage(dir);
    expect(packed.integrity).toBe(`sha512-${createHash("sha512").update(packed.bytes).digest("base64")}`);
    expect(packed.shasum).toBe(createHash("sha1").update(packed.bytes).digest("hex"));
    expect(packed.sizeBytes).toBe(packed.bytes.length);
    expect(packed.manifest).toMatchObject({ name: "@scope/name", version: "1.0.0", bin: "cli.js" });
    expect(packed.files).toEqual([
      { path: "lib/a.js", sizeBytes: 5, mode: 0o644 },
      { path: "cli.js", sizeBytes: 20, mode: 0o755 },
      {
        path: "package.json",
        sizeBytes: Buffer.byteLength(manifestText({ name: "@scope/name", bin: "cli.js" })),
        mode: 0o644,
      },
    ]);
    expect(packed.unpackedSizeBytes).toBe(packed.files.reduce((sum, file) => sum + file.sizeBytes, 0));
  });
});

test("packing twice, and several packages at once, makes the same bytes", async () => {
  await withTree({ "package.json": manifestText(), "a.js": "a".repeat(100_000) }, async (dir) => {
    const integrities = await Promise.all(Array.from({ length: 8 }, async () => (await packPackage(dir)).integrity));
    expect(new Set(integrities).size).toBe(1);
  });
});

test("a release folder and whatever else is to be left out never get into a tarball", async () => {
  const release: Tree = {
    ".slipway/1f2e/plan.json": "{}",
    ".slipway/1f2e/tarballs/x.tgz": "x",
    "out/y.tgz": "y",
    "out.js": "x",
  };
  for (const fields of [
    {},
    { files: ["**"] },
    { files: [".slipway", "out", "out.js"], main: ".slipway/1f2e/plan.json" },
    { bundleDependencies: ["none"] },
  ])
    await withTree({ "package.json": manifestText(fields), ...release }, async (dir) => {
      const { files } = await packPackage(dir, { leaveOut: [join(dir, "out")] });
      expect(files.map((file) => file.path).sort()).toEqual(["out.js", "package.json"]);
      expect((await packPackage(dir, { leaveOut: ["out/y.tgz", "out.js"] })).files).toHaveLength(1);
    });
});

test.for<{ name: string; tree: Tree; says: string }>([
  { name: "no package.json", tree: { "a.js": "x" }, says: "package.json cannot be read" },
  { name: "a package.json that is no JSON", tree: { "package.json": "{" }, says: "package.json is not JSON" },
  {
    name: "a package.json that is a list",
    tree: { "package.json": "[]" },
    says: "package.json does not hold an object",
  },
  { name: "a package without a version", tree: { "package.json": '{"name":"x"}' }, says: "has no name or no version" },
  { name: "a package.json that is a folder", tree: { "package.json/": "" }, says: "is not a file of its own" },
  {
    name: "a package.json that is a symbolic link",
    tree: { "real.json": manifestText(), "package.json": { symlinkTo: "real.json" } },
    says: "is not a file of its own",
  },
  {
    name: "files that is an object",
    tree: { "package.json": manifestText({ files: {} }) },
    says: "cannot pack fixture@1.0.0: files in package.json is not a list",
  },
  {
    name: "files that holds a number",
    tree: { "package.json": manifestText({ files: ["a", 1] }) },
    says: "holds something but text",
  },
  {
    name: "an ignore file that is a folder",
    tree: { "package.json": manifestText(), ".npmignore/": "" },
    says: "cannot pack fixture@1.0.0: EISDIR",
  },
])("a package that cannot be packed is a coded problem: $name", async ({ tree, says }) => {
  await withTree(tree, async (dir) => {
    const [message = "", ...more] = await failureOf(packPackage(dir));
    expect(message).toContain("SLIP_PACK_FAILED cannot pack ");
    expect(message).toContain(says);
    expect(more).toEqual([]);
  });
});

test.for<{ name: string; read: () => Buffer; says: string }>([
  {
    name: "cannot be read",
    read: () => {
      throw Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" });
    },
    says: "lib/a.js cannot be read",
  },
  { name: "grew", read: () => Buffer.from("xx"), says: "lib/a.js changed while it was packed" },
  { name: "shrank", read: () => Buffer.alloc(0), says: "lib/a.js changed while it was packed" },
])("a file that $name is named", async ({ read, says }) => {
  await withTree({ "package.json": manifestText(), "lib/a.js": "x" }, async (dir) => {
    const manifest = await readPackageManifest(dir);
    const problems = await failureOf(
      Promise.resolve().then(() => readFiles(manifest, ["package.json", "lib/a.js"], read)),
    );
    expect(problems).toEqual([`SLIP_PACK_FAILED cannot pack fixture@1.0.0: ${says}`]);
  });
});

test("a file that is gone, and one that no archive takes, are named", async () => {
  await withTree({ "package.json": manifestText(), "huge.bin": "" }, async (dir) => {
    const manifest = await readPackageManifest(dir);
    const gone = Promise.resolve().then(() => readFiles(manifest, ["gone.js"]));
    expect(await failureOf(gone)).toEqual(["SLIP_PACK_FAILED cannot pack fixture@1.0.0: gone.js cannot be read"]);
    // Sparse: it takes no room.
    await truncate(join(dir, "huge.bin"), 2 ** 31);
    expect(await failureOf(packPackage(dir))).toEqual([
      "SLIP_PACK_FAILED cannot pack fixture@1.0.0: huge.bin is larger than 2147483647 bytes",
    ]);
  });
});

test("a second name of a packed file is refused, because an install leaves out what npm makes of it", async () => {
  await withTree({ "package.json": manifestText(), "a.js": "x", "b.js": { hardlinkTo: "a.js" } }, async (dir) => {
    const byNpm = await listTarball(await libnpmpack(`file:${dir}`, { ignoreScripts: true }));
    expect(byNpm.entries.map(({ path, type }) => [path, type])).toContainEqual(["b.js", "other"]);
    expect(await failureOf(packPackage(dir))).toEqual([
      "SLIP_PACK_FAILED cannot pack fixture@1.0.0: b.js is a hard link to a.js: make it a file of its own",
    ]);
  });
  const left: Tree = { "package.json": manifestText({ files: ["a.js"] }), "a.js": "x", "b.js": { hardlinkTo: "a.js" } };
  await withTree(left, async (dir) => expect((await packPackage(dir)).files).toHaveLength(2));
});

// Only Linux takes such names.
test.runIf(process.platform === "linux")(
  "a name that is not UTF-8 is a problem, unless it is left out anyway",
  async () => {
    await withTree({ "package.json": manifestText({ files: ["lib"] }), "lib/a.js": "x" }, async (dir) => {
      await writeFile(Buffer.concat([Buffer.from(`${dir}/`), Buffer.from([0xff, 0xfe])]), "x");
      expect((await packPackage(dir)).files).toHaveLength(2);
      await writeFile(Buffer.concat([Buffer.from(`${dir}/lib/b`), Buffer.from([0xff])]), "x");
      expect(await failureOf(packPackage(dir))).toEqual([
        "SLIP_PACK_FAILED cannot pack fixture@1.0.0: the name of lib/b\uFFFD is not UTF-8",
      ]);
    });
  },
);

test("overrides of bundled packages are refused, as npm refuses them", async () => {
  const tree: Tree = {
    "package.json": manifestText({
      dependencies: { one: "^1.0.0" },
      overrides: { two: "2.0.0" },
      bundleDependencies: ["one"],
    }),
    "node_modules/one/package.json": manifestText({ name: "one", version: "1.0.0", dependencies: { two: "^1.0.0" } }),
    "node_modules/two/package.json": manifestText({ name: "two", version: "2.0.0" }),
  };
  await withTree(tree, async (dir) => {
    expect(await failureOf(packPackage(dir))).toEqual([
      "SLIP_PACK_FAILED cannot pack fixture@1.0.0: overrides in package.json affect bundled packages: two",
    ]);
    await expect(libnpmpack(`file:${dir}`, { ignoreScripts: true })).rejects.toThrow(
      /affects a bundled package \(two\)/,
    );
  });
});

test("the manifest of a packed tarball is the one that is read from it", async () => {
  await withTree({ "package.json": manifestText({ description: "ü \u2028" }) }, async (dir) => {
    const packed = await packPackage(dir);
    expect((await listTarball(packed.bytes)).manifest).toEqual(packed.manifest);
  });
});
