/**
 * Reads the packages of a workspace of npm, pnpm, yarn or bun from disk. It only reads: no git, no registry, no configuration, and nothing
 * of the repository is run.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative, resolve, sep } from "node:path";
import {
  fail,
  findDuplicateNames,
  findVersionFault,
  isInnerPath,
  isJsonObject,
  type PackageManagerName,
  parseManifest,
  type Problem,
  problem,
  ProblemsError,
  resolveProtocols,
  type Workspace,
  type WorkspacePackage,
} from "@slipway/core";
import { type Detected, detectPackageManager } from "./package-managers/detect.ts";
import { readManifestPatterns, readWorkspaceSettings, type WorkspaceSettings } from "./package-managers/settings.ts";
import { findWorkspaceFolders } from "./workspace-globs.ts";

type Json = { readonly json: unknown; readonly problem?: undefined } | { readonly problem: Problem };

/** A folder that may be the root of a workspace. */
interface Root {
  readonly root: string;
  /** Parsed package.json; undefined where only pnpm-workspace.yaml makes it a root. */
  readonly manifest: unknown;
  readonly detected: Detected;
  readonly settings: WorkspaceSettings;
}

/**
 * Reads the workspace that `cwd` is in: the nearest folder above whose workspaces include the package at `cwd`, else
 * the nearest package, alone. The ranges are those that its package manager will publish. Throws a ProblemsError with all
 * problems of all manifests and of the package manager's files.
 */
export async function readWorkspace(cwd: string): Promise<Workspace> {
  const { root, manifest, detected, settings } = await findRoot(resolve(cwd));
  const { manager } = detected;
  const problems: Problem[] = [...detected.problems, ...settings.problems];
  const packages: WorkspacePackage[] = [];
  const add = (json: unknown, dir: string): void => {
    const parsed = parseManifest(json, dir, manifestPath(dir));
    problems.push(...parsed.problems);
    if (parsed.value !== undefined) packages.push(withPackDir(manager.name, parsed.value, problems));
  };
  // A root without workspaces is the workspace; one with workspaces is often only the place where they are listed.
  const isAlone = settings.patterns === undefined || settings.patterns.length === 0;
  if (isPublishable(manifest) || (isAlone && manifest !== undefined)) add(manifest, ".");
  const { folders, nested } = await findPackageFolders(root, manager.name, settings.patterns ?? []);
  problems.push(...nested);
  for (const { dir, read } of folders) {
    if (read === undefined) {
      problems.push(...findOtherManifest(root, dir, manager.name));
      continue;
    }
    if (!isInnerPath(dir)) {
      const message = `the folder ${JSON.stringify(dir)} cannot hold a package: its name has control characters or a backslash`;
      problems.push(problem("SLIP_MANIFEST_INVALID", message, { hint: "rename the folder" }));
      continue;
    }
    if (read.problem === undefined) add(read.json, dir);
    else problems.push(read.problem);
  }
  problems.push(...findDuplicateNames(packages));
  if (packages.length === 0 && problems.length === 0) {
    const [key = "workspaces"] = settings.patternsFrom.split(" ");
    problems.push(
      problem("SLIP_WORKSPACE_NOT_FOUND", `${settings.patternsFrom} match no folder with a package.json`, {
        hint: `correct ${settings.patternsFrom}`,
        details: (settings.patterns ?? []).map((pattern) => `${key}: ${pattern}`),
      }),
    );
  }
  if (problems.length > 0) throw new ProblemsError(problems);
  return { root, manager, packages: resolveProtocols(manager.name, packages, settings.catalogs) };
}

function manifestPath(dir: string): string {
  return dir === "." ? "package.json" : `${dir}/package.json`;
}

/** A root with workspaces is a package of its own only if it could be published as it stands. */
function isPublishable(manifest: unknown): boolean {
  return (
    isJsonObject(manifest) &&
    !manifest["private"] &&
    typeof manifest["name"] === "string" &&
    findVersionFault(manifest["version"]) === undefined
  );
}

/** pnpm alone reads manifests in other forms; a package must not be left out of a release because of its form. */
function findOtherManifest(root: string, dir: string, manager: PackageManagerName): readonly Problem[] {
  if (manager !== "pnpm") return [];
  const names = ["package.yaml", "package.json5"].filter((name) => existsSync(join(root, dir, name)));
  return names.map((name) =>
    problem("SLIP_MANIFEST_INVALID", `${dir} has its manifest in ${name}, which Slipway does not read`, {
      hint: `write it as ${manifestPath(dir)}, or leave the folder out of the workspace`,
    }),
  );
}

/** pnpm packs the folder that `publishConfig.directory` names in place of the package's own. */
function withPackDir(manager: PackageManagerName, item: WorkspacePackage, problems: Problem[]): WorkspacePackage {
  const declared = item.publishConfig.directory;
  if (manager !== "pnpm" || declared === undefined) return item;
  const inner = posix.normalize(declared).replace(/\/$/, "");
  if (inner === "." || inner === "") return item;
  if (!isInnerPath(inner)) {
    const message = `publishConfig.directory in ${manifestPath(item.dir)} leads out of the package: ${JSON.stringify(declared)}`;
    problems.push(problem("SLIP_MANIFEST_INVALID", message));
    return item;
  }
  return { ...item, packDir: posix.join(item.dir, inner) };
}

interface PackageFolder {
  readonly dir: string;
  /** Undefined when the folder has no package.json. */
  readonly read: Json | undefined;
}

/** The folders that the patterns match; with yarn those, too, that the packages found there name as workspaces of their own. */
async function findPackageFolders(
  root: string,
  manager: PackageManagerName,
  patterns: readonly string[],
): Promise<{ readonly folders: readonly PackageFolder[]; readonly nested: readonly Problem[] }> {
  const folders = new Map<string, PackageFolder>();
  const nested: Problem[] = [];
  const waiting: { readonly base: string; readonly patterns: readonly string[] }[] = [{ base: ".", patterns }];
  for (const { base, patterns: wanted } of waiting)
    for (const found of await findWorkspaceFolders(join(root, base), wanted, manager)) {
      const dir = posix.join(base, found);
      if (folders.has(dir)) continue;
      const read = readJson(root, manifestPath(dir));
      folders.set(dir, { dir, read });
      if (manager !== "yarn" || read === undefined || read.problem !== undefined) continue;
      const inside = readManifestPatterns(read.json, manifestPath(dir), nested);
      if (inside !== undefined) waiting.push({ base: dir, patterns: inside });
    }
  return { folders: [...folders.values()].sort((a, b) => (a.dir < b.dir ? -1 : 1)), nested };
}

async function findRoot(cwd: string): Promise<Root> {
  let nearest: Root | undefined;
  for (let folder = cwd; ; folder = dirname(folder)) {
    // With yarn a package may have workspaces of its own, so one without a lock file may belong to one that has it.
    const isSettled = nearest?.settings.patterns !== undefined;
    if (!isSettled || existsSync(join(folder, "yarn.lock"))) {
      const found = readJson(folder, "package.json", relative(cwd, join(folder, "package.json")));
      // It may be the root of the package at hand, which would then be released as if it were alone.
      if (found?.problem !== undefined) throw new ProblemsError([found.problem]);
      const here = await readRoot(folder, found?.json);
      if (here?.settings.patterns === undefined) nearest ??= here;
      else if (nearest === undefined || (await includes(here, nearest))) {
        if (here.detected.isNamed) return here;
        nearest = here;
      }
    }
    if (dirname(folder) === folder) break;
  }
  return nearest ?? fail("SLIP_WORKSPACE_NOT_FOUND", `there is no package.json at or above ${cwd}`);
}

async function includes(outer: Root, inner: Root): Promise<boolean> {
  const { folders } = await findPackageFolders(outer.root, outer.detected.manager.name, outer.settings.patterns ?? []);
  const dir = relative(outer.root, inner.root).split(sep).join("/");
  return folders.some((item) => item.dir === dir);
}

/** Undefined where neither a package nor a workspace of pnpm is. Files that only a workspace has are not read for a lone package. */
async function readRoot(folder: string, manifest: unknown): Promise<Root | undefined> {
  const names = listNames(folder);
  if (manifest === undefined && !names.has("pnpm-workspace.yaml")) return undefined;
  const detected = detectPackageManager(folder, manifest, names);
  return {
    root: folder,
    manifest,
    detected,
    settings: await readWorkspaceSettings(folder, detected.manager.name, manifest),
  };
}

function listNames(folder: string): ReadonlySet<string> {
  try {
    return new Set(readdirSync(folder));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    // What may not be listed may still hold a package.json that may be read; a folder below may hold the package.
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES" || code === "EPERM") return new Set();
    throw error;
  }
}

/**
 * Undefined when there is no such file; `shown` is what messages call it. Synchronous, because nothing else can go on
 * before the manifests are known: 1,000 of them take 8 ms like this, and 45 ms as promises.
 */
function readJson(root: string, path: string, shown: string = path): Json | undefined {
  let text: string;
  try {
    text = readFileSync(join(root, path), "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    if (code === "EACCES" || code === "EISDIR" || code === "ELOOP" || code === "EPERM")
      return { problem: problem("SLIP_MANIFEST_INVALID", `${shown} cannot be read (${code})`, { cause: error }) };
    throw error;
  }
  return parseJson(text, shown);
}

/** Parses the text of a manifest, with or without a byte order mark; a fault names line and column. */
export function parseJson(text: string, path: string): Json {
  const body = text.startsWith("\uFEFF") ? text.slice(1) : text;
  try {
    return { json: JSON.parse(body) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const { line, column, what } = locate(body, error.message);
    return {
      problem: problem("SLIP_MANIFEST_INVALID", `${path}:${line}:${column} is not JSON: ${what}`, { cause: error }),
    };
  }
}

/** V8 names the offset (`… in JSON at position 17`), except for an unexpected token, which has to be searched. */
function locate(
  text: string,
  message: string,
): { readonly line: number; readonly column: number; readonly what: string } {
  const position = / at position (\d+)/.exec(message)?.[1];
  const offset = position === undefined ? findUnexpectedToken(text) : Number(position);
  const before = text.slice(0, offset).split("\n");
  const what = text.trim() === "" ? "it is empty" : describeFault(message);
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, what };
}

/**
 * Offset of the character that V8 calls unexpected, or the end. Whatever is cut off before it is merely incomplete, so
 * the shortest beginning that has the fault can be found by halving.
 */
function findUnexpectedToken(text: string): number {
  let low = 0;
  let high = text.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (hasUnexpectedToken(text.slice(0, middle + 1))) high = middle;
    else low = middle + 1;
  }
  return low;
}

function hasUnexpectedToken(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    return error instanceof SyntaxError && error.message.startsWith("Unexpected token");
  }
}

/** V8 quotes parts of the text, which can hold anything: only its own words and the token are kept. */
function describeFault(message: string): string {
  const phrase = message
    .replace(/ in JSON at position.*$/s, "")
    .replace(/, (\.\.\.)?".*$/s, "")
    .replace(/ is not valid JSON$/s, "");
  return phrase
    .replace(/^[A-Z]/, (letter) => letter.toLowerCase())
    .replace(/[^\x20-\x7E]/g, "?")
    .slice(0, 120);
}
