/**
 * What the ranges of a workspace become when its package manager packs: `workspace:` and `catalog:` as pnpm 12, yarn 4.18 and bun
 * 1.4 write them, measured with each of them. Pure; it changes ranges and finds faults, it packs nothing.
 */
import semver from "semver";
import { satisfies } from "./order.ts";
import { type Problem, type ProblemCode, problem, type ProblemExtras } from "./problem.ts";
import { findTagFault, formatSpec, parseSpec } from "./spec.ts";
import type { Dependency, PackageManagerName, WorkspacePackage } from "./workspace.ts";

/** The catalogs of a workspace. */
export interface Catalogs {
  /** File that holds them, for messages. */
  readonly path: string;
  /** Name of a catalog to its entries; the empty name is the catalog that `catalog:` means. */
  readonly byName: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** A dependency whose declared text is settled, or what is wrong with it. */
type Settled = { readonly name: string; readonly range: string } | { readonly fault: Problem };

interface World {
  readonly manager: Exclude<PackageManagerName, "npm">;
  readonly catalogs: Catalogs;
  readonly byName: ReadonlyMap<string, WorkspacePackage>;
  readonly byDir: ReadonlyMap<string, WorkspacePackage>;
  readonly item: WorkspacePackage;
  readonly dependency: Dependency;
}

/**
 * The packages with the ranges that their published manifests will have. What cannot be settled keeps its text and gets a `fault`,
 * to be reported where the package is packed. npm writes every text as it stands, so its packages come back as they are.
 */
export function resolveProtocols(
  manager: PackageManagerName,
  packages: readonly WorkspacePackage[],
  catalogs: Catalogs,
): readonly WorkspacePackage[] {
  if (manager === "npm") return packages;
  const byName = new Map(packages.map((item) => [item.name, item]));
  const byDir = new Map(packages.map((item) => [item.dir, item]));
  return packages.map((item) => {
    const hasProtocol = item.dependencies.some(({ declared }) => protocol.test(declared));
    if (!hasProtocol) return item;
    const dependencies = item.dependencies.map((dependency) => {
      if (!protocol.test(dependency.declared)) return dependency;
      const { fault: _fault, ...bare } = dependency;
      const unsettled = { ...bare, name: dependency.alias, range: dependency.declared };
      return { ...unsettled, ...settle({ manager, catalogs, byName, byDir, item, dependency }) };
    });
    return { ...item, dependencies };
  });
}

const protocol = /(^|\s|\|)(workspace|catalog):/;

function settle(world: World): Settled {
  const { declared } = world.dependency;
  if (declared.startsWith("catalog:")) return settleCatalog(world, declared.slice("catalog:".length));
  const settled = settleWorkspace(world, declared);
  if ("fault" in settled || !protocol.test(settled.range)) return settled;
  return refuse(world, "SLIP_DEPENDENCY_PROTOCOL", "which holds more than one of them", {
    hint: "write one workspace: range",
  });
}

/** A problem of the dependency at hand: `what` goes on after the package, its manifest and the text. */
function refuse(world: World, code: ProblemCode, what: string, extras: ProblemExtras = {}): Settled {
  const { name, version, dir } = world.item;
  const { kind, alias, declared } = world.dependency;
  const spec = formatSpec(name, version);
  const path = dir === "." ? "package.json" : `${dir}/package.json`;
  const message = `${kind} of ${spec} (${path}) has ${alias}: ${quote(declared)}, ${what}`;
  return { fault: problem(code, message, { spec, ...extras }) };
}

function quote(text: string): string {
  return JSON.stringify(text);
}

function settleCatalog(world: World, rest: string): Settled {
  const { manager, catalogs, dependency } = world;
  const { alias } = dependency;
  const wanted = manager === "yarn" ? rest : rest.trim();
  // pnpm and bun have two names for one catalog, yarn takes `default` for any other name.
  const name = manager !== "yarn" && wanted === "default" ? "" : wanted;
  const catalog = catalogs.byName.get(name);
  const entry = catalog?.get(alias);
  const shown = name === "" ? "default catalog" : `catalog ${quote(name)}`;
  if (entry === undefined) {
    const what =
      catalog === undefined
        ? `but ${catalogs.path} has no ${shown}`
        : `but the ${shown} of ${catalogs.path} has no entry for it`;
    return refuse(world, "SLIP_CATALOG_MISSING", what, {
      hint: `add ${alias} to the ${shown} in ${catalogs.path}, or write a version range`,
      details: describeCatalogsWith(catalogs, alias),
    });
  }
  const found = `and the ${shown} of ${catalogs.path} has ${quote(entry)}`;
  return manager === "yarn" ? settleYarnEntry(world, entry, found) : settleEntry(world, entry, found);
}

function describeCatalogsWith(catalogs: Catalogs, alias: string): readonly string[] {
  return [...catalogs.byName].flatMap(([name, entries]) => {
    const entry = entries.get(alias);
    return entry === undefined ? [] : [`catalog:${name} has ${alias}: ${entry}`];
  });
}

/** pnpm and bun follow an entry to a package of the workspace, and not to another catalog. */
function settleEntry(world: World, entry: string, found: string): Settled {
  if (entry.startsWith("catalog:"))
    return refuse(world, "SLIP_CATALOG_MISSING", `${found}: a catalog cannot refer to a catalog`, {
      hint: "write the version range into the catalog",
    });
  return entry.startsWith("workspace:") ? settleWorkspace(world, entry) : published(world, entry);
}

/**
 * yarn 4.18 writes catalogs into dependencies and devDependencies alone: a peer becomes `*`, an optional dependency keeps its text. An
 * entry with a protocol is written as it stands, one with `npm:` without it.
 */
function settleYarnEntry(world: World, entry: string, found: string): Settled {
  const { alias, kind, declared } = world.dependency;
  if (kind === "peerDependencies") return { name: alias, range: "*" };
  if (kind === "optionalDependencies")
    return refuse(world, "SLIP_DEPENDENCY_PROTOCOL", "which yarn packs as it stands", {
      hint: `write ${quote(entry)} here: yarn resolves catalogs in dependencies and devDependencies only`,
    });
  const written = entry.startsWith("npm:") ? entry.slice("npm:".length) : entry;
  const isPlain = semver.validRange(written, { loose: true }) !== null || findTagFault(written) === undefined;
  if (isPlain) return { name: alias, range: written };
  return refuse(world, "SLIP_DEPENDENCY_PROTOCOL", `${found}: yarn packs ${quote(written)}, which is no range`, {
    hint: `write ${quote(entry)} here instead of ${quote(declared)}`,
  });
}

/** A text that is written as it stands, seen as a registry sees it. */
function published(world: World, text: string): Settled {
  if (!text.startsWith("npm:")) return { name: world.dependency.alias, range: text };
  const { name, version } = parseSpec(text.slice("npm:".length));
  return { name, range: version ?? "*" };
}

function settleWorkspace(world: World, text: string): Settled {
  const { manager, dependency } = world;
  if (!text.startsWith("workspace:")) return settlePeerUnion(world, text);
  const rest = text.slice("workspace:".length);
  const path = findPath(world, rest);
  if (path !== undefined) {
    const sibling = world.byDir.get(path);
    // yarn goes by the name that the key has, pnpm and bun write an alias.
    const isNamed = sibling !== undefined && (manager !== "yarn" || sibling.name === dependency.alias);
    return isNamed ? fromSibling(world, sibling, "*") : refusePath(world, path, sibling);
  }
  const { name, range } = manager === "yarn" ? { name: dependency.alias, range: rest } : splitAlias(dependency, rest);
  const sibling = world.byName.get(name);
  if (sibling === undefined)
    return refuse(
      world,
      "SLIP_DEPENDENCY_UNKNOWN",
      `but no package of the workspace is called ${name}`,
      manager === "yarn" && rest.includes("@", 1)
        ? { hint: "yarn has no workspace: ranges under another name: use the name of the package" }
        : {},
    );
  // The one kind of alias that is written otherwise: pnpm gives a peer of another name any version.
  if (manager === "pnpm" && dependency.kind === "peerDependencies" && name !== dependency.alias)
    return { name, range: "*" };
  return fromSibling(world, sibling, range);
}

/** Folder that `workspace:<path>` means, relative to the root; undefined for what is no path. */
function findPath(world: World, rest: string): string | undefined {
  if (world.manager === "yarn") return world.byDir.has(rest) && rest !== "." ? rest : undefined;
  return rest.startsWith(".") ? joinPath(world.item.dir, rest) : undefined;
}

function joinPath(from: string, path: string): string {
  const parts = from === "." ? [] : from.split("/");
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.length === 0 ? "." : parts.join("/");
}

function refusePath(world: World, path: string, sibling: WorkspacePackage | undefined): Settled {
  const what =
    sibling === undefined ? `there is no package of the workspace at ${path}` : `${path} is called ${sibling.name}`;
  return refuse(world, "SLIP_DEPENDENCY_UNKNOWN", `but ${what}`);
}

function splitAlias(dependency: Dependency, rest: string): { readonly name: string; readonly range: string } {
  const at = rest.indexOf("@", 1);
  return at > 0
    ? { name: rest.slice(0, at), range: rest.slice(at + 1) || "*" }
    : { name: dependency.alias, range: rest };
}

/** What is written of a `workspace:` range once the package it means is known. */
function fromSibling(world: World, sibling: WorkspacePackage, range: string): Settled {
  const { manager } = world;
  const { name, version } = sibling;
  // Only pnpm takes nothing for `*`.
  const wanted = range === "" && manager === "pnpm" ? "*" : range;
  if (wanted === "*" || wanted === "^" || wanted === "~") {
    if (sibling.hasVersion === false && manager !== "yarn")
      return refuse(
        world,
        "SLIP_VERSION_INVALID",
        `but ${name} (${sibling.dir}) has no version, and ${manager} cannot pack that`,
        { hint: `give ${name} a version; a private package may have any` },
      );
    return { name, range: wanted === "*" ? version : `${wanted}${version}` };
  }
  if (semver.validRange(wanted, { loose: true }) !== null) {
    if (satisfies(version, wanted)) return { name, range: wanted };
    return refuse(world, "SLIP_DEPENDENCY_RANGE", `but the workspace has ${formatSpec(name, version)}`, {
      hint: "correct the range; workspace:^ always fits",
    });
  }
  if (manager !== "yarn" && findTagFault(wanted) === undefined) return { name, range: wanted };
  return refuse(world, "SLIP_DEPENDENCY_PROTOCOL", `which ${manager} cannot turn into a range`, {
    hint: "write workspace:*, workspace:^, workspace:~ or workspace:<range>",
  });
}

/** `^1.0.0 || workspace:^` in peerDependencies: pnpm replaces the one `workspace:` in it, the others write it as it stands. */
function settlePeerUnion(world: World, text: string): Settled {
  const { manager, dependency, byName } = world;
  const { alias, kind } = dependency;
  const sibling = byName.get(alias);
  if (manager !== "pnpm" || kind !== "peerDependencies" || sibling === undefined)
    return refuse(world, "SLIP_DEPENDENCY_PROTOCOL", `which ${manager} cannot turn into a range`, {
      hint: "write a version range, or one workspace: range",
    });
  const range = text.replace(/workspace:([*^~]?)/, (_, mark: string) => {
    if (mark === "") return "";
    return mark === "*" ? sibling.version : `${mark}${sibling.version}`;
  });
  return { name: alias, range };
}
