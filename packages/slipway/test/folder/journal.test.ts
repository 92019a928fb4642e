/** The journal on a disk that fails and after processes that died. */
import { execFile } from "node:child_process";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Event } from "@slipway/core";
import { type Journal, openJournal, readJournal } from "../../src/journal.ts";

const releaseId = "0123456789ab";
const opened: Event = { type: "opened", at: 1, schema: 1, releaseId, planDigest: "d", toolVersion: "0", attempt: 1 };
const failed = (message: string): Event => ({
  type: "failed",
  at: 2,
  step: "publish:a@1.0.0",
  problem: { code: "SLIP_DISK", message, hint: "" },
});

let dir: string;
let path: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "slipway-journal-"));
  path = join(dir, "journal.ndjson");
});

afterEach(() => rm(dir, { recursive: true, force: true }));

test("what was appended is read back, and goes on after it was opened again", async () => {
  const first = await openJournal(path, releaseId);
  await first.append([opened]);
  await first.close();
  const second = await openJournal(path, releaseId);
  expect(second.history).toEqual([opened]);
  await second.append([failed("é"), failed("b")]);
  await second.close();
  expect(await readJournal(path)).toEqual([opened, failed("é"), failed("b")]);
});

test("a torn last line is cut, in the middle of a character too", async () => {
  await writeFile(path, `${JSON.stringify(opened)}\n`);
  await appendFile(path, Buffer.from(`{"type":"failed","at":2,"step":"é`).subarray(0, -1));
  const journal = await openJournal(path, releaseId);
  await journal.append([failed("after")]);
  await journal.close();
  expect(await readJournal(path)).toEqual([opened, failed("after")]);
});

test.each([
  '{"type":"constructor","at":1}',
  '{"type":"write-started"}',
  '{"type":"write-started","at":1,"write":"upload"}',
  '{"type":"write-ended","at":1,"step":"publish:a@1.0.0","write":"upload","answer":"perhaps"}',
  '{"type":"bound","at":1,"step":"publish:a@1.0.0","integrity":5,"verdict":"same-source","evidence":"","files":[]}',
  '{"type":"failed","at":1,"step":"publish:a@1.0.0","problem":"no"}',
  '{"type":"ended","at":"1","isComplete":true,"reason":"finished"}',
  "null",
  "{",
])("a whole line that is no event is a problem: %s", async (line) => {
  await writeFile(path, `${JSON.stringify(opened)}\n${line}\n`);
  await expect(readJournal(path)).rejects.toThrow("SLIP_JOURNAL_INVALID");
});

test.each([
  ["of another release", { releaseId: "ba9876543210" }],
  ["of another schema", { schema: 2 }],
])("a journal %s is refused", async (_what, change) => {
  await writeFile(path, `${JSON.stringify({ ...opened, ...change })}\n`);
  await expect(openJournal(path, releaseId)).rejects.toThrow("SLIP_JOURNAL_INVALID");
});

test("a line that the disk took only half of spoils no line that is written after it", async () => {
  const moduleUrl = new URL("../../src/journal.ts", import.meta.url).href;
  const script = `
    const { openJournal } = await import(${JSON.stringify(moduleUrl)});
    const [path, releaseId, first, long, last] = JSON.parse(process.argv[1]);
    const journal = await openJournal(path, releaseId);
    await journal.append([first]);
    const reason = await journal.append([long]).then(() => "written", String);
    await journal.append([last]);
    await journal.close();
    process.stdout.write(reason);
  `;
  const given = JSON.stringify([path, releaseId, opened, failed("x".repeat(100_000)), failed("short")]);
  // A file that may not grow beyond 4 KiB takes part of a longer line, as a disk does that becomes full.
  const { stdout } = await promisify(execFile)("bash", [
    "-c",
    'ulimit -f 4 && exec "$@"',
    "bash",
    process.execPath,
    "--conditions=slipway-source",
    "--input-type=module",
    "-e",
    script,
    given,
  ]);
  expect(stdout).toContain("SLIP_DISK");
  expect(await readJournal(path)).toEqual([opened, failed("short")]);
  expect(await readFile(path, "utf8")).not.toContain("xxx");
});

interface JournalCode {
  readonly open: (path: string, releaseId: string) => Promise<Pick<Journal, "history" | "append" | "close">>;
  readonly read: (path: string) => Promise<readonly Event[]>;
}

/** The sizes in bytes at which a journal that was cut cannot be read as its whole lines, or cannot be gone on with (L4). */
async function findBadCuts({ open, read }: JournalCode): Promise<readonly number[]> {
  const events = [opened, failed("é")];
  const whole = Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(""));
  const bad: number[] = [];
  for (let size = 0; size <= whole.length; size += 1) {
    const cut = whole.subarray(0, size);
    const kept = events.slice(0, cut.filter((byte) => byte === 0x0a).length);
    await writeFile(path, cut);
    try {
      expect(await read(path)).toEqual(kept);
      const journal = await open(path, releaseId);
      await journal.append([failed("after")]).finally(() => journal.close());
      expect(journal.history).toEqual(kept);
      expect(await read(path)).toEqual([...kept, failed("after")]);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      bad.push(size);
    }
  }
  return bad;
}

test("a journal that was cut at any byte is read, and gone on with", async () => {
  expect(await findBadCuts({ open: openJournal, read: readJournal })).toEqual([]);
});

const firstLineBytes = JSON.stringify(opened).length + 1;

const readTornLines: JournalCode["read"] = async (file) => {
  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Event);
};

test("planted bug of L4: a reader that takes the torn line is caught", async () => {
  expect(await findBadCuts({ open: openJournal, read: readTornLines })).toContain(firstLineBytes + 5);
});

const openUncut: JournalCode["open"] = async (file) => ({
  history: await readJournal(file),
  append: (events) => appendFile(file, events.map((event) => `${JSON.stringify(event)}\n`).join("")),
  close: () => Promise.resolve(),
});

test("planted bug of L4: a writer that appends without cutting the torn line is caught", async () => {
  const bad = await findBadCuts({ open: openUncut, read: readJournal });
  expect(bad).toContain(firstLineBytes + 5);
  expect(bad).not.toContain(firstLineBytes);
});
