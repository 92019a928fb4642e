/**
 * The journal of a release: one JSON event a line, appended and made durable. A torn last line, left by a process that
 * died while writing, is cut; anything else that cannot be read is a problem, never skipped.
 */
import { type FileHandle, open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import {
  type AnswerClass,
  type Event,
  type EventType,
  fail,
  isJsonObject,
  type JournalPort,
  type Spec,
  journalSchema,
} from "@slipway/core";

export interface Journal extends JournalPort {
  readonly history: readonly Event[];
  close(): Promise<void>;
}

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === "string";
const number: Check = (value) => typeof value === "number";
const flag: Check = (value) => typeof value === "boolean";
const answers: ReadonlySet<unknown> = new Set<AnswerClass>([
  "accepted",
  "pending",
  "exists",
  "ambiguous",
  "retry",
  "refused",
]);
const readings: ReadonlySet<unknown> = new Set(["shown", "absent", "unavailable"]);
const statuses: ReadonlySet<unknown> = new Set(["published", "validating", "staged"]);

/** What has to be right of each event, beside `at`, before it is folded: a journal may have been carried and edited. */
const eventTypes: Readonly<Record<EventType, Readonly<Record<string, Check>>>> = {
  opened: { schema: number, releaseId: text, attempt: number },
  resumed: { attempt: number },
  observed: { registry: text, name: text, fresh: flag, packument: (value) => readings.has(value) },
  downloaded: { step: text, result: text },
  "looked-up": { step: text, version: (value) => readings.has(value) },
  "status-told": { step: text, status: (value) => statuses.has(value) },
  bound: { step: text, integrity: text, verdict: text, evidence: text, files: Array.isArray },
  judged: { step: text, verdict: text, details: Array.isArray },
  "write-started": { step: text, write: text },
  "write-ended": { step: text, write: text, answer: (value) => answers.has(value) },
  waited: { registry: text, untilAt: number, reason: text },
  "turned-back": { group: text, reason: text },
  failed: { step: text, problem: isJsonObject },
  ended: { isComplete: flag, reason: text },
};

function isEventType(value: unknown): value is EventType {
  return typeof value === "string" && Object.hasOwn(eventTypes, value);
}

function isEvent(value: unknown): value is Event {
  if (!isJsonObject(value) || !isEventType(value["type"]) || typeof value["at"] !== "number") return false;
  return Object.entries(eventTypes[value["type"]]).every(([key, isRight]) => isRight(value[key]));
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

/** Versions, as `name@version`, that the release found to have somebody else's contents. */
export function findJudgedForeign(history: readonly Event[]): ReadonlySet<Spec> {
  const judged = history.filter((event) => event.type === "judged" && event.verdict === "foreign");
  return new Set(judged.flatMap((event) => ("step" in event ? event.step.replace(/^publish:/, "") : [])));
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
  if (first?.type === "opened" && first.schema !== journalSchema)
    fail(
      "SLIP_JOURNAL_INVALID",
      `${path} is a journal of schema ${first.schema}; this slipway writes ${journalSchema}`,
    );
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
