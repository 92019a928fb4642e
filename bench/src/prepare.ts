/** Prepares what competitors need before anything is measured: workspace, tarballs, programs. Nothing here is timed. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, realpath, writeFile } from "node:fs/promises";
import { createRequire, stripTypeScriptTypes } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import type { GeneratedPackage } from "./generate.ts";
import { writeWorkspace } from "./generate.ts";
import type { UploadItem } from "./raw-upload.ts";

const run = promisify(execFile);
const repository = fileURLToPath(new URL("../..", import.meta.url));
const cacheFolder = fileURLToPath(new URL("../.cache", import.meta.url));

/** Pinned, so that two runs of the bench compare with the same thing; the newest of the registry when this was written. */
const pnpmVersion = "12.21.0";

export interface Program {
  /** What is run, the arguments of the verb follow. */
  readonly file: string;
  readonly args: readonly string[];
  readonly version: string;
}

export interface Programs {
  /** The stripped raw-upload script. */
  readonly rawUpload: Program;
  readonly npm: Program;
  readonly pnpm: Program;
  /** The command line as it is published. */
  readonly slipway: Program;
}

/** Environment of every child: no configuration of this machine's user is read, and all run on the Node of the bench. */
export function isolatedEnv(home: string): Record<string, string> {
  return {
    PATH: `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}`,
    HOME: home,
    XDG_CACHE_HOME: join(home, "cache"),
    XDG_CONFIG_HOME: join(home, "config"),
    XDG_DATA_HOME: join(home, "data"),
    XDG_STATE_HOME: join(home, "state"),
    GIT_CONFIG_NOSYSTEM: "1",
    npm_config_userconfig: join(home, ".npmrc"),
    npm_config_cache: join(home, "npm-cache"),
    npm_config_update_notifier: "false",
    npm_config_audit: "false",
    npm_config_fund: "false",
    NO_COLOR: "1",
  };
}

/** Makes the workspace as a git repository with one commit, and packs it. Returns what the floor uploads. */
export async function prepareWorkspace(
  folder: string,
  packages: readonly GeneratedPackage[],
  npm: Program,
): Promise<{ readonly workspace: string; readonly items: readonly UploadItem[] }> {
  const workspace = join(folder, "workspace");
  const tarballs = join(folder, "tarballs");
  const home = join(folder, "prepare-home");
  await Promise.all([workspace, tarballs, home].map((path) => mkdir(path, { recursive: true })));
  await writeWorkspace(workspace, packages);
  const env = isolatedEnv(home);
  const git = (...args: string[]): Promise<unknown> => run("git", args, { cwd: workspace, env });
  await git("init", "--quiet", "--initial-branch=main");
  await git("remote", "add", "origin", "https://git.example/bench/workspace.git");
  await git("add", ".");
  const author = ["-c", "user.name=bench", "-c", "user.email=bench@git.example"];
  await git(...author, "commit", "--quiet", "--message=all packages");

  const args = [...npm.args, "pack", "--workspaces", "--json", "--pack-destination", tarballs];
  const { stdout } = await run(npm.file, args, { cwd: workspace, env, maxBuffer: 64 * 1024 * 1024 });
  const packed: readonly { name: string; filename: string; integrity: string; shasum: string }[] = JSON.parse(stdout);
  const byName = new Map(packed.map((entry) => [entry.name, entry]));
  const items: UploadItem[] = [];
  for (const { name, version, dependencies, dir } of packages) {
    const entry = byName.get(name);
    if (entry === undefined) throw new Error(`npm pack made no tarball of ${name}`);
    const manifest = JSON.parse(await readFile(join(workspace, dir, "package.json"), "utf8"));
    const { integrity, shasum, filename } = entry;
    items.push({ name, version, dependencies, tarball: join(tarballs, filename), integrity, shasum, manifest });
  }
  return { workspace, items };
}

export async function findNpm(): Promise<Program> {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  for (const folder of folders) {
    const path = join(folder, "npm");
    if (!existsSync(path)) continue;
    const script = await realpath(path);
    return { file: process.execPath, args: [script], version: await readVersion(join(dirname(script), "..")) };
  }
  throw new Error("there is no npm on the PATH");
}

async function readVersion(packageFolder: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8"));
  return String(version);
}

/** Installs pnpm once into a folder beside the bench; 70 MB that `npm ci` of the repository should not carry. */
async function findPnpm(npm: Program): Promise<Program> {
  const folder = join(cacheFolder, `pnpm-${pnpmVersion}`);
  const packageFolder = join(folder, "node_modules", "pnpm");
  if (!existsSync(join(packageFolder, "package.json"))) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "package.json"), `${JSON.stringify({ private: true })}\n`);
    const args = [...npm.args, "install", "--no-audit", "--no-fund", `pnpm@${pnpmVersion}`];
    await run(npm.file, args, { cwd: folder });
  }
  return { file: join(packageFolder, "pnpm"), args: [], version: await readVersion(packageFolder) };
}

/** Builds first: an old build would be measured in place of what the sources say. */
async function buildSlipway(npm: Program): Promise<Program> {
  await run(npm.file, [...npm.args, "run", "build"], { cwd: repository });
  const folder = join(repository, "packages", "slipway");
  return { file: process.execPath, args: [join(folder, "dist", "cli.js")], version: await readVersion(folder) };
}

async function stripRawUpload(folder: string): Promise<Program> {
  const source = await readFile(new URL("raw-upload.ts", import.meta.url), "utf8");
  const script = join(folder, "raw-upload.mjs");
  await writeFile(script, stripTypeScriptTypes(source));
  return { file: process.execPath, args: [script], version: process.version };
}

export async function preparePrograms(folder: string): Promise<Programs> {
  const npm = await findNpm();
  return {
    npm,
    rawUpload: await stripRawUpload(folder),
    pnpm: await findPnpm(npm),
    slipway: await buildSlipway(npm),
  };
}

export function verdaccioVersion(): string {
  const manifest: { readonly version: string } = createRequire(import.meta.url)("verdaccio/package.json");
  return manifest.version;
}
