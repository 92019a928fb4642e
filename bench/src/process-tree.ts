/**
 * Reads from /proc what processes use: a whole tree's memory while it runs, and one process's CPU time. Linux only; elsewhere
 * nothing is known. Reading must stay cheap: it happens while others are being timed.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";

const hasProc = existsSync("/proc/self/stat");
/** Linux counts in hundredths of a second on every architecture that Node runs on. */
const tickMs = 10;

export interface MemorySample {
  readonly atMs: number;
  readonly sizeBytes: number;
}

export interface MemoryWatch {
  /** All so far; none where nothing is known. */
  samples(): readonly MemorySample[];
  stop(): void;
}

/** Samples the memory of a process and all its descendants until it is stopped. */
export function watchMemory(pid: number | undefined, everyMs: number): MemoryWatch {
  if (!hasProc || pid === undefined) return { samples: () => [], stop: () => {} };
  const startedAt = performance.now();
  const samples: MemorySample[] = [];
  const timer = setInterval(() => {
    samples.push({ atMs: performance.now() - startedAt, sizeBytes: memoryOfTree(pid) });
  }, everyMs);
  return {
    samples: () => samples,
    stop: () => clearInterval(timer),
  };
}

/**
 * Anonymous memory of all, and the mapped files of the one that maps most: programs of a tree are mostly copies of one
 * program, whose code is in memory once.
 */
function memoryOfTree(root: number): number {
  let anonymous = 0;
  let files = 0;
  const left = [root];
  for (let pid = left.pop(); pid !== undefined; pid = left.pop()) {
    const usage = parseMemory(readIfThere(`/proc/${pid}/status`));
    anonymous += usage.anonymousBytes;
    files = Math.max(files, usage.fileBytes);
    left.push(...childrenOf(pid));
  }
  return anonymous + files;
}

function childrenOf(pid: number): readonly number[] {
  return threadsOf(pid).flatMap((thread) =>
    readIfThere(`/proc/${pid}/task/${thread}/children`)
      .split(" ")
      .filter((word) => word !== "")
      .map(Number),
  );
}

function threadsOf(pid: number): readonly string[] {
  return whileThere(() => readdirSync(`/proc/${pid}/task`)) ?? [];
}

function readIfThere(path: string): string {
  return whileThere(() => readFileSync(path, "utf8")) ?? "";
}

/** Undefined when the process has ended in the meantime. */
function whileThere<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ESRCH"))
      return undefined;
    throw error;
  }
}

/** Reads a `/proc/<pid>/status`. Zero for a process that has ended. */
export function parseMemory(status: string): { readonly anonymousBytes: number; readonly fileBytes: number } {
  const field = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? 0) * 1024;
  return { anonymousBytes: field("RssAnon") + field("RssShmem"), fileBytes: field("RssFile") };
}

/** User and system time that a process has used so far, with that of children it waited for; undefined if unknown. */
export async function cpuTimeOf(pid: number): Promise<number | undefined> {
  return hasProc ? parseCpuTime(await readFile(`/proc/${pid}/stat`, "utf8")) : undefined;
}

/** Reads a `/proc/<pid>/stat`: the name of the program may contain spaces and brackets. */
export function parseCpuTime(stat: string): number | undefined {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  // utime, stime, cutime and cstime are fields 14 to 17; the third field is the first here.
  const ticks = fields.slice(11, 15).map(Number);
  return ticks.length < 4 || ticks.some(Number.isNaN) ? undefined : ticks.reduce((sum, tick) => sum + tick, 0) * tickMs;
}

/** The most memory that a process ever held, in bytes; undefined if unknown. */
export async function peakMemoryOf(pid: number): Promise<number | undefined> {
  if (!hasProc) return undefined;
  const match = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, "utf8"));
  return match === null ? undefined : Number(match[1]) * 1024;
}
