/**
 * Makes a workspace of really published packages, and gathers what an install of them needs from outside. It must not
 * change a package: package.json and files stay as they were published.
 *
 *     const { root, packages, externals } = await prepareCorpus(emptyFolder);
 *     const registry = await startVerdaccioProcess();
 *     await uploadExternals(registry.url, registry.token, externals);   // then release `root`
 *
 * The tarballs come from bench/.cache/corpus; what is missing there is fetched through npm, as npm is configured, and
 * hashed against the pinned list. Once they are there, nothing is fetched.
 */
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { isJsonObject } from "@slipway/core";
import * as tar from "tar";

import { isolatedEnv } from "../prepare.ts";
import { fetchTarballs, readTarball } from "./fetch.ts";
import { findUnsatisfied, invertPins, parsePins, specOf } from "./pins.ts";
import type { Manifest, Pin } from "./pins.ts";

const run = promisify(execFile);
const listFolder = fileURLToPath(new URL("../../corpus", import.meta.url));

export const defaultFamily = "babel";

export interface CorpusPackage {
  readonly name: string;
  readonly version: string;
  /** Posix path relative to the workspace root. */
  readonly dir: string;
  /** Names of other packages of the family in dependencies and optionalDependencies; no circles. */
  readonly dependencies: readonly string[];
  /** Its package.json. */
  readonly manifest: Manifest;
}

export interface ExternalPackage {
  readonly name: string;
  readonly version: string;
  /** Absolute path, in the cache: read only. */
  readonly tarball: string;
  readonly integrity: string;
  /** The package.json in the tarball. */
  readonly manifest: Manifest;
}

export interface Corpus {
  readonly family: string;
  readonly pinnedAt: string;
  /** Absolute path of the workspace: a git repository with one commit, nothing installed. */
  readonly root: string;
  readonly packages: readonly CorpusPackage[];
  /** All that is not in the workspace and that an install looks for; several versions of a name are possible. */
  readonly externals: readonly ExternalPackage[];
}

export interface CorpusOptions {
  /** Default `babel`. */
  readonly family?: string;
  /**
   * The other way round: what is outside becomes the workspace, one version a name, and the family is there beforehand.
   * These are packages of many authors, made with many tools.
   */
  readonly isInverted?: boolean;
  /** Told how far the fetching is. */
  readonly say?: (text: string) => void;
}

/** Path of a family's pinned list. */
export function listPath(family: string): string {
  return join(listFolder, `${family}.json`);
}

/**
 * Makes the workspace in `dir/workspace`. `dir` is created when it is missing; the workspace must not be there yet. Throws
 * when a tarball cannot be had, differs from what was pinned, or when the lists leave a dependency unmet.
 */
export async function prepareCorpus(dir: string, options: CorpusOptions = {}): Promise<Corpus> {
  const { family = defaultFamily, say = () => undefined } = options;
  const listed = parsePins(await readFile(listPath(family), "utf8"), family);
  const pins = options.isInverted === true ? invertPins(listed) : listed;
  await fetchTarballs([...pins.packages, ...pins.externals], say);
  const root = join(dir, "workspace");
  await mkdir(join(root, "packages"), { recursive: true });
  const bound = new Map<string, ExternalPackage>();
  for (const pin of pins.packages) {
    const read = await readExternal(pin);
    if (namesRegistry(read.manifest)) bound.set(pin.name, read);
  }
  const members: Omit<CorpusPackage, "dependencies">[] = [];
  for (const pin of pins.packages) if (!bound.has(pin.name)) members.push(await unpackMember(root, pin));
  const names = new Set(members.map(({ name }) => name));
  const packages = members.map((member) => ({ ...member, dependencies: familyDependencies(member.manifest, names) }));
  const externals: ExternalPackage[] = [...bound.values()];
  for (const pin of pins.externals) externals.push(await readExternal(pin));
  const unmet = findUnsatisfied([...packages, ...externals].map(({ manifest }) => manifest));
  if (unmet.length > 0) throw new Error(`the lists of ${family} are not closed: ${unmet.join(", ")}`);
  await writeRoot(root, family, packages);
  await commitAll(root, join(dir, "git-home"));
  return { family: pins.family, pinnedAt: pins.pinnedAt, root, packages, externals };
}

/** A release would go to the registry that the package names, whatever the command line says; so it is put there beforehand. */
function namesRegistry(manifest: Manifest): boolean {
  const config = manifest["publishConfig"];
  return isJsonObject(config) && config["registry"] !== undefined;
}

async function unpackMember(root: string, pin: Pin): Promise<Omit<CorpusPackage, "dependencies">> {
  const dir = `packages/${pin.name}`;
  const cwd = join(root, dir);
  await mkdir(cwd, { recursive: true });
  // The first folder of a tarball is mostly, but not always, called "package".
  await tar.extract({ file: (await readTarball(pin)).path, cwd, strip: 1 });
  const manifest: unknown = JSON.parse(await readFile(join(cwd, "package.json"), "utf8"));
  if (!isJsonObject(manifest) || manifest["name"] !== pin.name || manifest["version"] !== pin.version)
    throw new Error(`the tarball of ${specOf(pin)} holds another package`);
  return { name: pin.name, version: pin.version, dir, manifest };
}

function familyDependencies(manifest: Manifest, names: ReadonlySet<string>): readonly string[] {
  const found = ["dependencies", "optionalDependencies"].flatMap((kind) => {
    const map = manifest[kind];
    return isJsonObject(map) ? Object.keys(map) : [];
  });
  return [...new Set(found)].filter((name) => names.has(name) && name !== manifest["name"]);
}

async function readExternal(pin: Pin): Promise<ExternalPackage> {
  const { path } = await readTarball(pin);
  let text: Buffer | undefined;
  await tar.list({
    file: path,
    filter: (entry) => /^[^/]+\/package\.json$/.test(entry),
    onReadEntry: (entry) => {
      const chunks: Buffer[] = [];
      entry.on("data", (chunk: Buffer) => chunks.push(chunk));
      entry.on("end", () => (text = Buffer.concat(chunks)));
    },
  });
  const manifest: unknown = JSON.parse(text?.toString("utf8") ?? "null");
  if (!isJsonObject(manifest)) throw new Error(`the tarball of ${specOf(pin)} holds no package.json`);
  return { ...pin, tarball: path, manifest };
}

async function writeRoot(root: string, family: string, packages: readonly CorpusPackage[]): Promise<void> {
  const workspaces = [...new Set(packages.map(({ dir }) => `${dir.slice(0, dir.lastIndexOf("/"))}/*`))].toSorted();
  const manifest = { name: `${family}-corpus`, private: true, workspaces };
  await writeFile(join(root, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}

async function commitAll(root: string, home: string): Promise<void> {
  await mkdir(home, { recursive: true });
  const env = isolatedEnv(home);
  const git = async (...args: string[]): Promise<void> => {
    await run("git", args, { cwd: root, env, maxBuffer: 64 * 1024 * 1024 });
  };
  await git("init", "--quiet", "--initial-branch=main");
  await git("remote", "add", "origin", "https://git.example/bench/corpus.git");
  // Forced, because published packages bring ignore files of their own.
  await git("-c", "core.autocrlf=false", "add", "--all", "--force");
  const author = ["-c", "user.name=bench", "-c", "user.email=bench@git.example"];
  await git(...author, "commit", "--quiet", "--message=all packages as they were published");
}
