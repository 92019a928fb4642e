/** Runs the real pnpm, yarn and bun for tests that compare with them: with folders of their own and without a network. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { isJsonObject, type PackageManagerName } from "@slipway/core";
import { listTarball } from "../../src/tarball/list-tarball.ts";

export type ForeignName = Exclude<PackageManagerName, "npm">;

const modules = resolve(import.meta.dirname, "../../../../node_modules");

/**
 * bun is a native program. Its install script moves it to where .bin points; where install scripts are blocked, what stands there is
 * a placeholder, and the program is still in its own package.
 */
function findProgram(manager: ForeignName): string {
  if (manager !== "bun") return join(modules, ".bin", manager);
  const [build] = readdirSync(join(modules, "@oven"));
  const unmoved = join(modules, "@oven", build ?? "", "bin/bun");
  return existsSync(unmoved) ? unmoved : join(modules, ".bin/bun");
}

/** Nothing listens there: what would ask a registry fails at once. */
const nowhere = "http://127.0.0.1:9/";

function run(manager: ForeignName, root: string, dir: string, args: readonly string[]): string {
  const home = join(root, ".home");
  return execFileSync(findProgram(manager), args, {
    cwd: join(root, dir),
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"],
      HOME: home,
      XDG_CACHE_HOME: home,
      XDG_DATA_HOME: home,
      CI: "1",
      npm_config_registry: nowhere,
      npm_config_userconfig: join(home, "npmrc"),
      BUN_CONFIG_REGISTRY: nowhere,
      YARN_ENABLE_TELEMETRY: "0",
      YARN_ENABLE_NETWORK: "0",
      YARN_ENABLE_IMMUTABLE_INSTALLS: "false",
      YARN_ENABLE_GLOBAL_CACHE: "false",
    },
  });
}

/** What packing needs: pnpm goes by its links, yarn and bun by their lock files. The workspace must depend on nothing but itself. */
export function installAlone(manager: ForeignName, root: string): void {
  run(manager, root, ".", manager === "pnpm" ? ["install", "--no-frozen-lockfile"] : ["install"]);
}

/** The manifest that the package manager's own pack writes for the package in `dir`. */
export async function packManifest(
  manager: ForeignName,
  root: string,
  dir: string,
): Promise<Readonly<Record<string, unknown>>> {
  const file = join(root, dir, "packed.tgz");
  if (manager === "pnpm") run(manager, root, dir, ["pack", "--out", file]);
  else if (manager === "yarn") run(manager, root, dir, ["pack", "--out", file]);
  else run(manager, root, dir, ["pm", "pack", "--filename", file]);
  const { manifest } = await listTarball(readFileSync(file));
  rmSync(file);
  return manifest;
}

/** Folders of the packages that the package manager itself finds, without the root, sorted. */
export function listFolders(manager: ForeignName, root: string): readonly string[] {
  const folders = listAll(manager, root);
  return folders.filter((dir) => dir !== "" && dir !== ".").sort();
}

function listAll(manager: ForeignName, root: string): readonly string[] {
  if (manager === "pnpm")
    return readList(JSON.parse(run(manager, root, ".", ["-r", "ls", "--depth", "-1", "--json"])), "path").map((path) =>
      relative(root, path),
    );
  if (manager === "yarn")
    return run(manager, root, ".", ["workspaces", "list", "--json"])
      .trim()
      .split("\n")
      .flatMap((line) => readList([JSON.parse(line)], "location"));
  run(manager, root, ".", ["install", "--lockfile-only"]);
  // The lock file is JSON with commas at the ends.
  const lock: unknown = JSON.parse(readFileSync(join(root, "bun.lock"), "utf8").replace(/,(\s*[}\]])/g, "$1"));
  rmSync(join(root, "bun.lock"));
  return isJsonObject(lock) && isJsonObject(lock["workspaces"]) ? Object.keys(lock["workspaces"]) : [];
}

function readList(value: unknown, key: string): readonly string[] {
  if (!Array.isArray(value)) throw new Error("not a list");
  return value.map((item: unknown) => {
    if (!isJsonObject(item) || typeof item[key] !== "string") throw new Error(`an entry has no ${key}`);
    return item[key];
  });
}
