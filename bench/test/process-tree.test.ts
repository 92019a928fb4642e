import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";

import { expect, test } from "vitest";

import { cpuTimeOf, parseCpuTime, parseMemory, peakMemoryOf, watchMemory } from "../src/process-tree.ts";

test("anonymous and shared memory are told apart from mapped files", () => {
  const status = "Name:\tnode\nVmHWM:\t 90000 kB\nRssAnon:\t   40 kB\nRssFile:\t  30 kB\nRssShmem:\t       2 kB\n";
  expect(parseMemory(status)).toEqual({ anonymousBytes: 42 * 1024, fileBytes: 30 * 1024 });
  expect(parseMemory("")).toEqual({ anonymousBytes: 0, fileBytes: 0 });
});

test("CPU time is user and system time of a process and of the children it waited for", () => {
  const stat = "41 (a (name) x) S 1 41 41 0 -1 4194560 2000 300 0 0 120 30 4 1 20 0 11 0 5000 1000000 9000";
  expect(parseCpuTime(stat)).toBe(1550);
  expect(parseCpuTime("")).toBeUndefined();
});

const hold = `const held = Buffer.alloc(150e6, 1); console.log("held"); process.stdin.resume().on("end", () => held[0])`;

test.runIf(existsSync("/proc/self/stat"))("memory of a process counts what its children hold", async () => {
  const child = `require("node:child_process").spawn(process.execPath, ["--eval", ${JSON.stringify(hold)}], { stdio: "inherit" })`;
  // Both hold until their input ends, and say when they do.
  const parent = spawn(process.execPath, ["--eval", `${child}; ${hold}`]);
  const ended = once(parent, "exit");
  try {
    const watch = watchMemory(parent.pid, 10);
    let said = "";
    for await (const chunk of parent.stdout) {
      said += String(chunk);
      if (said === "held\nheld\n") break;
    }
    const deadlineAt = performance.now() + 10_000;
    let sizes: readonly number[] = [];
    while (!sizes.some((size) => size > 300e6) && performance.now() < deadlineAt) {
      await nextTurn();
      sizes = watch.samples().map((sample) => sample.sizeBytes);
    }
    watch.stop();
    expect(Math.max(...sizes)).toBeGreaterThan(300e6);
    expect(await cpuTimeOf(parent.pid ?? 0)).toBeGreaterThan(0);
    expect(await peakMemoryOf(parent.pid ?? 0)).toBeGreaterThan(150e6);
  } finally {
    parent.stdin.end();
    await ended;
  }
});

test("nothing is known of a process that was not started", () => {
  expect(watchMemory(undefined, 10).samples()).toEqual([]);
});
