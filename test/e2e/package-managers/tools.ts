/**
 * The real pnpm, yarn and bun of this repository, on a PATH of their own, and how each of them installs what is on a registry.
 * Their native programs are taken as they are: where install scripts are blocked, node_modules/.bin holds placeholders.
 */
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { cleanEnvironment, createHome, type Environment, type ProcessResult, runProcess } from "@slipway/testkit";

export const managers = ["npm", "pnpm", "yarn", "bun"] as const;
export type ManagerName = (typeof managers)[number];

const { resolve } = createRequire(import.meta.url);
const modules = dirname(dirname(resolve("pnpm/package.json")));
const { platform, arch } = process;

/** Install scripts move a native program to where .bin points; blocked, they leave a placeholder there. */
function findNative(unmoved: string, name: string): string {
  return existsSync(unmoved) ? unmoved : join(modules, ".bin", name);
}

const programs: Readonly<Record<Exclude<ManagerName, "npm">, string>> = {
  pnpm: findNative(join(modules, "@pnpm", `exe.${platform}-${arch}`, "pnpm"), "pnpm"),
  yarn: join(dirname(resolve("@yarnpkg/cli-dist/package.json")), "bin", "yarn.js"),
  bun: findNative(
    join(modules, "@oven", `bun-${platform}-${arch === "arm64" ? "aarch64" : arch}`, "bin", "bun"),
    "bun",
  ),
};

export interface Tools {
  /** PATH with the programs first, and this Node. */
  readonly path: string;
  /** Takes a program away from the PATH, or puts another in its place. */
  readonly pathWith: (changes: Readonly<Partial<Record<ManagerName, string | undefined>>>) => Promise<string>;
  remove(): Promise<void>;
}

/** `changes` are texts of shell scripts that take the place of a program; undefined leaves it out. */
async function makeBin(changes: Readonly<Partial<Record<ManagerName, string | undefined>>>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "slipway-bin-"));
  await symlink(process.execPath, join(dir, "node"));
  for (const [name, program] of Object.entries(programs))
    if (!(name in changes)) await symlink(program, join(dir, name));
  for (const [name, text] of Object.entries(changes)) {
    if (text === undefined) continue;
    await writeFile(join(dir, name), text);
    await chmod(join(dir, name), 0o755);
  }
  return dir;
}

/** The rest of PATH without folders of node_modules: what is meant to be missing must not be found there. */
function systemPath(): readonly string[] {
  return (process.env["PATH"] ?? "").split(delimiter).filter((folder) => !folder.includes("node_modules"));
}

export async function createTools(): Promise<Tools> {
  const made: string[] = [];
  const pathWith: Tools["pathWith"] = async (changes) => {
    const dir = await makeBin(changes);
    made.push(dir);
    return [dir, ...systemPath()].join(delimiter);
  };
  return {
    path: await pathWith({}),
    pathWith,
    remove: async () => {
      for (const dir of made) await rm(dir, { recursive: true, force: true });
    },
  };
}

export interface Surroundings {
  readonly cwd: string;
  readonly registry: string;
  readonly token?: string;
  readonly path: string;
  readonly env?: Environment;
}

/** What tests need because the packages are minutes old and the registry has no TLS. */
export function testEnvironment(registry: string, home: string): Environment {
  return {
    YARN_NPM_REGISTRY_SERVER: registry,
    YARN_UNSAFE_HTTP_WHITELIST: "127.0.0.1",
    YARN_NPM_MINIMAL_AGE_GATE: "0",
    YARN_NODE_LINKER: "node-modules",
    YARN_ENABLE_IMMUTABLE_INSTALLS: "false",
    YARN_ENABLE_TELEMETRY: "0",
    YARN_GLOBAL_FOLDER: join(home, "yarn"),
    BUN_INSTALL_CACHE_DIR: join(home, "bun"),
    BUN_CONFIG_REGISTRY: registry,
    pnpm_config_minimum_release_age: "0",
    pnpm_config_pm_on_fail: "ignore",
    pnpm_config_registry: registry,
  };
}

/** Runs a package manager in a home of its own, and throws with what it printed unless it ends well. */
export async function runManager(
  name: string,
  args: readonly string[],
  { cwd, registry, token, path, env }: Surroundings,
): Promise<ProcessResult> {
  const home = await createHome({ registry, token });
  try {
    const whole = { ...home.env, ...testEnvironment(`${registry}/`, home.dir), ...env, PATH: path };
    const result = await runProcess(name, args, { cwd, env: cleanEnvironment(whole), timeoutMs: 120_000 });
    if (result.code !== 0)
      throw new Error(`${name} ${args.join(" ")} ended with ${result.code}:\n${result.stdout}\n${result.stderr}`);
    return result;
  } finally {
    await home.remove();
  }
}

/** Installs what package.json in the folder asks for. */
export async function install(name: ManagerName, surroundings: Surroundings): Promise<void> {
  const flags = { npm: [], pnpm: ["--no-frozen-lockfile"], yarn: [], bun: [] };
  await runManager(name, ["install", ...flags[name]], surroundings);
}

export async function versionOf(name: ManagerName, surroundings: Surroundings): Promise<string> {
  return (await runManager(name, ["--version"], surroundings)).stdout.trim();
}
