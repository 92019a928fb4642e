/** What is played for each screen: the nine packages of examples/hai3, a registry behind a proxy with faults, and a moment. */
import type { FaultProxy } from "@slipway/testkit";
import type { RunningTerminal, TerminalRun } from "./terminal.ts";

export interface Stage {
  readonly root: string;
  readonly proxy: FaultProxy;
  readonly terminal: (command: string, options?: Partial<TerminalRun>) => Promise<RunningTerminal>;
  /** Runs a command to its end; returns the screen. */
  readonly run: (command: string, options?: Partial<TerminalRun>) => Promise<readonly string[]>;
  /** Gives packages, by folder name, a new version, and commits it. */
  readonly bump: (dirs: readonly string[]) => Promise<readonly string[]>;
}

export interface Scene {
  readonly title: string;
  readonly play: (stage: Stage) => Promise<{ readonly lines: readonly string[]; readonly columns?: number }>;
}

const slow = { fault: { kind: "delay", when: "before", ms: 250 } } as const;

/** Publishes one layer after the other, slowly, and shows the moment when some are done. */
async function captureRunning({ proxy, terminal }: Stage, columns: number): Promise<readonly string[]> {
  proxy.setRules([slow]);
  const running = await terminal("publish --yes", { columns });
  await running.waitFor(/[3-8] of 9 .*reading back/);
  const lines = await running.capture();
  await running.end();
  return lines;
}

/** The third upload is answered, and the version is not shown for as long as anyone looks. */
const hidden = {
  method: "GET",
  path: /\/react(\?|$)/,
  fault: { kind: "answer", when: "before", status: 404 },
} as const;

export const scenes: Readonly<Record<string, Scene>> = {
  plan: {
    title: "slipway plan, of a workspace of which two packages have new versions",
    async play({ run, bump }) {
      await run("publish --yes");
      await bump(["state", "framework"]);
      return { lines: await run("plan") };
    },
  },
  graph: {
    title: "slipway plan --graph",
    play: async ({ run }) => ({ lines: await run("plan --graph") }),
  },
  running: {
    title: "slipway publish while it runs",
    play: async (stage) => ({ lines: await captureRunning(stage, 100) }),
  },
  narrow: {
    title: "slipway publish while it runs, in a terminal of 60 columns",
    play: async (stage) => ({ lines: await captureRunning(stage, 60), columns: 60 }),
  },
  published: {
    title: "slipway publish, done",
    play: async ({ run }) => ({ lines: await run("publish --yes") }),
  },
  ci: {
    title: "slipway publish in CI: no terminal, no colours, a line for each event",
    play: async ({ run }) => ({ lines: await run("publish", { isPiped: true, env: { CI: "true" } }) }),
  },
  pending: {
    title: "slipway publish while the registry does not show a version that it took",
    async play({ proxy, terminal }) {
      proxy.setRules([{ ...hidden, nth: 2, times: 1000 }]);
      const running = await terminal("publish --yes --wait 30s");
      await running.waitFor(/waiting to see .* for [6-9]\.\d s/);
      const lines = await running.capture();
      proxy.setRules([]);
      await running.end();
      return { lines };
    },
  },
  unconfirmed: {
    title: "slipway publish when the registry never showed a version that it took",
    async play({ proxy, run }) {
      proxy.setRules([{ ...hidden, nth: 2, times: 1000 }]);
      return { lines: await run("publish --yes --wait 6s") };
    },
  },
  failed: {
    title: "slipway publish when the registry refuses one package",
    async play({ proxy, run }) {
      proxy.setRules([
        { method: "PUT", path: "/@hai3/framework", fault: { kind: "answer", when: "before", status: 403 } },
      ]);
      return { lines: await run("publish --yes") };
    },
  },
  resumed: {
    title: "slipway publish after it was killed in the middle",
    async play({ proxy, terminal, run }) {
      proxy.setRules([slow]);
      const killed = await terminal("publish --yes");
      await killed.waitFor(/[3-8] of 9 .*uploading/);
      process.kill(await killed.pid(), "SIGKILL");
      await killed.end();
      proxy.setRules([]);
      return { lines: await run("publish --yes") };
    },
  },
  verify: {
    title: "slipway verify",
    async play({ run }) {
      await run("publish --yes");
      return { lines: await run("verify") };
    },
  },
  "verify-wrong": {
    title: "slipway verify when a tarball was changed and a version is missing",
    async play({ proxy, run, bump }) {
      await run("publish --yes");
      await bump(["studio"]);
      proxy.setRules([{ method: "GET", path: /state-.*\.tgz/, fault: { kind: "corrupt" } }]);
      return { lines: await run("verify") };
    },
  },
  status: {
    title: "slipway status, of a workspace of which two packages have new versions",
    async play({ run, bump }) {
      await run("publish --yes");
      await bump(["state", "framework"]);
      return { lines: await run("status") };
    },
  },
  help: {
    title: "slipway help plan",
    play: async ({ run }) => ({ lines: await run("help plan") }),
  },
};
