/** The programs that are measured, each in a pinned version and ready to run. Nothing here is timed. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, realpath, writeFile } from "node:fs/promises";
import { createRequire, stripTypeScriptTypes } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const repository = fileURLToPath(new URL("../..", import.meta.url));
const cacheFolder = fileURLToPath(new URL("../.cache", import.meta.url));

export interface Program {
  /** What is run, the arguments of the verb follow. */
  readonly file: string;
  readonly args: readonly string[];
  readonly version: string;
  /** Goes before everything else on the PATH; undefined where the program starts no other. */
  readonly pathFolder?: string;
}

export type ProgramId = "raw-upload" | "slipway" | "npm" | "libnpm" | "pnpm" | "yarn" | "lerna" | "changesets" | "seed";

/**
 * Installed once into a folder beside the bench: 230 MB that `npm ci` of the repository should not carry. Pinned, so that
 * two runs of the bench compare with the same thing; the newest of the registry when this was written.
 */
const installed = {
  pnpm: { name: "pnpm", version: "12.21.0", bin: "pnpm", isNode: false },
  yarn: { name: "@yarnpkg/cli-dist", version: "4.18.1", bin: "bin/yarn.js", isNode: true },
  lerna: { name: "lerna", version: "10.1.1", bin: "dist/cli.js", isNode: true },
  changesets: { name: "@changesets/cli", version: "3.0.3", bin: "bin.js", isNode: true },
} as const;

async function install(npm: Program, id: keyof typeof installed): Promise<Program> {
  const { name, version, bin, isNode } = installed[id];
  const folder = join(cacheFolder, `${id}-${version}`);
  const packageFolder = join(folder, "node_modules", name);
  if (!existsSync(join(packageFolder, "package.json"))) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "package.json"), `${JSON.stringify({ private: true })}\n`);
    const args = [...npm.args, "install", "--no-audit", "--no-fund", `${name}@${version}`];
    await run(npm.file, args, { cwd: folder });
  }
  const script = join(packageFolder, bin);
  return {
    ...(isNode ? { file: process.execPath, args: [script] } : { file: script, args: [] }),
    version: await readVersion(packageFolder),
    pathFolder: join(folder, "node_modules", ".bin"),
  };
}

async function findNpm(): Promise<Program> {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  for (const folder of folders) {
    const path = join(folder, "npm");
    if (!existsSync(path)) continue;
    const script = await realpath(path);
    return { file: process.execPath, args: [script], version: await readVersion(join(dirname(script), "..")) };
  }
  throw new Error("there is no npm on the PATH");
}

async function readVersion(packageFolder: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8"));
  return String(version);
}

/** Builds first: an old build would be measured in place of what the sources say. */
async function buildSlipway(npm: Program): Promise<Program> {
  await run(npm.file, [...npm.args, "run", "build"], { cwd: repository });
  const folder = join(repository, "packages", "slipway");
  return { file: process.execPath, args: [join(folder, "dist", "cli.js")], version: await readVersion(folder) };
}

/** Strips the types of a script and of what it imports. They lie inside the repository to find its dependencies. */
async function stripScript(name: string, version: string): Promise<Program> {
  const folder = join(cacheFolder, "scripts");
  await mkdir(folder, { recursive: true });
  for (const module of [name, "in-order"]) {
    const source = stripTypeScriptTypes(await readFile(new URL(`${module}.ts`, import.meta.url), "utf8"));
    await writeFile(join(folder, `${module}.mjs`), source.replaceAll(/(from "\.\/[\w-]+)\.ts"/g, '$1.mjs"'));
  }
  return { file: process.execPath, args: [join(folder, `${name}.mjs`)], version };
}

function versionOf(name: string): string {
  const manifest: { readonly version: string } = createRequire(import.meta.url)(`${name}/package.json`);
  return manifest.version;
}

async function prepareProgram(id: ProgramId, npm: Program): Promise<Program> {
  switch (id) {
    case "raw-upload":
      return await stripScript("raw-upload", process.versions.node);
    case "libnpm":
      return await stripScript("libnpm-publish", `${versionOf("libnpmpack")} and ${versionOf("libnpmpublish")}`);
    case "slipway":
      return await buildSlipway(npm);
    case "npm":
      return npm;
    case "seed":
      return {
        file: "bash",
        args: [fileURLToPath(new URL("seed-loop.sh", import.meta.url))],
        version: `with npm ${npm.version}`,
      };
    case "pnpm":
    case "yarn":
    case "lerna":
    case "changesets":
      return await install(npm, id);
  }
}

/** Those that are asked for; npm is always among them. */
export async function preparePrograms(ids: readonly ProgramId[]): Promise<ReadonlyMap<ProgramId, Program>> {
  const npm = await findNpm();
  const programs = new Map<ProgramId, Program>([["npm", npm]]);
  for (const id of ids) if (!programs.has(id)) programs.set(id, await prepareProgram(id, npm));
  return programs;
}

export function getProgram(programs: ReadonlyMap<ProgramId, Program>, id: ProgramId): Program {
  const program = programs.get(id);
  if (program === undefined) throw new Error(`${id} was not prepared`);
  return program;
}

export function verdaccioVersion(): string {
  return versionOf("verdaccio");
}
