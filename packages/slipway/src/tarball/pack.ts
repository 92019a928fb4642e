/**
 * Makes a package's tarball, byte for byte the one `npm pack` (npm 12) makes. Runs no scripts and writes nothing to
 * disk; compression runs on the thread pool, so that several packages are packed at once.
 */
import { createHash } from "node:crypto";
import { lstatSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { constants, gzip } from "node:zlib";
import { ProblemsError, fail } from "@slipway/core";
import { type FileListOptions, listFiles } from "./file-list.ts";
import { type PackageManifest, readPackageManifest } from "./package-manifest.ts";
import { type ArchiveFile, makeArchive } from "./tar-writer.ts";

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
}

const compress = promisify(gzip);
const manifestName = "package.json";
/** The byte of a gzip header that names the operating system; npm writes "unknown" on all of them. */
const gzipSystemOffset = 9;
const gzipSystemUnknown = 0xff;
/** Of one file: larger ones would need number formats that no registry's tarball has. */
const fileSizeMaxBytes = 2 ** 31 - 1;

const executable = 0o111;

/** Permissions as node-tar writes them in portable mode: whatever the umask was, and always readable by the owner. */
function archiveMode(mode: number, isCommand: boolean): number {
  return (((isCommand ? mode | executable : mode) & 0o7777) | 0o600) & ~0o022;
}

/** npm compares a command's path with the file's path less its first folder (pacote 22, is-package-bin). */
function commandTest(manifest: PackageManifest): (path: string) => boolean {
  const commands = new Set(Object.values(manifest.bin));
  return (path) => commands.has(path.replace(/^[^\\/]*\//, ""));
}

function readFiles(manifest: PackageManifest, paths: readonly string[]): readonly ArchiveFile[] {
  const isCommand = commandTest(manifest);
  const linked = new Map<string, string>();
  return paths.map((path) => {
    const refuse = (reason: string, cause?: unknown): never =>
      fail("SLIP_PACK_FAILED", `cannot pack ${manifest.spec}: ${path} ${reason}`, cause === undefined ? {} : { cause });
    const absolute = join(manifest.dir, path);
    try {
      const stat = lstatSync(absolute);
      const mode = archiveMode(stat.mode, isCommand(path));
      if (path === manifestName) return { path, mode, contents: manifest.bytes };
      if (stat.nlink > 1) {
        const inode = `${stat.dev}:${stat.ino}`;
        const linkTo = linked.get(inode);
        if (linkTo !== undefined) return { path, mode, contents: Buffer.alloc(0), linkTo };
        linked.set(inode, path.replace(/^\.\//, ""));
      }
      if (stat.size > fileSizeMaxBytes) return refuse(`is larger than ${fileSizeMaxBytes} bytes`);
      const contents = readFileSync(absolute);
      return contents.length === stat.size ? { path, mode, contents } : refuse("changed while it was packed");
    } catch (cause) {
      if (cause instanceof ProblemsError) throw cause;
      return refuse("cannot be read", cause);
    }
  });
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
  if (!paths.includes(manifestName))
    fail("SLIP_PACK_FAILED", `cannot pack ${manifest.spec}: its own rules leave package.json out`);
  const files = readFiles(manifest, paths);
  const bytes = await compress(makeArchive(files), { level: constants.Z_BEST_COMPRESSION });
  bytes[gzipSystemOffset] = gzipSystemUnknown;
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
  };
}
