/**
 * The registry simulator: what a registry holds, what its writes do, and what its reads show. Commit, answer and
 * visibility are three instants. Requests arrive here without any transport; `connection.ts` is what brings them.
 */
import semver from "semver";
import type { Answer, UploadRequest } from "@slipway/core";
import type { Profile } from "./profile.ts";
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
  /** When the upload was taken. */
  readonly takenAt: number;
}

/** A package at one instant. */
export interface PackageState {
  readonly versions: ReadonlyMap<string, StoredVersion>;
  readonly distTags: ReadonlyMap<string, string>;
  /** Versions that were shown once and are gone. */
  readonly tombstones: ReadonlySet<string>;
  /** Versions whose tarball is stored though no metadata shows them: a wedge. */
  readonly stuck: ReadonlySet<string>;
}

export type Write =
  | { readonly kind: "upload"; readonly request: UploadRequest }
  | { readonly kind: "set-tag"; readonly name: string; readonly tag: string; readonly version: string }
  | { readonly kind: "remove-tag"; readonly name: string; readonly tag: string }
  | { readonly kind: "deprecate"; readonly name: string; readonly version: string; readonly message: string }
  | { readonly kind: "remove-tarball"; readonly name: string; readonly version: string }
  | { readonly kind: "unpublish"; readonly name: string; readonly version: string };

export type ChangeKind =
  | "version-taken"
  | "version-shown"
  | "version-corrupted"
  | "version-stuck"
  | "version-removed"
  | "tag-moved"
  | "tag-removed"
  | "deprecated"
  | "tarball-removed";

/** One change of what the registry holds. */
export interface Change {
  readonly at: number;
  readonly actor: string;
  /** The request it comes from. */
  readonly request: number;
  readonly kind: ChangeKind;
  readonly name: string;
  readonly version: string | undefined;
  readonly integrity: string | undefined;
  readonly tag?: string;
  readonly from?: string | undefined;
}

export interface RegistryWorld {
  readonly url: string;
  readonly profile: Profile;
  readonly changes: readonly Change[];
  /** Carries out a write now. `wedges`: the tarball is stored, the metadata is not. */
  submit(write: Write, actor: string, request: number, options?: { readonly wedges?: boolean }): Answer;
  /** The package as the origin shows it at `at` (default: now); undefined when it does not exist. */
  stateOf(name: string, at?: number): PackageState | undefined;
  /** The package before its last change, for a replica that missed it. */
  stateBeforeLastChange(name: string): PackageState | undefined;
  /** The package as a plain read of `facet` shows it, through lag and cache. */
  plainStateOf(name: string, facet: string): PackageState | undefined;
  readonly names: () => readonly string[];
}

const noState: PackageState = {
  versions: new Map(),
  distTags: new Map(),
  tombstones: new Set(),
  stuck: new Set(),
};

interface History {
  readonly states: { readonly at: number; readonly state: PackageState }[];
  /** Taken and not shown yet. */
  readonly hidden: Map<string, StoredVersion>;
  readonly cache: Map<string, { readonly at: number; readonly state: PackageState | undefined }>;
  /** When each version was taken, for races. */
  readonly takenAt: Map<string, number>;
}

/** One registry's contents and rules. Everything is in memory; `clock` gives the instants. */
export function createRegistryWorld(profile: Profile, clock: VirtualClock, url: string): RegistryWorld {
  const histories = new Map<string, History>();
  const changes: Change[] = [];

  function historyOf(name: string): History {
    const known = histories.get(name);
    if (known !== undefined) return known;
    const made: History = { states: [], hidden: new Map(), cache: new Map(), takenAt: new Map() };
    histories.set(name, made);
    return made;
  }

  function stateOf(name: string, at = clock.now()): PackageState | undefined {
    const states = histories.get(name)?.states ?? [];
    for (let index = states.length - 1; index >= 0; index -= 1) {
      const entry = states[index];
      if (entry !== undefined && entry.at <= at) return entry.state;
    }
    return undefined;
  }

  function replace(name: string, change: Partial<PackageState>): void {
    historyOf(name).states.push({ at: clock.now(), state: { ...(stateOf(name) ?? noState), ...change } });
  }

  type Noted = Omit<Change, "at" | "version" | "integrity"> & Partial<Pick<Change, "version" | "integrity">>;
  function note(change: Noted): void {
    changes.push({ version: undefined, integrity: undefined, ...change, at: clock.now() });
  }

  function moveTag(name: string, tag: string, version: string, by: { actor: string; request: number }): void {
    const tags = stateOf(name)?.distTags ?? new Map<string, string>();
    const from = tags.get(tag);
    if (from === version) return;
    replace(name, { distTags: new Map([...tags, [tag, version]]) });
    note({ ...by, kind: "tag-moved", name, tag, version, from });
  }

  function show(name: string, stored: StoredVersion, tag: string, by: { actor: string; request: number }): void {
    const state = stateOf(name) ?? noState;
    const { version, integrity } = stored;
    historyOf(name).hidden.delete(version);
    replace(name, { versions: new Map([...state.versions, [version, stored]]) });
    note({ ...by, kind: "version-shown", name, version, integrity });
    moveTag(name, tag, version, by);
    if (profile.firstBecomesLatest && !state.distTags.has("latest")) moveTag(name, "latest", version, by);
  }

  function corrupt(
    name: string,
    stored: StoredVersion,
    bytes: Uint8Array,
    by: { actor: string; request: number },
  ): void {
    const state = stateOf(name) ?? noState;
    replace(name, { versions: new Map([...state.versions, [stored.version, { ...stored, bytes }]]) });
    note({ ...by, kind: "version-corrupted", name, version: stored.version, integrity: stored.integrity });
  }

  function upload(request: UploadRequest, by: { actor: string; request: number }, wedges: boolean): Answer {
    const { name, version, integrity, bytes, manifest } = request;
    const state = stateOf(name) ?? noState;
    const history = historyOf(name);
    if (history.hidden.has(version)) return profile.answers.stillProcessing(version);
    const present = state.versions.get(version);
    if (present !== undefined) {
      const isRace = clock.now() - (history.takenAt.get(version) ?? 0) < profile.raceWindowMs;
      // Measured on Verdaccio 6.10.4: the tarball is written before the metadata is compared, so one that was removed
      // is replaced by whatever comes next.
      if (present.bytes === undefined || (isRace && present.integrity !== integrity)) corrupt(name, present, bytes, by);
      return profile.answers.alreadyPresent(version);
    }
    if (state.stuck.has(version)) return profile.answers.alreadyPresent(version);
    if (state.tombstones.has(version) && !profile.reusesVersions) return profile.answers.burnt(version);
    if (wedges) {
      replace(name, { stuck: new Set([...state.stuck, version]) });
      note({ ...by, kind: "version-stuck", name, version, integrity });
      return profile.answers.accepted(false);
    }
    const gitHead = typeof manifest["gitHead"] === "string" ? manifest["gitHead"] : undefined;
    const stored = { version, manifest, integrity, bytes, gitHead, deprecated: undefined, takenAt: clock.now() };
    history.takenAt.set(version, clock.now());
    note({ ...by, kind: "version-taken", name, version, integrity });
    if (profile.visibleAfterMs === 0) show(name, stored, request.tag, by);
    else {
      history.hidden.set(version, stored);
      clock.after(profile.visibleAfterMs, () => show(name, stored, request.tag, by));
    }
    return profile.answers.accepted(profile.visibleAfterMs > 0);
  }

  function removeTag(name: string, tag: string, state: PackageState, by: { actor: string; request: number }): Answer {
    const rest = new Map([...state.distTags].filter(([key]) => key !== tag));
    replace(name, { distTags: rest });
    note({ ...by, kind: "tag-removed", name, tag, from: state.distTags.get(tag) });
    const highest = semver.rsort([...state.versions.keys()])[0];
    if (tag === "latest" && profile.latestFallsBack && highest !== undefined) moveTag(name, tag, highest, by);
    return profile.answers.changed;
  }

  /** Verdaccio repairs a wedge this way; on a version that is shown it takes the tarball from under it. */
  function removeTarball(
    name: string,
    version: string,
    state: PackageState,
    by: { actor: string; request: number },
  ): Answer {
    const stored = state.versions.get(version);
    if (stored === undefined && !state.stuck.has(version)) return profile.answers.noSuchVersion(version);
    replace(name, {
      stuck: new Set([...state.stuck].filter((item) => item !== version)),
      ...(stored === undefined
        ? {}
        : { versions: new Map([...state.versions, [version, { ...stored, bytes: undefined }]]) }),
    });
    note({ ...by, kind: "tarball-removed", name, version, integrity: stored?.integrity });
    return profile.answers.changed;
  }

  function unpublish(
    name: string,
    version: string,
    state: PackageState,
    by: { actor: string; request: number },
  ): Answer {
    replace(name, {
      versions: new Map([...state.versions].filter(([key]) => key !== version)),
      tombstones: new Set([...state.tombstones, version]),
      distTags: new Map([...state.distTags].filter(([, to]) => to !== version)),
    });
    note({ ...by, kind: "version-removed", name, version });
    return profile.answers.changed;
  }

  function submit(write: Write, actor: string, request: number, { wedges = false } = {}): Answer {
    const by = { actor, request };
    if (write.kind === "upload") return upload(write.request, by, wedges);
    const { name } = write;
    const state = stateOf(name);
    if (state === undefined) return profile.answers.noSuchPackage;
    if (write.kind === "remove-tag") return removeTag(name, write.tag, state, by);
    const { version } = write;
    if (write.kind === "remove-tarball") return removeTarball(name, version, state, by);
    const stored = state.versions.get(version);
    if (stored === undefined) return profile.answers.noSuchVersion(version);
    if (write.kind === "unpublish") return unpublish(name, version, state, by);
    if (write.kind === "set-tag") {
      moveTag(name, write.tag, version, by);
      return profile.answers.changed;
    }
    const deprecated = write.message === "" ? undefined : write.message;
    replace(name, { versions: new Map([...state.versions, [version, { ...stored, deprecated }]]) });
    note({ ...by, kind: "deprecated", name, version });
    return profile.answers.changed;
  }

  function plainStateOf(name: string, facet: string): PackageState | undefined {
    const lagging = stateOf(name, clock.now() - profile.plainLagMs);
    if (profile.plainCacheMs === 0) return lagging;
    const { cache } = historyOf(name);
    const cached = cache.get(facet);
    if (cached !== undefined && clock.now() - cached.at < profile.plainCacheMs) return cached.state;
    cache.set(facet, { at: clock.now(), state: lagging });
    return lagging;
  }

  return {
    url,
    profile,
    changes,
    submit,
    stateOf,
    stateBeforeLastChange: (name) => histories.get(name)?.states.at(-2)?.state,
    plainStateOf,
    names: () => [...histories.keys()],
  };
}
