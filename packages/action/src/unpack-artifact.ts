/**
 * Unpacks the zip of an artifact into an empty folder. What is in it is hostile until checked: only the files of a release folder are written, under
 * names that are made here, as plain files, within limits.
 */
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fail } from "@slipway/core";
import { type Entry, openPromise, type ZipFile } from "yauzl";

export interface UnpackLimits {
  readonly entriesMax: number;
  readonly fileMaxBytes: number;
  readonly totalMaxBytes: number;
}

const unpackLimits: UnpackLimits = {
  entriesMax: 20_000,
  fileMaxBytes: 2 * 1024 ** 3,
  totalMaxBytes: 8 * 1024 ** 3,
};

const topFiles: ReadonlySet<string> = new Set(["plan.json", "journal.ndjson", "report.json"]);
const tarballName = /^tarballs\/[A-Za-z0-9@+._~!'()*-]+\.tgz$/;

/** Throws SLIP_FOLDER_INVALID for anything that is no release folder; the folder is then not to be used. */
export async function unpackArtifact(zipPath: string, dir: string, limits: UnpackLimits = unpackLimits): Promise<void> {
  await mkdir(join(dir, "tarballs"), { recursive: true });
  const zip = await openPromise(zipPath, {
    lazyEntries: true,
    autoClose: false,
    validateEntrySizes: true,
    strictFileNames: true,
  }).catch((cause: unknown) => refuse(`it is no zip: ${String(cause)}`));
  try {
    if (zip.entryCount > limits.entriesMax) refuse(`it has ${zip.entryCount} entries`);
    let total = 0;
    const seen = new Set<string>();
    for await (const entry of entriesOf(zip)) {
      const name = assertEntry(entry, seen, limits);
      total += entry.uncompressedSize;
      if (total > limits.totalMaxBytes) refuse(`it unpacks to more than ${limits.totalMaxBytes} bytes`);
      // "wx": a name that is there twice, or a link that somebody planted, is refused by the system.
      await pipeline(
        await zip.openReadStreamPromise(entry),
        createWriteStream(join(dir, name), { flags: "wx", mode: 0o600 }),
      ).catch((cause: unknown) => refuse(`${name} cannot be unpacked: ${String(cause)}`));
    }
  } finally {
    zip.close();
  }
}

async function* entriesOf(zip: ZipFile): AsyncGenerator<Entry> {
  try {
    yield* zip.eachEntry();
  } catch (cause) {
    refuse(`its list of files cannot be read: ${String(cause)}`);
  }
}

/** The name, once it is one of a release folder's plain files. */
function assertEntry(entry: Entry, seen: Set<string>, limits: UnpackLimits): string {
  const name = entry.fileName;
  if (!topFiles.has(name) && !tarballName.test(name))
    return refuse(`${JSON.stringify(name)} is no file of a release folder`);
  if (seen.has(name)) return refuse(`${name} is in it twice`);
  seen.add(name);
  // Unix mode in the upper half: links, pipes and devices have a type of their own.
  const type = (entry.externalFileAttributes >>> 16) & 0o170000;
  if (type !== 0 && type !== 0o100000) return refuse(`${name} is no plain file`);
  if (entry.isEncrypted()) return refuse(`${name} is encrypted`);
  if (entry.uncompressedSize > limits.fileMaxBytes) return refuse(`${name} has ${entry.uncompressedSize} bytes`);
  return name;
}

function refuse(why: string): never {
  return fail("SLIP_FOLDER_INVALID", `the artifact is not used: ${why}`, {
    hint: "look at which job uploaded it; then run all jobs again",
  });
}
