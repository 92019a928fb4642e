/**
 * Runs a package manager's program, never through a shell: in a process group of its own, so that what it started ends with
 * it; without the variables that hold credentials; with a time limit; its output redacted. Must not interpret what it prints.
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Clock } from "@slipway/core";
import { createRedactor } from "../redact.ts";
import { type Environment, withoutCredentials } from "../tarball/script-environment.ts";

/** What every run of a tool needs, whichever tool it is. */
export interface ToolSurroundings {
  readonly env: Environment;
  /** Further variables that hold credentials. */
  readonly secretNames: readonly string[];
  readonly clock: Clock;
  /** Ends the tool. */
  readonly signal: AbortSignal;
  /** After this the tool is ended. */
  readonly timeoutMs: number;
}

export interface ToolRun extends ToolSurroundings {
  /** Program and what comes before the arguments, such as a script that Node runs. */
  readonly command: readonly [string, ...string[]];
  readonly args: readonly string[];
  /** Absolute. */
  readonly cwd: string;
  /** Of the variables that are taken out these are empty instead. */
  readonly emptied?: readonly string[];
  /** Lines of both streams as they come, redacted. */
  readonly onLine?: (line: string) => void;
}

export type ToolEnd =
  | { readonly kind: "done" }
  /** `reason` is a phrase; a tool that could not be started at all is `missing`. */
  | { readonly kind: "failed"; readonly reason: string; readonly isMissing: boolean }
  | { readonly kind: "interrupted" };

export interface ToolResult {
  readonly end: ToolEnd;
  /** The first lines of standard output, redacted. */
  readonly firstLines: readonly string[];
  /** The last lines of both streams that are not empty, redacted and cut to a width. */
  readonly lastLines: readonly string[];
}

const linesKeptMax = 20;
/** A minified line in a stack can have 30,000 characters. */
const lineMaxChars = 300;
/** Between the polite end and the other one. */
const endGraceMs = 2_000;

/** Signals all that the tool has started; false when nothing of it is left. */
function signalGroup(pid: number, signal: NodeJS.Signals): boolean {
  try {
    // Windows has no process groups: there the tool alone is ended.
    return process.kill(process.platform === "win32" ? pid : -pid, signal);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    throw error;
  }
}

function createCollector(run: ToolRun): {
  readonly take: (stream: NodeJS.ReadableStream, isOut: boolean) => void;
  readonly first: readonly string[];
  readonly last: readonly string[];
} {
  const { secrets } = withoutCredentials(run.env, run.secretNames);
  const redactor = createRedactor(secrets);
  const first: string[] = [];
  const last: string[] = [];
  return {
    first,
    last,
    take: (stream, isOut) => {
      createInterface({ input: stream, crlfDelay: Infinity }).on("line", (text) => {
        const line = redactor.text(text);
        run.onLine?.(line);
        if (line.trim() === "") return;
        const short = line.length > lineMaxChars ? `${line.slice(0, lineMaxChars)}…` : line;
        if (isOut && first.length < linesKeptMax) first.push(short);
        last.push(short);
        if (last.length > linesKeptMax) last.shift();
      });
    },
  };
}

function environmentOf(run: ToolRun): Environment {
  const { env } = withoutCredentials(run.env, run.secretNames);
  const emptied = (run.emptied ?? []).filter((name) => run.env[name] !== undefined && !(name in env));
  return { ...env, ...Object.fromEntries(emptied.map((name) => [name, ""])) };
}

/** Resolves when the tool has ended, and with it whatever it left running; never rejects for how it ended. */
export async function runTool(run: ToolRun): Promise<ToolResult> {
  const { command, args, cwd, clock, signal, timeoutMs } = run;
  const [program, ...before] = command;
  const env = environmentOf(run);
  const collector = createCollector(run);
  const ended = new AbortController();
  let why: ToolEnd | undefined;
  const end = await new Promise<ToolEnd>((resolve) => {
    const child = spawn(program, [...before, ...args], {
      cwd,
      env,
      detached: process.platform !== "win32",
      stdio: ["ignore", "pipe", "pipe"],
    });
    const stop = (reason: ToolEnd): void => {
      const { pid } = child;
      if (pid === undefined || why !== undefined || ended.signal.aborted) return;
      why = reason;
      signalGroup(pid, "SIGTERM");
      void clock.sleep(endGraceMs, ended.signal).then(() => signalGroup(pid, "SIGKILL"));
    };
    const interrupt = (): void => stop({ kind: "interrupted" });
    // A second Ctrl-C ends this process at once: what is in a group of its own would go on alone.
    const endAtExit = (): void => {
      if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
    };
    process.once("exit", endAtExit);
    ended.signal.addEventListener("abort", () => process.off("exit", endAtExit), { once: true });
    collector.take(child.stdout, true);
    collector.take(child.stderr, false);
    child.once("error", (cause) => {
      const isMissing = "code" in cause && (cause.code === "ENOENT" || cause.code === "EACCES");
      resolve({ kind: "failed", reason: `could not be started (${cause.message})`, isMissing });
    });
    child.once("close", (code, killedBy) => {
      const reason = killedBy === null ? `exit code ${code ?? "unknown"}` : `ended by ${killedBy}`;
      resolve(why ?? (code === 0 ? { kind: "done" } : { kind: "failed", reason, isMissing: false }));
    });
    if (signal.aborted) interrupt();
    else signal.addEventListener("abort", interrupt, { once: true, signal: ended.signal });
    void clock
      .sleep(timeoutMs, ended.signal)
      .then(() => stop({ kind: "failed", reason: `did not end within ${timeoutMs / 1000} s`, isMissing: false }));
  });
  ended.abort();
  return { end, firstLines: collector.first, lastLines: collector.last };
}
