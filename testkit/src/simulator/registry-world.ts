/**
 * The registry simulator: what its writes do and what its reads show. Commit, answer and visibility are three instants.
 * Requests arrive here without any transport; `connection.ts` brings them in process, `http-face.ts` over HTTP.
 */
import type { Answer, UploadRequest } from "@slipway/core";
import { type HiddenVersion, type PackageHistory, type PackageState, createPackageHistory } from "./package-history.ts";
import type { Profile } from "./profile.ts";
import { type Random, createRandom } from "./random.ts";
import { type Noted, carryOut } from "./registry-writes.ts";
import { createThrottle } from "./throttle.ts";
import type { VirtualClock } from "./virtual-clock.ts";

export type Write =
  | { readonly kind: "upload"; readonly request: UploadRequest }
  | { readonly kind: "set-tag"; readonly name: string; readonly tag: string; readonly version: string }
  | { readonly kind: "remove-tag"; readonly name: string; readonly tag: string }
  | { readonly kind: "deprecate"; readonly name: string; readonly version: string; readonly message: string }
  | { readonly kind: "remove-tarball"; readonly name: string; readonly version: string }
  | { readonly kind: "unpublish"; readonly name: string; readonly version: string }
  | { readonly kind: "stage"; readonly name: string; readonly version: string; readonly request: UploadRequest }
  | { readonly kind: "approve"; readonly name: string; readonly version: string }
  | { readonly kind: "reject"; readonly name: string; readonly version: string };

export type ChangeKind =
  | "version-taken"
  | "version-shown"
  | "version-blocked"
  | "version-corrupted"
  | "version-stuck"
  | "version-staged"
  | "version-rejected"
  | "version-removed"
  | "tag-moved"
  | "tag-removed"
  | "deprecated"
  | "tarball-shown"
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

export interface SubmitOptions {
  /** The tarball is stored, the metadata is not. */
  readonly wedges?: boolean;
  /** Whose caps the write counts against; without one it counts against none. */
  readonly account?: string;
}

/** What can be seen and done without a connection, of one registry or of several. */
export interface RegistryView {
  /** In the order in which they happened, wherever they did. */
  readonly changes: readonly Change[];
  /** Carries out a write now. */
  submit(write: Write, actor: string, request: number, options?: SubmitOptions): Answer;
  /** The package as the origin shows it at `at` (default: now); undefined when it does not exist. */
  stateOf(name: string, at?: number): PackageState | undefined;
}

export type VersionStatus = "published" | "validating" | "staged" | "blocked" | "deleted";

export interface RegistryWorld extends RegistryView {
  readonly url: string;
  readonly profile: Profile;
  /** The package as a plain read of `facet` shows it, through lag and cache. */
  plainStateOf(name: string, facet: string): PackageState | undefined;
  /** Counts a read of an account; the answer of a registry that has had too many. */
  throttleRead(account: string): Answer | undefined;
  /** What npm's status endpoint says of a version; undefined for one that it has never heard of. */
  statusOf(name: string, version: string): VersionStatus | undefined;
  /** Leaves a package without any version, as some failed writes do. */
  leaveEmpty(name: string): void;
  /** Removes what is left of a package whose versions are gone, where the registry keeps no list of them. */
  forget(name: string): void;
  /** A version that waits for approval. */
  findStaged(name: string, version: string): HiddenVersion | undefined;
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
  clock: Pick<VirtualClock, "now" | "after">,
  url: string,
  changes: Change[] = [],
  random: Random = createRandom(0),
): RegistryWorld {
  const histories = new Map<string, PackageHistory>();
  const throttle = createThrottle(profile.caps, clock);
  const historyOf = (name: string): PackageHistory => {
    const history = histories.get(name) ?? createPackageHistory(clock);
    histories.set(name, history);
    return history;
  };
  const isNew = (name: string): boolean => {
    const history = histories.get(name);
    return history === undefined || (history.at(clock.now()) === undefined && history.hidden.size === 0);
  };
  return {
    url,
    profile,
    changes,
    submit(write, actor, request, { wedges = false, account } = {}) {
      const name = write.kind === "upload" ? write.request.name : write.name;
      const uploads = isNew(name) ? (["rate", "uploads", "newPackages"] as const) : (["rate", "uploads"] as const);
      const kinds = write.kind === "upload" || write.kind === "stage" ? uploads : (["rate"] as const);
      const tooMany = account === undefined ? undefined : throttle.pass(account, kinds);
      if (tooMany !== undefined) return tooMany;
      const note = (change: Noted): void => {
        const { version, integrity, ...rest } = change;
        changes.push({ actor, request, name, version, integrity, ...rest, at: clock.now() });
      };
      return carryOut({ profile, clock, random, name, history: historyOf(name), note }, write, wedges);
    },
    stateOf: (name, at = clock.now()) => histories.get(name)?.at(at),
    plainStateOf(name, facet) {
      const { replicaLagsMs, plainCacheMs } = profile;
      // Which replica answers is not the client's choice, and each has a cache of its own.
      const replica = replicaLagsMs.length > 1 ? random.integer(0, replicaLagsMs.length - 1) : 0;
      const lagging = (): PackageState | undefined => historyOf(name).at(clock.now() - (replicaLagsMs[replica] ?? 0));
      return plainCacheMs === 0 ? lagging() : historyOf(name).cached(`${replica} ${facet}`, plainCacheMs, lagging);
    },
    throttleRead: (account) => throttle.pass(account, ["rate"]),
    statusOf(name, version) {
      const history = histories.get(name);
      const hidden = history?.hidden.get(version);
      if (hidden !== undefined)
        return hidden.isBlocked ? "blocked" : hidden.staged === undefined ? "validating" : "staged";
      if (history?.now().versions.has(version) === true) return "published";
      return history?.now().tombstones.has(version) === true ? "deleted" : undefined;
    },
    leaveEmpty(name) {
      if (histories.get(name)?.at(clock.now()) === undefined) historyOf(name).change({});
    },
    forget(name) {
      if (profile.reusesVersions) histories.get(name)?.forget();
    },
    findStaged(name, version) {
      const hidden = histories.get(name)?.hidden.get(version);
      return hidden?.staged === undefined ? undefined : hidden;
    },
  };
}
