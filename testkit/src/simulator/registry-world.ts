/**
 * The registry simulator: what its writes do and what its reads show. Commit, answer and visibility are three instants.
 * Requests arrive here without any transport; `connection.ts` is what brings them.
 */
import semver from "semver";
import type { Answer, UploadRequest } from "@slipway/core";
import { type PackageHistory, type PackageState, type StoredVersion, createPackageHistory } from "./package-history.ts";
import type { Profile } from "./profile.ts";
import type { VirtualClock } from "./virtual-clock.ts";

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
  | "tarball-removed"
  | "tarball-restored";

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

/** What can be seen and done without a connection, of one registry or of several. */
export interface RegistryView {
  /** In the order in which they happened, wherever they did. */
  readonly changes: readonly Change[];
  /** Carries out a write now. `wedges`: the tarball is stored, the metadata is not. */
  submit(write: Write, actor: string, request: number, options?: { readonly wedges?: boolean }): Answer;
  /** The package as the origin shows it at `at` (default: now); undefined when it does not exist. */
  stateOf(name: string, at?: number): PackageState | undefined;
}

export interface RegistryWorld extends RegistryView {
  readonly url: string;
  readonly profile: Profile;
  /** The package as a plain read of `facet` shows it, through lag and cache. */
  plainStateOf(name: string, facet: string): PackageState | undefined;
}

type Noted = Omit<Change, "at" | "actor" | "request" | "name" | "version" | "integrity"> &
  Partial<Pick<Change, "version" | "integrity">>;

/** One write on one package: all that carrying it out touches. */
interface Writing {
  readonly profile: Profile;
  readonly clock: VirtualClock;
  readonly history: PackageHistory;
  readonly note: (change: Noted) => void;
}

function moveTag({ history, note }: Writing, tag: string, version: string): void {
  const tags = history.now().distTags;
  const from = tags.get(tag);
  if (from === version) return;
  history.change({ distTags: new Map([...tags, [tag, version]]) });
  note({ kind: "tag-moved", tag, version, from });
}

function show(writing: Writing, stored: StoredVersion, tag: string): void {
  const { history, note, profile } = writing;
  const isFirst = !history.now().distTags.has("latest");
  history.hidden.delete(stored.version);
  history.setVersion(stored);
  note({ kind: "version-shown", version: stored.version, integrity: stored.integrity });
  moveTag(writing, tag, stored.version);
  if (profile.firstBecomesLatest && isFirst) moveTag(writing, "latest", stored.version);
}

/**
 * Measured on Verdaccio 6.10.4: the tarball is written before the metadata is compared, so one that was removed is replaced by
 * whatever comes next, and two uploads at once leave the bytes of the one with the metadata of the other.
 */
function sendOver({ history, note, clock, profile }: Writing, present: StoredVersion, request: UploadRequest): void {
  const { version, takenAt, integrity } = present;
  const isRace = clock.now() - takenAt < profile.raceWindowMs;
  const isOther = integrity !== request.integrity;
  if (present.bytes !== undefined && !(isRace && isOther)) return;
  history.setVersion({ ...present, bytes: request.bytes });
  note({ kind: isOther ? "version-corrupted" : "tarball-restored", version, integrity });
}

function upload(writing: Writing, request: UploadRequest, wedges: boolean): Answer {
  const { profile, clock, history, note } = writing;
  const { answers, visibleAfterMs } = profile;
  const { version, integrity, bytes, manifest, tag } = request;
  const { versions, stuck, tombstones } = history.now();
  if (history.hidden.has(version)) return answers.stillProcessing(version);
  const present = versions.get(version);
  if (present !== undefined) sendOver(writing, present, request);
  if (present !== undefined || stuck.has(version)) return answers.alreadyPresent(version);
  if (tombstones.has(version) && !profile.reusesVersions) return answers.burnt(version);
  if (wedges) {
    history.change({ stuck: new Set([...stuck, version]) });
    note({ kind: "version-stuck", version, integrity });
    return answers.accepted(false);
  }
  const gitHead = typeof manifest["gitHead"] === "string" ? manifest["gitHead"] : undefined;
  const stored = { version, manifest, integrity, bytes, gitHead, deprecated: undefined, takenAt: clock.now() };
  note({ kind: "version-taken", version, integrity });
  if (visibleAfterMs === 0) show(writing, stored, tag);
  else {
    history.hidden.set(version, stored);
    clock.after(visibleAfterMs, () => show(writing, stored, tag));
  }
  return answers.accepted(visibleAfterMs > 0);
}

function removeTag(writing: Writing, tag: string): Answer {
  const { history, note, profile } = writing;
  const { distTags, versions } = history.now();
  history.change({ distTags: new Map([...distTags].filter(([key]) => key !== tag)) });
  note({ kind: "tag-removed", tag, from: distTags.get(tag) });
  const highest = semver.rsort([...versions.keys()])[0];
  if (tag === "latest" && profile.latestFallsBack && highest !== undefined) moveTag(writing, tag, highest);
  return profile.answers.changed;
}

/** Verdaccio repairs a wedge this way; on a version that is shown it takes the tarball from under it. */
function removeTarball({ history, note, profile }: Writing, version: string): Answer {
  const { stuck, versions } = history.now();
  const stored = versions.get(version);
  if (stored === undefined && !stuck.has(version)) return profile.answers.noSuchVersion(version);
  history.change({ stuck: new Set([...stuck].filter((item) => item !== version)) });
  if (stored !== undefined) history.setVersion({ ...stored, bytes: undefined });
  note({ kind: "tarball-removed", version, integrity: stored?.integrity });
  return profile.answers.changed;
}

function unpublish({ history, note }: Writing, version: string): void {
  const { versions, tombstones, distTags } = history.now();
  history.change({
    versions: new Map([...versions].filter(([key]) => key !== version)),
    tombstones: new Set([...tombstones, version]),
    distTags: new Map([...distTags].filter(([, to]) => to !== version)),
  });
  note({ kind: "version-removed", version });
}

/** Writes about a version that has to be there. */
function changeVersion(
  writing: Writing,
  write: Extract<Write, { kind: "set-tag" | "deprecate" | "unpublish" }>,
): Answer {
  const { history, note, profile } = writing;
  const { version } = write;
  const stored = history.now().versions.get(version);
  if (stored === undefined) return profile.answers.noSuchVersion(version);
  switch (write.kind) {
    case "set-tag":
      moveTag(writing, write.tag, version);
      break;
    case "unpublish":
      unpublish(writing, version);
      break;
    case "deprecate":
      history.setVersion({ ...stored, deprecated: write.message === "" ? undefined : write.message });
      note({ kind: "deprecated", version });
  }
  return profile.answers.changed;
}

function carryOut(writing: Writing, write: Write, wedges: boolean): Answer {
  if (write.kind === "upload") return upload(writing, write.request, wedges);
  if (writing.history.at(writing.clock.now()) === undefined) return writing.profile.answers.noSuchPackage;
  if (write.kind === "remove-tag") return removeTag(writing, write.tag);
  if (write.kind === "remove-tarball") return removeTarball(writing, write.version);
  return changeVersion(writing, write);
}

/** Several registries as one view: each package belongs to the registry that `worldOf` names. */
export function viewTogether(changes: readonly Change[], worldOf: (name: string) => RegistryWorld): RegistryView {
  return {
    changes,
    submit: (write, ...rest) =>
      worldOf(write.kind === "upload" ? write.request.name : write.name).submit(write, ...rest),
    stateOf: (name, at) => worldOf(name).stateOf(name, at),
  };
}

/** One registry. Everything is in memory; `clock` gives the instants; registries may share one list of changes. */
export function createRegistryWorld(
  profile: Profile,
  clock: VirtualClock,
  url: string,
  changes: Change[] = [],
): RegistryWorld {
  const histories = new Map<string, PackageHistory>();
  const historyOf = (name: string): PackageHistory => {
    const history = histories.get(name) ?? createPackageHistory(clock);
    histories.set(name, history);
    return history;
  };
  return {
    url,
    profile,
    changes,
    submit(write, actor, request, { wedges = false } = {}) {
      const name = write.kind === "upload" ? write.request.name : write.name;
      const note = (change: Noted): void => {
        const { version, integrity, ...rest } = change;
        changes.push({ actor, request, name, version, integrity, ...rest, at: clock.now() });
      };
      return carryOut({ profile, clock, history: historyOf(name), note }, write, wedges);
    },
    stateOf: (name, at = clock.now()) => histories.get(name)?.at(at),
    plainStateOf(name, facet) {
      const lagging = (): PackageState | undefined => historyOf(name).at(clock.now() - profile.plainLagMs);
      return profile.plainCacheMs === 0 ? lagging() : historyOf(name).cached(facet, profile.plainCacheMs, lagging);
    },
  };
}
