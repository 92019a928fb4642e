/**
 * Packs, in memory, what the registry was just seen to lack, while the rest of the plan is still being read: the archives are ready
 * when the plan is. Only where packing runs none of the project's code; it writes nothing, and the plan decides what is used.
 */
import { join } from "node:path";
import type { Packument, Reading, Workspace, WorkspacePackage } from "@slipway/core";
import { packEvents } from "./tarball/lifecycle.ts";
import { type PackedTarball, packPackage } from "./tarball/pack.ts";

export interface EarlyPacking {
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
  const isAllowed = workspace.manager.name === "npm" && options.build === undefined && !isScripted;

  async function pack(dir: string): Promise<PackedTarball | undefined> {
    if (busy >= packedAtOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    busy += 1;
    try {
      if (waitingBytes > waitingMaxBytes) return undefined;
      const tarball = await packPackage(join(workspace.root, dir), { workspaceRoot: workspace.root });
      waitingBytes += tarball.sizeBytes;
      return tarball;
    } finally {
      busy -= 1;
      waiting.shift()?.();
    }
  }

  return {
    offer(item, reading) {
      const isAbsent =
        reading.kind === "absent" || (reading.kind === "shown" && !reading.value.versions.has(item.version));
      if (!isAllowed || item.isPrivate || !isAbsent || made.has(item.dir)) return;
      const packing = pack(item.dir);
      // Whoever takes it hears of a failure; a package that the plan leaves out may be broken as it likes.
      packing.catch(() => undefined);
      made.set(item.dir, packing);
    },
    take(dir) {
      const packing = made.get(dir);
      // Given away: the bytes must not be held here for the rest of the release.
      made.delete(dir);
      return packing;
    },
  };
}
