/**
 * What a write does to a package of a registry, by the rules of its profile. Who may write, and how often, is decided before;
 * when reads show it is a matter of the world's clock.
 */
import semver from "semver";
import type { Answer, UploadRequest } from "@slipway/core";
import type { PackageHistory, StoredVersion } from "./package-history.ts";
import type { Profile } from "./profile.ts";
import type { Random } from "./random.ts";
import type { Change, Write } from "./registry-world.ts";
import type { VirtualClock } from "./virtual-clock.ts";
import { type Visibility, allAfter } from "./visibility.ts";

export type Noted = Omit<Change, "at" | "actor" | "request" | "name" | "version" | "integrity"> &
  Partial<Pick<Change, "version" | "integrity">>;

/** One write on one package: all that carrying it out touches. */
export interface Writing {
  readonly profile: Profile;
  readonly clock: Pick<VirtualClock, "now" | "after">;
  readonly random: Random;
  readonly name: string;
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

/** Calls `act` at once where no time has to pass, never where it is infinite. */
function later({ clock }: Writing, ms: number, act: () => void): void {
  if (ms === 0) act();
  else if (Number.isFinite(ms)) clock.after(ms, act);
}

/** The packument shows the version from now on; its tarball may be missing for a while. */
function show(writing: Writing, stored: StoredVersion, hasTarball: boolean): void {
  const { history, note } = writing;
  const { version, integrity } = stored;
  history.hidden.delete(version);
  const documents = new Map([...history.now().documents].filter(([key]) => key !== version));
  history.change({ documents, emptiedAt: undefined });
  history.setVersion(hasTarball ? stored : { ...stored, bytes: undefined });
  note({ kind: "version-shown", version, integrity });
}

function showTarball({ history, note }: Writing, { version, bytes, integrity, takenAt }: StoredVersion): void {
  const shown = history.now().versions.get(version);
  if (shown === undefined || shown.takenAt !== takenAt) return;
  history.setVersion({ ...shown, bytes });
  note({ kind: "tarball-shown", version, integrity });
}

/** An upload carries its tag; it moves only while the version is there. */
function showTags(writing: Writing, { version, takenAt }: StoredVersion, tag: string): void {
  const { history, profile } = writing;
  if (history.now().versions.get(version)?.takenAt !== takenAt) return;
  const isFirst = !history.now().distTags.has("latest");
  moveTag(writing, tag, version);
  if (profile.firstBecomesLatest && isFirst) moveTag(writing, "latest", version);
}

/** Lets the parts of what was taken be shown, each at its own instant. */
function reveal(writing: Writing, stored: StoredVersion, tag: string, when: Visibility): void {
  const { history, note } = writing;
  const { version, integrity } = stored;
  if (when.packumentMs > 0) history.hidden.set(version, { stored, isBlocked: false });
  if (when.isBlocked)
    return later(writing, when.documentMs, () => {
      history.hidden.set(version, { stored, isBlocked: true });
      note({ kind: "version-blocked", version, integrity });
    });
  if (when.documentMs < when.packumentMs)
    later(writing, when.documentMs, () =>
      history.change({ documents: new Map([...history.now().documents, [version, stored]]) }),
    );
  const isWhole = when.tarballMs <= when.packumentMs;
  later(writing, when.packumentMs, () => {
    show(writing, stored, isWhole);
    if (when.tagMs <= when.packumentMs) showTags(writing, stored, tag);
  });
  if (!isWhole) later(writing, when.tarballMs, () => showTarball(writing, stored));
  if (when.tagMs > when.packumentMs) later(writing, when.tagMs, () => showTags(writing, stored, tag));
}

/**
 * Measured on Verdaccio 6.10.4: the tarball is written before the metadata is compared, so one that was removed is replaced by
 * whatever comes next, and two uploads at once leave the bytes of the one with the metadata of the other.
 */
function sendOver({ history, note, clock, profile }: Writing, present: StoredVersion, request: UploadRequest): void {
  const { version, takenAt, integrity } = present;
  if (!profile.isVerdaccio) return;
  const isRace = clock.now() - takenAt < profile.raceWindowMs;
  const isOther = integrity !== request.integrity;
  if (present.bytes !== undefined && !(isRace && isOther)) return;
  history.setVersion({ ...present, bytes: request.bytes });
  note({ kind: isOther ? "version-corrupted" : "tarball-restored", version, integrity });
}

function stick({ history, note, profile }: Writing, version: string, integrity: string): Answer {
  history.change({ stuck: new Set([...history.now().stuck, version]) });
  note({ kind: "version-stuck", version, integrity });
  return profile.answers.accepted(false);
}

/** Why a registry does not take a version, or undefined. */
function findRefusal({ profile, clock, history, name }: Writing, version: string): Answer | undefined {
  const { answers, nameLockMs } = profile;
  const { versions, stuck, tombstones, emptiedAt } = history.now();
  // What a registry says to a version that its scan has blocked is not known: assumed to be what it says while scanning.
  if (history.hidden.has(version)) return answers.stillProcessing(version);
  if ((versions.has(version) && !profile.overwrites) || stuck.has(version)) return answers.alreadyPresent(version);
  if (emptiedAt !== undefined && clock.now() < emptiedAt + nameLockMs) return answers.nameLocked(name);
  if (tombstones.has(version) && !profile.reusesVersions) return answers.burnt(version);
  return undefined;
}

function storedOf({ clock }: Writing, { version, manifest, integrity, bytes }: UploadRequest): StoredVersion {
  const gitHead = typeof manifest["gitHead"] === "string" ? manifest["gitHead"] : undefined;
  return { version, manifest, integrity, bytes, gitHead, deprecated: undefined, takenAt: clock.now() };
}

function upload(writing: Writing, request: UploadRequest, wedges: boolean): Answer {
  const { profile, history, note, random } = writing;
  const { version, integrity, tag } = request;
  const present = history.now().versions.get(version);
  if (present !== undefined && !profile.overwrites) sendOver(writing, present, request);
  const refusal = findRefusal(writing, version);
  if (refusal !== undefined) return refusal;
  if (wedges) return stick(writing, version, integrity);
  const isRace = profile.race.chance > 0 && random.chance(profile.race.chance);
  if (isRace && !random.chance(profile.race.landsChance)) return profile.answers.raced;
  const stored = storedOf(writing, request);
  note({ kind: "version-taken", version, integrity });
  const when = profile.visibility(random.fork(`${writing.name}@${version}`));
  reveal(writing, stored, tag, when);
  return isRace ? profile.answers.raced : profile.answers.accepted(when.packumentMs > 0 || when.isBlocked);
}

function removeTag(writing: Writing, tag: string): Answer {
  const { history, note, profile } = writing;
  const { distTags, versions } = history.now();
  if (tag === "latest" && profile.latestRemoval === "refused") return profile.answers.latestKept;
  if (!distTags.has(tag)) return profile.answers.noSuchTag;
  history.change({ distTags: new Map([...distTags].filter(([key]) => key !== tag)) });
  note({ kind: "tag-removed", tag, from: distTags.get(tag) });
  const highest = semver.rsort([...versions.keys()])[0];
  if (tag === "latest" && profile.latestRemoval === "falls-back" && highest !== undefined)
    moveTag(writing, tag, highest);
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

function unpublish({ history, note, clock, profile }: Writing, { version, takenAt }: StoredVersion): Answer {
  const { versions, tombstones, distTags } = history.now();
  if (clock.now() - takenAt > profile.unpublishMaxAgeMs) return profile.answers.tooOld;
  history.change({
    versions: new Map([...versions].filter(([key]) => key !== version)),
    tombstones: new Map([...tombstones, [version, takenAt]]),
    ...(versions.size === 1 ? { emptiedAt: clock.now() } : {}),
    distTags: new Map([...distTags].filter(([, to]) => to !== version)),
  });
  note({ kind: "version-removed", version });
  return profile.answers.changed;
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
      return profile.answers.tagged;
    case "unpublish":
      return unpublish(writing, stored);
    case "deprecate":
      history.setVersion({ ...stored, deprecated: write.message === "" ? undefined : write.message });
      note({ kind: "deprecated", version });
      return profile.answers.changed;
  }
}

const placeholder = "0.0.0-stage";

/** Takes a version for a person to approve. It uses up its number as a published one does. */
function stage(writing: Writing, request: UploadRequest): Answer {
  const { profile, history, note, random, clock, name } = writing;
  const { version, integrity, tag } = request;
  if (history.now().versions.has(version)) return profile.answers.stagedOver(version);
  const refusal = findRefusal(writing, version);
  if (refusal !== undefined) return refusal;
  if (history.now().versions.size === 0 && history.hidden.size === 0) {
    // Staging can create a package (2026-10-02), which then shows a version that is no release; assumed to have no tag.
    const bytes = new Uint8Array();
    const empty = { name, version: placeholder, tag: "", access: undefined, integrity: "", bytes };
    history.setVersion(storedOf(writing, { ...empty, manifest: { name, version: placeholder } }));
  }
  const { documentMs, isBlocked } = profile.visibility(random.fork(`${name}@${version}`));
  const staged = { tag, scannedAt: clock.now() + documentMs };
  history.hidden.set(version, { stored: storedOf(writing, request), isBlocked, staged });
  note({ kind: "version-staged", version, integrity });
  return profile.answers.staged;
}

function review(writing: Writing, verdict: "approve" | "reject", version: string): Answer {
  const { profile, history, note, clock } = writing;
  const hidden = history.hidden.get(version);
  if (hidden?.staged === undefined) return profile.answers.noSuchVersion(version);
  const { stored, staged, isBlocked } = hidden;
  if (verdict === "reject") {
    history.hidden.delete(version);
    note({ kind: "version-rejected", version, integrity: stored.integrity });
    return profile.answers.changed;
  }
  // Approval waits for the scan (2026-09-03).
  if (isBlocked || clock.now() < staged.scannedAt) return profile.answers.notApprovable;
  note({ kind: "version-taken", version, integrity: stored.integrity });
  reveal(writing, stored, staged.tag, allAfter(0)(writing.random));
  return profile.answers.changed;
}

/** Carries out a write now, and says what the registry answers. */
export function carryOut(writing: Writing, write: Write, wedges: boolean): Answer {
  if (write.kind === "upload") return upload(writing, write.request, wedges);
  if (write.kind === "stage") return stage(writing, write.request);
  if (write.kind === "approve" || write.kind === "reject") return review(writing, write.kind, write.version);
  if (writing.history.at(writing.clock.now()) === undefined) return writing.profile.answers.noSuchPackage;
  if (write.kind === "remove-tag") return removeTag(writing, write.tag);
  if (write.kind === "remove-tarball") return removeTarball(writing, write.version);
  return changeVersion(writing, write);
}
