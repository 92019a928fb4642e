/**
 * The fields of a package's manifest that decide what an install gets, in one canonical form, so that a registry's
 * entry can be compared with the package.json in a tarball (invariant I3). Pure; must not look at anything that only
 * describes a package: text, people, links, readme, npm's own `_` fields and `dist`.
 */
import { isJsonObject } from "./packument.ts";

export const publishedFieldNames = [
  "name",
  "version",
  "dependencies",
  "optionalDependencies",
  "peerDependencies",
  "peerDependenciesMeta",
  "bundleDependencies",
  "bin",
  "engines",
  "os",
  "cpu",
  "libc",
  "exports",
  "main",
  "types",
  "scripts.preinstall",
  "scripts.install",
  "scripts.postinstall",
] as const;

export type PublishedField = (typeof publishedFieldNames)[number];

/** Each field's canonical JSON; a field that is absent or says nothing has no entry. */
export type PublishedFields = Readonly<Partial<Record<PublishedField, string>>>;

type Manifest = Readonly<Record<string, unknown>>;

/** JSON with sorted keys; undefined for what npm treats like an absent field. */
function canonical(value: unknown): string | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => canonical(item) ?? "null");
    return items.length === 0 ? undefined : `[${items.join(",")}]`;
  }
  if (!isJsonObject(value)) return JSON.stringify(value);
  const entries = Object.keys(value)
    .toSorted()
    .flatMap((key) => (value[key] === undefined ? [] : [`${JSON.stringify(key)}:${canonical(value[key]) ?? "null"}`]));
  return entries.length === 0 ? undefined : `{${entries.join(",")}}`;
}

/** A path as npm writes it into `bin`: posix, without `./`, and never above the package. */
function cleanPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.replaceAll(/[\\:]/g, "/").split("/"))
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  return parts.join("/");
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

const hosts = "github\\.com|gitlab\\.com|bitbucket\\.org";
const hostedUrl = new RegExp(
  `^(git\\+https|https?|git\\+ssh|ssh|git)://([^@/]+@)?(?:www\\.)?(${hosts})[/:]([^/#]+)/([^/#]+?)(?:\\.git)?/?(#.*)?$`,
);
const hostedScp = new RegExp(`^git@(${hosts}):([^/#]+)/([^/#]+?)(\\.git)?(#.*)?$`);
const hostedShorthand = /^[^\s@:/#%.~-][^\s@:/#%]*\/[^\s@:/#%]+(#.*)?$/;
/** A page of GitHub that shows a branch, which npm reads as that branch. */
const branchPage = /^(https?:\/\/(?:www\.)?github\.com\/[^/#]+\/[^/#]+)\/tree\/([^/#]+).*$/;

/** A range as npm publishes it: references to git hosts are written in one way, everything else as it is. */
function canonicalRange(range: string): string {
  const text = range.trim().replace(branchPage, "$1#$2");
  if (!text.includes("/")) return text;
  if (hostedShorthand.test(text) || text.startsWith("github:"))
    return `github:${text.replace(/^github:/, "").replace(/\.git(?=#|$)/, "")}`;
  const scp = hostedScp.exec(text);
  if (scp) return `git+ssh://git@${scp[1]}/${scp[2]}/${scp[3]}.git${scp[5] ?? ""}`;
  const url = hostedUrl.exec(text);
  if (!url) return text;
  const [, scheme, user = "", host, owner, project, committish = ""] = url;
  // npm knows no host by plain http and then writes the address for ssh (hosted-git-info 10.1).
  const protocol = scheme === "https" ? "git+https" : scheme === "ssh" || scheme === "http" ? "git+ssh" : scheme;
  return `${protocol}://${protocol === "git+ssh" ? "git@" : user}${host}/${owner}/${project}.git${committish}`;
}

function stringEntries(value: unknown): Map<string, string> {
  const map = new Map<string, string>();
  if (isJsonObject(value))
    for (const [key, entry] of Object.entries(value)) if (typeof entry === "string") map.set(key, entry);
  return map;
}

function bundled(manifest: Manifest): readonly string[] {
  const value = manifest["bundleDependencies"] ?? manifest["bundledDependencies"];
  if (value === true) return Object.keys(Object.fromEntries(stringEntries(manifest["dependencies"]))).toSorted();
  if (isJsonObject(value)) return Object.keys(value).toSorted();
  return Array.isArray(value)
    ? value.filter((name): name is string => typeof name === "string" && name !== "").toSorted()
    : [];
}

/** What is listed as optional is not a plain dependency, and what is bundled is one: npm reads it so on install. */
function dependencyMaps(manifest: Manifest): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const maps = {
    dependencies: stringEntries(manifest["dependencies"]),
    optionalDependencies: stringEntries(manifest["optionalDependencies"]),
    peerDependencies: stringEntries(manifest["peerDependencies"]),
  };
  for (const name of bundled(manifest)) if (!maps.dependencies.has(name)) maps.dependencies.set(name, "*");
  for (const name of maps.optionalDependencies.keys()) maps.dependencies.delete(name);
  return Object.fromEntries(
    Object.entries(maps).map(([kind, map]) => [
      kind,
      Object.fromEntries([...map].map(([name, range]) => [name, canonicalRange(range)])),
    ]),
  );
}

function directoryOfBins(manifest: Manifest): string | undefined {
  const directories = manifest["directories"];
  const dir = isJsonObject(directories) ? directories["bin"] : undefined;
  return typeof dir === "string" && cleanPath(dir) !== "" ? cleanPath(dir) : undefined;
}

function bins(manifest: Manifest): Readonly<Record<string, string>> {
  const value = manifest["bin"];
  const name = typeof manifest["name"] === "string" ? manifest["name"] : "";
  const named: readonly (readonly [string, unknown])[] =
    typeof value === "string"
      ? [[name, value]]
      : Array.isArray(value)
        ? value.map((path: unknown) => [baseName(String(path)), path])
        : isJsonObject(value)
          ? Object.entries(value)
          : [];
  const result = new Map<string, string>();
  for (const [key, path] of named) {
    const command = baseName(cleanPath(key));
    if (command !== "" && typeof path === "string" && cleanPath(path) !== "") result.set(command, cleanPath(path));
  }
  const dir = directoryOfBins(manifest);
  // npm lists the files of `directories.bin` when it publishes; the folder says the same.
  if (dir !== undefined && [...result.values()].every((path) => path.startsWith(`${dir}/`))) return { "/": dir };
  return Object.fromEntries(result);
}

/** `types`, unless it is the file next to `main` that npm fills in, and TypeScript finds, by itself. */
function typesOf(manifest: Manifest): string | undefined {
  const types = manifest["types"] ?? manifest["typings"];
  if (typeof types !== "string") return canonical(types);
  const main = typeof manifest["main"] === "string" && manifest["main"] !== "" ? manifest["main"] : "index.js";
  const beside = `${cleanPath(main).replace(/(?<=[^/])\.[^./]*$/, "")}.d.ts`;
  return cleanPath(types) === beside ? undefined : types;
}

function installScripts(manifest: Manifest, hasGypFile: boolean): Readonly<Record<string, string>> {
  const scripts = Object.fromEntries(
    ["preinstall", "install", "postinstall"].flatMap((name) => {
      const script = isJsonObject(manifest["scripts"]) ? manifest["scripts"][name] : undefined;
      // npm takes the folder of local commands off the front when it publishes.
      return typeof script === "string" && script !== ""
        ? [[name, script.replace(/^(\.[/\\])?node_modules[/\\].bin[\\/]/, "")]]
        : [];
    }),
  );
  const isBuilt = hasGypFile && manifest["gypfile"] !== false;
  return isBuilt && scripts["install"] === undefined && scripts["preinstall"] === undefined
    ? { ...scripts, install: "node-gyp rebuild" }
    : scripts;
}

function listOf(value: unknown): unknown {
  return typeof value === "string" && value !== "" ? [value] : Array.isArray(value) ? value.toSorted() : value;
}

function versionOf(value: unknown): unknown {
  return typeof value === "string" ? value.trim().replace(/^[=v]+/, "") : value;
}

/**
 * True for a path in a package that makes npm add the script of a native build when it publishes: any `.gyp` at the top,
 * though an install builds `binding.gyp` only.
 */
export function isGypFile(path: string): boolean {
  return /^[^./][^/]*\.gyp$/.test(path);
}

/**
 * The fields that decide what an install gets. `hasGypFile` is whether the tarball holds one of `isGypFile`, for which npm
 * publishes an install script though the manifest says none.
 */
export function publishedFields(manifest: Manifest, options: { readonly hasGypFile: boolean }): PublishedFields {
  const maps = dependencyMaps(manifest);
  const scripts = installScripts(manifest, options.hasGypFile);
  const values: Readonly<Record<PublishedField, string | undefined>> = {
    name: canonical(typeof manifest["name"] === "string" ? manifest["name"].trim() : manifest["name"]),
    version: canonical(versionOf(manifest["version"])),
    dependencies: canonical(maps["dependencies"]),
    optionalDependencies: canonical(maps["optionalDependencies"]),
    peerDependencies: canonical(maps["peerDependencies"]),
    peerDependenciesMeta: canonical(manifest["peerDependenciesMeta"]),
    bundleDependencies: canonical(bundled(manifest)),
    bin: canonical(bins(manifest)),
    engines: canonical(manifest["engines"]),
    os: canonical(listOf(manifest["os"])),
    cpu: canonical(listOf(manifest["cpu"])),
    libc: canonical(listOf(manifest["libc"])),
    exports: canonical(manifest["exports"]),
    main: canonical(manifest["main"]),
    types: typesOf(manifest),
    "scripts.preinstall": canonical(scripts["preinstall"]),
    "scripts.install": canonical(scripts["install"]),
    "scripts.postinstall": canonical(scripts["postinstall"]),
  };
  const fields: Partial<Record<PublishedField, string>> = {};
  for (const name of publishedFieldNames) {
    const value = values[name];
    if (value !== undefined) fields[name] = value;
  }
  return fields;
}

/** Names of the fields that differ, in the order of `publishedFieldNames`. */
export function diffPublishedFields(a: PublishedFields, b: PublishedFields): readonly PublishedField[] {
  return publishedFieldNames.filter((name) => a[name] !== b[name]);
}
