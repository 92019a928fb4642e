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
  readonly range: string;
  readonly kind: DependencyKind;
  /** True for a peer that `peerDependenciesMeta` marks optional, and for optionalDependencies. */
  readonly isOptional: boolean;
}

export interface PublishConfig {
  readonly registry?: string;
  readonly access?: "public" | "restricted";
  readonly tag?: string;
  readonly provenance?: boolean;
}

export interface WorkspacePackage {
  readonly name: string;
  readonly version: string;
  /** Posix path relative to the workspace root; `.` for the root itself. */
  readonly dir: string;
  readonly isPrivate: boolean;
  readonly dependencies: readonly Dependency[];
  readonly publishConfig: PublishConfig;
  readonly scripts: Readonly<Record<string, string>>;
}

export interface Workspace {
  /** Absolute path of the root folder. */
  readonly root: string;
  readonly packages: readonly WorkspacePackage[];
}

function parseRange(alias: string, range: string): { readonly name: string; readonly range: string } {
  if (!range.startsWith("npm:")) return { name: alias, range };
  const spec = parseSpec(range.slice("npm:".length));
  return { name: spec.name, range: spec.version ?? "*" };
}

function parseDependencies(manifest: Readonly<Record<string, unknown>>): Dependency[] {
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
      return [{ alias, ...parseRange(alias, range), kind, isOptional }];
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
  };
}

/**
 * Parses one package.json. `path` is where it stands, relative to the workspace root, for messages.
 * A private package needs no version; every other fault of name or version is a problem of its own.
 */
export function parseManifest(
  json: unknown,
  dir: string,
  path: string,
): { readonly value?: WorkspacePackage; readonly problems: readonly Problem[] } {
  if (!isJsonObject(json))
    return { problems: [problem("SLIP_MANIFEST_INVALID", `${path} does not hold a JSON object`)] };
  const problems: Problem[] = [];
  const isPrivate = json["private"] === true;
  const nameFault = findNameFault(json["name"]);
  const versionFault = findVersionFault(json["version"]);
  if (nameFault !== undefined && !isPrivate)
    problems.push(problem("SLIP_NAME_INVALID", `the name ${JSON.stringify(json["name"])} in ${path} ${nameFault}`));
  if (versionFault !== undefined && !isPrivate)
    problems.push(
      problem("SLIP_VERSION_INVALID", `the version ${JSON.stringify(json["version"])} in ${path} ${versionFault}`),
    );
  for (const kind of dependencyKinds)
    if (json[kind] !== undefined && !isJsonObject(json[kind]))
      problems.push(problem("SLIP_MANIFEST_INVALID", `${kind} in ${path} is not an object`));
  if (problems.length > 0) return { problems };
  const scripts: Record<string, string> = {};
  if (isJsonObject(json["scripts"]))
    for (const [name, script] of Object.entries(json["scripts"]))
      if (typeof script === "string") scripts[name] = script;
  return {
    problems: [],
    value: {
      name: typeof json["name"] === "string" ? json["name"] : dir,
      version: typeof json["version"] === "string" ? json["version"] : "0.0.0",
      dir,
      isPrivate,
      dependencies: parseDependencies(json),
      publishConfig: parsePublishConfig(json["publishConfig"]),
      scripts,
    },
  };
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
