/**
 * The folder of one release: plan.json, tarballs/, journal.ndjson and report.json. One process at a time has it open. What is
 * read from it is checked against the digests that were written with it; nothing in it is a secret.
 */
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  fail,
  formatSpec,
  isJsonObject,
  type PackedFiles,
  parsePlan,
  type Plan,
  ProblemsError,
  type Report,
  type Spec,
  type TarballStore,
} from "@slipway/core";
import { lockFolder } from "./folder-lock.ts";
import { failToWrite, isCode, syncFolder } from "./journal.ts";
import { listTarball, readTarballManifest } from "./tarball/list-tarball.ts";

export const folderName = ".slipway";

export interface ReleaseFolder {
  readonly dir: string;
  readonly journalPath: string;
  /** Releases the lock. */
  close(): Promise<void>;
}

export function folderOf(root: string, releaseId: string): string {
  return join(root, folderName, releaseId);
}

export function journalPathOf(dir: string): string {
  return join(dir, "journal.ndjson");
}

/** sha256 of the plan as plan.json holds it, hex. */
export function digestPlan(plan: Plan): string {
  return createHash("sha256").update(JSON.stringify(plan)).digest("hex");
}

export function integrityOf(bytes: Uint8Array): string {
  return `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
}

/** Durable names for all folders from `dir` up to the first that was made: a journal must not vanish with its folder. */
async function syncFoldersAbove(dir: string, first: string): Promise<void> {
  for (let at = dir; at !== dirname(at); at = dirname(at)) {
    await syncFolder(dirname(at));
    if (at === first) return;
  }
}

/** Creates the folder where it is missing and locks it. Throws SLIP_FOLDER_IN_USE while another process has it open. */
export async function openReleaseFolder(dir: string): Promise<ReleaseFolder> {
  try {
    const created = await mkdir(join(dir, "tarballs"), { recursive: true });
    if (created !== undefined) await syncFoldersAbove(join(dir, "tarballs"), created);
    // The folder must never end up in a commit, nor make the work tree look changed.
    await writeFile(join(dir, ".gitignore"), "*\n");
  } catch (cause) {
    failToWrite(dir, cause);
  }
  return { dir, journalPath: journalPathOf(dir), close: await lockFolder(dir) };
}

/** Writes a file so that a reader sees the old contents or the new, never half. */
async function writeWhole(path: string, contents: string | Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, "w", 0o600);
    try {
      await file.writeFile(contents);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true });
    failToWrite(path, cause);
  }
}

/** Writes plan.json and returns its digest. */
export async function writePlan(dir: string, plan: Plan): Promise<string> {
  return writePlanFile(join(dir, "plan.json"), plan);
}

/** Writes a plan to any path, with its digest beside it, and returns the digest. */
export async function writePlanFile(path: string, plan: Plan): Promise<string> {
  const digest = digestPlan(plan);
  await writeWhole(path, `${JSON.stringify({ digest, plan }, undefined, 2)}\n`);
  return digest;
}

/** Reads plan.json; `wantedDigest` is what the caller was given outside the folder. */
export async function readPlan(
  path: string,
  wantedDigest?: string,
): Promise<{ readonly plan: Plan; readonly digest: string }> {
  const value = parseJson(await readPlanFile(path), path);
  if (!isJsonObject(value) || typeof value["digest"] !== "string")
    fail("SLIP_FOLDER_INVALID", `${path} does not hold a plan`);
  const digest = digestJson(value["plan"], path);
  if (digest !== value["digest"]) fail("SLIP_PLAN_CHANGED", `${path} was edited after it was written`);
  if (wantedDigest !== undefined && wantedDigest !== digest)
    fail("SLIP_PLAN_CHANGED", `${path} has the digest ${digest}, not ${wantedDigest}`, {
      hint: "pass the digest that slipway pack printed for this folder, or the folder that the digest is of",
    });
  return { plan: parsePlan(value["plan"], path), digest };
}

/** A plan of ten thousand packages takes about a fifth of it. */
const planSizeMax = 64 * 1024 * 1024;

/** The file may be a stranger's: it is not read beyond its limit, and nothing of it is in a message. */
async function readPlanFile(path: string): Promise<string> {
  try {
    const found = await stat(path);
    // A link to a device would never end.
    if (!found.isFile()) return fail("SLIP_FOLDER_INVALID", `${path} is no file`);
    const { size } = found;
    if (size > planSizeMax) return fail("SLIP_FOLDER_INVALID", `${path} is larger than a plan can be (${size} bytes)`);
    return await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof ProblemsError) throw cause;
    if (isCode(cause, "ENOENT") || isCode(cause, "ENOTDIR"))
      return fail("SLIP_FOLDER_INVALID", `${path} does not exist`, { cause });
    const reason = cause instanceof Error ? cause.message : String(cause);
    return fail("SLIP_FOLDER_INVALID", `${path} cannot be read: ${reason}`, { cause });
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    return fail("SLIP_FOLDER_INVALID", `${path} cannot be read: it is not JSON`, { cause });
  }
}

/** Throws SLIP_FOLDER_INVALID for what is nested deeper than can be written again. */
function digestJson(value: unknown, path: string): string {
  try {
    return createHash("sha256")
      .update(JSON.stringify(value) ?? "")
      .digest("hex");
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    return fail("SLIP_FOLDER_INVALID", `${path} does not hold a plan`, { cause });
  }
}

export async function writeReport(dir: string, report: Report): Promise<void> {
  await writeWhole(join(dir, "report.json"), `${JSON.stringify(report, undefined, 2)}\n`);
}

/** True when the folder's report says that its release was completed. */
export async function isReportedComplete(dir: string): Promise<boolean> {
  try {
    const value: unknown = JSON.parse(await readFile(join(dir, "report.json"), "utf8"));
    return isJsonObject(value) && value["isComplete"] === true;
  } catch {
    // No report, or a torn one: then it is not known to be complete, which only costs reads.
    return false;
  }
}

/**
 * Path of a tarball within the folder. The slash of a scope becomes `+`, and `@` stands before the version: neither can occur
 * there otherwise, so `a-1.0.0-b@2.0.0` and `a@1.0.0-b-2.0.0` are two files.
 */
export function tarballPath(name: string, version: string): string {
  return `tarballs/${name.replace("/", "+")}@${version}.tgz`;
}

/**
 * Writes a tarball into an opened release folder. Without fsync and rename, which take a third of a local release: whoever reads
 * the file hashes it first, against the plan or against the integrity that a `write-started` line carries. One torn by a crash
 * is packed again by the everyday command and refused by `publish DIR`; torn bytes are never sent.
 */
export function writeTarball(dir: string, name: string, version: string, bytes: Uint8Array): void {
  const path = join(dir, tarballPath(name, version));
  try {
    writeFileSync(path, bytes, { mode: 0o600 });
  } catch (cause) {
    failToWrite(path, cause);
  }
}

/**
 * The tarballs of a packed plan. Bytes still in memory are hashed all the same: one rule, no shortcut. A path in the plan is
 * not followed: where a tarball lies is decided by its name. What the release folder has, too, is taken out of `inMemory` when it
 * is first read: almost all tarballs are sent once.
 */
export function createTarballStore(
  dir: string,
  plan: Plan,
  inMemory: Map<Spec, InMemoryTarball> = new Map(),
): TarballStore {
  const bySpec = new Map((plan.tarballs ?? []).map((tarball) => [tarball.spec, tarball]));
  return {
    async read(name, version) {
      const spec = formatSpec(name, version);
      const tarball = bySpec.get(spec);
      if (tarball === undefined)
        return fail("SLIP_FOLDER_INVALID", `the plan has no tarball for ${spec}; run slipway pack`);
      const known = inMemory.get(spec);
      const path = join(dir, tarballPath(name, version));
      const bytes = known?.bytes ?? (await readTarballFile(path, spec));
      const integrity = integrityOf(bytes);
      if (integrity !== tarball.integrity)
        fail("SLIP_TARBALL_CHANGED", `${path} is not what pack made`, {
          spec,
          details: [`packed ${tarball.integrity}`, `found  ${integrity}`],
        });
      if (known?.isOnDisk === true) inMemory.delete(spec);
      return { bytes, integrity, manifest: known?.manifest ?? (await readTarballManifest(bytes)), files: known?.files };
    },
    list: (bytes) => listTarball(bytes),
  };
}

interface InMemoryTarball {
  readonly bytes: Uint8Array | undefined;
  readonly isOnDisk: boolean;
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly files: PackedFiles | undefined;
}

async function readTarballFile(path: string, spec: Spec): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    return fail("SLIP_TARBALL_CHANGED", `${path} cannot be read`, { spec, cause });
  }
}
