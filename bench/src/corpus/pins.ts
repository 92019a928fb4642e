/**
 * The pinned lists of bench/corpus: which published packages make up a family, and what an install of them needs
 * besides. Pure; must not fetch anything.
 */
import { isJsonObject, parseSpec } from "@slipway/core";
import semver from "semver";

export interface Pin {
  readonly name: string;
  readonly version: string;
  /** `sha512-…` of the tarball in the registry. */
  readonly integrity: string;
}

/** One file of bench/corpus. */
export interface Pins {
  /** Name of the file, without its ending. */
  readonly family: string;
  /** The day, `2026-11-21`. */
  readonly pinnedAt: string;
  /** What becomes the workspace: one version a name. */
  readonly packages: readonly Pin[];
  /** The closure of what they depend on outside that list; older versions of its names belong here too. */
  readonly externals: readonly Pin[];
}

export type Manifest = Readonly<Record<string, unknown>>;

export function specOf({ name, version }: Pick<Pin, "name" | "version">): string {
  return `${name}@${version}`;
}

function parsePinMap(value: unknown, place: string): readonly Pin[] {
  if (!isJsonObject(value)) throw new TypeError(`${place} is not an object`);
  return Object.entries(value).map(([spec, integrity]) => {
    const { name, version } = parseSpec(spec);
    if (version === undefined) throw new TypeError(`${spec} in ${place} names no version`);
    if (typeof integrity !== "string" || !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity))
      throw new TypeError(`${spec} in ${place} has no sha512`);
    return { name, version, integrity };
  });
}

/** Reads the text of a pinned list. Throws, naming what is wrong. */
export function parsePins(text: string, family: string): Pins {
  const json: unknown = JSON.parse(text);
  if (!isJsonObject(json) || typeof json["pinnedAt"] !== "string")
    throw new TypeError(`${family}: pinnedAt is missing`);
  const packages = parsePinMap(json["packages"], `packages of ${family}`);
  const names = new Set(packages.map(({ name }) => name));
  if (names.size !== packages.length) throw new TypeError(`${family} pins two versions of one of its own packages`);
  const externals = parsePinMap(json["externals"], `externals of ${family}`);
  return { family, pinnedAt: json["pinnedAt"], packages, externals };
}

/** The text of a pinned list: a package a line, sorted. */
export function formatPins({ pinnedAt, packages, externals }: Pins): string {
  return `${JSON.stringify({ pinnedAt, packages: mapOf(packages), externals: mapOf(externals) }, null, 2)}\n`;
}

function mapOf(pins: readonly Pin[]): Readonly<Record<string, string>> {
  return Object.fromEntries(pins.map((pin) => [specOf(pin), pin.integrity] as const).toSorted(byKey));
}

function byKey([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : Number(a > b);
}

/**
 * Pins out of a package-lock.json whose root depends on the family: what the root asks for by exact version is the
 * family, everything else is outside. Throws for an entry without a sha512.
 */
export function pinsOfLock(lock: unknown, family: string, pinnedAt: string): Pins {
  const entries = isJsonObject(lock) && isJsonObject(lock["packages"]) ? lock["packages"] : {};
  const root = isJsonObject(entries[""]) ? entries[""] : {};
  const wanted = isJsonObject(root["dependencies"]) ? root["dependencies"] : {};
  const packages = new Map<string, Pin>();
  const externals = new Map<string, Pin>();
  for (const [path, entry] of Object.entries(entries)) {
    // What is bundled comes inside another tarball.
    if (path === "" || !isJsonObject(entry) || entry["inBundle"] === true) continue;
    const { name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length), version, integrity } = entry;
    if (typeof name !== "string" || typeof version !== "string" || typeof integrity !== "string")
      throw new TypeError(`${path} in the lock file has no version or no integrity`);
    const pin = { name, version, integrity: strongest(integrity) };
    (wanted[name] === version ? packages : externals).set(specOf(pin), pin);
  }
  return { family, pinnedAt, packages: [...packages.values()], externals: [...externals.values()] };
}

/** Swaps what is inside and outside: the highest version of each outside name that the family does not have. */
export function invertPins({ family, pinnedAt, packages, externals }: Pins): Pins {
  const own = new Set(packages.map(({ name }) => name));
  const highest = new Map<string, Pin>();
  for (const pin of externals.filter(({ name }) => !own.has(name))) {
    const known = highest.get(pin.name);
    if (known === undefined || semver.gt(pin.version, known.version)) highest.set(pin.name, pin);
  }
  const chosen = [...highest.values()];
  return {
    family: `${family}-outside`,
    pinnedAt,
    packages: chosen,
    externals: [...packages, ...externals.filter((pin) => !chosen.includes(pin))],
  };
}

function strongest(integrity: string): string {
  return integrity.split(/\s+/).find((hash) => hash.startsWith("sha512-")) ?? integrity;
}

/** A manifest's maps of names to ranges that an install follows. Optional peers are not followed. */
export function neededBy(manifest: Manifest): readonly (readonly [name: string, range: string])[] {
  const meta = isJsonObject(manifest["peerDependenciesMeta"]) ? manifest["peerDependenciesMeta"] : {};
  const isOptionalPeer = (name: string): boolean => isJsonObject(meta[name]) && meta[name]["optional"] === true;
  const bundled = manifest["bundleDependencies"] ?? manifest["bundledDependencies"];
  const isBundled = (name: string): boolean => bundled === true || (Array.isArray(bundled) && bundled.includes(name));
  return ["dependencies", "optionalDependencies", "peerDependencies"].flatMap((kind) => {
    const map = manifest[kind];
    return Object.entries(isJsonObject(map) ? map : {})
      .filter(([name]) => (kind === "peerDependencies" ? !isOptionalPeer(name) : !isBundled(name)))
      .map(([name, range]) => followAlias(name, String(range)));
  });
}

function followAlias(name: string, range: string): readonly [string, string] {
  if (!range.startsWith("npm:")) return [name, range];
  const spec = parseSpec(range.slice("npm:".length));
  return [spec.name, spec.version ?? "*"];
}

/**
 * What an install would look for and not find in a registry that holds these manifests and no others, as
 * `a@1.0.0 needs b@^2.0.0`. Off-platform packages count: which ones are needed depends on the machine.
 */
export function findUnsatisfied(manifests: readonly Manifest[]): readonly string[] {
  const versions = new Map<string, string[]>();
  for (const { name, version } of manifests)
    versions.set(String(name), [...(versions.get(String(name)) ?? []), String(version)]);
  return manifests.flatMap((manifest) =>
    neededBy(manifest)
      .filter(([name, range]) => {
        const known = versions.get(name) ?? [];
        // A range that is a dist-tag is answered by whatever version is there.
        return semver.validRange(range) === null
          ? known.length === 0
          : !known.some((version) => semver.satisfies(version, range));
      })
      .map(([name, range]) => `${String(manifest["name"])}@${String(manifest["version"])} needs ${name}@${range}`),
  );
}

/** Those that no other of the list needs, by name. */
export function findTops(manifests: readonly Manifest[]): readonly string[] {
  const needed = new Set(
    manifests.flatMap((manifest) => neededBy(manifest).flatMap(([name]) => (name === manifest["name"] ? [] : [name]))),
  );
  return manifests.map(({ name }) => String(name)).filter((name) => !needed.has(name));
}
