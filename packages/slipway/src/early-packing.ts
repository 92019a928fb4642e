/**
 * Packs, in memory, what the registry was just seen to lack or what it will most likely lack, while the plan is still being read:
 * the archives are ready when the plan is. Only where packing runs none of the project's code; it writes nothing, and the plan
 * decides what is used.
 */
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Packument, Reading, Workspace, WorkspacePackage } from "@slipway/core";
import { packEvents } from "./tarball/lifecycle.ts";
import { type PackedTarball, packPackage } from "./tarball/pack.ts";

export interface EarlyPacking {
  /**
   * Packs these before the registry has said anything, until it shows the first version that is there: then there is less to
   * release than all, and only what is known to be missing is packed.
   */
  readonly guess: (items: readonly WorkspacePackage[]) => Promise<void>;
  /** Told of each reading as it arrives. */
  readonly offer: (item: WorkspacePackage, reading: Reading<Packument>) => void;
  /** What was made of the package in `dir`, relative to the root; undefined when nothing was. Rejects as packing does. */
  readonly take: (dir: string) => Promise<PackedTarball | undefined> | undefined;
}

const packedAtOnce = 8;
/** Of archives that wait to be taken: what comes after them is packed when its turn has come. */
const waitingMaxBytes = 8 * 1024 * 1024;

/** `ignoresScripts` and `build` as the release's options say. */
export function createEarlyPacking(
  workspace: Workspace,
  options: { readonly ignoreScripts: boolean; readonly build: string | undefined },
): EarlyPacking {
  const made = new Map<string, Promise<PackedTarball | undefined>>();
  const waiting: (() => void)[] = [];
  let busy = 0;
  let waitingBytes = 0;
  // Any script may write into any folder, so one package with a script makes all of them wait for it.
  const isScripted =
    !options.ignoreScripts &&
    workspace.packages.some((item) => packEvents.some((event) => (item.scripts[event] ?? "") !== ""));
  // Other package managers make tarballs of their own, many in one process, once it is known of which packages.
  let isGuessing = true;
  const missing = new Set<string>();
  const isWanted = (dir: string): boolean => isGuessing || missing.has(dir);
  const isAllowed = workspace.manager.name === "npm" && options.build === undefined && !isScripted;

  async function pack(dir: string): Promise<PackedTarball | undefined> {
    if (busy >= packedAtOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    busy += 1;
    try {
      if (!isWanted(dir)) {
        // It may be offered yet.
        made.delete(dir);
        return undefined;
      }
      if (waitingBytes > waitingMaxBytes) return undefined;
      const tarball = await packPackage(join(workspace.root, dir), { workspaceRoot: workspace.root });
      waitingBytes += tarball.sizeBytes;
      return tarball;
    } finally {
      busy -= 1;
      waiting.shift()?.();
    }
  }

  function begin({ dir, isPrivate }: WorkspacePackage): void {
    if (!isAllowed || isPrivate || made.has(dir)) return;
    const packing = pack(dir);
    // Whoever takes it hears of a failure; a package that the plan leaves out may be broken as it likes.
    packing.catch(() => undefined);
    made.set(dir, packing);
  }

  return {
    async guess(items) {
      for (const item of items) {
        // The requests go first: they take longer, and the registry works while this process packs.
        await nextTurn();
        if (!isGuessing) return;
        begin(item);
      }
    },
    offer(item, reading) {
      const isAbsent =
        reading.kind === "absent" || (reading.kind === "shown" && !reading.value.versions.has(item.version));
      if (isAbsent) {
        missing.add(item.dir);
        begin(item);
      } else isGuessing = false;
    },
    take(dir) {
      const packing = made.get(dir);
      // Given away: the bytes must not be held here for the rest of the release.
      made.delete(dir);
      return packing;
    },
  };
}
