/**
 * The manifest of a version as `npm publish <tarball>` sends it: package.json in npm's normal form. The rules are
 * those of @npmcli/package-json 8 (`prepare`) and libnpmpublish 12, which the tests compare with. Pure; what depends
 * on the package's files comes in as `files`. Must not change a field that an install reads in any other way than npm.
 *
 * Differences from npm, on purpose: gitHead is only what it is given, folders inside `directories.bin` are no
 * commands, and a `packageExtensions` that npm refuses at publish time is left out.
 */
import { posix } from "node:path";
import { isGypFile, isJsonObject, type PackedFiles } from "@slipway/core";
import { findHostedRepository } from "./hosted-repository.ts";
import { describePackage } from "./manifest-description.ts";
import { insidePackage, isDraft } from "./manifest-draft.ts";
import type { Draft } from "./manifest-draft.ts";

export interface NormalizeOptions {
  /** The commit to name, when its sources are exactly what was packed. */
  readonly gitHead?: string;
  /** Without it nothing is filled in from files. */
  readonly files?: PackedFiles;
}

/** The folder that `directories.bin` or `directories.man` names, unless the list itself is given. */
function folderOf(draft: Draft, kind: "bin" | "man"): string | undefined {
  const directories = draft["directories"];
  const dir = isJsonObject(directories) ? directories[kind] : undefined;
  return typeof dir === "string" && dir !== "" && !draft[kind] ? insidePackage(dir) : undefined;
}

/** Files below a folder, without those that begin with a dot or lie in such a folder. */
function filesIn(files: PackedFiles, dir: string): readonly string[] {
  const prefix = dir === "" ? "" : `${dir.replace(/\/$/, "")}/`;
  return files.paths.filter(
    (path) =>
      path.startsWith(prefix) &&
      !path
        .slice(prefix.length)
        .split("/")
        .some((part) => part.startsWith(".")),
  );
}

function fillFromFiles(draft: Draft, files: PackedFiles): void {
  const scripts = isDraft(draft["scripts"]) ? draft["scripts"] : {};
  if (!scripts["install"] && !scripts["preinstall"] && draft["gypfile"] !== false)
    if (files.paths.some(isGypFile)) {
      // As npm does: scripts that are a text get no entry, and are taken out later.
      if (!draft["scripts"] || isDraft(draft["scripts"]))
        draft["scripts"] = { ...scripts, install: "node-gyp rebuild" };
      draft["gypfile"] = true;
    }
  if (!draft["contributors"] && files.authors !== undefined)
    draft["contributors"] = files.authors
      .split(/\r?\n/)
      .map((line) => line.replace(/^\s*#.*$/, "").trim())
      .filter((line) => line !== "");
  if (!draft["readme"] && files.readme !== undefined) {
    draft["readme"] = files.readme.text;
    draft["readmeFilename"] = files.readme.path;
  }
  const mans = folderOf(draft, "man");
  if (mans !== undefined) draft["man"] = filesIn(files, mans).filter((path) => /\.[0-9]$/.test(path));
  const bins = folderOf(draft, "bin");
  if (bins !== undefined)
    draft["bin"] = Object.fromEntries(filesIn(files, bins).map((path) => [posix.basename(path), path]));
  fillTypes(draft, files);
}

function fillTypes(draft: Draft, files: PackedFiles): void {
  const main = draft["main"] || "index.js";
  if (typeof main !== "string" || "types" in draft || "typings" in draft) return;
  const beside = posix.join(posix.dirname(main), posix.basename(main, posix.extname(main)));
  const path = `./${beside}.d.ts`;
  if (files.paths.includes(posix.normalize(path))) draft["types"] = path;
}

function normalizeBin(draft: Draft): void {
  const bin = draft["bin"];
  const name = draft["name"];
  const named: readonly (readonly [string, unknown])[] =
    typeof bin === "string" && bin !== "" && typeof name === "string" && name !== ""
      ? [[name, bin]]
      : Array.isArray(bin)
        ? bin.map((path: unknown) => [posix.basename(String(path)), path])
        : isJsonObject(bin)
          ? Object.entries(bin)
          : [];
  const commands = new Map<string, string>();
  for (const [key, path] of named) {
    const command = posix.basename(insidePackage(key));
    const target = typeof path === "string" ? insidePackage(path) : "";
    if (command !== "" && target !== "") commands.set(command, target);
  }
  if (commands.size === 0) delete draft["bin"];
  else draft["bin"] = Object.fromEntries(commands);
}

function normalizeBundle(draft: Draft): void {
  if (draft["bundleDependencies"] === undefined && draft["bundledDependencies"] !== undefined)
    draft["bundleDependencies"] = draft["bundledDependencies"];
  delete draft["bundledDependencies"];
  const bundle = draft["bundleDependencies"];
  const dependencies = draft["dependencies"];
  if (bundle === true) draft["bundleDependencies"] = isJsonObject(dependencies) ? Object.keys(dependencies) : [];
  else if (isJsonObject(bundle)) draft["bundleDependencies"] = Object.keys(bundle);
  else if (!Array.isArray(bundle)) delete draft["bundleDependencies"];
}

/** What is bundled and not listed becomes a dependency, so that an install knows it. */
function addBundledDependencies(draft: Draft): void {
  const bundle = draft["bundleDependencies"];
  if (!Array.isArray(bundle)) return;
  const names = bundle.filter((name): name is string => typeof name === "string" && name !== "");
  draft["bundleDependencies"] = names;
  const dependencies = new Map(Object.entries(isDraft(draft["dependencies"]) ? draft["dependencies"] : {}));
  for (const name of names) if (!dependencies.has(name)) dependencies.set(name, "*");
  if (names.length > 0) draft["dependencies"] = Object.fromEntries(dependencies);
}

function normalizeDependencies(draft: Draft): void {
  for (const kind of ["dependencies", "devDependencies"]) {
    if (!(kind in draft)) continue;
    const map = draft[kind];
    if (isJsonObject(map))
      draft[kind] = Object.fromEntries(
        Object.entries(map).flatMap(([name, range]) =>
          typeof range === "string" ? [[name, gitReference(range)]] : [],
        ),
      );
    else delete draft[kind];
  }
}

/** A reference to a git host in npm's spelling. Plain ranges hold no slash and are not looked up. */
function gitReference(range: string): string {
  return range.includes("/") ? (findHostedRepository(range)?.toString() ?? range) : range;
}

function normalizeScripts(draft: Draft): void {
  const scripts = draft["scripts"];
  if (scripts === undefined || scripts === null) return;
  if (typeof scripts !== "object") delete draft["scripts"];
  if (!isJsonObject(scripts)) return;
  draft["scripts"] = Object.fromEntries(
    Object.entries(scripts).flatMap(([name, script]) =>
      typeof script === "string" ? [[name, script.replace(/^(\.[/\\])?node_modules[/\\].bin[\\/]/, "")]] : [],
    ),
  );
}

/**
 * The version's manifest of the publish document, without `dist`. `packageJson` is the tarball's own; it is not
 * changed. Name and version have been validated when the workspace was read.
 */
export function normalizeManifest(
  packageJson: Readonly<Record<string, unknown>>,
  options: NormalizeOptions = {},
): Readonly<Record<string, unknown>> {
  const draft: Draft = Object.fromEntries(
    Object.entries(structuredClone(packageJson)).filter(([key]) => !key.startsWith("_")),
  );
  if (options.files) fillFromFiles(draft, options.files);
  normalizeBin(draft);
  if (typeof draft["name"] === "string") draft["name"] = draft["name"].trim();
  normalizeBundle(draft);
  const overrides = draft["overrides"];
  if (!isJsonObject(overrides) || Object.keys(overrides).length === 0) delete draft["overrides"];
  normalizeScripts(draft);
  normalizeDependencies(draft);
  describePackage(draft, options.files !== undefined);
  addBundledDependencies(draft);
  // What concerns only the consumer's own project never reaches a registry.
  delete draft["patchedDependencies"];
  delete draft["packageExtensions"];
  draft["_id"] = `${String(draft["name"])}@${String(draft["version"])}`;
  if (options.gitHead !== undefined) draft["gitHead"] = options.gitHead;
  return draft;
}
