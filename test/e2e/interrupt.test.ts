/** Ctrl-C: once stops after the writes in flight and says how to go on; twice stops at once; both can be resumed. */
import { tmpdir } from "node:os";
import {
  chain,
  createWorkspace,
  runSlipway,
  startFaultProxy,
  startSlipway,
  startVerdaccio,
  type Verdaccio,
} from "@slipway/testkit";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

let verdaccio: Verdaccio;

beforeAll(async () => {
  verdaccio = await startVerdaccio();
});

afterAll(async () => {
  await verdaccio.close();
});

const slipway = { limits: { settleMs: 200, pollFirstMs: 20, resendDelaysMs: [50, 100, 200] }, wait: "30s" };

interface Interrupted {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A release of four in a chain that is interrupted while its second upload is under way. */
async function interrupt(
  scope: string,
  signals: readonly NodeJS.Signals[],
): Promise<{ readonly run: Interrupted; readonly again: Interrupted }> {
  const packages = JSON.parse(JSON.stringify(chain(4)).replaceAll("@demo/", `@${scope}/`)) as ReturnType<typeof chain>;
  const workspace = await createWorkspace({ packages, root: { slipway } });
  const proxy = await startFaultProxy({ target: verdaccio.url });
  const options = { cwd: workspace.root, registry: proxy.url, token: verdaccio.token };
  try {
    let uploads = 0;
    const victim: { running?: Awaited<ReturnType<typeof startSlipway>> } = {};
    proxy.setHooks({
      async onPutBodyComplete() {
        uploads += 1;
        const { running } = victim;
        if (uploads !== 2 || running === undefined) return;
        for (const [index, signal] of signals.entries()) {
          process.kill(running.pid, signal);
          // The process has to see one signal before the next comes: equal ones that wait together are one.
          if (index === 0) await vi.waitFor(() => expect(running.stderr()).toContain("Stopping"), { timeout: 10_000 });
        }
      },
    });
    const running = await startSlipway(["publish"], options);
    victim.running = running;
    const run = await running.result;
    proxy.setHooks({});
    return { run, again: await runSlipway(["publish", "--json"], options) };
  } finally {
    await proxy.close();
    await workspace.dispose();
  }
}

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s once stops after the writes in flight and tells how to go on",
  async (signal) => {
    const { run, again } = await interrupt(signal.toLowerCase(), [signal]);
    expect(run.code, run.stderr).toBe(3);
    expect(run.stderr).toContain("Stopping");
    expect(run.stdout).toContain("SLIP_INTERRUPTED");
    expect(run.stdout).toContain("run the same command again");
    expect(run.stderr.match(/Uploading/g)?.length).toBe(2);
    expect(again.code, again.stderr).toBe(0);
    const report = JSON.parse(again.stdout) as { isComplete: boolean; versions: readonly object[] };
    expect(report.isComplete).toBe(true);
    expect(report.versions.length).toBe(4);
  },
);

test("twice stops at once, and the same command goes on", async () => {
  const { run, again } = await interrupt("twice", ["SIGINT", "SIGINT"]);
  expect(run.code, run.stderr).toBe(130);
  expect(again.code, again.stderr).toBe(0);
});

test("the demonstration can be interrupted too, and does not call that a bug", async () => {
  const running = await startSlipway(["demo"], { cwd: tmpdir(), registry: verdaccio.url, token: verdaccio.token });
  await vi.waitFor(() => expect(running.stderr()).toContain("Uploading"), { timeout: 20_000 });
  process.kill(running.pid, "SIGINT");
  const { code, stderr } = await running.result;
  expect(code, stderr).toBe(3);
  expect(stderr).toContain("error[SLIP_INTERRUPTED]: the demonstration was interrupted");
  expect(stderr).not.toContain("bug");
});
