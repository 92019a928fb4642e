/**
 * Installs the top packages of the corpus with npm, from the registry they were released to, into an empty project, and
 * loads each in a process of its own. It must not know Slipway.
 */
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { isJsonObject } from "@slipway/core";
import { cleanEnvironment, npm, runProcess } from "@slipway/testkit";
import type { Verdaccio } from "@slipway/testkit";

import type { CorpusPackage } from "./corpus.ts";
import { findTops } from "./pins.ts";
import type { Manifest } from "./pins.ts";

export interface LoadResult {
  readonly name: string;
  /**
   * `import` or `require` of the package · `subpath`: it exports no main file, so the first file that it does export was
   * imported · `command`: its first command ran with `--version` · `types`: it holds types only · `script`: it waits for
   * its install script, which was not run · `platform`: it is for another one, and was not installed · `browser`: it asks
   * for a window or a document · `failed`.
   */
  readonly how: "import" | "require" | "subpath" | "command" | "types" | "script" | "platform" | "browser" | "failed";
  /** Number of exports; 0 for a command. */
  readonly exports: number;
  /** First line of why importing did not work. */
  readonly reason: string | undefined;
}

export interface InstallResult {
  /** Folders with a package.json below node_modules, by npm's own list. */
  readonly installed: number;
  /** Top packages that came in another version than the released one, as `name@version`. */
  readonly otherVersions: readonly string[];
  readonly loads: readonly LoadResult[];
}

const importScript = `const m = await import(process.argv[1]); console.log(Object.keys(m).length); process.exit(0);`;
const requireScript = `console.log(Object.keys(Object(require(process.argv[1]))).length); process.exit(0);`;
const loadTimeoutMs = 60_000;
const installTimeoutMs = 10 * 60_000;

/** Installs all top packages into `dir`, which is created. Throws, with what npm said, when the install fails. */
export async function installTops(
  packages: readonly CorpusPackage[],
  registry: Verdaccio,
  dir: string,
): Promise<InstallResult> {
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, "package.json"), JSON.stringify({ name: "consumer", version: "1.0.0", private: true }));
  const all = findTops(packages.map(({ manifest }) => manifest));
  const strange = new Set(packages.filter(({ manifest }) => !isForThisMachine(manifest)).map(({ name }) => name));
  const tops = all.filter((name) => !strange.has(name));
  // Scripts of strangers are not what is tested here, and some download programs.
  const args = ["install", "--ignore-scripts", ...tops.map((name) => `${name}@latest`)];
  const result = await npm(args, {
    cwd: dir,
    registry: registry.url,
    token: registry.token,
    timeoutMs: installTimeoutMs,
  });
  if (result.code !== 0) throw new Error(`npm could not install ${tops.join(", ")}:\n${result.stderr}`);
  const lock: unknown = JSON.parse(await readFile(join(dir, "package-lock.json"), "utf8"));
  const entries = Object.keys(isJsonObject(lock) && isJsonObject(lock["packages"]) ? lock["packages"] : {});
  const loads: LoadResult[] = all
    .filter((name) => strange.has(name))
    .map((name) => ({ name, how: "platform", exports: 0, reason: undefined }));
  for (const name of tops) loads.push(await load(dir, name));
  return {
    installed: entries.filter((path) => path !== "" && existsSync(join(dir, path, "package.json"))).length,
    otherVersions: await findOtherVersions(
      dir,
      packages.filter(({ name }) => tops.includes(name)),
    ),
    loads,
  };
}

function isForThisMachine(manifest: Manifest): boolean {
  return allows(manifest["os"], process.platform) && allows(manifest["cpu"], process.arch);
}

/** A list of names to take, or of names with `!` to refuse. */
function allows(list: unknown, own: string): boolean {
  const names = [list].flat().filter((name): name is string => typeof name === "string");
  const wanted = names.filter((name) => !name.startsWith("!"));
  return !names.includes(`!${own}`) && (wanted.length === 0 || wanted.includes(own) || wanted.includes("any"));
}

async function readManifest(dir: string, name: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const path = join(dir, "node_modules", name, "package.json");
  const json: unknown = existsSync(path) ? JSON.parse(await readFile(path, "utf8")) : undefined;
  return isJsonObject(json) ? json : undefined;
}

async function findOtherVersions(dir: string, packages: readonly CorpusPackage[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { name, version } of packages) {
    const manifest = await readManifest(dir, name);
    if (manifest !== undefined && manifest["version"] !== version) found.push(`${name}@${String(manifest["version"])}`);
  }
  return found;
}

async function load(dir: string, name: string): Promise<LoadResult> {
  const options = { cwd: dir, env: cleanEnvironment({ HOME: dir }), timeoutMs: loadTimeoutMs };
  const node = (...args: string[]): ReturnType<typeof runProcess> => runProcess(process.execPath, args, options);
  const imported = await node("--input-type=module", "--eval", importScript, "--", name);
  if (imported.code === 0) return { name, how: "import", exports: Number(imported.stdout), reason: undefined };
  const reason = firstLine(imported.stderr);
  const required = await node("--eval", requireScript, "--", name);
  if (required.code === 0) return { name, how: "require", exports: Number(required.stdout), reason };
  const manifest = (await readManifest(dir, name)) ?? {};
  const command = Object.keys(isJsonObject(manifest["bin"]) ? manifest["bin"] : { [name]: manifest["bin"] })[0];
  const script = join(dir, "node_modules", ".bin", command ?? name);
  if (existsSync(script)) {
    const version = await runProcess(script, ["--version"], options);
    if (version.code === 0) return { name, how: "command", exports: 0, reason };
  }
  const subpath = firstSubpath(manifest["exports"]);
  if (subpath !== undefined) {
    const part = await node("--input-type=module", "--eval", importScript, "--", `${name}/${subpath}`);
    if (part.code === 0) return { name, how: "subpath", exports: Number(part.stdout), reason };
  }
  if (/\b(window|document|navigator|self) is not defined\b|requires a window/.test(reason))
    return { name, how: "browser", exports: 0, reason };
  const scripts = isJsonObject(manifest["scripts"]) ? manifest["scripts"] : {};
  const hasScript = ["preinstall", "install", "postinstall"].some((event) => event in scripts);
  if (hasScript || existsSync(join(dir, "node_modules", name, "binding.gyp")))
    return { name, how: "script", exports: 0, reason };
  const isTypes = manifest["types"] !== undefined && (manifest["main"] === undefined || manifest["main"] === "");
  return { name, how: isTypes ? "types" : "failed", exports: 0, reason };
}

/** The first file that a package exports by name, without `./`. */
function firstSubpath(exports: unknown): string | undefined {
  const keys = Object.keys(isJsonObject(exports) ? exports : {});
  return keys.find((key) => /^\.\/[^*]+$/.test(key) && !key.endsWith(".json"))?.slice(2);
}

/** The line of Node's report that names the error. */
function firstLine(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.trim());
  return lines.find((line) => /^(\w*Error\b|Error:)/.test(line)) ?? lines.find((line) => line !== "") ?? "no output";
}
