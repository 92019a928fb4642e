/**
 * Holds Slipway's tarballs against those of npm's library and of npm's command line, byte for byte by their sha512. It
 * must not look inside: bytes that differ are a finding, whatever they unpack to.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, realpath, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { isJsonObject } from "@slipway/core";
import { integrityOf } from "@slipway/testkit";
import libnpmpack from "libnpmpack";

import { isolatedEnv } from "../prepare.ts";
import type { Corpus } from "./corpus.ts";
import type { ReleasedTarball } from "./release.ts";

const run = promisify(execFile);
const cacheFolder = fileURLToPath(new URL("../../.cache", import.meta.url));

/** Pinned, so that a finding can be found again. */
const secondNpm = "12.2.0";

export interface PackComparison {
  /** `npm 12.2.0`. */
  readonly packer: string;
  readonly same: number;
  /** Names of packages whose bytes differ or that it did not pack. */
  readonly different: readonly string[];
}

/** Integrities by package name. */
type Packed = ReadonlyMap<string, string>;

interface NpmProgram {
  readonly script: string;
  readonly version: string;
}

/** Packs every package of the workspace again, with each of npm's packers, from the same files and under this Node. */
export async function compareTarballs(
  corpus: Corpus,
  tarballs: ReadonlyMap<string, ReleasedTarball>,
  home: string,
): Promise<readonly PackComparison[]> {
  await mkdir(home, { recursive: true });
  const comparisons = [compare("libnpmpack", await packWithLibrary(corpus), corpus, tarballs)];
  for (const npm of [await findNpm(), await installNpm(secondNpm)])
    comparisons.push(compare(`npm ${npm.version}`, await packWithNpm(npm, corpus.root, home), corpus, tarballs));
  return comparisons;
}

function compare(
  packer: string,
  packed: Packed,
  corpus: Corpus,
  tarballs: ReadonlyMap<string, ReleasedTarball>,
): PackComparison {
  const different = corpus.packages
    .filter(({ name }) => {
      const bytes = tarballs.get(name)?.bytes;
      return bytes === undefined || packed.get(name) !== integrityOf(bytes);
    })
    .map(({ name }) => name);
  return { packer, same: corpus.packages.length - different.length, different };
}

async function packWithLibrary(corpus: Corpus): Promise<Packed> {
  const workspaces = corpus.packages.map(({ dir }) => join(corpus.root, dir));
  const packed = new Map<string, string>();
  for (const { name, dir } of corpus.packages) {
    const bytes = await libnpmpack(`file:${join(corpus.root, dir)}`, {
      ignoreScripts: true,
      prefix: corpus.root,
      workspaces,
    });
    packed.set(name, integrityOf(bytes));
  }
  return packed;
}

async function packWithNpm(npm: NpmProgram, root: string, home: string): Promise<Packed> {
  const args = [npm.script, "pack", "--workspaces", "--ignore-scripts", "--dry-run", "--json", "--loglevel=error"];
  const { stdout } = await run(process.execPath, args, {
    cwd: root,
    env: isolatedEnv(home),
    maxBuffer: 256 * 1024 * 1024,
  });
  const answer: unknown = JSON.parse(stdout);
  // A list in npm 11, an object by package name since npm 12.
  const items: readonly unknown[] = isJsonObject(answer) ? Object.values(answer) : Array.isArray(answer) ? answer : [];
  return new Map(
    items.flatMap((item) => (isJsonObject(item) ? [[String(item["name"]), String(item["integrity"])] as const] : [])),
  );
}

async function readVersion(packageFolder: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8"));
  return isJsonObject(manifest) ? String(manifest["version"]) : "unknown";
}

async function findNpm(): Promise<NpmProgram> {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(folder, "npm");
    if (!existsSync(path)) continue;
    const script = await realpath(path);
    return { script, version: await readVersion(join(dirname(script), "..")) };
  }
  throw new Error("there is no npm on the PATH");
}

/** Installs an npm once into bench/.cache, with the npm and the registry that are configured here. */
async function installNpm(version: string): Promise<NpmProgram> {
  const folder = join(cacheFolder, `npm-${version}`);
  const packageFolder = join(folder, "node_modules", "npm");
  if (!existsSync(join(packageFolder, "package.json"))) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "package.json"), `${JSON.stringify({ private: true })}\n`);
    await run("npm", ["install", "--no-audit", "--no-fund", `npm@${version}`], { cwd: folder });
  }
  return { script: join(packageFolder, "bin", "npm-cli.js"), version: await readVersion(packageFolder) };
}
