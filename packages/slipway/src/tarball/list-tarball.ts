/**
 * Reads what a tarball holds: ours and those a registry serves. Read by node-tar, the reader that npm installs with, so
 * that a tarball cannot show one thing here and another to an install. What is damaged or beyond the bounds throws an
 * Error; nothing is written to disk.
 */
import { createHash } from "node:crypto";
import { createGunzip } from "node:zlib";
import { isJsonObject, type TarballContents, type TarballEntry, type TarballStore } from "@slipway/core";
import type { Parser, ReadEntry } from "tar";

export interface TarballBounds {
  /** Sum of the sizes of all entries. */
  readonly unpackedSizeMaxBytes: number;
  readonly entriesMax: number;
  /** Of package.json. */
  readonly manifestSizeMaxBytes: number;
}

export const defaultTarballBounds: TarballBounds = {
  unpackedSizeMaxBytes: 4 * 1024 ** 3,
  entriesMax: 200_000,
  manifestSizeMaxBytes: 16 * 1024 ** 2,
};

export interface ListedTarball extends TarballContents {
  /** Sum of the sizes of its files, in bytes. */
  readonly unpackedSizeBytes: number;
}

const manifestPath = "package.json";
/** Bytes given to the reader at once. */
const pieceSize = 64 * 1024;
/** Header and padding of an entry and of its pax record. */
const overheadPerEntry = 4 * 512;
/** Unpacked to packed size; an install refuses what goes beyond (node-tar 7). */
const ratioMax = 1000;
/** Remarks of node-tar that do not change what an install gets. */
const harmless = new Set(["TAR_ENTRY_INFO", "TAR_ENTRY_UNSUPPORTED"]);

type Consume = (chunk: Buffer) => void;

/** Takes the first portion off, whatever it is called; empty for an entry that npm then leaves out. */
function stripFirst(path: string): string {
  const portions = path.replaceAll("\\", "/").split("/");
  return portions
    .slice(1)
    .filter((portion) => portion !== "")
    .join("/");
}

function typeOf(type: string): TarballEntry["type"] {
  switch (type) {
    case "File":
    case "OldFile":
    case "ContiguousFile":
      return "file";
    case "Directory":
    case "GNUDumpDir":
      return "directory";
    case "SymbolicLink":
      return "symlink";
    default:
      return "other";
  }
}

/** Decompresses on the thread pool and gives the reader one piece after the other. */
async function feed(parser: Parser, bytes: Uint8Array, bounds: TarballBounds, failed: () => boolean): Promise<void> {
  const gunzip = createGunzip({ chunkSize: pieceSize });
  gunzip.end(bytes);
  const sizeMax = Math.min(
    bounds.unpackedSizeMaxBytes + (bounds.entriesMax + 2) * overheadPerEntry,
    Math.max(bytes.length * ratioMax, pieceSize),
  );
  let size = 0;
  let isAtEnd = false;
  parser.on("eof", () => {
    isAtEnd = true;
  });
  // Leaving the loop early destroys the stream.
  for await (const piece of gunzip) {
    if (!Buffer.isBuffer(piece)) throw new TypeError("gunzip gave something but a Buffer");
    // The reader would decompress once more, an install would not.
    if (size === 0 && piece[0] === 0x1f && piece[1] === 0x8b) throw new Error("damaged tarball: compressed twice");
    size += piece.length;
    if (size > sizeMax) throw new Error(`the tarball unpacks to more than ${sizeMax} bytes`);
    // The reader would pile up what follows the end of the archive, at a cost that grows with its square.
    if (!isAtEnd) parser.write(piece);
    if (failed()) return;
  }
}

/** Calls `onEntry` for every entry of an unpacked path; what it returns is given the contents. */
async function readEntries(
  bytes: Uint8Array,
  bounds: TarballBounds,
  onEntry: (entry: ReadEntry, path: string) => { readonly data: Consume; readonly end: () => void } | undefined,
): Promise<void> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) throw new Error("not a tarball: it is not gzip data");
  // Only its reader: all of node-tar takes twice as long to load.
  const { Parser } = await import("tar/parse");
  let failure: Error | undefined;
  let entries = 0;
  let unpackedSize = 0;
  const check = (entry: ReadEntry, path: string): void => {
    entries += 1;
    unpackedSize += entry.size;
    if (entries > bounds.entriesMax) throw new Error(`the tarball holds more than ${bounds.entriesMax} entries`);
    if (unpackedSize > bounds.unpackedSizeMaxBytes)
      throw new Error(`the tarball unpacks to more than ${bounds.unpackedSizeMaxBytes} bytes`);
    if (path.split("/").includes(".."))
      throw new Error(`the tarball holds ${JSON.stringify(path)}, which leaves the package`);
  };
  const parser = new Parser({
    onwarn: (code, message) => {
      if (!harmless.has(code)) failure ??= new Error(`damaged tarball: ${String(message)}`);
    },
    onReadEntry: (entry) => {
      const path = stripFirst(entry.path);
      try {
        if (failure === undefined) check(entry, path);
      } catch (cause) {
        failure = cause instanceof Error ? cause : new Error(String(cause));
      }
      const consumer = failure === undefined && path !== "" ? onEntry(entry, path) : undefined;
      if (consumer === undefined) return void entry.resume();
      entry.on("data", consumer.data);
      entry.on("end", consumer.end);
    },
  });
  const ended = new Promise<void>((resolve) => {
    parser.on("end", resolve);
    parser.on("abort", () => resolve());
  });
  await feed(parser, bytes, bounds, () => failure !== undefined);
  if (failure === undefined) {
    parser.end();
    await ended;
  }
  if (failure !== undefined) throw failure;
}

/** Collects package.json. Of several an install keeps the last. */
function manifestCollector(bounds: TarballBounds): {
  readonly add: (entry: ReadEntry) => Consume;
  readonly parse: () => Readonly<Record<string, unknown>>;
} {
  let pieces: Buffer[] | undefined;
  return {
    add: (entry) => {
      if (entry.size > bounds.manifestSizeMaxBytes) throw new Error("package.json in the tarball is too large");
      const own: Buffer[] = [];
      pieces = own;
      return (chunk) => void own.push(chunk);
    },
    parse: () => {
      if (pieces === undefined) throw new Error("the tarball holds no package.json");
      const text = Buffer.concat(pieces)
        .toString("utf8")
        .replace(/^\uFEFF/, "");
      let json: unknown;
      try {
        json = JSON.parse(text);
      } catch (cause) {
        throw new Error("package.json in the tarball is not JSON", { cause });
      }
      if (!isJsonObject(json)) throw new Error("package.json in the tarball does not hold an object");
      return json;
    },
  };
}

/** Lists every entry with the digest of its contents, in the order of the tarball. Throws an Error when it is damaged. */
export async function listTarball(
  bytes: Uint8Array,
  bounds: TarballBounds = defaultTarballBounds,
): Promise<ListedTarball> {
  const entries: TarballEntry[] = [];
  let unpackedSizeBytes = 0;
  const manifest = manifestCollector(bounds);
  await readEntries(bytes, bounds, (entry, path) => {
    const type = typeOf(entry.type);
    const hash = createHash("sha512");
    if (type !== "file" && entry.linkpath !== undefined) hash.update(entry.linkpath);
    const keep = type === "file" && path === manifestPath ? manifest.add(entry) : undefined;
    return {
      data: (chunk) => {
        if (type === "file") unpackedSizeBytes += chunk.length;
        hash.update(chunk);
        keep?.(chunk);
      },
      end: () => {
        const isExecutable = type === "file" && ((entry.mode ?? 0) & 0o111) !== 0;
        entries.push({ path, type, isExecutable, integrity: `sha512-${hash.digest("base64")}` });
      },
    };
  });
  return { entries, unpackedSizeBytes, manifest: manifest.parse() };
}

/** What served bytes hold; undefined for bytes that are no tarball, which is a finding about a registry and no error of ours. */
export async function listIfTarball(
  bytes: Uint8Array,
  list: TarballStore["list"] = listTarball,
): Promise<TarballContents | undefined> {
  try {
    return await list(bytes);
  } catch {
    return undefined;
  }
}

/** Reads package.json of a tarball and no other contents. Throws an Error when the tarball is damaged or has none. */
export async function readTarballManifest(
  bytes: Uint8Array,
  bounds: TarballBounds = defaultTarballBounds,
): Promise<Readonly<Record<string, unknown>>> {
  const manifest = manifestCollector(bounds);
  await readEntries(bytes, bounds, (entry, path) =>
    path === manifestPath && typeOf(entry.type) === "file"
      ? { data: manifest.add(entry), end: () => undefined }
      : undefined,
  );
  return manifest.parse();
}
