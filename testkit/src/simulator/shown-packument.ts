/** Packuments as values, for ports in process; `documents.ts` makes the same as JSON for HTTP. */
import type { Packument, PackumentVersion } from "@slipway/core";
import type { PackageState, StoredVersion } from "./package-history.ts";
import type { RegistryWorld } from "./registry-world.ts";

/** Where registries keep a tarball by convention. */
export function tarballUrl(url: string, name: string, version: string): string {
  return `${url}${name}/-/${name.replace(/^@.*\//, "")}-${version}.tgz`;
}

function showVersion(url: string, name: string, stored: StoredVersion, isFull: boolean): PackumentVersion {
  const tarball = tarballUrl(url, name, stored.version);
  return {
    integrity: stored.integrity,
    tarball,
    gitHead: isFull ? stored.gitHead : undefined,
    deprecated: stored.deprecated,
    attested: false,
    manifest: { ...stored.manifest, dist: { integrity: stored.integrity, tarball } },
  };
}

function instant(stored: StoredVersion): string {
  return new Date(stored.takenAt).toISOString();
}

/** The packument as the registry shows it; the abbreviated one has no gitHead. */
export function showPackument(
  { url, profile }: Pick<RegistryWorld, "url" | "profile">,
  name: string,
  state: PackageState,
  isFull: boolean,
): Packument {
  const keepsTombstones = !profile.reusesVersions;
  const versions = [...state.versions.values()].map(
    (stored) => [stored.version, showVersion(url, name, stored, isFull)] as const,
  );
  const gone = keepsTombstones
    ? [...state.tombstones].map(([version, takenAt]) => [version, new Date(takenAt).toISOString()] as const)
    : [];
  const time = isFull
    ? new Map([...gone, ...[...state.versions.values()].map((stored) => [stored.version, instant(stored)] as const)])
    : undefined;
  return { name, versions: new Map(versions), distTags: state.distTags, time, rev: undefined };
}
