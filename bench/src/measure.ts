/** Runs one command as a child process and measures it from outside. It must not know what the command does. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";

import { watchMemory } from "./process-tree.ts";
import type { MemorySample } from "./process-tree.ts";

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Measured {
  /** From just before the start to the end, in milliseconds. */
  readonly wallMs: number;
  /** User and system time of the process and all it waited for; undefined where it cannot be measured. */
  readonly cpuMs: number | undefined;
  /** The most that the process and its descendants held at one time, in bytes. */
  readonly peakBytes: number | undefined;
  /** What they held, over time. Empty where it cannot be seen. */
  readonly memory: readonly MemorySample[];
  /** 124 when it took too long and was ended. */
  readonly exitCode: number;
  /** The end of what it said on both streams. */
  readonly output: string;
}

const outputMax = 4000;
/** A tree of processes that is there for less is measured by its largest process. */
const memoryEveryMs = 25;
/** GNU time asks the kernel (wait4), which knows the CPU time and peak memory of a child and of the child's children. */
const timeProgram = "/usr/bin/time";

/** `scratchFile` may be overwritten. */
export async function measure(command: Command, scratchFile: string, timeoutMs: number): Promise<Measured> {
  const isTimed = existsSync(timeProgram);
  const file = isTimed ? timeProgram : command.file;
  const args = isTimed ? ["-q", "-f", "%U %S %M", "-o", scratchFile, command.file, ...command.args] : command.args;
  const startedAt = performance.now();
  const child = spawn(file, args, {
    cwd: command.cwd,
    env: { ...command.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const watch = watchMemory(child.pid, memoryEveryMs);
  let output = "";
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString("utf8")).slice(-outputMax);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  let isLate = false;
  // The whole group: the program and the one that times it.
  const kill = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  };
  // A group of its own hears no Ctrl-C.
  process.once("exit", kill);
  const timer = setTimeout(() => {
    isLate = true;
    kill();
  }, timeoutMs);
  const closed = once(child, "close");
  const [code] = await once(child, "exit");
  const wallMs = performance.now() - startedAt;
  clearTimeout(timer);
  process.off("exit", kill);
  watch.stop();
  const memory = watch.samples();
  await closed;
  const usage = isTimed && !isLate ? parseUsage(await readFile(scratchFile, "utf8")) : undefined;
  return {
    wallMs,
    cpuMs: usage?.cpuMs,
    peakBytes: usage && Math.max(usage.peakBytes, ...memory.map((sample) => sample.sizeBytes)),
    memory,
    exitCode: isLate ? 124 : typeof code === "number" ? code : 1,
    output,
  };
}

/** Reads `%U %S %M`: seconds of user and of system time, and kibibytes. */
export function parseUsage(text: string): { readonly cpuMs: number; readonly peakBytes: number } | undefined {
  const match = /^([\d.]+) ([\d.]+) (\d+)$/m.exec(text);
  if (match === null) return undefined;
  const [, user, system, peak] = match;
  return { cpuMs: Math.round((Number(user) + Number(system)) * 1000), peakBytes: Number(peak) * 1024 };
}
