/** The JSON documents in which a registry shows a package over HTTP. It only shows: what there is to show, the world says. */
import { createHash } from "node:crypto";
import { isJsonObject } from "@slipway/core";
import type { PackageState, StoredVersion } from "./package-history.ts";

type JsonObject = Readonly<Record<string, unknown>>;

export interface ShowOptions {
  /** Of the registry as its client reaches it, with a slash at its end. */
  readonly url: string;
  /** What the registry adds to `dist`: signatures, attestations. */
  readonly distExtras: (name: string, stored: StoredVersion) => JsonObject;
  /** The abbreviated form has `time` too (measured on Verdaccio 6.10.4). */
  readonly hasTimeWhenShort: boolean;
  /** Unpublished versions go on being listed in `time`. */
  readonly listsTombstones: boolean;
}

/** What npm leaves in the abbreviated form (`application/vnd.npm.install-v1+json`). */
const abbreviatedFields = [
  "name",
  "version",
  "deprecated",
  "dependencies",
  "devDependencies",
  "optionalDependencies",
  "peerDependencies",
  "peerDependenciesMeta",
  "bundleDependencies",
  "bin",
  "directories",
  "engines",
  "os",
  "cpu",
  "libc",
  "funding",
  "hasInstallScript",
  "_hasShrinkwrap",
] as const;

export function tarballFile(name: string, version: string): string {
  return `${name.slice(name.indexOf("/") + 1)}-${version}.tgz`;
}

const shasums = new WeakMap<Uint8Array, string>();

function shasumOf(bytes: Uint8Array): string {
  const shasum = shasums.get(bytes) ?? createHash("sha1").update(bytes).digest("hex");
  shasums.set(bytes, shasum);
  return shasum;
}

export function versionJson(options: ShowOptions, name: string, stored: StoredVersion): JsonObject {
  const sent = isJsonObject(stored.manifest["dist"]) ? stored.manifest["dist"] : {};
  return {
    ...stored.manifest,
    ...(stored.deprecated === undefined ? {} : { deprecated: stored.deprecated }),
    dist: {
      ...sent,
      integrity: stored.integrity,
      ...(stored.bytes === undefined ? {} : { shasum: shasumOf(stored.bytes) }),
      tarball: `${options.url}${name}/-/${tarballFile(name, stored.version)}`,
      ...options.distExtras(name, stored),
    },
  };
}

function abbreviate(version: JsonObject): JsonObject {
  const kept = abbreviatedFields.flatMap((field) =>
    version[field] === undefined ? [] : [[field, version[field]] as const],
  );
  return { ...Object.fromEntries(kept), dist: version["dist"] };
}

function instant(at: number): string {
  return new Date(at).toISOString();
}

export function packumentJson(options: ShowOptions, name: string, state: PackageState, isFull: boolean): JsonObject {
  const versions = [...state.versions.values()].map((stored) => {
    const whole = versionJson(options, name, stored);
    return [stored.version, isFull ? whole : abbreviate(whole)] as const;
  });
  const gone = options.listsTombstones ? [...state.tombstones] : [];
  const instants = [...[...state.versions.values()].map(({ takenAt }) => takenAt), ...gone.map(([, at]) => at)];
  const modified = instant(Math.max(0, ...instants));
  const common = { name, "dist-tags": Object.fromEntries(state.distTags), versions: Object.fromEntries(versions) };
  const time = {
    created: instant(instants.length === 0 ? 0 : Math.min(...instants)),
    modified,
    ...Object.fromEntries(gone.map(([version, at]) => [version, instant(at)])),
    ...Object.fromEntries([...state.versions.values()].map(({ version, takenAt }) => [version, instant(takenAt)])),
  };
  if (!isFull) return { ...common, modified, ...(options.hasTimeWhenShort ? { time } : {}) };
  return { _id: name, _rev: `${state.versions.size}-${instants.length}`, ...common, time, readme: "" };
}
