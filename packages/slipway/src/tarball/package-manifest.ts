/**
 * Reads the package.json that is about to be packed, with the few fields that decide what goes into the tarball in
 * the form npm gives them (@npmcli/package-json 8, its steps for `npm pack`). Must not change anything on disk.
 */
import { lstatSync, readFileSync } from "node:fs";
import { join, posix, resolve } from "node:path";
import { fail, isJsonObject } from "@slipway/core";

export interface PackageManifest {
  /** Absolute path of the package's folder. */
  readonly dir: string;
  /** `name@version`. */
  readonly spec: string;
  /** The bytes that go into the tarball: the file's, without `patchedDependencies`, which npm takes out. */
  readonly bytes: Buffer;
  /** Those bytes, parsed. */
  readonly json: Readonly<Record<string, unknown>>;
  /** `bin` and `directories.bin` as command to path relative to the package. */
  readonly bin: Readonly<Record<string, string>>;
  /** Names that `bundleDependencies` asks for. */
  readonly bundled: readonly string[];
  /** Files named by `patchedDependencies`, which npm never packs. */
  readonly patches: readonly string[];
}

/** A path that cannot leave the package, with forward slashes; empty when nothing is left of it. */
function securePath(path: string): string {
  const slashed = path.replace(/[\\:]/g, "/");
  const secured = posix.join(".", posix.join("/", slashed)).replace(/[\\:]/g, "/");
  return secured.startsWith("./") ? "" : secured;
}

function normalizeBin(name: string, bin: unknown): Record<string, string> {
  const commands: Record<string, unknown> =
    typeof bin === "string"
      ? { [name]: bin }
      : Array.isArray(bin)
        ? Object.fromEntries(bin.filter((path) => typeof path === "string").map((path) => [posix.basename(path), path]))
        : isJsonObject(bin)
          ? bin
          : {};
  const normal: Record<string, string> = {};
  for (const [command, path] of Object.entries(commands)) {
    if (typeof path !== "string") continue;
    const base = posix.basename(securePath(command));
    const target = securePath(path);
    if (base !== "" && target !== "") normal[base] = target;
  }
  return normal;
}

/** `directories.bin` stands for every file below it; of two with one name the one that glob yields last wins. */
async function expandBinFolder(dir: string, folder: string): Promise<Record<string, string>> {
  const { glob } = await import("glob");
  const root = securePath(folder);
  const paths = await glob("**", { cwd: resolve(dir, root) });
  return Object.fromEntries(
    paths
      .filter((path) => path !== "" && !path.startsWith("."))
      .map((path) => [posix.basename(securePath(path)), `${root}/${securePath(path)}`]),
  );
}

function listBundled(json: Readonly<Record<string, unknown>>): readonly string[] {
  const value = json["bundleDependencies"] === undefined ? json["bundledDependencies"] : json["bundleDependencies"];
  if (value === true) return isJsonObject(json["dependencies"]) ? Object.keys(json["dependencies"]) : [];
  if (Array.isArray(value)) return value.filter((name) => typeof name === "string");
  return isJsonObject(value) ? Object.keys(value) : [];
}

/** Writes `json` the way npm does when it takes `patchedDependencies` out: indentation and line ends are kept. */
function withoutPatches(json: Readonly<Record<string, unknown>>, text: string): Buffer {
  const { patchedDependencies: _, ...rest } = json;
  // On one line there is neither, and npm then writes no line end at all.
  const [, newline = "", indent = ""] = /^\s*[{[]((?:\r?\n)+)([\s\t]*)/.exec(text) ?? [];
  return Buffer.from(`${JSON.stringify(rest, null, indent)}\n`.replaceAll("\n", newline), "utf8");
}

/** Read at once: waiting for the thread pool, which is busy compressing, takes longer than reading. */
function readOwnFile(path: string, refuse: (reason: string, cause?: unknown) => never): Buffer {
  try {
    // npm leaves symbolic links out of the tarball: the result would be a package without its manifest.
    if (lstatSync(path).isFile()) return readFileSync(path);
  } catch (cause) {
    return refuse("cannot be read", cause);
  }
  return refuse("is not a file of its own");
}

/**
 * Reads package.json of the package in `dir`. Throws `SLIP_PACK_FAILED` when it is missing, is not a file of its own,
 * does not hold a JSON object, or lacks a name or version.
 */
export async function readPackageManifest(dir: string): Promise<PackageManifest> {
  const root = resolve(dir);
  const path = join(root, "package.json");
  const refuse = (reason: string, cause?: unknown): never =>
    fail("SLIP_PACK_FAILED", `cannot pack ${dir}: package.json ${reason}`, cause === undefined ? {} : { cause });

  const bytes = readOwnFile(path, refuse);
  const text = bytes.toString("utf8").replace(/^\uFEFF/, "");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    return refuse("is not JSON", cause);
  }
  if (!isJsonObject(json)) return refuse("does not hold an object");
  const { name, version, bin, directories, patchedDependencies } = json;
  if (typeof name !== "string" || name === "" || typeof version !== "string" || version === "")
    return refuse("has no name or no version");

  const folder = isJsonObject(directories) ? directories["bin"] : undefined;
  const isPatched = "patchedDependencies" in json;
  const { patchedDependencies: _, ...unpatched } = json;
  return {
    dir: root,
    spec: `${name}@${version}`,
    bytes: isPatched ? withoutPatches(json, text) : bytes,
    json: isPatched ? unpatched : json,
    bin:
      !bin && typeof folder === "string" && folder !== ""
        ? await expandBinFolder(root, folder)
        : normalizeBin(name, bin),
    bundled: listBundled(json),
    patches: isJsonObject(patchedDependencies)
      ? Object.values(patchedDependencies).filter((patch) => typeof patch === "string")
      : [],
  };
}
