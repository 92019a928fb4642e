import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, expect, test } from "vitest";

import { cleanEnvironment, createHome, runProcess, runSlipway, startNode, startProcess } from "@slipway/testkit";

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

function evaluate(source: string): readonly string[] {
  return ["--input-type=module", "--eval", source];
}

async function temporaryFolder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "slipway-process-"));
  closers.push(() => rm(dir, { recursive: true }));
  return dir;
}

test("output, exit code and input go through", async () => {
  const source = `process.stdin.on("data", (text) => process.stdout.write("got " + text)); console.error("talk"); process.exitCode = 3`;
  const result = await runProcess(process.execPath, evaluate(source), { input: "this" });
  expect(result).toMatchObject({ code: 3, signal: null, stdout: "got this", stderr: "talk\n" });
  expect(result.durationMs).toBeGreaterThan(0);
});

test("a process that takes too long is killed, and what it said is in the error", async () => {
  const running = runProcess("sh", ["-c", "echo began; sleep 600"], { timeoutMs: 1000 });
  await expect(running).rejects.toThrow(/did not end within 1000 ms; it said: began/);
});

test("a program that does not exist is an error", async () => {
  await expect(runProcess("no-such-program-anywhere", [])).rejects.toThrow("ENOENT");
});

test("killing reaches the whole process group", async () => {
  const child = `console.log(process.pid); setInterval(() => undefined, 1000)`;
  const parent = `import { spawn } from "node:child_process"; spawn(process.execPath, ["--eval", ${JSON.stringify(child)}], { stdio: "inherit" })`;
  const running = startProcess(process.execPath, evaluate(parent));
  await expect.poll(() => running.stdout(), { timeout: 10_000 }).toMatch(/\d+\n/);
  // The result waits for everybody who holds the output: with the grandchild alive it would never come.
  expect(await running.kill()).toMatchObject({ code: null, signal: "SIGKILL" });
});

test("killing a process that has ended gives its result", async () => {
  const running = startProcess(process.execPath, evaluate("process.exitCode = 5"));
  await running.result;
  expect((await running.kill()).code).toBe(5);
});

test("the clean environment has a PATH and nothing of npm, CI or proxies", () => {
  const names = Object.entries(cleanEnvironment()).filter(([, value]) => value !== undefined);
  const keys = names.map(([name]) => name);
  expect(keys).toContain("PATH");
  expect(keys.filter((name) => /npm|^CI$|proxy|token|HOME/i.test(name))).toEqual([]);
});

test("a home holds the registry and the token, and disappears", async () => {
  const home = await createHome({ registry: "http://127.0.0.1:1", token: "a-token", npmrc: "tag=next" });
  const text = await readFile(join(home.dir, ".npmrc"), "utf8");
  expect(text).toBe("registry=http://127.0.0.1:1/\n//127.0.0.1:1/:_authToken=a-token\ntag=next\n");
  await home.remove();
  expect(existsSync(home.dir)).toBe(false);
});

test("a script of this repository runs from its sources, in a home that is removed with it", async () => {
  const cwd = await temporaryFolder();
  const script = join(cwd, "script.ts");
  await writeFile(
    script,
    `const given: string = process.argv[2] ?? ""; console.log(given, process.env.CI, process.env.HOME, process.env.EXTRA)`,
  );
  const running = await startNode(script, ["argument"], { cwd, env: { EXTRA: "more" } });
  const { stdout, code } = await running.result;
  expect(code).toBe(0);
  const [argument, ci, home, extra] = stdout.trim().split(" ");
  expect([argument, ci, extra]).toEqual(["argument", "true", "more"]);
  expect(home).toMatch("slipway-home-");
  expect(existsSync(home ?? "")).toBe(false);
});

test("the command line runs from its sources, and its exit code and both outputs come back", async () => {
  const cwd = await temporaryFolder();
  const version = await runSlipway(["--version"], { cwd });
  expect(version.code).toBe(0);
  expect(version.stdout).toMatch(/^\d+\.\d+\.\d+/);
  const usage = await runSlipway(["no-such-verb"], { cwd });
  expect(usage).toMatchObject({ code: 2, stdout: "" });
  expect(usage.stderr).toMatch("SLIP_USAGE");
});
