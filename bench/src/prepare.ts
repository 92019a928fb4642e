/** Prepares the workspace in the flavour of each package manager, and ready tarballs of it. Nothing here is timed. */
import { execFile } from "node:child_process";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";

import type { BenchPackage } from "./generate.ts";
import { getProgram } from "./programs.ts";
import type { Program, ProgramId } from "./programs.ts";
import type { UploadItem } from "./raw-upload.ts";

const run = promisify(execFile);

/** What a workspace is set up for. A tool that finds the marks of another package manager would leave the work to it. */
export type Flavour = "npm" | "pnpm" | "yarn";

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

export function npmrcPath(home: string): string {
  return join(home, ".npmrc");
}

async function git(workspace: string, home: string, ...args: readonly string[]): Promise<void> {
  const author = ["-c", "user.name=bench", "-c", "user.email=bench@git.example", "-c", "core.autocrlf=false"];
  const options = { cwd: workspace, env: isolatedEnv(home), maxBuffer: 64 * 1024 * 1024 };
  await run("git", [...author, ...args], options);
}

const originUrl = "https://git.example/bench/workspace.git";
const ignored = "node_modules/\n.slipway/\n.yarn/\n.nx/\n";
const changesetsConfig = {
  changelog: false,
  commit: false,
  access: "public",
  baseBranch: "main",
};

/** What each flavour adds to the packages. Configuration that stays out of the way of the others is in all of them. */
function flavourFiles(flavour: Flavour): Readonly<Record<string, string>> {
  const shared = {
    ".gitignore": ignored,
    "lerna.json": json({ version: "independent", npmClient: "npm" }),
    ".changeset/config.json": json(changesetsConfig),
  };
  switch (flavour) {
    case "npm":
      // Changesets asks the lock file which package manager this is.
      return { ...shared, "package-lock.json": json({ lockfileVersion: 3, requires: true, packages: {} }) };
    case "pnpm":
      return {
        ...shared,
        "pnpm-workspace.yaml": "packages:\n  - packages/*\n  - packages/@*/*\n",
        "pnpm-lock.yaml": `lockfileVersion: '9.0'\n`,
      };
    case "yarn":
      return {
        ...shared,
        ".yarnrc.yml": "nodeLinker: node-modules\nenableTelemetry: false\nunsafeHttpWhitelist:\n  - 127.0.0.1\n",
        "yarn.lock": "",
      };
  }
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/**
 * Makes the workspace in `source`, which holds the packages and the root's package.json, one of a flavour: a git repository
 * whose first commit is empty and whose second adds all packages.
 */
export async function makeFlavour(
  source: string,
  flavour: Flavour,
  programs: ReadonlyMap<ProgramId, Program>,
  folder: string = join(dirname(source), `${basename(source)}-${flavour}`),
): Promise<string> {
  const home = join(dirname(folder), "prepare-home");
  await mkdir(home, { recursive: true });
  await cp(source, folder, { recursive: true, filter: (path) => basename(path) !== ".git" });
  for (const [path, text] of Object.entries(flavourFiles(flavour))) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  if (flavour === "yarn") {
    // It publishes only from what it has installed.
    const yarn = getProgram(programs, "yarn");
    await run(yarn.file, [...yarn.args, "install"], { cwd: folder, env: isolatedEnv(home) });
  }
  await git(folder, home, "init", "--quiet", "--initial-branch=main");
  await git(folder, home, "remote", "add", "origin", originUrl);
  await git(folder, home, "commit", "--quiet", "--allow-empty", "--message=nothing yet");
  await git(folder, home, "add", "--all");
  // Published packages bring ignore files of their own.
  await git(folder, home, "add", "--force", "packages");
  await git(folder, home, "commit", "--quiet", "--message=all packages");
  return folder;
}

/** A fresh clone of a workspace, as the next job of a CI system has it: nothing of an earlier run is in it. */
export async function cloneWorkspace(workspace: string, folder: string): Promise<void> {
  const home = join(dirname(workspace), "prepare-home");
  await git(workspace, home, "clone", "--quiet", workspace, folder);
  await git(folder, home, "remote", "set-url", "origin", originUrl);
}

/** Undoes what a tool left in a workspace: lerna rewrites manifests, and not all of them clean up when they fail. */
export async function restoreWorkspace(workspace: string): Promise<void> {
  const home = join(dirname(workspace), "prepare-home");
  await rm(join(workspace, ".slipway"), { recursive: true, force: true });
  await git(workspace, home, "checkout", "--quiet", "--", ".");
  await git(workspace, home, "clean", "--force", "-d", "--quiet");
}

/** Packs every package of a workspace of npm. Returns what the floor uploads. */
export async function packAll(
  workspace: string,
  packages: readonly BenchPackage[],
  npm: Program,
): Promise<readonly UploadItem[]> {
  const tarballs = join(dirname(workspace), "tarballs");
  const home = join(dirname(workspace), "prepare-home");
  await Promise.all([tarballs, home].map((path) => mkdir(path, { recursive: true })));
  const args = [...npm.args, "pack", "--workspaces", "--json", "--ignore-scripts", "--pack-destination", tarballs];
  const options = { cwd: workspace, env: isolatedEnv(home), maxBuffer: 256 * 1024 * 1024 };
  const { stdout } = await run(npm.file, args, options);
  const packed: readonly { name: string; filename: string; integrity: string; shasum: string }[] = JSON.parse(stdout);
  const byName = new Map(packed.map((entry) => [entry.name, entry]));
  const items: UploadItem[] = [];
  for (const { name, version, dependencies, dir } of packages) {
    const entry = byName.get(name);
    if (entry === undefined) throw new Error(`npm pack made no tarball of ${name}`);
    const folder = join(workspace, dir);
    const manifest = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const { integrity, shasum, filename } = entry;
    items.push({ name, version, dependencies, tarball: join(tarballs, filename), folder, integrity, shasum, manifest });
  }
  return items;
}
