/** `slipway status`: workspace, registry, git tags and dist-tags beside each other. Writes nothing. */
import { formatSpec, type Reading, type Packument } from "@slipway/core";
import { gatherFacts } from "../plan-facts.ts";
import { openProject } from "../planning.ts";
import { formatStatus } from "../views/status-view.ts";
import type { Verb } from "./verb.ts";

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

export const status: Verb<StatusData> = {
  async command(_args, flags, context) {
    const { workspace, source, registries, registryOf, limits } = await openProject(flags, context);
    try {
      const facts = await gatherFacts({
        workspace,
        source,
        registryOf: (item) => registries.get(registryOf(item)),
        selected: undefined,
        changed: undefined,
        clock: context.clock,
        limits,
      });
      const packages = workspace.packages.map((item): PackageStatus => {
        const { name, version, isPrivate } = item;
        if (isPrivate)
          return {
            name,
            version,
            registry: undefined,
            state: "private",
            distTags: {},
            hasGitTag: false,
            changedFiles: [],
          };
        const reading = facts.readings.get(name);
        const packument = reading?.kind === "shown" ? reading.value : undefined;
        const gitHead = packument?.versions.get(version)?.gitHead;
        return {
          name,
          version,
          registry: registryOf(item),
          state: stateOf(reading, version),
          ...(reading?.kind === "unavailable" ? { reason: reading.reason } : {}),
          distTags: Object.fromEntries(packument?.distTags ?? []),
          hasGitTag: facts.git.releaseTags.has(formatSpec(name, version)),
          ...(gitHead === undefined ? {} : { gitHead }),
          changedFiles: facts.git.changedFiles.get(name) ?? [],
        };
      });
      return { commit: source.commit, isClean: source.isClean, packages };
    } finally {
      registries.close();
    }
  },
  views: { human: (data, terminal) => formatStatus(data, terminal), json: (data) => data },
  exitCode: (data) => (data.packages.some((item) => item.state === "unknown") ? 3 : 0),
};
