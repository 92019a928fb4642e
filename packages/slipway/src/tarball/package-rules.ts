/**
 * The rules that decide about the files of a package, as npm-packlist 11 (npm 12) collects them from package.json, from
 * ignore files and from its own lists. Must not walk the package: it looks up only what `files` names.
 */
import { type Dirent, lstatSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fail } from "@slipway/core";
import { type IgnoreRule, parseIgnoreRules } from "./ignore-rule.ts";
import type { PackageManifest } from "./package-manifest.ts";

export interface WorkspacePlace {
  /** Root of the workspace: its ignore files, and those on the way down, hold for the package too. */
  readonly workspaceRoot?: string;
  /** Folders of the workspace's packages; without it the package is taken to be one of them. */
  readonly workspaceDirs?: readonly string[];
}

/** Rules that are asked one after the other, unless it is plain that none of them can match. */
export interface RuleGroup {
  readonly rules: readonly IgnoreRule[];
  readonly mayMatch?: (portions: readonly string[]) => boolean;
}

const alwaysIgnored = `.npmignore
.gitignore
**/.git
**/.svn
**/.hg
**/CVS
**/.git/**
**/.svn/**
**/.hg/**
**/CVS/**
/.lock-wscript
/.wafpickle-*
/build/config.gypi
npm-debug.log
**/.npmrc
.*.swp
.DS_Store
**/.DS_Store/**
._*
**/._*/**
*.orig
/archived-packages/**
`;

/** The last word on the package's own folder: what is packed whatever `files` says, and what never is. */
const alwaysDecided = `/.git
!/package.json
!/readme{,.*[^~$]}
!/copying{,.*[^~$]}
!/license{,.*[^~$]}
!/licence{,.*[^~$]}
/.git
/node_modules
.npmrc
/package-lock.json
/npm-shrinkwrap.json
/yarn.lock
/pnpm-lock.yaml
/bun.lockb
/bun.lock
/.npm-extension.mjs
/.npm-extension.cjs
`;

const npmIgnore = ".npmignore";
const gitIgnore = ".gitignore";

function readIgnoreFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw cause;
  }
}

/** The ignore files of the workspace root and of every folder between it and the package, the outermost first. */
function readIgnoreFilesAbove(root: string, dir: string): readonly string[] {
  const texts: string[] = [];
  const between = relative(root, dirname(dir))
    .split(sep)
    .filter((portion) => portion !== "");
  for (let depth = 0; depth <= between.length; depth++) {
    const folder = join(root, ...between.slice(0, depth));
    const text = readIgnoreFile(join(folder, npmIgnore)) ?? readIgnoreFile(join(folder, gitIgnore));
    if (text !== undefined) texts.push(text);
  }
  return texts;
}

/** Portions that mean only themselves to glob. */
const plainPath = /^(?!\.{1,2}(?:\/|$))[A-Za-z0-9_.-]+(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9_.-]+)*$/;

interface Match {
  readonly path: string;
  readonly isFolder: boolean;
}

/** What the path stands for, or undefined where nothing can be found under it, for whatever reason: so glob sees it. */
function findPlain(dir: string, path: string): Match | undefined {
  try {
    const stat = lstatSync(join(dir, path));
    return stat.isDirectory() || stat.isFile() ? { path, isFolder: stat.isDirectory() } : undefined;
  } catch (cause) {
    if (cause instanceof Error && "code" in cause) return undefined;
    throw cause;
  }
}

async function expandPattern(dir: string, pattern: string): Promise<readonly Match[]> {
  if (plainPath.test(pattern)) {
    const match = findPlain(dir, pattern);
    return match === undefined ? [] : [match];
  }
  const { globSync } = await import("glob");
  try {
    return globSync(pattern, { cwd: dir, withFileTypes: true, dot: true })
      .filter((match) => match.relativePosix() !== "" && (match.isDirectory() || match.isFile()))
      .map((match) => ({ path: match.relativePosix(), isFolder: match.isDirectory() }));
  } catch {
    // A pattern that cannot be read selects nothing, as in npm-packlist 11.
    return [];
  }
}

/** The lines that `files` stands for, or undefined without one: everything is left out but what it names. */
async function rulesOfFiles(manifest: PackageManifest): Promise<string | undefined> {
  const files = manifest.json["files"];
  if (!files) return undefined;
  if (typeof files !== "string" && !Array.isArray(files))
    return fail("SLIP_PACK_FAILED", `cannot pack ${manifest.spec}: files in package.json is not a list`);
  const lines = ["*"];
  for (const entry of Array.from<unknown>(files)) {
    if (typeof entry !== "string")
      return fail("SLIP_PACK_FAILED", `cannot pack ${manifest.spec}: files in package.json holds something but text`);
    const isNegation = entry.startsWith("!");
    const pattern = (isNegation ? entry.replace(/^!+/, "") : entry).replace(/^\.?\//, "").replace(/\/+$/, "");
    if (pattern === "") continue;
    for (const match of await expandPattern(manifest.dir, pattern)) {
      const line = `${isNegation ? "" : "!"}/${match.path}`;
      lines.push(line);
      if (match.isFolder) lines.push(`${line}/**`);
    }
  }
  return lines.join("\n");
}

/** What is packed or left out whatever else is written. Values of any shape become text, as npm makes them. */
function lastWords(manifest: PackageManifest): string {
  const { browser, main } = manifest.json;
  const lines = [browser, main, ...Object.values(manifest.bin)].filter(Boolean).map((path) => `!/${String(path)}`);
  for (const patch of manifest.patches) {
    const path = patch
      .replaceAll("\\", "/")
      .replace(/^\.?\//, "")
      .replace(/\/+$/, "");
    const escapes = path === "" || path.startsWith("/") || path === ".." || path.startsWith("../");
    if (!escapes && !path.includes("/../")) lines.push(`/${path}`);
  }
  return alwaysDecided + lines.join("\n");
}

interface SharedRules {
  readonly ignored: RuleGroup;
  /** Of every folder but the package's own. */
  readonly decided: RuleGroup;
}

const ignoredNames = new Set(["cvs", "npm-debug.log", "build", "archived-packages"]);

/** False for what no line of `alwaysIgnored` matches; it is asked for every file in every folder above it. */
function mayBeIgnored(portions: readonly string[]): boolean {
  return portions.some(
    (portion) => portion.startsWith(".") || /\.orig$/i.test(portion) || ignoredNames.has(portion.toLowerCase()),
  );
}

let shared: Promise<SharedRules> | undefined;

/** The rules that hold in every folder of every package, compiled once. */
function sharedRules(): Promise<SharedRules> {
  shared ??= Promise.all([parseIgnoreRules(alwaysIgnored), parseIgnoreRules("/.git")]).then(([ignored, decided]) => ({
    ignored: { rules: ignored, mayMatch: mayBeIgnored },
    decided: { rules: decided, mayMatch: mayBeIgnored },
  }));
  return shared;
}

/** The rules of the package's own folder. */
export async function rulesOfPackage(manifest: PackageManifest, place: WorkspacePlace): Promise<readonly RuleGroup[]> {
  const { workspaceRoot, workspaceDirs } = place;
  const root = workspaceRoot === undefined ? undefined : resolve(workspaceRoot);
  const isBelow = root !== undefined && root !== manifest.dir;
  const isMember = workspaceDirs === undefined || workspaceDirs.some((dir) => resolve(dir) === manifest.dir);
  const above = isBelow && isMember ? readIgnoreFilesAbove(root, manifest.dir) : [];
  const ofFiles = await rulesOfFiles(manifest);
  const own =
    ofFiles ?? readIgnoreFile(join(manifest.dir, npmIgnore)) ?? readIgnoreFile(join(manifest.dir, gitIgnore)) ?? "";
  const [aboveRules, ownRules, lastRules] = await Promise.all([
    parseIgnoreRules(above.join("\n")),
    parseIgnoreRules(own),
    parseIgnoreRules(lastWords(manifest)),
  ]);
  return [(await sharedRules()).ignored, { rules: [...aboveRules, ...ownRules, ...lastRules] }];
}

/** The rules of a folder below the package's own. */
export async function rulesOfFolder(path: string, entries: readonly Dirent[]): Promise<readonly RuleGroup[]> {
  const { ignored, decided } = await sharedRules();
  const names = new Set(entries.map((entry) => entry.name));
  const name = [npmIgnore, gitIgnore].find((candidate) => names.has(candidate));
  const own = name === undefined ? [] : await parseIgnoreRules(readFileSync(join(path, name), "utf8"));
  return [ignored, { rules: own }, decided];
}
