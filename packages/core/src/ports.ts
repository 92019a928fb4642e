/** What the loop needs of the world, as interfaces. The real ones live in `slipway`, the simulated ones in `testkit`. */
import type { Event, VersionStatus } from "./event.ts";
import type { Packument, Reading } from "./packument.ts";
import type { Answer } from "./response.ts";
import type { PackedFiles, TarballContents } from "./tarball.ts";

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms`, or at once when `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignalLike): Promise<void>;
}

/** The part of AbortSignal that the ports use; core has no DOM types. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

export interface UploadRequest {
  readonly name: string;
  readonly version: string;
  readonly tag: string;
  readonly access: "public" | "restricted" | undefined;
  /** The version's manifest of the publish document, normalised, with `gitHead`, without `dist`. */
  readonly manifest: Readonly<Record<string, unknown>>;
  /** The tarball, and its `sha512-…`, which the caller has just computed from these bytes. */
  readonly bytes: Uint8Array;
  readonly integrity: string;
  /** What is in the tarball, from whoever packed these bytes; read from them where it is not given. */
  readonly files?: PackedFiles | undefined;
}

/** A downloaded tarball. `integrity` is computed from the bytes received, never taken from metadata. */
export interface ServedTarball {
  readonly integrity: string;
  readonly sizeBytes: number;
  /** Only when asked for. */
  readonly bytes: Uint8Array | undefined;
}

/**
 * One registry. No method retries, follows a packument's host with credentials, or throws for what a registry
 * answers; each throws only for a bug. Every method ends within its time-out.
 */
export interface RegistryPort {
  readonly url: string;
  /**
   * `fresh` bypasses caches (`?write=true`) and asks for the full document; `plain` is the abbreviated packument
   * that installs use. The reading's own `fresh` is true when the answer shows that no cache served it.
   */
  readPackument(name: string, kind: "fresh" | "plain" | "full"): Promise<Reading<Packument>>;
  /** True when the version document (`/<name>/<version>`) is shown. Never called before our first write. */
  readVersion(name: string, version: string): Promise<Reading<true>>;
  /**
   * Where `readTarball` would fetch a version that is announced like this; where registries keep it by convention when nothing
   * is announced. Undefined when it is announced at no http or https URL.
   */
  tarballUrl(name: string, version: string, announced: string | undefined): string | undefined;
  readTarball(
    name: string,
    version: string,
    url: string | undefined,
    keepBytes: boolean,
  ): Promise<Reading<ServedTarball>>;
  /**
   * The registry's own word on a version that it has taken and does not show; undefined when it says none. Only npm has it, and a 404
   * there is never a verdict.
   */
  readStatus?(name: string, version: string): Promise<VersionStatus | undefined>;
  upload(request: UploadRequest): Promise<Answer>;
  setDistTag(name: string, tag: string, version: string): Promise<Answer>;
  removeDistTag(name: string, tag: string): Promise<Answer>;
  deprecate(name: string, version: string, message: string): Promise<Answer>;
  /** Removes the stored tarball of a wedged version (rule 9). */
  removeTarball(name: string, version: string): Promise<Answer>;
}

/** Appends lines; the promise resolves once they are durable (fsync). */
export interface JournalPort {
  append(events: readonly Event[]): Promise<void>;
}

/** Our own tarballs, made by pack. */
export interface TarballStore {
  /** Reads the bytes and hashes them again; throws a ProblemsError when they are missing or are not what pack made. */
  read(
    name: string,
    version: string,
  ): Promise<{
    readonly bytes: Uint8Array;
    readonly integrity: string;
    readonly manifest: Readonly<Record<string, unknown>>;
    /** Where this process has packed them. */
    readonly files?: PackedFiles | undefined;
  }>;
  /** Lists what a tarball holds. Works on ours and on served ones; throws when the bytes are no tarball. */
  list(bytes: Uint8Array): Promise<TarballContents>;
}
