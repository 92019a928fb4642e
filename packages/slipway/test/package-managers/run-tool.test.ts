/** Running a package manager's program: what it is given, what is kept of what it says, and how it ends. */
import { tmpdir } from "node:os";
import { expect, test, vi } from "vitest";
import { runTool, type ToolRun } from "../../src/package-managers/run-tool.ts";
import { systemClock } from "../../src/system-clock.ts";

function run(script: string, changes: Partial<ToolRun> = {}): ReturnType<typeof runTool> {
  return runTool({
    command: [process.execPath],
    args: ["--eval", script],
    cwd: tmpdir(),
    env: { PATH: process.env["PATH"] },
    secretNames: [],
    clock: systemClock,
    signal: new AbortController().signal,
    timeoutMs: 30_000,
    ...changes,
  });
}

test("a tool that ends well gives its first lines, and the last of both streams", async () => {
  const result = await run("console.log('a\\n\\nb'); console.error('c')");
  expect(result.end).toEqual({ kind: "done" });
  expect(result.firstLines).toEqual(["a", "b"]);
  expect([...result.lastLines].sort()).toEqual(["a", "b", "c"]);
});

test("arguments reach the tool as they are: there is no shell", async () => {
  const odd = ["$(touch /tmp/never)", "a b", "'\"", "; exit 1", "*"];
  const lines: string[] = [];
  await run("", {
    args: ["--eval", "for (const one of process.argv.slice(1)) console.log(one)", "--", ...odd],
    onLine: (line) => lines.push(line),
  });
  expect(lines).toEqual(odd);
});

test("variables that hold credentials are not passed on, and their values are taken out of what is said", async () => {
  const lines: string[] = [];
  const result = await run(
    "console.log(process.env.NODE_AUTH_TOKEN, process.env.OWN, 's3cret-a', 's3cret-b', process.env.KEPT)",
    {
      env: { PATH: process.env["PATH"], NODE_AUTH_TOKEN: "s3cret-a", OWN: "s3cret-b", KEPT: "yes" },
      secretNames: ["OWN"],
      onLine: (line) => lines.push(line),
    },
  );
  expect(lines).toEqual(["undefined undefined *** *** yes"]);
  expect(result.firstLines).toEqual(lines);
});

test("of much output the last lines are kept, and of a long line the beginning", async () => {
  const result = await run("for (let i = 0; i < 500; i++) console.log(i); console.log('x'.repeat(5000))");
  expect(result.lastLines).toHaveLength(20);
  expect(result.lastLines.at(-2)).toBe("499");
  expect(result.lastLines.at(-1)).toBe(`${"x".repeat(300)}…`);
});

test("a tool that fails says with which exit code, or by which signal", async () => {
  expect((await run("process.exit(7)")).end).toEqual({ kind: "failed", reason: "exit code 7", isMissing: false });
  const killed = await run("process.kill(process.pid, 'SIGKILL'); setTimeout(() => {}, 10000)");
  expect(killed.end).toEqual({ kind: "failed", reason: "ended by SIGKILL", isMissing: false });
});

test("a tool that is not there is told from one that fails", async () => {
  const result = await run("", { command: ["slipway-no-such-program"] });
  expect(result.end).toMatchObject({ kind: "failed", isMissing: true });
});

const withChild = `
const child = require("node:child_process").spawn(process.execPath, ["--eval", "setTimeout(() => {}, 60000)"]);
console.log(child.pid);
setTimeout(() => {}, 60000);
`;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    expect(error).toMatchObject({ code: "ESRCH" });
    return false;
  }
}

test("a tool that takes too long is ended, with what it has started", async () => {
  const result = await run(withChild, { timeoutMs: 700 });
  expect(result.end).toEqual({ kind: "failed", reason: "did not end within 0.7 s", isMissing: false });
  await vi.waitFor(() => expect(isAlive(Number(result.firstLines[0]))).toBe(false), 10_000);
});

test("an interrupt ends the tool, with what it has started", async () => {
  const interrupt = new AbortController();
  const result = await run(withChild, { signal: interrupt.signal, onLine: () => interrupt.abort() });
  expect(result.end).toEqual({ kind: "interrupted" });
  await vi.waitFor(() => expect(isAlive(Number(result.firstLines[0]))).toBe(false), 10_000);
});

test("a tool that does not want to end is ended all the same", async () => {
  const interrupt = new AbortController();
  const stubborn = "process.on('SIGTERM', () => {}); console.log('here'); setTimeout(() => {}, 60000)";
  const result = await run(stubborn, { signal: interrupt.signal, onLine: () => interrupt.abort() });
  expect(result.end).toEqual({ kind: "interrupted" });
});

test("a tool is not left running when the interrupt came before it", async () => {
  const result = await run("setTimeout(() => {}, 60000)", { signal: AbortSignal.abort() });
  expect(result.end).toEqual({ kind: "interrupted" });
});
