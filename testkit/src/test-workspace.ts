/**
 * Writes npm workspaces into temporary git repositories, from compact descriptions. Commits have a fixed author and
 * date, so the same description is the same commit everywhere. It must not know what a release is.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { devNull, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

import { cleanEnvironment, runProcess } from "./run-process.ts";

type DependencyField = "dependencies" | "devDependencies" | "peerDependencies" | "optionalDependencies";

/** A list names siblings, which are then wanted as `^<their version>`. */
type Dependencies = readonly string[] | Readonly<Record<string, string>>;

export interface PackageSpec extends Readonly<Partial<Record<DependencyField, Dependencies>>> {
  readonly name: string;
  /** Default 1.0.0. */
  readonly version?: string;
  /** Default `packages/<name without scope>`; `.` is the root, for a repository without workspaces. */
  readonly dir?: string;
  readonly private?: boolean;
  readonly scripts?: Readonly<Record<string, string>>;
  /** By path inside the package. `index.js`, which imports every sibling of `dependencies`, is made unless given. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  /** Further fields of package.json; they win. */
  readonly manifest?: Readonly<Record<string, unknown>>;
}

export interface WorkspaceSpec {
  readonly packages: readonly PackageSpec[];
  /** Further fields of the root's package.json; they win. */
  readonly root?: Readonly<Record<string, unknown>>;
  /** Further files, by path inside the repository. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

export interface TestWorkspace {
  readonly root: string;
  /** The last commit made through this handle, or the one cloned. */
  commit(): string;
  write(path: string, contents: string | Uint8Array): Promise<void>;
  read(path: string): Promise<string>;
  remove(path: string): Promise<void>;
  /** Rewrites the package.json of a folder. */
  edit(dir: string, change: (manifest: Record<string, unknown>) => Record<string, unknown>): Promise<void>;
  /** Commits everything, also when nothing changed; returns the commit. */
  commitAll(message: string): Promise<string>;
  /** Runs git in it; returns what it printed, without the last line break. Throws when git fails. */
  git(...args: readonly string[]): Promise<string>;
  /** A fresh clone of the current commit, in another folder. */
  clone(options?: { readonly depth?: number }): Promise<TestWorkspace>;
  /** Removes the folder. */
  dispose(): Promise<void>;
}

const gitEnvironment = {
  GIT_CONFIG_GLOBAL: devNull,
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_TERMINAL_PROMPT: "0",
  GIT_AUTHOR_NAME: "A Developer",
  GIT_AUTHOR_EMAIL: "developer@example.test",
  GIT_AUTHOR_DATE: "2026-01-01T00:00:00Z",
  GIT_COMMITTER_NAME: "A Developer",
  GIT_COMMITTER_EMAIL: "developer@example.test",
  GIT_COMMITTER_DATE: "2026-01-01T00:00:00Z",
};

async function git(cwd: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runProcess("git", args, { cwd, env: cleanEnvironment(gitEnvironment) });
  if (code !== 0) throw new Error(`git ${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout.replace(/\n$/, "");
}

function baseName(name: string): string {
  return name.split("/").at(-1) ?? name;
}

function dirOf(spec: PackageSpec): string {
  return spec.dir ?? `packages/${baseName(spec.name)}`;
}

function isList(dependencies: Dependencies): dependencies is readonly string[] {
  return Array.isArray(dependencies);
}

function rangesOf(dependencies: Dependencies, siblings: ReadonlyMap<string, PackageSpec>): Record<string, string> {
  if (!isList(dependencies)) return { ...dependencies };
  return Object.fromEntries(
    dependencies.map((name) => {
      const sibling = siblings.get(name);
      if (sibling === undefined) throw new Error(`${name} is no package of this workspace`);
      return [name, `^${sibling.version ?? "1.0.0"}`];
    }),
  );
}

function manifestOf(spec: PackageSpec, siblings: ReadonlyMap<string, PackageSpec>): Record<string, unknown> {
  const manifest: Record<string, unknown> = { name: spec.name, version: spec.version ?? "1.0.0" };
  if (spec.private === true) manifest["private"] = true;
  Object.assign(manifest, { type: "module", license: "MIT", exports: "./index.js" });
  if (spec.scripts !== undefined) manifest["scripts"] = spec.scripts;
  for (const field of ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"] as const) {
    const dependencies = spec[field];
    if (dependencies !== undefined) manifest[field] = rangesOf(dependencies, siblings);
  }
  return { ...manifest, ...spec.manifest };
}

/** A module that can only be loaded when its sibling dependencies can. */
function indexOf(spec: PackageSpec, siblings: ReadonlyMap<string, PackageSpec>): string {
  const wanted = Object.keys(rangesOf(spec.dependencies ?? [], siblings)).filter((name) => siblings.has(name));
  const imports = wanted.map((name, index) => `import * as dependency${index} from ${JSON.stringify(name)};\n`);
  const names = wanted.map((_, index) => `dependency${index}.name`);
  return `${imports.join("")}export const name = ${JSON.stringify(spec.name)};\nexport const dependencies = [${names.join(", ")}];\n`;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function filesOf(spec: WorkspaceSpec): Map<string, string | Uint8Array> {
  const siblings = new Map(spec.packages.map((item) => [item.name, item]));
  const hasWorkspaces = spec.packages.every((item) => item.dir !== ".");
  const files = new Map<string, string | Uint8Array>([[".gitignore", "node_modules/\n"]]);
  const root = { name: "workspace", private: true, workspaces: ["packages/*"], ...spec.root };
  if (hasWorkspaces) files.set("package.json", json(root));
  for (const item of spec.packages) {
    const dir = dirOf(item);
    files.set(join(dir, "package.json"), json(manifestOf(item, siblings)));
    files.set(join(dir, "index.js"), indexOf(item, siblings));
    for (const [path, contents] of Object.entries(item.files ?? {})) files.set(join(dir, path), contents);
  }
  for (const [path, contents] of Object.entries(spec.files ?? {})) files.set(path, contents);
  return files;
}

function openWorkspace(root: string, head: string): TestWorkspace {
  let current = head;
  async function write(path: string, contents: string | Uint8Array): Promise<void> {
    const file = join(root, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, contents);
  }
  const read = async (path: string): Promise<string> => await readFile(join(root, path), "utf8");
  return {
    root,
    commit: () => current,
    write,
    read,
    remove: async (path) => await rm(join(root, path), { recursive: true }),
    edit: async (dir, change) => {
      const path = join(dir, "package.json");
      await write(path, json(change(JSON.parse(await read(path)))));
    },
    commitAll: async (message) => {
      await git(root, ["add", "--all"]);
      await git(root, ["commit", "--quiet", "--allow-empty", "--message", message]);
      current = await git(root, ["rev-parse", "HEAD"]);
      return current;
    },
    git: async (...args) => await git(root, args),
    clone: async (options = {}) => {
      const copy = await mkdtemp(join(tmpdir(), "slipway-clone-"));
      const depth = options.depth === undefined ? [] : ["--depth", String(options.depth)];
      // A URL, because git ignores --depth for a path.
      await git(copy, ["clone", "--quiet", ...depth, pathToFileURL(root).href, "."]);
      return openWorkspace(copy, await git(copy, ["rev-parse", "HEAD"]));
    },
    dispose: async () => await rm(root, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** Writes the workspace and commits it on a branch `main`. */
export async function createWorkspace(spec: WorkspaceSpec): Promise<TestWorkspace> {
  const root = await mkdtemp(join(tmpdir(), "slipway-workspace-"));
  const workspace = openWorkspace(root, "");
  for (const [path, contents] of filesOf(spec)) await workspace.write(path, contents);
  await git(root, ["init", "--quiet", "--initial-branch=main"]);
  await workspace.commitAll("Begin");
  return workspace;
}

function letters(index: number): string {
  return index < 26 ? String.fromCharCode(97 + index) : `${letters(Math.floor(index / 26) - 1)}${letters(index % 26)}`;
}

/** `@demo/a`, `@demo/b`, …: each depends on the one before it. */
export function chain(length: number): readonly PackageSpec[] {
  return layers(Array.from({ length }, () => 1));
}

/** So many packages a layer; each depends on all of the layer below it. */
export function layers(widths: readonly number[]): readonly PackageSpec[] {
  const packages: PackageSpec[] = [];
  let below: readonly string[] = [];
  for (const width of widths) {
    const layer: string[] = [];
    for (let index = 0; index < width; index += 1) {
      const name = `@demo/${letters(packages.length)}`;
      packages.push(below.length === 0 ? { name } : { name, dependencies: below });
      layer.push(name);
    }
    below = layer;
  }
  return packages;
}

/**
 * Twelve packages with diamonds: one root, two arms that meet again twice, a package with a peer and one with an
 * optional dependency, one that nobody needs.
 */
export function twelveWithDiamonds(): readonly PackageSpec[] {
  return [
    { name: "@demo/base" },
    { name: "@demo/left", dependencies: ["@demo/base"] },
    { name: "@demo/right", dependencies: ["@demo/base"] },
    { name: "@demo/join", dependencies: ["@demo/left", "@demo/right"] },
    { name: "@demo/tools" },
    { name: "@demo/upper", dependencies: ["@demo/join"] },
    { name: "@demo/lower", dependencies: ["@demo/join", "@demo/tools"] },
    { name: "@demo/merge", dependencies: ["@demo/upper", "@demo/lower"] },
    { name: "@demo/extra", dependencies: ["@demo/merge"] },
    { name: "@demo/plugin", peerDependencies: ["@demo/join"] },
    { name: "@demo/fast", dependencies: ["@demo/base"], optionalDependencies: ["@demo/tools"] },
    { name: "@demo/alone" },
  ];
}
