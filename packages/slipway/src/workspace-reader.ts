/**
 * Reads the packages of an npm workspace from disk. It only reads: no git, no registry, no configuration, and nothing
 * of the repository is run.
 */
import { readFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import {
  fail,
  findDuplicateNames,
  findVersionFault,
  isInnerPath,
  isJsonObject,
  parseManifest,
  type Problem,
  problem,
  ProblemsError,
  type Workspace,
  type WorkspacePackage,
} from "@slipway/core";
import { findWorkspaceFolders } from "./workspace-globs.ts";

type Json = { readonly json: unknown; readonly problem?: undefined } | { readonly problem: Problem };

/**
 * Reads the workspace that `cwd` is in: the nearest folder above whose `workspaces` include the package at `cwd`, else
 * the nearest package, alone. Throws a ProblemsError with all problems of all manifests.
 */
export async function readWorkspace(cwd: string): Promise<Workspace> {
  const { root, manifest } = await findRoot(resolve(cwd));
  const problems: Problem[] = [];
  const patterns = readPatterns(manifest, problems);
  const folders = await findWorkspaceFolders(root, patterns);
  const packages: WorkspacePackage[] = [];
  const add = (json: unknown, dir: string): void => {
    const parsed = parseManifest(json, dir, manifestPath(dir));
    problems.push(...parsed.problems);
    if (parsed.value !== undefined) packages.push(parsed.value);
  };
  // A root without workspaces is the workspace; one with workspaces is often only the place where they are listed.
  if (patterns.length === 0 || isPublishable(manifest)) add(manifest, ".");
  for (const dir of folders) {
    const read = readJson(root, manifestPath(dir));
    if (read === undefined) continue;
    if (!isInnerPath(dir)) {
      const message = `the folder ${JSON.stringify(dir)} cannot hold a package: its name has control characters or a backslash`;
      problems.push(problem("SLIP_MANIFEST_INVALID", message, { hint: "rename the folder" }));
      continue;
    }
    if (read.problem === undefined) add(read.json, dir);
    else problems.push(read.problem);
  }
  problems.push(...findDuplicateNames(packages));
  if (patterns.length > 0 && packages.length === 0 && problems.length === 0)
    problems.push(
      problem("SLIP_WORKSPACE_NOT_FOUND", `the workspaces of package.json match no folder with a package.json`, {
        hint: "correct `workspaces` in the root package.json",
        details: patterns.map((pattern) => `workspaces: ${pattern}`),
      }),
    );
  if (problems.length > 0) throw new ProblemsError(problems);
  return { root, manager: { name: "npm", version: undefined, from: "no other package manager is named" }, packages };
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

function readPatterns(manifest: unknown, problems: Problem[]): readonly string[] {
  const declared = isJsonObject(manifest) ? manifest["workspaces"] : undefined;
  if (declared === undefined) return [];
  const list = isJsonObject(declared) ? declared["packages"] : declared;
  if (Array.isArray(list) && list.every((entry): entry is string => typeof entry === "string")) {
    const outside = list.filter((pattern) => pattern.split(/[/\\]/).includes(".."));
    for (const pattern of outside)
      problems.push(
        problem(
          "SLIP_MANIFEST_INVALID",
          `workspaces in package.json leads out of the workspace: ${JSON.stringify(pattern)}`,
        ),
      );
    return list;
  }
  problems.push(problem("SLIP_MANIFEST_INVALID", "workspaces in package.json is not a list of strings"));
  return [];
}

async function findRoot(cwd: string): Promise<{ readonly root: string; readonly manifest: unknown }> {
  let nearest: { readonly root: string; readonly manifest: unknown } | undefined;
  for (let folder = cwd; ; folder = dirname(folder)) {
    const found = readJson(folder, "package.json", relative(cwd, join(folder, "package.json")));
    if (found?.problem !== undefined) {
      // It may be the root of the package at hand, which would then be released as if it were alone.
      throw new ProblemsError([found.problem]);
    } else if (found !== undefined) {
      const here = { root: folder, manifest: found.json };
      if (isJsonObject(found.json) && found.json["workspaces"] !== undefined) {
        if (nearest === undefined) return here;
        const folders = await findWorkspaceFolders(folder, readPatterns(found.json, []));
        const dir = relative(folder, nearest.root).split(sep).join("/");
        if (folders.includes(dir)) return here;
      }
      nearest ??= here;
    }
    if (dirname(folder) === folder) break;
  }
  return nearest ?? fail("SLIP_WORKSPACE_NOT_FOUND", `there is no package.json at or above ${cwd}`);
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
