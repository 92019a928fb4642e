/**
 * Which files of a package go into its tarball, and in which order: the rules of npm-packlist 11 (npm 12). What those
 * rules make of bundled dependencies and of a package that has workspaces of its own is left to npm-packlist itself.
 * Must not read the contents of any file but ignore files.
 */
import { type Dirent, lstatSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve, sep } from "node:path";
import { fail } from "@slipway/core";
import { type IgnoreRule, parseIgnoreRules } from "./ignore-rule.ts";
import type { PackageManifest } from "./package-manifest.ts";

export interface FileListOptions {
  /** Root of the workspace: its ignore files, and those on the way down, hold for the package too. */
  readonly workspaceRoot?: string;
  /** Folders of the workspace's packages; without it `dir` is taken to be one of them. */
  readonly workspaceDirs?: readonly string[];
  /** Files and folders to leave out, absolute or relative to the package. */
  readonly leaveOut?: readonly string[];
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

const releaseFolder = ".slipway";
const npmIgnore = ".npmignore";
const gitIgnore = ".gitignore";

/** A folder being walked. Its rules are asked after those of the folders above it. */
interface Folder {
  readonly path: string;
  readonly name: string;
  readonly parent: Folder | undefined;
  /** True when the folder itself is included, so that its own rules may take back what a rule above left out. */
  readonly isIncluded: boolean;
  readonly rules: readonly RuleGroup[];
}

/** Rules that are asked one after the other, unless it is plain that none of them can match. */
interface RuleGroup {
  readonly rules: readonly IgnoreRule[];
  readonly mayMatch?: (portions: readonly string[]) => boolean;
}

type Question = "file" | "folder";

/** The ways in which a rule may see one path, made once and asked for by every rule. */
interface Views {
  readonly exact: readonly (readonly string[])[];
  readonly folder: readonly (readonly string[])[];
  readonly exactName: readonly (readonly string[])[];
  readonly folderName: readonly (readonly string[])[];
}

function viewsOf(portions: readonly string[], name: string | undefined): Views {
  return {
    exact: [["", ...portions], portions],
    folder: [
      ["", ...portions, ""],
      [...portions, ""],
    ],
    exactName: name === undefined ? [] : [["", name], [name]],
    folderName:
      name === undefined
        ? []
        : [
            ["", name, ""],
            [name, ""],
          ],
  };
}

function ruleMatches(rule: IgnoreRule, views: Views, question: Question): boolean {
  if (views.exact.some((view) => rule.matches(view, false))) return true;
  if (question === "file") return false;
  if (views.folder.some((view) => rule.matches(view, false))) return true;
  if (rule.isNegated && views.exact.some((view) => rule.matches(view, true))) return true;
  if (!rule.isName) return false;
  if (views.folderName.some((view) => rule.matches(view, false))) return true;
  return rule.isNegated && views.exactName.some((view) => rule.matches(view, true));
}

/** Asks the folder and all above it about a path below it; `name` is the path's last portion once it came from below. */
function isIncluded(folder: Folder, portions: readonly string[], question: Question, name?: string): boolean {
  let included = true;
  if (folder.parent !== undefined) {
    included = isIncluded(folder.parent, [folder.name, ...portions], question, name ?? portions[0] ?? "");
    if (!included && !folder.isIncluded) return false;
  }
  let views: Views | undefined;
  for (const { rules, mayMatch } of folder.rules) {
    if (mayMatch !== undefined && !mayMatch(portions)) continue;
    for (const rule of rules) {
      if (rule.isNegated === included) continue;
      views ??= viewsOf(portions, name);
      if (ruleMatches(rule, views, question)) included = rule.isNegated;
    }
  }
  return included;
}

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

async function rulesOfPackage(manifest: PackageManifest, options: FileListOptions): Promise<readonly RuleGroup[]> {
  const { workspaceRoot, workspaceDirs } = options;
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

async function rulesOfFolder(path: string, entries: readonly Dirent[]): Promise<readonly RuleGroup[]> {
  const { ignored, decided } = await sharedRules();
  const names = new Set(entries.map((entry) => entry.name));
  const name = [npmIgnore, gitIgnore].find((candidate) => names.has(candidate));
  const own = name === undefined ? [] : await parseIgnoreRules(readFileSync(join(path, name), "utf8"));
  return [ignored, { rules: own }, decided];
}

/** Node shows a name that is not UTF-8 with U+FFFD in it, which is then the name of no file. */
function isReadableName(folder: string, name: string): boolean {
  return !name.includes("\uFFFD") || lstatSync(join(folder, name), { throwIfNoEntry: false }) !== undefined;
}

interface Walk {
  readonly manifest: PackageManifest;
  readonly leaveOut: ReadonlySet<string>;
  readonly found: string[];
}

async function walkFolder(walk: Walk, folder: Folder, prefix: string, entries: readonly Dirent[]): Promise<void> {
  for (const entry of entries) {
    const { name } = entry;
    const isFile = isIncluded(folder, [name], "file");
    const isWalked = isIncluded(folder, [name], "folder");
    // npm-packlist skips names with a star: no tarball with one can be unpacked on Windows.
    if ((!isFile && !isWalked) || name.includes("*")) continue;
    const path = prefix + name;
    const absolute = join(folder.path, name);
    if (walk.leaveOut.has(absolute)) continue;
    if (!isReadableName(folder.path, name))
      fail("SLIP_PACK_FAILED", `cannot pack ${walk.manifest.spec}: the name of ${path} is not UTF-8`);
    if (entry.isFile() && isFile) walk.found.push(path);
    if (!entry.isDirectory() || !isWalked) continue;
    const inside = readdirSync(absolute, { withFileTypes: true });
    const child: Folder = {
      path: absolute,
      name,
      parent: folder,
      isIncluded: isFile || isIncluded(folder, [name, ""], "file"),
      rules: await rulesOfFolder(absolute, inside),
    };
    await walkFolder(walk, child, `${path}/`, inside);
  }
}

const collator = new Intl.Collator("en");

/** npm's order: by extension, then by name, then by path, because files of one kind compress well together. */
function compareForPacking(a: string, b: string): number {
  return (
    collator.compare(extname(a).toLowerCase(), extname(b).toLowerCase()) ||
    collator.compare(basename(a).toLowerCase(), basename(b).toLowerCase()) ||
    collator.compare(a, b)
  );
}

/**
 * Lists the files that npm would pack, relative to the package with forward slashes, in npm's order. A release folder
 * is never among them.
 */
export async function listFiles(manifest: PackageManifest, options: FileListOptions = {}): Promise<readonly string[]> {
  const leaveOut = new Set([releaseFolder, ...(options.leaveOut ?? [])].map((path) => resolve(manifest.dir, path)));
  if (manifest.bundled.length > 0 || manifest.json["workspaces"] !== undefined) {
    const { listFilesWithNpm } = await import("./npm-file-list.ts");
    const isLeftOut = (path: string): boolean =>
      [...leaveOut].some((left) => `${resolve(manifest.dir, path)}${sep}`.startsWith(`${left}${sep}`));
    return (await listFilesWithNpm(manifest, options)).filter((path) => !isLeftOut(path));
  }
  const found: string[] = [];
  const folder: Folder = {
    path: manifest.dir,
    name: basename(manifest.dir),
    parent: undefined,
    isIncluded: false,
    rules: await rulesOfPackage(manifest, options),
  };
  await walkFolder({ manifest, leaveOut, found }, folder, "", readdirSync(manifest.dir, { withFileTypes: true }));
  // An argument that begins with @ is an archive to tar, which is why npm writes ./ before it; the order depends on it.
  return found.map((path) => (path.startsWith("@") ? `./${path}` : path)).sort(compareForPacking);
}
