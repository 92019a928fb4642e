/**
 * The journal of a release: one JSON event a line, appended and made durable. A torn last line, left by a process that
 * died while writing, is cut; anything else that cannot be read is a problem, never skipped.
 */
import { type FileHandle, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type Event, type EventType, fail, isJsonObject, type JournalPort } from "@slipway/core";

export interface Journal extends JournalPort {
  readonly history: readonly Event[];
  close(): Promise<void>;
}

const eventTypes: Readonly<Record<EventType, true>> = {
  opened: true,
  resumed: true,
  observed: true,
  downloaded: true,
  "looked-up": true,
  bound: true,
  judged: true,
  "write-started": true,
  "write-ended": true,
  waited: true,
  "turned-back": true,
  failed: true,
  ended: true,
};

function isEvent(value: unknown): value is Event {
  return (
    isJsonObject(value) &&
    typeof value["type"] === "string" &&
    Object.hasOwn(eventTypes, value["type"]) &&
    typeof value["at"] === "number"
  );
}

function parseLine(line: string, number: number, path: string): Event {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    fail("SLIP_JOURNAL_INVALID", `line ${number} of ${path} is not JSON`, { cause });
  }
  if (!isEvent(value))
    fail("SLIP_JOURNAL_INVALID", `line ${number} of ${path} is not an event that this version knows`);
  return value;
}

/** Parses a journal. `sizeBytes` is how much of the text is whole lines; the rest is torn. */
function parseJournal(text: string, path: string): { readonly events: readonly Event[]; readonly sizeBytes: number } {
  const end = text.lastIndexOf("\n") + 1;
  const whole = text.slice(0, end);
  const lines = whole.split("\n").slice(0, -1);
  return { events: lines.map((line, index) => parseLine(line, index + 1, path)), sizeBytes: Buffer.byteLength(whole) };
}

/** Reads the history of a journal without opening it for writing; empty when there is none. */
export async function readJournal(path: string): Promise<readonly Event[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    // ENOTDIR: a file stands where the folder goes; whoever writes there says so.
    if (isCode(error, "ENOENT") || isCode(error, "ENOTDIR")) return [];
    if (!(error instanceof Error && "syscall" in error)) throw error;
    return fail("SLIP_JOURNAL_INVALID", `${path} cannot be read: ${error.message}`, { cause: error });
  }
  return parseJournal(text, path).events;
}

/** False for an attempt that did not come to its end: the report then is one of an earlier attempt, perhaps of fewer steps. */
export function hasEndedWell(history: readonly Event[]): boolean {
  const last = history.at(-1);
  return last === undefined || (last.type === "ended" && last.isComplete);
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

/** Opens a journal for this process alone; the caller holds the release folder's lock. */
export async function openJournal(path: string, releaseId: string): Promise<Journal> {
  const history = await readJournal(path);
  const [first] = history;
  if (first !== undefined && (first.type !== "opened" || first.releaseId !== releaseId))
    fail("SLIP_JOURNAL_INVALID", `${path} is not the journal of release ${releaseId}`);
  const file = await open(path, "a+", 0o600).catch((cause: unknown) => failToWrite(path, cause));
  const { sizeBytes } = parseJournal(await file.readFile("utf8"), path);
  await file.truncate(sizeBytes);
  // A new file is durable only with the folder that names it.
  if (history.length === 0) await syncFolder(dirname(path));
  return { history, append: createAppend(file, path, sizeBytes), close: () => file.close() };
}

/** Appends one batch after the other; each begins behind the last that became durable. */
function createAppend(file: FileHandle, path: string, durableBytes: number): JournalPort["append"] {
  let sizeBytes = durableBytes;
  let isTorn = false;
  return async (events) => {
    const bytes = Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(""), "utf8");
    try {
      // A full disk takes half a line: whatever comes next must not stand behind that half.
      if (isTorn) await file.truncate(sizeBytes);
      isTorn = true;
      await file.appendFile(bytes);
      await file.datasync();
    } catch (cause) {
      failToWrite(path, cause);
    }
    isTorn = false;
    sizeBytes += bytes.length;
  };
}

/** Makes the names in a folder durable, where the system can do that. */
export async function syncFolder(dir: string): Promise<void> {
  // Windows opens no folders, and keeps their entries in a journal of its own.
  const folder = await open(dir, "r").catch(() => undefined);
  try {
    await folder?.sync();
  } finally {
    await folder?.close();
  }
}

export function failToWrite(path: string, cause: unknown): never {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return fail("SLIP_DISK", `${path} could not be written: ${reason}`, { cause });
}
