/**
 * The example of request 002, released as its maintainer would: every version verified, nothing written the second time, here
 * or in a fresh clone, and what was released installs and loads.
 */
import { cp, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  createWorkspace,
  installAndImport,
  type ProcessResult,
  runSlipway,
  startVerdaccio,
  type TestWorkspace,
  type Verdaccio,
} from "@slipway/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { servedIntegrity, uploadsOf } from "./registry-truth.ts";

const example = fileURLToPath(new URL("../../examples/hai3", import.meta.url));

interface Manifest {
  readonly name: string;
  readonly version: string;
}

interface Report {
  readonly isComplete: boolean;
  readonly versions: readonly (Manifest & {
    readonly status: string;
    readonly how: string;
    readonly integrity: string;
  })[];
  readonly kept: readonly (Manifest & { readonly reason: string; readonly origin: string })[];
}

let verdaccio: Verdaccio;
let workspace: TestWorkspace;
let manifests: readonly Manifest[];
let first: ProcessResult;

const run = (args: readonly string[], of: TestWorkspace): Promise<ProcessResult> =>
  runSlipway(args, { cwd: of.root, registry: verdaccio.url, token: verdaccio.token });

function reportOf(result: ProcessResult): Report {
  return JSON.parse(result.stdout);
}

function writes(): number {
  return verdaccio.accessLog().filter((entry) => entry.isWrite).length;
}

beforeAll(async () => {
  verdaccio = await startVerdaccio();
  workspace = await createWorkspace({ packages: [] });
  await cp(example, workspace.root, { recursive: true, filter: (path) => !path.includes("node_modules") });
  await workspace.commitAll("The example");
  const folders = await readdir(join(example, "packages"));
  manifests = await Promise.all(
    folders.map(async (folder) =>
      JSON.parse(await readFile(join(example, "packages", folder, "package.json"), "utf8")),
    ),
  );
  first = await run(["publish", "--json"], workspace);
});

afterAll(async () => {
  await verdaccio.close();
  await workspace.dispose();
});

test("the nine packages are published, each once, with the bytes that were packed", async () => {
  expect(first.code, first.stderr).toBe(0);
  const report = reportOf(first);
  expect(report.isComplete).toBe(true);
  expect(report.versions.map(({ name, version, how }) => `${how} ${name}@${version}`).sort()).toEqual(
    manifests.map(({ name, version }) => `published ${name}@${version}`).sort(),
  );
  for (const { name, version, integrity } of report.versions) {
    expect(await servedIntegrity(verdaccio, name, version), name).toBe(integrity);
    expect(
      uploadsOf(verdaccio, [name]).map((entry) => entry.status),
      name,
    ).toEqual([201]);
  }
});

test("no package was sent before all that it depends on could be installed", () => {
  const sentAt = new Map<string, number>();
  const shownAt = new Map<string, number>();
  for (const { method, url, status, at, answeredAt } of verdaccio.accessLog()) {
    const path = decodeURIComponent(url).slice(1);
    if (method === "PUT" && !path.startsWith("-/")) sentAt.set(path, at);
    const [name = ""] = path.split("/-/");
    if (method === "GET" && path.endsWith(".tgz") && status === 200 && answeredAt !== undefined)
      shownAt.set(name, Math.min(answeredAt, shownAt.get(name) ?? Infinity));
  }
  let edges = 0;
  for (const manifest of manifests as readonly (Manifest & { readonly dependencies?: Record<string, string> })[])
    for (const dependency of Object.keys(manifest.dependencies ?? {})) {
      const [sent, shown] = [sentAt.get(manifest.name), shownAt.get(dependency)];
      expect(sent !== undefined && shown !== undefined && shown <= sent, `${manifest.name} -> ${dependency}`).toBe(
        true,
      );
      edges += 1;
    }
  expect(edges).toBe(14);
});

test("slipway verify confirms every version, from the workspace, from the release folder and by name", async () => {
  const [id = ""] = await readdir(join(workspace.root, ".slipway"));
  const specs = manifests.map(({ name, version }) => `${name}@${version}`);
  for (const what of [[], [join(workspace.root, ".slipway", id)], specs]) {
    const before = writes();
    const verified = await run(["verify", ...what, "--json"], workspace);
    expect(verified.code, verified.stderr + verified.stdout).toBe(0);
    const { verifications } = JSON.parse(verified.stdout) as { readonly verifications: readonly Manifest[] };
    expect(verifications.map(({ name, version }) => `${name}@${version}`).sort()).toEqual([...specs].sort());
    expect(writes()).toBe(before);
  }
});

test("a second run writes nothing and exits 0, here and in a fresh clone without the release folder", async () => {
  const clone = await workspace.clone();
  for (const place of [workspace, clone]) {
    const before = writes();
    const again = await run(["publish", "--json"], place);
    expect(again.code, again.stderr).toBe(0);
    expect(reportOf(again).isComplete).toBe(true);
    expect(writes(), "writes").toBe(before);
  }
  await clone.dispose();
});

test("neither the release folder nor what was printed holds the token", async () => {
  const home = join(workspace.root, ".slipway");
  const files = await readdir(home, { recursive: true, withFileTypes: true });
  const contents = await Promise.all(
    files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name), "latin1")),
  );
  expect(contents.length).toBeGreaterThan(12);
  const holding = [...contents, first.stdout, first.stderr].filter((text) => text.includes(verdaccio.token));
  expect(holding.length).toBe(0);
});

test("git sees a clean tree after a release", async () => {
  expect(await workspace.git("status", "--porcelain")).toBe("");
});

test("the packages install and load", async () => {
  const loaded = await installAndImport(
    manifests.map(({ name, version }) => `${name}@${version}`),
    verdaccio.url,
  );
  expect(loaded.map(({ name, version }) => ({ name, version }))).toEqual(
    manifests.map(({ name, version }) => ({ name, version })),
  );
  for (const { name, exports } of loaded) expect(exports.length, name).toBeGreaterThan(0);
});

test("the newest alpha can be had by its dist-tag, with all that it needs", async () => {
  const [cli] = await installAndImport(["@hai3/cli@alpha"], verdaccio.url);
  expect(cli?.version).toBe(manifests.find(({ name }) => name === "@hai3/cli")?.version);
});
