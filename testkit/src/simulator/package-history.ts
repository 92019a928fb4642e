/** What a simulated registry holds of one package, now and at every instant before. It knows no rules. */
import type { VirtualClock } from "./virtual-clock.ts";

export interface StoredVersion {
  readonly version: string;
  readonly manifest: Readonly<Record<string, unknown>>;
  /** What the metadata says. */
  readonly integrity: string;
  /** What a download gives; undefined when the tarball is gone. */
  readonly bytes: Uint8Array | undefined;
  readonly gitHead: string | undefined;
  readonly deprecated: string | undefined;
  /** When its upload was taken, in milliseconds since the epoch. */
  readonly takenAt: number;
}

/** A version that no packument shows: it is being scanned, or the scan has refused it. */
export interface HiddenVersion {
  readonly stored: StoredVersion;
  readonly isBlocked: boolean;
  /** Of a version that waits for a person's approval: its tag, and when its scan ends. */
  readonly staged?: { readonly tag: string; readonly scannedAt: number };
}

/** A package at one instant. */
export interface PackageState {
  readonly versions: ReadonlyMap<string, StoredVersion>;
  readonly distTags: ReadonlyMap<string, string>;
  /** Versions whose version document is shown already, though the packument lacks them. */
  readonly documents: ReadonlyMap<string, StoredVersion>;
  /** Versions that were shown once and are gone, with the instant at which they had been taken. */
  readonly tombstones: ReadonlyMap<string, number>;
  /** When its last version was unpublished. */
  readonly emptiedAt: number | undefined;
  /** Versions whose tarball is stored though no metadata shows them: a wedge. */
  readonly stuck: ReadonlySet<string>;
}

/** True where the package itself is shown: a version document alone makes none. */
export function isPackageShown(state: PackageState | undefined): state is PackageState {
  if (state === undefined) return false;
  return state.documents.size === 0 || state.versions.size > 0 || state.tombstones.size > 0;
}

export interface PackageHistory {
  /** Versions that were taken and are not shown yet. */
  readonly hidden: Map<string, HiddenVersion>;
  /** Undefined while the package does not exist. */
  readonly at: (instant: number) => PackageState | undefined;
  /** The package now, empty while it does not exist. */
  readonly now: () => PackageState;
  readonly change: (change: Partial<PackageState>) => void;
  readonly setVersion: (stored: StoredVersion) => void;
  /** From now on it is as if the package had never been. */
  readonly forget: () => void;
  /** What a cache answers for `facet`, which keeps what it read for `keepMs`, a 404 too. */
  readonly cached: (facet: string, keepMs: number, read: () => PackageState | undefined) => PackageState | undefined;
}

const noState: PackageState = {
  versions: new Map(),
  distTags: new Map(),
  documents: new Map(),
  tombstones: new Map(),
  emptiedAt: undefined,
  stuck: new Set(),
};

export function createPackageHistory(clock: Pick<VirtualClock, "now">): PackageHistory {
  const states: { readonly at: number; readonly state: PackageState | undefined }[] = [];
  const cache = new Map<string, { readonly at: number; readonly state: PackageState | undefined }>();
  const now = (): PackageState => states.at(-1)?.state ?? noState;
  const change = (part: Partial<PackageState>): void => {
    states.push({ at: clock.now(), state: { ...now(), ...part } });
  };
  return {
    hidden: new Map(),
    at: (instant) => states.findLast(({ at }) => at <= instant)?.state,
    now,
    change,
    setVersion: (stored) => change({ versions: new Map([...now().versions, [stored.version, stored]]) }),
    forget() {
      states.push({ at: clock.now(), state: undefined });
    },
    cached(facet, keepMs, read) {
      const known = cache.get(facet);
      if (known !== undefined && clock.now() - known.at < keepMs) return known.state;
      const state = read();
      cache.set(facet, { at: clock.now(), state });
      return state;
    },
  };
}
