/** Reads the workflows of the repository that a folder is in, and the actions and shell scripts of the repository that they name. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { LintInput, SourceText } from "./lint.ts";

const folder = ".github/workflows";
const gitlabFile = ".gitlab-ci.yml";
/** No script that a release runs is longer; what is, is data. */
const scriptBytesMax = 200_000;

/** Undefined where there are no workflows between `start` and the top of its repository. */
export function readWorkflows(
  start: string,
): Required<Pick<LintInput, "workflows" | "pipelines" | "actions" | "scripts">> | undefined {
  const root = findRoot(start);
  if (root === undefined) return undefined;
  const workflows = readFolder(root, folder);
  const main = read(root, gitlabFile);
  const pipelines = main === undefined ? [] : [main, ...readFolder(root, ".gitlab")];
  if (workflows.length === 0 && pipelines.length === 0) return undefined;
  const actions = distinct(workflows.flatMap(({ text }) => matches(text, /uses:\s*["']?[.$]\/([\w./-]+)/g)))
    .flatMap((path) => [`${path.replace(/\/$/, "")}/action.yml`, `${path.replace(/\/$/, "")}/action.yaml`])
    .map((path) => read(root, path))
    .filter((file) => file !== undefined);
  const scripts = distinct(
    [...workflows, ...actions].flatMap(({ text }) =>
      matches(text, /(?<![\w/.-])(?:\.\/)?([\w.-][\w./-]*\.(?:sh|bash))\b/g),
    ),
  )
    .map((path) => read(root, path))
    .filter((file) => file !== undefined);
  return { workflows, pipelines, actions, scripts };
}

/** The YAML files in a folder, which need not be there, by name. */
function readFolder(root: string, path: string): readonly SourceText[] {
  if (statSync(join(root, path), { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return readdirSync(join(root, path), { withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name))
    .map(({ name }) => read(root, `${path}/${name}`))
    .filter((file) => file !== undefined)
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** The nearest folder with workflows, not above the repository. */
function findRoot(start: string): string | undefined {
  for (let at = start; ; at = dirname(at)) {
    if (statSync(join(at, folder), { throwIfNoEntry: false })?.isDirectory() === true) return at;
    if (statSync(join(at, gitlabFile), { throwIfNoEntry: false })?.isFile() === true) return at;
    if (statSync(join(at, ".git"), { throwIfNoEntry: false }) !== undefined || dirname(at) === at) return undefined;
  }
}

/** A file, or undefined where there is none that can be read. */
function read(root: string, path: string): SourceText | undefined {
  if (path.split("/").includes("..")) return undefined;
  const file = join(root, path);
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats?.isFile() !== true || stats.size > scriptBytesMax) return undefined;
  return { path, text: readFileSync(file, "utf8") };
}

function matches(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].map(([, found = ""]) => found);
}

function distinct(items: readonly string[]): readonly string[] {
  return [...new Set(items)];
}
