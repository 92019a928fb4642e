/** Packing a plan into its folder, without a command line: what is said of the tarballs, and what is warned of. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Plan, type Tarball } from "@slipway/core";
import { createWorkspace, plainOptions, type WorkspaceSpec } from "@slipway/testkit";
import { expect, test } from "vitest";
import { type PackedRelease, packRelease } from "../../src/release-packer.ts";
import { createTarballStore, openReleaseFolder, writeTarball } from "../../src/release-folder.ts";
import { systemClock } from "../../src/system-clock.ts";
import { readWorkspace } from "../../src/workspace-reader.ts";

interface Packing {
  readonly pack: (
    written?: ReadonlyMap<string, string>,
  ) => Promise<PackedRelease & { readonly reused: readonly string[] }>;
  readonly dir: string;
  readonly close: () => Promise<void>;
}

async function preparePacking(spec: WorkspaceSpec): Promise<Packing> {
  const made = await createWorkspace(spec);
  const dir = await mkdtemp(join(tmpdir(), "slipway-folder-"));
  const folder = await openReleaseFolder(dir);
  const workspace = await readWorkspace(made.root);
  const registry = "http://127.0.0.1:1/";
  const plan: Plan = {
    schema: 1,
    releaseId: "0123456789ab",
    source: { repository: undefined, commit: undefined, isClean: false },
    options: plainOptions,
    packages: workspace.packages.map(({ name, version, dir }) => ({
      name,
      version,
      dir,
      registry,
      isNew: true,
      previous: undefined,
      scriptsNotRun: [],
    })),
    steps: [],
    kept: [],
    tarballs: undefined,
    warnings: [],
  };
  return {
    pack: async (written = new Map()) => {
      const reused: string[] = [];
      const packed = await packRelease({
        plan,
        workspace,
        dir,
        written,
        order: workspace.packages.map((item) => item.name),
        env: {},
        readSecretNames: async () => [],
        takeEarly: () => undefined,
        clock: systemClock,
        signal: new AbortController().signal,
        onPacked: (tarball, isReused) => {
          if (isReused) reused.push(tarball.spec);
        },
        onScript: () => undefined,
        onTool: () => undefined,
        onOutput: () => undefined,
      });
      return { ...packed, reused };
    },
    dir,
    close: async () => {
      await folder.close();
      await rm(dir, { recursive: true });
      await made.dispose();
    },
  };
}

test("a tarball that was sent before is described as it was when it was packed", async () => {
  const packing = await preparePacking({ packages: [{ name: "@demo/a", files: { "text.txt": "x".repeat(5000) } }] });
  const first = await packing.pack();
  const tarballs: readonly Tarball[] = first.plan.tarballs ?? [];
  const again = await packing.pack(new Map(tarballs.map((item) => [item.spec, item.integrity])));
  expect(again.reused).toEqual(["@demo/a@1.0.0"]);
  expect(again.plan.tarballs).toEqual(tarballs);
  expect(tarballs[0]?.unpackedSizeBytes).toBeGreaterThan(5000);
  await packing.close();
});

test("a tarball leaves memory when it is first read, and is then read from the folder and held to its hash", async () => {
  const packing = await preparePacking({ packages: [{ name: "a", files: { "README.md": "read me" } }] });
  const { plan, contents } = await packing.pack();
  const store = createTarballStore(packing.dir, plan, contents);
  const first = await store.read("a", "1.0.0");
  expect(first.files?.readme?.text).toBe("read me");
  expect(contents.size).toBe(0);
  const second = await store.read("a", "1.0.0");
  expect(second).toMatchObject({ integrity: first.integrity, manifest: first.manifest });
  writeTarball(packing.dir, "a", "1.0.0", Buffer.from("edited"));
  await expect(store.read("a", "1.0.0")).rejects.toThrow("not what pack made");
  await packing.close();
});

const targets: readonly { readonly what: string; readonly manifest: object; readonly warnings: readonly RegExp[] }[] = [
  { what: "main", manifest: { main: "dist/index.js" }, warnings: [/main names dist\/index\.js, which is not in/] },
  { what: "bin as a text", manifest: { bin: "./cli.js" }, warnings: [/bin @demo\/a names \.\/cli\.js/] },
  { what: "one of two commands", manifest: { bin: { a: "index.js", b: "b.js" } }, warnings: [/bin b names b\.js/] },
  { what: "types", manifest: { types: "./index.d.ts" }, warnings: [/types names \.\/index\.d\.ts/] },
  { what: "typings", manifest: { typings: "x.d.ts" }, warnings: [/typings names x\.d\.ts/] },
  { what: "exports as a text", manifest: { exports: "./no.js" }, warnings: [/exports names \.\/no\.js/] },
  {
    what: "nested conditions of exports",
    manifest: { exports: { ".": { import: { types: "./no.d.ts", default: "./index.js" }, require: "./no.cjs" } } },
    warnings: [/exports\["\."\]\["import"\]\["types"\] names \.\/no\.d\.ts/, /\["require"\] names \.\/no\.cjs/],
  },
  {
    what: "publishConfig.main",
    manifest: { publishConfig: { main: "x.js" } },
    warnings: [/publishConfig\.main had no effect/],
  },
  { what: "main without an ending", manifest: { main: "./index" }, warnings: [] },
  { what: "main of a folder", manifest: { main: "lib" }, warnings: [] },
  { what: "types without an ending", manifest: { types: "lib/index" }, warnings: [] },
  {
    what: "patterns, folders, null, lists, strange conditions and false",
    manifest: {
      main: "",
      bin: {},
      types: false,
      exports: {
        "./*": "./no/*.js",
        "./no/": "./no/",
        "./gone": null,
        "./list": ["./no.js", "./index.js"],
        "./own": { "demo-source": "./src/no.ts", default: "./index.js" },
      },
    },
    warnings: [],
  },
];

test.each(targets)(
  "a warning names what $what leads to and is not packed: $warnings",
  async ({ manifest, warnings }) => {
    const files = { "lib/index.js": "", "lib/index.d.ts": "" };
    const packing = await preparePacking({ packages: [{ name: "@demo/a", manifest: { ...manifest }, files }] });
    const packed = await packing.pack();
    expect(packed.warnings).toEqual(warnings.map((warning) => expect.stringMatching(warning)));
    for (const warning of packed.warnings) expect(warning).toMatch(/^@demo\/a@1\.0\.0: /);
    await packing.close();
  },
);
