/**
 * Files that `init` has made and may make anew. The first line holds a digest of the rest: a file that still matches it was not edited and is brought
 * up to date, one that does not is left alone unless a person says otherwise. Pure but for reading and writing, which stay inside the root.
 */
import { createHash, randomUUID } from "node:crypto";
import { lstat, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fail, isInnerPath } from "@slipway/core";
import { isCode } from "../journal.ts";

export interface GeneratedFile {
  /** Posix path relative to the root. */
  readonly path: string;
  /** Without the first line. */
  readonly body: string;
  /** JSON has no comments: such a file is only ever made, never brought up to date. */
  readonly hasMark: boolean;
}

/**
 * `created` · `updated` it was ours, unedited, and is older · `unchanged` · `edited` it was changed by hand, or was there before: left
 * unless forced · `replaced` that, forced.
 */
export type FileState = "created" | "updated" | "unchanged" | "edited" | "replaced";

export interface PlannedFile {
  readonly path: string;
  readonly state: FileState;
  /** What is there now; empty where there is nothing. */
  readonly before: string;
  readonly after: string;
}

const markPattern = /^# Made by slipway init\. [^\n]*sha256:([0-9a-f]{16})[^\n]*\n/;

function digestOf(body: string): string {
  return createHash("sha256").update(body.replaceAll("\r\n", "\n")).digest("hex").slice(0, 16);
}

function withMark({ body, hasMark }: GeneratedFile): string {
  if (!hasMark) return body;
  return `# Made by slipway init. Edit it as you like: then init leaves it alone. sha256:${digestOf(body)}\n${body}`;
}

function isUnedited(text: string): boolean {
  const [mark = "", digest] = markPattern.exec(text) ?? [];
  return digest !== undefined && digestOf(text.slice(mark.length)) === digest;
}

/** What would be done with a file. Reads it and writes nothing. */
export async function planFile(root: string, file: GeneratedFile, isForced: boolean): Promise<PlannedFile> {
  const after = withMark(file);
  const before = await readInside(root, file.path);
  const { path } = file;
  if (before === undefined) return { path, state: "created", before: "", after };
  if (before.replaceAll("\r\n", "\n") === after) return { path, state: "unchanged", before, after };
  if (file.hasMark && isUnedited(before.replaceAll("\r\n", "\n"))) return { path, state: "updated", before, after };
  return { path, state: isForced ? "replaced" : "edited", before, after };
}

async function readInside(root: string, path: string): Promise<string | undefined> {
  await assertInside(root, path);
  try {
    return await readFile(join(root, path), "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** A link on the way could lead out of the repository. Throws SLIP_USAGE. */
async function assertInside(root: string, path: string): Promise<void> {
  if (!isInnerPath(path)) throw new Error(`${path} is no path inside the root`);
  let at = join(root, path);
  while (relative(root, at) !== "") {
    try {
      if ((await lstat(at)).isSymbolicLink())
        fail("SLIP_USAGE", `${relative(root, at)} is a symbolic link, which init does not write through`, {
          hint: "write that file by hand from what `slipway init --dry-run` shows, or remove the link",
        });
    } catch (error) {
      if (!isCode(error, "ENOENT") && !isCode(error, "ENOTDIR")) throw error;
    }
    at = dirname(at);
  }
}

/** Writes the files that are to be written, each whole or not at all; what was made before one that fails is taken back. */
export async function writeFiles(root: string, files: readonly PlannedFile[]): Promise<void> {
  const due = files.filter(({ state }) => state === "created" || state === "updated" || state === "replaced");
  const staged: { readonly temporary: string; readonly path: string }[] = [];
  try {
    for (const { path, after } of due) {
      await assertInside(root, path);
      const target = join(root, path);
      await mkdir(dirname(target), { recursive: true });
      const temporary = `${target}.${randomUUID()}.tmp`;
      await writeFile(temporary, after, { flag: "wx" });
      staged.push({ temporary, path: target });
    }
    for (const { temporary, path } of staged) await rename(temporary, path);
  } catch (cause) {
    for (const { temporary } of staged) await rm(temporary, { force: true });
    fail(
      "SLIP_DISK",
      `the workflow files could not be written: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}
