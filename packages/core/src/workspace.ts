/** The packages of a workspace as their manifests declare them, parsed from unknown JSON. */
import { isJsonObject } from "./packument.ts";
import { type Problem, problem } from "./problem.ts";
import { findNameFault, findVersionFault, parseSpec } from "./spec.ts";

export const dependencyKinds = ["dependencies", "optionalDependencies", "peerDependencies", "devDependencies"] as const;
export type DependencyKind = (typeof dependencyKinds)[number];

export interface Dependency {
  /** The key in the manifest, an alias when `range` begins with `npm:`. */
  readonly alias: string;
  /** The package the range is about: `b` for `"a": "npm:b@^1.0.0"`. */
  readonly name: string;
  /** What the published manifest will ask for: `^1.2.0` where `declared` is `workspace:^`. */
  readonly range: string;
  /** The text in the manifest on disk. */
  readonly declared: string;
  readonly kind: DependencyKind;
  /** True for a peer that `peerDependenciesMeta` marks optional, and for optionalDependencies. */
  readonly isOptional: boolean;
  /** Why `declared` cannot become a range; then `range` is that text. Concerns nobody until the package is packed. */
  readonly fault?: Problem;
}

export interface PublishConfig {
  readonly registry?: string;
  readonly access?: "public" | "restricted";
  readonly tag?: string;
  readonly provenance?: boolean;
  /** Folder below the package whose contents pnpm packs in its place. */
  readonly directory?: string;
}

export interface WorkspacePackage {
  readonly name: string;
  readonly version: string;
  /** False for a private package without one, whose `version` is then 0.0.0. */
  readonly hasVersion?: false;
  /** Posix path relative to the workspace root; `.` for the root itself. */
  readonly dir: string;
  /** Posix path relative to the workspace root of the folder whose contents are packed; mostly `dir`. */
  readonly packDir: string;
  readonly isPrivate: boolean;
  readonly dependencies: readonly Dependency[];
  readonly publishConfig: PublishConfig;
  readonly scripts: Readonly<Record<string, string>>;
}

export const packageManagerNames = ["npm", "pnpm", "yarn", "bun"] as const;
export type PackageManagerName = (typeof packageManagerNames)[number];

/** Whose workspace it is: who reads its protocols and packs it. */
export interface PackageManager {
  readonly name: PackageManagerName;
  /** The version that `packageManager` or `devEngines.packageManager` asks for; the latter may be a range. */
  readonly version: string | undefined;
  /** Where it is known from, for messages: `packageManager in package.json`, `pnpm-lock.yaml`. */
  readonly from: string;
}

export interface Workspace {
  /** Absolute path of the root folder. */
  readonly root: string;
  readonly manager: PackageManager;
  readonly packages: readonly WorkspacePackage[];
}

/** Control characters, and the marks that reorder text on a terminal. */
const unprintable = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;

/** True for a posix path that stays inside the folder it is relative to and can be shown on a terminal as it is. */
export function isInnerPath(path: string): boolean {
  if (path === "" || path.startsWith("/") || /\\|^[A-Za-z]:/.test(path) || unprintable.test(path)) return false;
  return path.split("/").every((part) => part !== "" && part !== ".." && part !== ".");
}

function parseRange(alias: string, range: string): { readonly name: string; readonly range: string } {
  if (!range.startsWith("npm:")) return { name: alias, range };
  const spec = parseSpec(range.slice("npm:".length));
  return { name: spec.name, range: spec.version ?? "*" };
}

/** What a manifest depends on, kind by kind; what has no shape of a dependency is left out. */
export function parseDependencies(manifest: Readonly<Record<string, unknown>>): readonly Dependency[] {
  const meta = isJsonObject(manifest["peerDependenciesMeta"]) ? manifest["peerDependenciesMeta"] : {};
  return dependencyKinds.flatMap((kind) => {
    const map = manifest[kind];
    if (!isJsonObject(map)) return [];
    return Object.entries(map).flatMap(([alias, range]) => {
      if (typeof range !== "string") return [];
      const peerMeta = meta[alias];
      const isOptional =
        kind === "optionalDependencies" ||
        (kind === "peerDependencies" && isJsonObject(peerMeta) && peerMeta["optional"] === true);
      return [{ alias, ...parseRange(alias, range), declared: range, kind, isOptional }];
    });
  });
}

function parsePublishConfig(value: unknown): PublishConfig {
  if (!isJsonObject(value)) return {};
  const access = value["access"];
  return {
    ...(typeof value["registry"] === "string" ? { registry: value["registry"] } : {}),
    ...(access === "public" || access === "restricted" ? { access } : {}),
    ...(typeof value["tag"] === "string" ? { tag: value["tag"] } : {}),
    ...(typeof value["provenance"] === "boolean" ? { provenance: value["provenance"] } : {}),
    ...(typeof value["directory"] === "string" ? { directory: value["directory"] } : {}),
  };
}

/**
 * Parses one package.json. `path` is where it stands, relative to the workspace root, for messages.
 * A private package needs no version; every other fault is a problem of its own.
 */
export function parseManifest(
  json: unknown,
  dir: string,
  path: string,
): { readonly value?: WorkspacePackage; readonly problems: readonly Problem[] } {
  if (!isJsonObject(json))
    return { problems: [problem("SLIP_MANIFEST_INVALID", `${path} does not hold a JSON object`)] };
  // npm refuses to publish whatever is truthy here, `"false"` included.
  const isPrivate = Boolean(json["private"]);
  const problems = [...findIdentityFaults(json, isPrivate, path), ...findShapeFaults(json, path)];
  if (problems.length > 0) return { problems };
  const scripts: Record<string, string> = {};
  if (isJsonObject(json["scripts"]))
    for (const [name, script] of Object.entries(json["scripts"]))
      if (typeof script === "string") scripts[name] = script;
  return {
    problems: [],
    value: {
      name: typeof json["name"] === "string" ? json["name"] : dir,
      ...(typeof json["version"] === "string" ? { version: json["version"] } : { version: "0.0.0", hasVersion: false }),
      dir,
      packDir: dir,
      isPrivate,
      dependencies: parseDependencies(json),
      publishConfig: parsePublishConfig(json["publishConfig"]),
      scripts,
    },
  };
}

type Manifest = Readonly<Record<string, unknown>>;

/** Old names and odd versions of private packages harm nobody, but they are shown, so they must be printable. */
function findIdentityFaults(json: Manifest, isPrivate: boolean, path: string): readonly Problem[] {
  const { name, version } = json;
  const problems: Problem[] = [];
  const nameFault = isPrivate ? undefined : findNameFault(name);
  const versionFault = isPrivate ? undefined : findVersionFault(version);
  const hiddenFault = "holds control characters";
  if (nameFault !== undefined || isHidden(name))
    problems.push(problem("SLIP_NAME_INVALID", `the name ${printed(name)} in ${path} ${nameFault ?? hiddenFault}`));
  if (versionFault !== undefined || isHidden(version))
    problems.push(
      problem("SLIP_VERSION_INVALID", `the version ${printed(version)} in ${path} ${versionFault ?? hiddenFault}`),
    );
  return problems;
}

function isHidden(value: unknown): boolean {
  return typeof value === "string" && unprintable.test(value);
}

/** A value as JSON with everything escaped that a terminal would act on. */
function printed(value: unknown): string {
  const text = JSON.stringify(value) ?? "(none)";
  return text.replace(new RegExp(unprintable, "gu"), "?");
}

function findShapeFaults(json: Manifest, path: string): readonly Problem[] {
  const faults: string[] = [];
  for (const kind of dependencyKinds) {
    const map = json[kind];
    if (map === undefined || map === null) continue;
    if (!isJsonObject(map)) faults.push(`${kind} in ${path} is not an object`);
    else
      for (const [name, range] of Object.entries(map))
        if (typeof range !== "string") faults.push(`${kind}[${printed(name)}] in ${path} is not a text`);
  }
  const config = isJsonObject(json["publishConfig"]) ? json["publishConfig"] : {};
  const { access, registry, tag } = config;
  if (access !== undefined && access !== null && access !== "public" && access !== "restricted")
    faults.push(`publishConfig.access in ${path} is ${printed(access)}, not public or restricted`);
  if (registry !== undefined && typeof registry !== "string")
    faults.push(`publishConfig.registry in ${path} is not a text`);
  if (tag !== undefined && typeof tag !== "string") faults.push(`publishConfig.tag in ${path} is not a text`);
  return faults.map((fault) => problem("SLIP_MANIFEST_INVALID", fault));
}

/** Two packages of one name cannot be told apart on a registry. */
export function findDuplicateNames(packages: readonly WorkspacePackage[]): readonly Problem[] {
  const dirs = new Map<string, string[]>();
  for (const item of packages) dirs.set(item.name, [...(dirs.get(item.name) ?? []), item.dir]);
  return [...dirs]
    .filter(([, where]) => where.length > 1)
    .map(([name, where]) =>
      problem("SLIP_NAME_DUPLICATE", `${name} is the name of ${where.length} packages: ${where.join(", ")}`, {
        spec: name,
      }),
    );
}
