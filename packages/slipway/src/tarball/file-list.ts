/**
 * Which files of a package go into its tarball, and in which order: the walk of npm-packlist 11 (npm 12). What its rules
 * make of bundled dependencies and of a package that has workspaces of its own is left to npm-packlist itself. Must not
 * read the contents of any file.
 */
import { type Dirent, lstatSync, readdirSync } from "node:fs";
import { basename, extname, join, resolve, sep } from "node:path";
import { fail } from "@slipway/core";
import type { IgnoreRule } from "./ignore-rule.ts";
import type { PackageManifest } from "./package-manifest.ts";
import { type RuleGroup, rulesOfFolder, rulesOfPackage, type WorkspacePlace } from "./package-rules.ts";
import { compareTexts } from "./text-order.ts";

export interface FileListOptions extends WorkspacePlace {
  /** Files and folders to leave out, absolute or relative to the package. */
  readonly leaveOut?: readonly string[];
}

const releaseFolder = ".slipway";

/** A folder being walked. Its rules are asked after those of the folders above it. */
interface Folder {
  readonly path: string;
  readonly name: string;
  readonly parent: Folder | undefined;
  /** True when the folder itself is included, so that its own rules may take back what a rule above left out. */
  readonly isIncluded: boolean;
  readonly rules: readonly RuleGroup[];
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

/**
 * Sorts as npm does: by extension, then by name, then by path, because files of one kind compress well together.
 */
function sortForPacking(paths: readonly string[]): readonly string[] {
  return paths
    .map((path) => ({ path, extension: extname(path).toLowerCase(), name: basename(path).toLowerCase() }))
    .sort(
      (a, b) => compareTexts(a.extension, b.extension) || compareTexts(a.name, b.name) || compareTexts(a.path, b.path),
    )
    .map(({ path }) => path);
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
  return sortForPacking(found.map((path) => (path.startsWith("@") ? `./${path}` : path)));
}
