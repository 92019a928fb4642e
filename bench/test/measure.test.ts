import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { measure, parseUsage } from "../src/measure.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-measure-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function node(script: string): Parameters<typeof measure>[0] {
  return { file: process.execPath, args: ["--eval", script], cwd: folder, env: {} };
}

test("usage is read in milliseconds and bytes, and anything else is no usage", () => {
  expect(parseUsage("1.20 0.05 51200\n")).toEqual({ cpuMs: 1250, peakBytes: 52_428_800 });
  expect(parseUsage("Command exited with non-zero status 3\n0.10 0.00 100\n")).toEqual({
    cpuMs: 100,
    peakBytes: 102_400,
  });
  expect(parseUsage("")).toBeUndefined();
});

test("a run is measured with its exit code and the end of what it said", async () => {
  const measured = await measure(
    node(`console.log("x".repeat(9000)); console.error("the end"); process.exitCode = 3`),
    join(folder, "usage"),
    30_000,
  );
  expect(measured.exitCode).toBe(3);
  expect(measured.output).toHaveLength(4000);
  expect(measured.output).toContain("the end");
  expect(measured.wallMs).toBeGreaterThan(5);
});

test("a run that takes too long is ended, with all that it started", async () => {
  const child = `require("node:child_process").spawn(process.execPath, ["--eval", "setInterval(() => {}, 1000)"], { stdio: "inherit" })`;
  const measured = await measure(node(`${child}; setInterval(() => {}, 1000)`), join(folder, "usage"), 300);
  expect(measured).toMatchObject({ exitCode: 124, cpuMs: undefined });
});
