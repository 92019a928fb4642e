/**
 * Copies examples/vextrus into a git repository of its own and gives it the tools that this repository has installed, where a
 * person would run `npm install`: tests reach nothing beyond this machine. It must not build or release anything.
 */
import { cp, mkdir, readdir, readFile, symlink } from "node:fs/promises";
import { basename, delimiter, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import {
  cleanEnvironment,
  createHome,
  createWorkspace,
  type ProcessResult,
  runProcess,
  type TestWorkspace,
} from "@slipway/testkit";

const repository: string = fileURLToPath(new URL("../..", import.meta.url));

export const vextrus: string = join(repository, "examples", "vextrus");

/** Where each tool of the example is installed. TypeDoc has the TypeScript beside it that it needs. */
export const tools: Readonly<Record<string, string>> = {
  "@changesets/cli": join(repository, "node_modules", "@changesets", "cli"),
  "@types/node": join(repository, "node_modules", "@types", "node"),
  tsdown: join(repository, "node_modules", "tsdown"),
  typedoc: join(repository, "test", "typedoc", "node_modules", "typedoc"),
  typescript: join(repository, "test", "typedoc", "node_modules", "typescript"),
};

/** What building, testing and documenting leave behind, in the example itself too when somebody has tried it there. */
const leftovers = new Set(["node_modules", "dist", "docs", ".slipway"]);

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly repository: { readonly directory: string };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

export async function copyVextrus(): Promise<TestWorkspace> {
  const workspace = await createWorkspace({ packages: [] });
  await cp(vextrus, workspace.root, { recursive: true, filter: (path) => !leftovers.has(basename(path)) });
  await linkTools(workspace.root);
  await workspace.commitAll("The example");
  return workspace;
}

/** What `npm install` would make: links to the tools, to their programs, and to the packages of the workspace. */
export async function linkTools(root: string): Promise<void> {
  const modules = join(root, "node_modules");
  const link = async (target: string, ...path: readonly string[]): Promise<void> => {
    const place = join(modules, ...path);
    await mkdir(dirname(place), { recursive: true });
    await symlink(target, place);
  };
  for (const [name, target] of Object.entries(tools)) {
    await link(target, name);
    const { bin = {} }: { readonly bin?: string | Readonly<Record<string, string>> } = await readJson(
      join(target, "package.json"),
    );
    const programs = typeof bin === "string" ? { [basename(name)]: bin } : bin;
    for (const [program, file] of Object.entries(programs)) await link(join(target, file), ".bin", program);
  }
  for (const folder of await readdir(join(root, "packages")))
    await link(relative(join(modules, "@vextrus"), join(root, "packages", folder)), "@vextrus", folder);
}

/** The manifests of the four packages, by name. */
export async function readManifests(root: string): Promise<ReadonlyMap<string, Manifest>> {
  const folders = await readdir(join(root, "packages"));
  const manifests = await Promise.all(
    folders.map(async (folder): Promise<Manifest> => await readJson(join(root, "packages", folder, "package.json"))),
  );
  return new Map(manifests.map((manifest) => [manifest.name, manifest]));
}

async function readJson<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(path, "utf8"));
}

/** Runs a program on this Node, in a home of its own, with the programs of the folder first on PATH. Throws when it fails. */
export async function runIn(root: string, command: string, ...args: readonly string[]): Promise<ProcessResult> {
  const home = await createHome();
  try {
    // Children run on the Node that runs this test, whatever the system has.
    const PATH = [join(root, "node_modules", ".bin"), dirname(process.execPath), process.env["PATH"]].join(delimiter);
    const env = cleanEnvironment({ ...home.env, PATH, npm_config_offline: "true", NO_COLOR: "1" });
    const result = await runProcess(command, args, { cwd: root, env, timeoutMs: 120_000 });
    if (result.code !== 0)
      throw new Error(`${command} ${args.join(" ")} ended with ${result.code}:\n${result.stdout}\n${result.stderr}`);
    return result;
  } finally {
    await home.remove();
  }
}
