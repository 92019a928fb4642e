/** What a registry shows about a package, parsed from unknown JSON. Nothing here trusts a field it did not check. */

/** How a reading was made: `fresh` answers "is it there?", `plain` answers "can it be installed?". */
export type ReadKind = "fresh" | "plain";

/**
 * The outcome of one read. `unavailable` (no answer, 401, 403, 5xx, unreadable body) says nothing about the
 * world and is never treated as absence. `at` is in milliseconds since the epoch, by the reader's clock.
 */
export type Reading<T> =
  | { readonly kind: "shown"; readonly value: T; readonly at: number; readonly fresh: boolean }
  | { readonly kind: "absent"; readonly at: number; readonly fresh: boolean }
  | {
      readonly kind: "unavailable";
      readonly at: number;
      /** HTTP status, when there was an answer. */
      readonly status?: number;
      /** What a 429 asked for, in milliseconds. */
      readonly retryAfterMs?: number;
      /** Its host does not exist, which asking again rarely mends. */
      readonly isUnknownHost?: true;
      /** A phrase: `connection refused`, `answered 503`, `body is not JSON`. Already redacted. */
      readonly reason: string;
    };

/** One version of a packument. `manifest` is the registry's own copy of package.json with its additions. */
export interface PackumentVersion {
  /** The `sha512-…` of the integrity shown; undefined when the registry shows none, or only weaker digests. */
  readonly integrity: string | undefined;
  readonly tarball: string | undefined;
  readonly gitHead: string | undefined;
  readonly deprecated: string | undefined;
  /** True when the registry shows an attestation (`dist.attestations`) for this version. */
  readonly attested: boolean;
  readonly manifest: Readonly<Record<string, unknown>>;
}

export interface Packument {
  readonly name: string;
  readonly versions: ReadonlyMap<string, PackumentVersion>;
  readonly distTags: ReadonlyMap<string, string>;
  /** Publication instants by version, only in the full packument; also lists unpublished versions. */
  readonly time: ReadonlyMap<string, string> | undefined;
  readonly rev: string | undefined;
}

/** How large a published version is, as far as its registry tells. */
export interface PublishedSize {
  /** Of the tarball: `dist.size`, which few registries show. */
  readonly sizeBytes?: number;
  /** `dist.unpackedSize`; registries pass on what the publisher's client sent. */
  readonly unpackedSizeBytes?: number;
  readonly fileCount?: number;
}

type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function stringOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function stringMap(value: unknown): Map<string, string> {
  const map = new Map<string, string>();
  if (isJsonObject(value))
    for (const [key, entry] of Object.entries(value)) if (typeof entry === "string") map.set(key, entry);
  return map;
}

/** The sha512 of an integrity, which may hold several digests (`sha1-… sha512-…?option`); undefined when it has none. */
function findSha512(integrity: unknown): string | undefined {
  return typeof integrity === "string" ? /(?:^|\s)(sha512-[^\s?]+)/.exec(integrity)?.[1] : undefined;
}

export function parsePackumentVersion(manifest: JsonObject): PackumentVersion {
  const dist = isJsonObject(manifest["dist"]) ? manifest["dist"] : {};
  const deprecated = manifest["deprecated"];
  return {
    integrity: findSha512(dist["integrity"]),
    tarball: stringOf(dist["tarball"]),
    gitHead: stringOf(manifest["gitHead"]),
    // An empty message means "not deprecated": that is how `npm deprecate pkg ""` undoes one.
    deprecated: typeof deprecated === "string" && deprecated !== "" ? deprecated : undefined,
    attested: isJsonObject(dist["attestations"]),
    manifest,
  };
}

function countAt(object: JsonObject, key: string): number | undefined {
  const value = object[key];
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
}

/** Reads the sizes of one version; of all versions of a packument they would only cost time. */
export function readPublishedSize({ manifest }: PackumentVersion): PublishedSize {
  const dist = isJsonObject(manifest["dist"]) ? manifest["dist"] : {};
  const sizeBytes = countAt(dist, "size");
  const unpackedSizeBytes = countAt(dist, "unpackedSize");
  const fileCount = countAt(dist, "fileCount");
  return {
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(unpackedSizeBytes === undefined ? {} : { unpackedSizeBytes }),
    ...(fileCount === undefined ? {} : { fileCount }),
  };
}

/**
 * Parses a full or abbreviated packument. Returns undefined when `json` is not one, or is one of another package:
 * a proxy's login page must not be read as "no versions".
 */
export function parsePackument(json: unknown, name: string): Packument | undefined {
  if (!isJsonObject(json) || json["name"] !== name || !isJsonObject(json["versions"])) return undefined;
  const versions = new Map<string, PackumentVersion>();
  for (const [version, manifest] of Object.entries(json["versions"]))
    if (isJsonObject(manifest)) versions.set(version, parsePackumentVersion(manifest));
  return {
    name,
    versions,
    distTags: stringMap(json["dist-tags"]),
    time: isJsonObject(json["time"]) ? stringMap(json["time"]) : undefined,
    rev: stringOf(json["_rev"]),
  };
}
