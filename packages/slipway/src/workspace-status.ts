/** What the registry and git show of each package of a workspace, side by side. Pure: it is handed everything it compares. */
import { formatSpec, type Packument, type Reading, type WorkspacePackage } from "@slipway/core";
import type { Facts } from "./plan-facts.ts";

export interface PackageStatus {
  readonly name: string;
  readonly version: string;
  readonly registry: string | undefined;
  readonly state: "private" | "published" | "unpublished" | "new" | "unknown";
  /** Why it is unknown. */
  readonly reason?: string;
  /** dist-tag to version. */
  readonly distTags: Readonly<Record<string, string>>;
  readonly hasGitTag: boolean;
  readonly gitHead?: string;
  /** Files changed since the published commit without a new version. */
  readonly changedFiles: readonly string[];
}

export interface StatusData {
  readonly commit: string | undefined;
  readonly isClean: boolean;
  readonly packages: readonly PackageStatus[];
}

function stateOf(reading: Reading<Packument> | undefined, version: string): PackageStatus["state"] {
  if (reading === undefined || reading.kind === "unavailable") return "unknown";
  if (reading.kind === "absent") return "new";
  return reading.value.versions.has(version) ? "published" : "unpublished";
}

export function describePackage(item: WorkspacePackage, registry: string | undefined, facts: Facts): PackageStatus {
  const { name, version } = item;
  if (registry === undefined)
    return { name, version, registry, state: "private", distTags: {}, hasGitTag: false, changedFiles: [] };
  const reading = facts.readings.get(name);
  const packument = reading?.kind === "shown" ? reading.value : undefined;
  const gitHead = packument?.versions.get(version)?.gitHead;
  return {
    name,
    version,
    registry,
    state: stateOf(reading, version),
    ...(reading?.kind === "unavailable" ? { reason: reading.reason } : {}),
    distTags: Object.fromEntries(packument?.distTags ?? []),
    hasGitTag: facts.git.releaseTags.has(formatSpec(name, version)),
    ...(gitHead === undefined ? {} : { gitHead }),
    changedFiles: facts.git.changedFiles.get(name) ?? [],
  };
}
