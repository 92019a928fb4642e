/**
 * Finds the program of a workspace's package manager, and asks it for its version: the one that the workspace brings along, else
 * the first on PATH. Must not download one; a corepack shim on PATH does, when it has no program yet.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  fail,
  findVersionFault,
  isJsonObject,
  type PackageManager,
  type PackageManagerName,
  satisfies,
} from "@slipway/core";
import type { Environment } from "../tarball/script-environment.ts";
import { runTool, type ToolSurroundings } from "./run-tool.ts";

export type ForeignManager = Exclude<PackageManagerName, "npm">;

export interface Tool {
  readonly name: ForeignManager;
  readonly version: string;
  readonly command: readonly [string, ...string[]];
}

interface Candidate {
  readonly command: readonly [string, ...string[]];
  /** For messages: relative to the workspace root, or `PATH`. */
  readonly where: string;
}

/** Older ones pack one package at a time (pnpm 10.10), or do not know the protocols. */
const versionsUnderstood: Readonly<Record<ForeignManager, string>> = { pnpm: ">=10.11", yarn: ">=4", bun: ">=1.2" };

/** The package on the registry that holds the program. */
const packageOf: Readonly<Record<ForeignManager, string>> = { pnpm: "pnpm", yarn: "@yarnpkg/cli-dist", bun: "bun" };

const versionTimeoutMs = 30_000;

/**
 * What the tools must not do while they only pack. pnpm would fetch the version that `packageManager` names, and note it in
 * pnpm-lock.yaml (12.21; 10 has the second setting): a release is not the time for either. Corepack would ask on the terminal.
 */
export const toolEnvironment: Readonly<Record<string, string>> = {
  pnpm_config_pm_on_fail: "ignore",
  npm_config_manage_package_manager_versions: "false",
  YARN_ENABLE_TELEMETRY: "0",
  COREPACK_ENABLE_DOWNLOAD_PROMPT: "0",
};

/**
 * Throws `SLIP_TOOL_MISSING` when there is none that starts, and `SLIP_TOOL_VERSION` when it says no version, or one that is not
 * of the major version that the workspace pins.
 */
export async function findTool(
  root: string,
  manager: PackageManager & { readonly name: ForeignManager },
  surroundings: ToolSurroundings,
): Promise<Tool> {
  const tried: string[] = [];
  for (const { command, where } of listCandidates(root, manager.name)) {
    const { end, firstLines, lastLines } = await runTool({
      ...surroundings,
      env: { ...surroundings.env, ...toolEnvironment },
      timeoutMs: Math.min(surroundings.timeoutMs, versionTimeoutMs),
      command,
      emptied: manager.name === "yarn" ? findYarnVariables(root, surroundings.env) : [],
      args: ["--version"],
      cwd: root,
    });
    if (end.kind === "interrupted") fail("SLIP_INTERRUPTED", `interrupted while looking for ${manager.name}`);
    if (end.kind === "failed") {
      tried.push(
        `${where}: ${end.isMissing ? "not there" : end.reason}`,
        // Yarn says what is wrong first, and then how it is used.
        ...(end.isMissing ? [] : [...new Set([...firstLines.slice(0, 3), ...lastLines.slice(-3)])]),
      );
      continue;
    }
    const version = firstLines.at(-1)?.trim();
    if (version === undefined || findVersionFault(version) !== undefined)
      return fail("SLIP_TOOL_VERSION", `${manager.name} (${where}) does not say which version it is`, {
        hint: adviseFor(manager),
        details: firstLines.slice(0, 3),
      });
    assertVersion(manager, version, where);
    return { name: manager.name, version, command };
  }
  return fail("SLIP_TOOL_MISSING", `${manager.name} packs this workspace (${manager.from}), and it cannot be run`, {
    hint: adviseFor(manager),
    details: tried,
  });
}

function adviseFor({ name, version }: PackageManager & { readonly name: ForeignManager }): string {
  const wanted = version === undefined ? "" : `@${version.replace(/\+.*$/, "")}`;
  const byCorepack = name === "bun" ? "" : ", or run `corepack enable`";
  return `install it: \`npm install --global ${packageOf[name]}${wanted}\`${byCorepack}`;
}

/** An exact version stands for its major version; a range for itself. */
export function meetsPin(version: string, pinned: string): boolean {
  return satisfies(version, findVersionFault(pinned) === undefined ? `^${pinned.split(".")[0]}.0.0-0` : pinned);
}

/** Within a major version their tarballs are alike; beyond it the lock file and the protocols may be read differently. */
function assertVersion(
  manager: PackageManager & { readonly name: ForeignManager },
  version: string,
  where: string,
): void {
  const hint = adviseFor(manager);
  if (!satisfies(version, versionsUnderstood[manager.name]))
    fail("SLIP_TOOL_VERSION", `${manager.name} ${version} (${where}) is too old to pack a workspace`, {
      hint: `use a version ${versionsUnderstood[manager.name]}; ${hint}`,
    });
  if (manager.version === undefined) return;
  const pinned = manager.version.replace(/\+.*$/, "");
  if (!meetsPin(version, pinned))
    fail(
      "SLIP_TOOL_VERSION",
      `${manager.from} asks for ${manager.name} ${pinned}, and ${version} was found (${where})`,
      {
        hint,
      },
    );
}

function listCandidates(root: string, name: ForeignManager): readonly Candidate[] {
  const own = name === "yarn" ? [findYarnPath(root)] : findNative(root, name);
  return [...own, findLocal(root, name), { command: [name] as const, where: "PATH" }].filter(
    (item) => item !== undefined,
  );
}

/** Variables that yarn's settings name: it does not start where one of them is unset, whatever it is asked to do. */
export function findYarnVariables(root: string, env: Environment): readonly string[] {
  const files = [root, env["HOME"] ?? env["USERPROFILE"]].flatMap((dir) =>
    dir === undefined ? [] : [join(dir, ".yarnrc.yml")],
  );
  const texts = files.filter((file) => existsSync(file)).map((file) => readFileSync(file, "utf8"));
  return texts.flatMap((text) => [...text.matchAll(/\$\{(\w+)/g)].flatMap(([, name]) => name ?? []));
}

/** Yarn's own way to bring itself along: `yarnPath` in .yarnrc.yml. */
function findYarnPath(root: string): Candidate | undefined {
  const settings = join(root, ".yarnrc.yml");
  if (!existsSync(settings)) return undefined;
  const [, path] =
    /^yarnPath:[ \t]*["']?([^"'\r\n#]+?)["']?[ \t]*(?:#.*)?$/m.exec(readFileSync(settings, "utf8")) ?? [];
  return path === undefined ? undefined : { command: [process.execPath, resolve(root, path)], where: path };
}

/**
 * pnpm 12 and bun are native programs in a package for each platform. Where install scripts are blocked, what stands in
 * node_modules/.bin is a placeholder: bun's says so and fails, pnpm's starts a Node first.
 */
function findNative(root: string, name: "pnpm" | "bun"): readonly Candidate[] {
  const { platform, arch } = process;
  const suffix = platform === "win32" ? ".exe" : "";
  const builds =
    name === "pnpm"
      ? ["", "-musl"].map((libc) => `@pnpm/exe.${platform}-${arch}${libc}/pnpm${suffix}`)
      : ["", "-musl"].map((libc) => {
          const system = platform === "win32" ? "windows" : platform;
          return `@oven/bun-${system}-${arch === "arm64" ? "aarch64" : arch}${libc}/bin/bun${suffix}`;
        });
  if (!existsSync(join(root, "node_modules", name, "package.json"))) return [];
  return builds
    .map((build) => `node_modules/${build}`)
    .filter((path) => existsSync(join(root, path)))
    .map((path) => ({ command: [join(root, path)], where: path }));
}

/** A dependency of the workspace root. Scripts are run by this Node, which works on every platform; npm's .cmd files do not. */
function findLocal(root: string, name: ForeignManager): Candidate | undefined {
  const folder = `node_modules/${packageOf[name]}`;
  const script = readBin(join(root, folder), name);
  if (script !== undefined && /\.[cm]?js$/.test(script))
    return { command: [process.execPath, join(root, folder, script)], where: `${folder}/${script}` };
  const path = `node_modules/.bin/${name}`;
  return existsSync(join(root, path)) ? { command: [join(root, path)], where: path } : undefined;
}

function readBin(folder: string, name: string): string | undefined {
  const path = join(folder, "package.json");
  if (!existsSync(path)) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    // Half an install: what PATH has may do.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const bin = isJsonObject(json) ? json["bin"] : undefined;
  const target = isJsonObject(bin) ? bin[name] : bin;
  return typeof target === "string" ? target : undefined;
}
