/**
 * Reads what Changesets keeps in `.changeset`. It only reads: @changesets/pre, which also reads pre.json, moves files of
 * @changesets/cli 2 about while it does, and a release must not change the tree that it is made from.
 */
import { readdir, readFile } from "node:fs/promises";
import { join, posix } from "node:path";
import {
  type ChangesetsInput,
  findPending,
  parseChangesetsConfig,
  parsePreState,
  type PendingChangeset,
  type Problem,
  problem,
  ProblemsError,
  type Workspace,
} from "@slipway/core";
import { mapAtOnce } from "../map-at-once.ts";
import { parseJson } from "../workspace-reader.ts";

const folder = ".changeset";
const configPath = `${folder}/config.json`;
const prePath = `${folder}/pre.json`;

/** Undefined where there is no `.changeset/config.json`: then Changesets cannot work there either. Throws SLIP_CHANGESETS_INVALID. */
export async function readChangesets({ root, packages }: Workspace): Promise<ChangesetsInput | undefined> {
  const configText = await readIfThere(join(root, configPath));
  if (configText === undefined) return undefined;
  const [preText, files] = await Promise.all([readIfThere(join(root, prePath)), listChangesets(root)]);
  const problems: Problem[] = [];
  const configJson = parseFile(configText, configPath, problems);
  const config = configJson === undefined ? undefined : parseChangesetsConfig(configJson.json, configPath);
  const preJson = preText === undefined ? undefined : parseFile(preText, prePath, problems);
  const pre = preJson === undefined ? undefined : parsePreState(preJson.json, prePath);
  problems.push(...(config?.problems ?? []), ...(pre?.problems ?? []));
  if (config?.value === undefined || problems.length > 0) throw new ProblemsError(problems);
  const warnings: string[] = [];
  const changesets = files.length === 0 ? [] : await parseChangesets(root, files, warnings);
  const names = packages.map((item) => item.name);
  const { ignore, fixed, linked } = config.value;
  const select = (key: string, patterns: readonly string[]): readonly string[] =>
    selectNames(names, patterns, (pattern) =>
      warnings.push(`${key} in ${configPath}: ${JSON.stringify(pattern)} matches no package of the workspace`),
    );
  const pending = findPending(changesets, pre?.value?.pre, pre?.value?.used ?? []);
  for (const { id, releases } of pending)
    for (const { name } of releases)
      if (!names.includes(name))
        warnings.push(`${folder}/${id}.md names ${JSON.stringify(name)}, which is no package of the workspace`);
  return {
    config: config.value,
    pre: pre?.value?.pre,
    pending,
    ignored: new Set(select("ignore", ignore)),
    fixed: fixed.map((group) => select("fixed", group)),
    linked: linked.map((group) => select("linked", group)),
    warnings,
  };
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

function parseFile(text: string, path: string, problems: Problem[]): { readonly json: unknown } | undefined {
  const parsed = parseJson(text, path);
  if (parsed.problem === undefined) return parsed;
  problems.push(problem("SLIP_CHANGESETS_INVALID", parsed.problem.message, { cause: parsed.problem.cause }));
  return undefined;
}

/** Files that are no changesets, as @changesets/read 1.0.1 has them. */
const otherTexts = /^(readme|agents|claude|gemini)\.md$/i;

function isChangeset(name: string): boolean {
  return name.endsWith(".md") && !name.startsWith(".") && !otherTexts.test(name);
}

/** Paths below `.changeset`: of the folder itself, and of `pre/`, where @changesets/cli 3 keeps what prereleases have used. */
async function listChangesets(root: string): Promise<readonly string[]> {
  const [top, used] = await Promise.all([listFolder(join(root, folder)), listFolder(join(root, folder, "pre"))]);
  return [...top.filter(isChangeset), ...used.filter(isChangeset).map((name) => `pre/${name}`)].sort();
}

async function listFolder(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** A changeset that cannot be read stops `changeset version`, not a release of the versions that are there. */
async function parseChangesets(
  root: string,
  files: readonly string[],
  warnings: string[],
): Promise<readonly PendingChangeset[]> {
  const { parseChangesetFile } = await import("@changesets/parse");
  const found: PendingChangeset[] = [];
  await mapAtOnce(files, 16, async (file) => {
    const text = await readIfThere(join(root, folder, file));
    if (text === undefined) return;
    try {
      const { summary, releases } = parseChangesetFile(text.replace(/^\uFEFF/, ""));
      found.push({
        id: file.slice(0, -".md".length),
        summary: summary.split("\n")[0]?.trim() ?? "",
        releases: releases.map(({ name, type }) => ({ name, bump: type })),
      });
    } catch (error) {
      const [reason = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
      warnings.push(`${folder}/${file} is no changeset: ${reason.replace(/^could not parse changeset - /, "")}`);
    }
  });
  return found.sort((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * The names that a list of names and globs selects, as @changesets/config 4.0.1 reads one: in the order of the list, a pattern
 * behind a `!` takes away what was selected before it.
 */
function selectNames(
  names: readonly string[],
  patterns: readonly string[],
  onIdle: (pattern: string) => void,
): readonly string[] {
  const selected = new Set<string>();
  for (const pattern of patterns) {
    const isNegated = pattern.startsWith("!");
    const glob = isNegated ? pattern.slice(1) : pattern;
    const hits = names.filter((name) => name === glob || posix.matchesGlob(name, glob));
    if (hits.length === 0) onIdle(pattern);
    for (const name of hits) {
      if (isNegated) selected.delete(name);
      else selected.add(name);
    }
  }
  return names.filter((name) => selected.has(name));
}

/** Whether a changed file counts as a change of its package (`changedFilePatterns`); `path` is relative to the package. */
export function isCountedFile(path: string, patterns: readonly string[]): boolean {
  let isCounted = false;
  for (const pattern of patterns) {
    const isNegated = pattern.startsWith("!");
    if (posix.matchesGlob(path, isNegated ? pattern.slice(1) : pattern)) isCounted = !isNegated;
  }
  return isCounted;
}
