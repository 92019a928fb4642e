/**
 * Makes a package's tarball, byte for byte the one `npm pack` (npm 12) makes. Runs no scripts and writes nothing to
 * disk; compression runs on the thread pool, so that several packages are packed at once.
 */
import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import { type PackedFiles, ProblemsError, fail } from "@slipway/core";
import { choosePackedFiles } from "../registry/packed-files.ts";
import { type FileListOptions, listFiles } from "./file-list.ts";
import { type PackageManifest, readPackageManifest } from "./package-manifest.ts";
import { readFiles } from "./read-files.ts";
import { type ArchiveFile, makeArchive, pathInPackage } from "./tar-writer.ts";

export type PackOptions = FileListOptions;

export interface PackedFile {
  /** Relative to the package, forward slashes. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Permissions in the tarball. */
  readonly mode: number;
}

export interface PackedTarball {
  readonly bytes: Uint8Array;
  /** `sha512-…` of the bytes. */
  readonly integrity: string;
  /** sha1 of the bytes in hex. */
  readonly shasum: string;
  readonly sizeBytes: number;
  readonly unpackedSizeBytes: number;
  /** In the order of the tarball. */
  readonly files: readonly PackedFile[];
  /** package.json as packed. */
  readonly manifest: Readonly<Record<string, unknown>>;
  /** What a publish document says of its files. */
  readonly published: PackedFiles;
}

const compress = promisify(gzip);
/** The byte of a gzip header that names the operating system; npm writes "unknown" on all of them. */
const gzipSystemOffset = 9;
const gzipSystemUnknown = 0xff;
/** Room for header and trailer where there is nothing to compress. */
const gzipOverheadBytes = 1024;
/** Of what is compressed in one turn of the thread pool; each further turn costs the main thread more than the memory. */
const turnMaxBytes = 256 * 1024;

async function compressArchive(archive: Buffer): Promise<Buffer> {
  const chunkSize = Math.min(turnMaxBytes, archive.length / 2 + gzipOverheadBytes);
  const compressed = await compress(archive, { level: constants.Z_BEST_COMPRESSION, chunkSize: Math.ceil(chunkSize) });
  // A copy: what zlib hands out lies in a buffer of the size of its turn, which would be kept with it.
  const bytes = Buffer.allocUnsafeSlow(compressed.length);
  compressed.copy(bytes);
  bytes[gzipSystemOffset] = gzipSystemUnknown;
  return bytes;
}

function describeFiles(files: readonly ArchiveFile[]): PackedFiles {
  const byPath = new Map(files.map((file) => [pathInPackage(file.path), file]));
  return choosePackedFiles([...byPath.keys()], (path) => byPath.get(path)?.contents.toString("utf8") ?? "");
}

async function listPackageFiles(manifest: PackageManifest, options: PackOptions): Promise<readonly string[]> {
  try {
    return await listFiles(manifest, options);
  } catch (cause) {
    if (cause instanceof ProblemsError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    return fail("SLIP_PACK_FAILED", `cannot pack ${manifest.spec}: ${reason}`, { cause });
  }
}

/**
 * Packs the package in `dir`. Throws `SLIP_PACK_FAILED` naming package and path for a missing or wrong package.json, a
 * file that cannot be read or that changes meanwhile, and a name that is not UTF-8.
 */
export async function packPackage(dir: string, options: PackOptions = {}): Promise<PackedTarball> {
  const manifest = await readPackageManifest(resolve(dir));
  const paths = await listPackageFiles(manifest, options);
  if (!paths.includes("package.json"))
    fail("SLIP_PACK_FAILED", `cannot pack ${manifest.spec}: its own rules leave package.json out`);
  const files = readFiles(manifest, paths);
  const bytes = await compressArchive(makeArchive(files));
  return {
    bytes,
    integrity: `sha512-${createHash("sha512").update(bytes).digest("base64")}`,
    shasum: createHash("sha1").update(bytes).digest("hex"),
    sizeBytes: bytes.length,
    unpackedSizeBytes: files.reduce((sum, file) => sum + file.contents.length, 0),
    files: files.map(({ path, mode, contents }) => ({
      path: path.replace(/^\.\//, ""),
      sizeBytes: contents.length,
      mode,
    })),
    manifest: manifest.json,
    published: describeFiles(files),
  };
}
