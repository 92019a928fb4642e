/** The two commands that the fault script is run with: slipway's, and npm's own for the same workspace. */
import { npm } from "@slipway/testkit";
import type { FaultCase } from "./fault-list.ts";
import type { Publisher } from "./fault-trial.ts";
import { runSlipwayInProcess } from "./slipway-in-process.ts";

/** Short enough to wait for; only where nothing answers, so that a slow machine does not look like a fault. */
const timeoutMs = 1500;

/** The `slipway` key of the workspace's package.json: waits that a test can wait for. */
export function slipwayConfig(fault: FaultCase): object {
  const limits = {
    settleMs: 200,
    pollFirstMs: 20,
    resendDelaysMs: [50, 100, 200],
    lostMs: 400,
    rateLimitPauseMs: 200,
    ...(fault.isSilent === true ? { uploadTimeoutMs: timeoutMs, readTimeoutMs: timeoutMs } : {}),
  };
  return { limits, wait: "20s" };
}

export const publishWithSlipway: Publisher = (workspace, registry, token) =>
  runSlipwayInProcess(["publish"], { cwd: workspace.root, registry, token });

/** npm with its own number of retries, two, after shorter waits. */
export function publishWithNpm(fault: FaultCase): Publisher {
  const waits = ["--fetch-retry-mintimeout=50", "--fetch-retry-maxtimeout=1000"];
  const silence = fault.isSilent === true ? [`--fetch-timeout=${timeoutMs}`] : [];
  return (workspace, registry, token) =>
    npm(["publish", "--workspaces", ...waits, ...silence], { cwd: workspace.root, registry, token });
}
