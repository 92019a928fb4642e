/**
 * Tarballs of the simulation: JSON in place of gzip and tar, since a hundred thousand releases are simulated in one
 * test run. Only this file knows the format; registry and loop see bytes.
 */
import { createHash } from "node:crypto";
import { type TarballContents, type TarballEntry, isJsonObject } from "@slipway/core";

export interface SimFile {
  readonly path: string;
  readonly text: string;
  readonly isExecutable?: boolean;
}

export interface SimTarball {
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly bytes: Uint8Array;
  /** `sha512-…` of the bytes. */
  readonly integrity: string;
}

function integrityOf(bytes: Uint8Array | string): string {
  return `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
}

const integrities = new WeakMap<Uint8Array, string>();

/** Like `integrityOf`; bytes that are stored are asked for again and again, and never changed in place. */
export function integrityOfStored(bytes: Uint8Array): string {
  const integrity = integrities.get(bytes) ?? integrityOf(bytes);
  integrities.set(bytes, integrity);
  return integrity;
}

/** `wrapping` changes the bytes and none of the files, as another gzip would. */
export function packSim(
  manifest: Readonly<Record<string, unknown>>,
  files: readonly SimFile[],
  wrapping = "",
): SimTarball {
  const bytes = new TextEncoder().encode(JSON.stringify({ manifest, files, wrapping }));
  return { manifest, bytes, integrity: integrityOfStored(bytes) };
}

function entryOf(value: unknown): TarballEntry {
  if (!isJsonObject(value) || typeof value["path"] !== "string" || typeof value["text"] !== "string")
    throw new TypeError("a file of a simulated tarball has no path or no text");
  return {
    path: value["path"],
    type: "file",
    isExecutable: value["isExecutable"] === true,
    integrity: integrityOf(value["text"]),
  };
}

const contents = new WeakMap<Uint8Array, TarballContents>();

/** Throws when `bytes` are no simulated tarball. */
export function listSim(bytes: Uint8Array): TarballContents {
  const known = contents.get(bytes) ?? parseSim(bytes);
  contents.set(bytes, known);
  return known;
}

function parseSim(bytes: Uint8Array): TarballContents {
  const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (!isJsonObject(json) || !isJsonObject(json["manifest"]) || !Array.isArray(json["files"]))
    throw new TypeError("not a simulated tarball");
  const manifest = json["manifest"];
  const own: TarballEntry = {
    path: "package.json",
    type: "file",
    isExecutable: false,
    integrity: integrityOf(JSON.stringify(manifest)),
  };
  return { manifest, entries: [own, ...json["files"].map(entryOf)] };
}
