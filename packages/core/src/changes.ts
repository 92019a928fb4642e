/** Which versions changed between two states of a workspace. Pure: the caller reads the manifests from git. */
import type { WorkspacePackage } from "./workspace.ts";

/** A manifest as it stood at the base revision. */
export interface BaseManifest {
  readonly name: string;
  /** Undefined for a private package without one. */
  readonly version: string | undefined;
  readonly isPrivate: boolean;
}

export interface VersionChange {
  readonly name: string;
  /** Version at the base; undefined for a package that did not exist there, or was private. */
  readonly from: string | undefined;
  readonly to: string;
}

/**
 * Packages that can be published now and whose version is not the one they had at the base. Packages are followed by
 * name, so moving a folder changes nothing; a package that was private counts as new.
 */
export function findVersionChanges(
  base: readonly BaseManifest[],
  now: readonly WorkspacePackage[],
): readonly VersionChange[] {
  const before = new Map<string, string | undefined>();
  for (const item of base) if (!item.isPrivate) before.set(item.name, item.version);
  return now
    .filter((item) => !item.isPrivate && before.get(item.name) !== item.version)
    .map((item) => ({ name: item.name, from: before.get(item.name), to: item.version }));
}
