/**
 * Releases the workspace of each package manager to one registry and looks at what came of it: the tarballs beside those of the
 * manager's own pack, the ranges on the registry, and what each package manager can install and load.
 */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  cleanEnvironment,
  createWorkspace,
  httpRequest,
  runProcess,
  runSlipway,
  type TestWorkspace,
  type Verdaccio,
} from "@slipway/testkit";
import { listTarball } from "../../../packages/slipway/src/tarball/list-tarball.ts";
import { createFixture, externals, released, scopeOf, tracePath } from "./fixture.ts";
import { install, type ManagerName, runManager, type Surroundings, testEnvironment, type Tools } from "./tools.ts";

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly main?: string;
  readonly dist: { readonly integrity: string };
  readonly [field: string]: unknown;
}

export interface Released {
  readonly manager: ManagerName;
  readonly version: string;
  readonly workspace: TestWorkspace;
  /** What slipway printed. */
  readonly said: string;
  /** By short name, as the registry has them. */
  readonly manifests: ReadonlyMap<string, Manifest>;
  /** Tarballs of the release folder, by short name. */
  readonly tarballs: ReadonlyMap<string, Uint8Array>;
  /** What the scripts of `base` noted, in order. */
  readonly scripts: readonly string[];
  /** What `git status` then said, ignored files included. */
  readonly left: readonly string[];
}

export async function publishExternals(registry: string, token: string): Promise<void> {
  const workspace = await createWorkspace({ packages: externals });
  const { code, stderr } = await runSlipway(["publish", "--yes"], { cwd: workspace.root, registry, token });
  await workspace.dispose();
  if (code !== 0) throw new Error(stderr);
}

async function readManifest(registry: string, name: string): Promise<Manifest> {
  const { text } = await httpRequest(`${registry}/${name.replace("/", "%2f")}`);
  const packument: { readonly versions: Readonly<Record<string, Manifest>> } = JSON.parse(text);
  const manifest = packument.versions["1.2.3"];
  if (manifest === undefined) throw new Error(`${name}@1.2.3 is not on the registry`);
  return manifest;
}

async function readFolder(root: string, scope: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const id = (await readdir(join(root, ".slipway"))).find((name) => /^[0-9a-f]{12}$/.test(name)) ?? "";
  const tarballs = join(root, ".slipway", id, "tarballs");
  const read = async (short: string) => [short, await readFile(join(tarballs, `${scope}+${short}@1.2.3.tgz`))] as const;
  return new Map(await Promise.all(released.map(read)));
}

/** Installs in a fresh workspace, commits the lock file and releases it with the command line. */
export async function releaseFixture(
  manager: ManagerName,
  version: string,
  verdaccio: Pick<Verdaccio, "url" | "token">,
  tools: Tools,
): Promise<Released> {
  const { url: registry, token } = verdaccio;
  const workspace = await createFixture(manager, version);
  const { root } = workspace;
  await install(manager, { cwd: root, registry, path: tools.path });
  await workspace.commitAll("Lock");
  // Installing runs some of them.
  await rm(join(root, tracePath), { force: true });
  const { code, stdout, stderr } = await runSlipway(["publish", "--yes"], {
    cwd: root,
    registry,
    token,
    env: { ...testEnvironment(`${registry}/`, join(root, "..")), PATH: tools.path, NODE_AUTH_TOKEN: token },
  });
  if (code !== 0) throw new Error(`slipway publish ended with ${code}: ${stdout}\n${stderr}`);
  const scope = scopeOf(manager);
  const manifests = new Map<string, Manifest>();
  for (const short of released) manifests.set(short, await readManifest(registry, `${scope}/${short}`));
  const left = (await workspace.git("status", "--short", "--ignored")).split("\n");
  const tarballs = await readFolder(root, scope);
  const scripts = (await workspace.read(tracePath)).trim().split("\n");
  return { manager, version, workspace, said: `${stdout}\n${stderr}`, manifests, tarballs, scripts, left };
}

/** What a person would type in the package's folder; the tarball is called like this, in `out`. */
const ownPack: Readonly<Record<ManagerName, (out: string) => readonly string[]>> = {
  npm: (out) => ["pack", "--pack-destination", out],
  pnpm: (out) => ["pack", "--pack-destination", out],
  yarn: (out) => ["pack", "--out", join(out, "%s-%v.tgz")],
  bun: (out) => ["pm", "pack", "--destination", out],
};

/** Packs each package by hand, one after the other, in a copy whose files have other times. */
export async function packByHand(
  { manager, workspace }: Released,
  surroundings: Omit<Surroundings, "cwd">,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const copy = await mkdtemp(join(tmpdir(), "slipway-by-hand-"));
  const out = join(copy, "out");
  const root = join(copy, "workspace");
  try {
    await cp(workspace.root, root, { recursive: true, filter: (path) => !/[\\/](\.slipway|dist)$/.test(path) });
    const tarballs = new Map<string, Uint8Array>();
    for (const short of released) {
      const cwd = join(root, "packages", short);
      for (const entry of await readdir(cwd, { withFileTypes: true }))
        if (entry.isFile()) await utimes(join(cwd, entry.name), 1_000_000, 1_000_000);
      const into = join(out, short);
      await mkdir(into, { recursive: true });
      await runManager(manager, ownPack[manager](into), { ...surroundings, cwd });
      const [file = ""] = await readdir(into);
      tarballs.set(short, await readFile(join(into, file)));
    }
    return tarballs;
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** Entries of a tarball as `path type mode digest`, sorted. */
export async function entriesOf(bytes: Uint8Array): Promise<readonly string[]> {
  const { entries } = await listTarball(bytes);
  return entries
    .map((entry) => `${entry.path} ${entry.type} ${entry.isExecutable ? "x" : "-"} ${entry.integrity}`)
    .sort();
}

const loadScript = `
const loaded = {};
for (const name of process.argv.slice(1)) loaded[name] = { ...require(name), version: require(process.cwd() + "/node_modules/" + name + "/package.json").version };
console.log(JSON.stringify(loaded));
`;

export interface LoadedModule {
  readonly name?: string;
  readonly version: string;
  readonly requires?: readonly string[];
  readonly isBuilt?: boolean;
  readonly isFolder?: boolean;
}

/** Installs all released packages of one workspace into an empty project and requires each. */
export async function installAndLoad(
  scope: string,
  installer: ManagerName,
  surroundings: Omit<Surroundings, "cwd">,
): Promise<Readonly<Record<string, LoadedModule>>> {
  const cwd = await mkdtemp(join(tmpdir(), "slipway-consumer-"));
  try {
    const dependencies = Object.fromEntries(released.map((short) => [`${scope}/${short}`, "1.2.3"]));
    await writeFile(join(cwd, "package.json"), JSON.stringify({ name: "consumer", version: "1.0.0", dependencies }));
    // Without a lock file of its own yarn looks for a project above.
    if (installer === "yarn") await writeFile(join(cwd, "yarn.lock"), "");
    await install(installer, { ...surroundings, cwd });
    const { code, stdout, stderr } = await runProcess(
      process.execPath,
      ["--eval", loadScript, "--", ...Object.keys(dependencies)],
      { cwd, env: cleanEnvironment({}) },
    );
    if (code !== 0) throw new Error(`loading what ${installer} installed ended with ${code}: ${stderr}`);
    return JSON.parse(stdout);
  } finally {
    await rm(cwd, { recursive: true, force: true, maxRetries: 5 });
  }
}
