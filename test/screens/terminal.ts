/** A real terminal for a command line: tmux on a server of its own, of which the screen is captured while something runs. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cleanEnvironment, type Environment } from "@slipway/testkit";
import { setTimeout as wait } from "node:timers/promises";

const run = promisify(execFile);
const cli = fileURLToPath(new URL("../../packages/slipway/src/cli.ts", import.meta.url));
const socket = "slipway-screens";

export interface TerminalRun {
  /** Arguments of slipway; as the screen shows them. */
  readonly command: string;
  readonly cwd: string;
  readonly env: Environment;
  readonly columns: number;
  /** Pipes what slipway says through `cat`, so that it sees no terminal. */
  readonly isPiped?: boolean;
}

export interface RunningTerminal {
  /** Lines with colours, without empty ones at the end. */
  capture(): Promise<readonly string[]>;
  /** Waits until the screen shows this. */
  waitFor(pattern: RegExp): Promise<void>;
  /** Waits until the command has ended. */
  end(): Promise<void>;
  /** Of the process in the terminal. */
  pid(): Promise<number>;
  close(): Promise<void>;
}

async function tmux(...args: readonly string[]): Promise<string> {
  const { stdout } = await run("tmux", ["-L", socket, "-f", "/dev/null", ...args], { env: { ...cleanEnvironment() } });
  return stdout;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

const waitMaxMs = 60_000;

export async function startTerminal({ command, cwd, env, columns, isPiped }: TerminalRun): Promise<RunningTerminal> {
  const name = `s${process.pid}-${Math.floor(performance.now())}`;
  const assigned = Object.entries(cleanEnvironment({ ...env, TERM: "tmux-256color" })).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key}=${quoted(value)}`],
  );
  const program = [quoted(process.execPath), "--conditions=slipway-source", quoted(cli), command].join(" ");
  const script = [
    `printf '%s\\n' ${quoted(`$ slipway ${command}`)}`,
    isPiped === true ? `${program} 2>&1 | cat` : `exec ${program}`,
  ].join("; ");
  const shell = `exec env -i ${assigned.join(" ")} bash --norc -c ${quoted(script)}`;
  await tmux(
    "new-session",
    "-d",
    "-s",
    name,
    "-x",
    String(columns),
    "-y",
    "60",
    "-c",
    cwd,
    shell,
    ";",
    "set-option",
    "-t",
    name,
    "remain-on-exit",
    "on",
    ";",
    "set-option",
    "-t",
    name,
    "status",
    "off",
  );
  const isDead = async (): Promise<boolean> =>
    (await tmux("display-message", "-p", "-t", name, "#{pane_dead}")).trim() === "1";
  const capture = async (): Promise<readonly string[]> => {
    const lines = (await tmux("capture-pane", "-e", "-p", "-S", "-300", "-t", name)).split("\n");
    // The note that tmux leaves below a command that has ended is no part of what slipway shows.
    const shown = lines.filter((line) => !line.includes("Pane is dead"));
    // oxlint-disable-next-line no-control-regex
    while (shown.length > 0 && (shown.at(-1) ?? "").replace(/\u001b\[[0-9;]*m/g, "").trim() === "") shown.pop();
    return shown;
  };
  const until = async (isSo: () => Promise<boolean>, what: string): Promise<void> => {
    const deadline = performance.now() + waitMaxMs;
    while (!(await isSo())) {
      if (performance.now() > deadline) throw new Error(`${what}: it did not come\n${(await capture()).join("\n")}`);
      await wait(50);
    }
  };
  return {
    capture,
    waitFor: (pattern) => until(async () => pattern.test((await capture()).join("\n")), String(pattern)),
    end: () => until(isDead, "the end"),
    pid: async () => Number(await tmux("display-message", "-p", "-t", name, "#{pane_pid}")),
    close: async () => {
      await tmux("kill-session", "-t", name);
    },
  };
}
