/**
 * Runs the command line inside this process: the same `main`, without starting a Node for each of hundreds of runs.
 */
import { createTerminal } from "../../packages/slipway/src/views/terminal.ts";
import { main } from "../../packages/slipway/src/main.ts";
import { cleanEnvironment, createHome, type ProcessResult, type SlipwayOptions } from "@slipway/testkit";

export async function runSlipwayInProcess(args: readonly string[], options: SlipwayOptions): Promise<ProcessResult> {
  const home = await createHome(options);
  const startedAt = performance.now();
  const out: string[] = [];
  const err: string[] = [];
  const terminal = createTerminal({
    stdout: { write: (text) => out.push(text) },
    stderr: { write: (text) => err.push(text) },
    isStdoutColored: false,
    isStderrColored: false,
    live: undefined,
  });
  try {
    const env = cleanEnvironment({ ...home.env, CI: "true", ...options.env });
    const code = await main(args, { cwd: options.cwd, env, terminal, isInteractive: false });
    const durationMs = performance.now() - startedAt;
    return { code, signal: null, stdout: out.join(""), stderr: err.join(""), durationMs };
  } finally {
    await home.remove();
  }
}
