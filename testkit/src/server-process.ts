/** Servers of the testkit in processes of their own: started from a script, ended for certain. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface ServerProcess {
  readonly pid: number;
  /** Without a slash at the end. */
  readonly url: string;
  /** Ends the process and waits until it is gone. Default SIGKILL. Does nothing when it has ended. */
  kill(signal?: NodeJS.Signals): Promise<void>;
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("the process has no standard output");
  const reader = createInterface({ input: child.stdout });
  try {
    return await new Promise<string>((resolve, reject) => {
      reader.once("line", resolve);
      child.once("error", reject);
      child.once("exit", (code, signal) => reject(new Error(`the server ended before it listened: ${code ?? signal}`)));
    });
  } finally {
    reader.close();
  }
}

function urlOf(line: string): string {
  const json: unknown = JSON.parse(line);
  if (typeof json === "object" && json !== null && "url" in json && typeof json.url === "string") return json.url;
  throw new Error(`the server said something else than its address: ${line}`);
}

/** Starts a script that lies beside this file; its argument is JSON, its first line of output is `{"url": …}`. */
export async function startServerProcess(script: string, argument: object): Promise<ServerProcess> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, ["--conditions=slipway-source", path, JSON.stringify(argument)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const url = urlOf(await firstLine(child));
  const { pid } = child;
  if (pid === undefined) throw new Error("the server's process has no id");
  return {
    pid,
    url,
    kill: async (signal = "SIGKILL") => {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      await exited;
    },
  };
}

/** For such a script: says where it listens, and leaves with its parent, which may die without ending it. */
export function serveFor(url: string): void {
  process.stdout.write(`${JSON.stringify({ url })}\n`);
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(0);
  }, 1000);
}
