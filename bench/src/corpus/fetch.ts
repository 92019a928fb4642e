/**
 * Brings the tarballs of pinned packages into bench/.cache, once, through npm and the registry that npm's configuration
 * names. Every file is hashed each time it is handed out.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { integrityOf } from "@slipway/testkit";

import { specOf } from "./pins.ts";
import type { Pin } from "./pins.ts";

const run = promisify(execFile);
const cacheFolder = fileURLToPath(new URL("../../.cache/corpus", import.meta.url));

/** Specs handed to one npm: its start is paid once, and a command line has its limits. */
const batchSize = 50;

function tarballName({ name, version }: Pin): string {
  return `${name.replace(/^@/, "").replace("/", "-")}-${version}.tgz`;
}

/** `name+version.tgz` with the scope kept, so that `@a/b` and `a-b` are two files. */
function cachePath(pin: Pin): string {
  return join(cacheFolder, `${specOf(pin).replace("/", "+")}.tgz`);
}

async function downloadBatch(batch: readonly Pin[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-corpus-fetch-"));
  try {
    // As configured here: this is the one place where the user's own registry is wanted.
    await run("npm", ["pack", "--silent", ...batch.map(specOf)], { cwd: folder, maxBuffer: 64 * 1024 * 1024 });
    for (const pin of batch) await moveVerified(join(folder, tarballName(pin)), pin);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function moveVerified(path: string, pin: Pin): Promise<void> {
  verify(await readFile(path), pin);
  // A rename does not cross file systems; the temporary folder may be on another one.
  const beside = `${cachePath(pin)}.${process.pid}`;
  await copyFile(path, beside);
  await rename(beside, cachePath(pin));
}

function verify(bytes: Uint8Array, pin: Pin): void {
  const integrity = integrityOf(bytes);
  if (integrity !== pin.integrity)
    throw new Error(`${specOf(pin)} is ${integrity} in the registry, but was pinned as ${pin.integrity}`);
}

/**
 * Makes sure that all tarballs are in the cache. Throws when one cannot be had or has other bytes than were pinned.
 * Two pins whose file names npm would make the same are fetched apart.
 */
export async function fetchTarballs(pins: readonly Pin[], say: (text: string) => void): Promise<void> {
  await mkdir(cacheFolder, { recursive: true });
  const left = pins.filter((pin) => !existsSync(cachePath(pin)));
  while (left.length > 0) {
    const names = new Set<string>();
    const batch: Pin[] = [];
    for (const pin of left) {
      if (batch.length === batchSize) break;
      if (names.has(tarballName(pin))) continue;
      names.add(tarballName(pin));
      batch.push(pin);
    }
    for (const pin of batch) left.splice(left.indexOf(pin), 1);
    say(`fetching ${batch.length} tarballs, ${left.length} left`);
    await downloadBatch(batch);
  }
}

/** Reads a tarball that `fetchTarballs` has brought, and hashes it. */
export async function readTarball(pin: Pin): Promise<{ readonly path: string; readonly bytes: Buffer }> {
  const path = cachePath(pin);
  const bytes = await readFile(path);
  verify(bytes, pin);
  return { path, bytes };
}
