/**
 * Reads the files of a package into the entries of its archive, with the permissions that npm gives them. Must not
 * decide which files those are.
 */
import { lstatSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ProblemsError, fail } from "@slipway/core";
import type { PackageManifest } from "./package-manifest.ts";
import type { ArchiveFile } from "./tar-writer.ts";

const manifestName = "package.json";
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

/**
 * Reads the files in `paths`, in that order. Throws `SLIP_PACK_FAILED` naming the one that cannot be read or that changed
 * meanwhile. `read` is there for tests of exactly that.
 */
export function readFiles(
  manifest: PackageManifest,
  paths: readonly string[],
  read: (path: string) => Buffer = readFileSync,
): readonly ArchiveFile[] {
  const isCommand = commandTest(manifest);
  const linked = new Map<string, string>();
  return paths.map((path) => {
    const refuse = (reason: string, cause?: unknown): never =>
      fail("SLIP_PACK_FAILED", `cannot pack ${manifest.spec}: ${path} ${reason}`, cause === undefined ? {} : { cause });
    const absolute = join(manifest.dir, path);
    try {
      const stat = lstatSync(absolute);
      if (stat.nlink > 1) {
        const inode = `${stat.dev}:${stat.ino}`;
        const first = linked.get(inode);
        // npm packs the second name as a link, and an install then leaves it out (pacote 22): the file would be missing.
        if (first !== undefined) return refuse(`is a hard link to ${first}: make it a file of its own`);
        linked.set(inode, path);
      }
      const mode = archiveMode(stat.mode, isCommand(path));
      if (path === manifestName) return { path, mode, contents: manifest.bytes };
      if (stat.size > fileSizeMaxBytes) return refuse(`is larger than ${fileSizeMaxBytes} bytes`);
      const contents = read(absolute);
      return contents.length === stat.size ? { path, mode, contents } : refuse("changed while it was packed");
    } catch (cause) {
      if (cause instanceof ProblemsError) throw cause;
      return refuse("cannot be read", cause);
    }
  });
}
