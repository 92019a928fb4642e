/**
 * Runs child processes in a clean environment, each in a process group of its own that can be killed whole. It must
 * not interpret what they print.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { registryNpmrc } from "./verdaccio.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ProcessOptions {
  readonly cwd?: string;
  /** The whole environment; default `cleanEnvironment()`. */
  readonly env?: Environment;
  /** After this the process group is killed and `result` rejects; default 60 s. */
  readonly timeoutMs?: number;
  /** Sent to standard input, which is then closed; default nothing. */
  readonly input?: string;
}

export interface ProcessResult {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
}

export interface RunningProcess {
  readonly pid: number;
  /** Resolves when the process has ended and its output is complete, whatever its exit code. */
  readonly result: Promise<ProcessResult>;
  /** Standard output so far. */
  stdout(): string;
  stderr(): string;
  /** Signals the whole group and waits for the end. Default SIGKILL. Does nothing once the process has ended. */
  kill(signal?: NodeJS.Signals): Promise<ProcessResult>;
}

const keptVariables = ["PATH", "TMPDIR", "TMP", "TEMP", "SystemRoot", "ComSpec", "PATHEXT", "LANG"];

/** Only what a process needs to start: no npm configuration, no CI variables, no proxies, no credentials. */
export function cleanEnvironment(extra: Environment = {}): Environment {
  const kept = Object.fromEntries(keptVariables.map((name) => [name, process.env[name]]));
  return { ...kept, ...extra };
}

const liveGroups = new Set<number>();

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    // Windows has no process groups: there the process alone is signalled.
    process.kill(process.platform === "win32" ? pid : -pid, signal);
  } catch (error) {
    // It has ended in the meantime.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

function killLiveGroups(): void {
  for (const pid of liveGroups) signalGroup(pid, "SIGKILL");
}

function trackGroup(pid: number): void {
  if (liveGroups.size === 0) process.once("exit", killLiveGroups);
  liveGroups.add(pid);
}

function forgetGroup(pid: number): void {
  liveGroups.delete(pid);
  if (liveGroups.size === 0) process.off("exit", killLiveGroups);
}

/** Starts a process. Throws when it cannot be started. */
export function startProcess(command: string, args: readonly string[], options: ProcessOptions = {}): RunningProcess {
  const { timeoutMs = 60_000 } = options;
  const startedAt = performance.now();
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...(options.env ?? cleanEnvironment()) },
    detached: process.platform !== "win32",
    stdio: ["pipe", "pipe", "pipe"],
  });
  const { pid } = child;
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const stdout = (): string => Buffer.concat(out).toString("utf8");
  const stderr = (): string => Buffer.concat(err).toString("utf8");
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  // A process that ends without reading its input is no error.
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  const result = new Promise<ProcessResult>((resolve, reject) => {
    child.once("error", reject);
    if (pid === undefined) return;
    trackGroup(pid);
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      signalGroup(pid, "SIGKILL");
    }, timeoutMs);
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      forgetGroup(pid);
      const durationMs = performance.now() - startedAt;
      if (!isLate) return resolve({ code, signal, stdout: stdout(), stderr: stderr(), durationMs });
      const said = `${stdout()}\n${stderr()}`.trim();
      reject(new Error(`${command} ${args.join(" ")} did not end within ${timeoutMs} ms; it said: ${said}`));
    });
  });
  async function kill(signal: NodeJS.Signals = "SIGKILL"): Promise<ProcessResult> {
    if (pid !== undefined && liveGroups.has(pid)) signalGroup(pid, signal);
    return await result;
  }
  return { pid: pid ?? -1, result, stdout, stderr, kill };
}

/** Runs a process to its end, whatever its exit code. Rejects when it cannot be started or takes too long. */
export async function runProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<ProcessResult> {
  return await startProcess(command, args, options).result;
}

export interface HomeOptions {
  /** Without a slash at the end. Without one, npm's configuration is empty. */
  readonly registry?: string | undefined;
  readonly token?: string | undefined;
  /** Further lines of the user's .npmrc. */
  readonly npmrc?: string | undefined;
}

export interface Home {
  readonly dir: string;
  /** Variables that make npm, git and slipway see this home and nothing else of the machine. */
  readonly env: Environment;
  remove(): Promise<void>;
}

/** Makes a user's home: a folder with an .npmrc and an empty cache. */
export async function createHome(options: HomeOptions = {}): Promise<Home> {
  const dir = await mkdtemp(join(tmpdir(), "slipway-home-"));
  const userconfig = join(dir, ".npmrc");
  const lines = options.registry === undefined ? "" : registryNpmrc(options.registry, options.token);
  await writeFile(userconfig, `${lines}${options.npmrc ?? ""}\n`);
  return {
    dir,
    env: {
      HOME: dir,
      USERPROFILE: dir,
      XDG_CONFIG_HOME: join(dir, ".config"),
      npm_config_userconfig: userconfig,
      npm_config_globalconfig: join(dir, "globalrc"),
      npm_config_cache: join(dir, "cache"),
      npm_config_update_notifier: "false",
      npm_config_audit: "false",
      npm_config_fund: "false",
    },
    remove: async () => await rm(dir, { recursive: true, force: true, maxRetries: 5 }),
  };
}

export interface SlipwayOptions extends HomeOptions {
  readonly cwd: string;
  /** Added to the clean environment; `CI` is `true` unless it says otherwise. */
  readonly env?: Environment;
  readonly timeoutMs?: number;
  readonly input?: string;
}

const conditions = "--conditions=slipway-source";
const cli: string = fileURLToPath(new URL("../../packages/slipway/src/cli.ts", import.meta.url));

/** Starts the command line from its sources, in a home of its own, which is removed at the end. */
export async function startSlipway(args: readonly string[], options: SlipwayOptions): Promise<RunningProcess> {
  return await startNode(cli, args, options);
}

/** Runs the command line from its sources to its end. */
export async function runSlipway(args: readonly string[], options: SlipwayOptions): Promise<ProcessResult> {
  return await (
    await startSlipway(args, options)
  ).result;
}

/** Starts a script of this repository with this Node, in the same surroundings as `startSlipway`. */
export async function startNode(
  script: string,
  args: readonly string[],
  options: SlipwayOptions,
): Promise<RunningProcess> {
  const home = await createHome(options);
  const env = cleanEnvironment({ ...home.env, CI: "true", ...options.env });
  const { cwd, timeoutMs, input } = options;
  const running = startProcess(process.execPath, [conditions, script, ...args], {
    cwd,
    env,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(input === undefined ? {} : { input }),
  });
  const result = running.result.finally(home.remove);
  return { ...running, result, kill: (signal) => running.kill(signal).then(() => result) };
}
