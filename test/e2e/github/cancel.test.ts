/**
 * A job that is cancelled as a runner does it (SIGINT, SIGTERM after 7.5 s, SIGKILL after another 2.5 s; docs.github.com, "Workflow cancellation reference"; shorter here),
 * at every kind of moment. The next attempt converges, with what the cancelled one had recorded, and no git tag precedes its package.
 */
import {
  createWorkspace,
  type FaultProxyHooks,
  startFaultProxy,
  startVerdaccio,
  type Verdaccio,
} from "@slipway/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { servedIntegrity } from "../registry-truth.ts";
import { type BundledAction, bundleAction } from "./bundle.ts";
import { jobOf, outputOf, resultsOf, stepOf } from "./evidence.ts";
import { renderWorkflow } from "./workflow.ts";
import { createGithubWorld } from "./world.ts";

interface Point {
  readonly what: string;
  readonly job: "pack" | "publish" | "verify" | "tag";
  /** Cancelled once the log has this. */
  readonly log?: RegExp;
  /** Or at an upload: when its body is complete, or the registry has stored it. `held`: its answer waits until the job's process has ended. */
  readonly upload?: {
    readonly nth: number;
    readonly at: "complete" | "stored";
    readonly answer: "held" | "passed" | "dropped";
  };
  /** A runner that has no patience at all: the three signals in one moment. */
  readonly isSudden?: boolean;
}

const points: readonly Point[] = [
  { what: "packing has begun", job: "pack", log: /slipway pack/ },
  { what: "the packed folder is being uploaded", job: "pack", log: /Uploading the release folder/ },
  { what: "the folder is being taken", job: "publish", log: /Taking the release folder/ },
  { what: "the first upload never arrives", job: "publish", upload: { nth: 1, at: "complete", answer: "dropped" } },
  {
    what: "the first upload arrives after the end",
    job: "publish",
    upload: { nth: 1, at: "complete", answer: "held" },
  },
  {
    what: "the first version is stored, its answer lost",
    job: "publish",
    upload: { nth: 1, at: "stored", answer: "held" },
  },
  {
    what: "the first version is stored and answered",
    job: "publish",
    upload: { nth: 1, at: "stored", answer: "passed" },
  },
  {
    what: "the second is stored, and all signals come at once",
    job: "publish",
    upload: { nth: 2, at: "stored", answer: "held" },
    isSudden: true,
  },
  {
    what: "the last version is stored, its answer lost",
    job: "publish",
    upload: { nth: 3, at: "stored", answer: "held" },
  },
  { what: "the published folder is being uploaded", job: "publish", log: /Uploading the release folder/ },
  { what: "verification has begun", job: "verify", log: /slipway verify/ },
  { what: "tagging has begun", job: "tag", log: /slipway tag/ },
];

let bundle: BundledAction;
let verdaccio: Verdaccio;

beforeAll(async () => {
  [bundle, verdaccio] = await Promise.all([bundleAction(), startVerdaccio()]);
}, 120_000);

afterAll(async () => {
  await verdaccio.close();
  await bundle.remove();
});

const limits = { settleMs: 100, pollFirstMs: 20, pollMaxMs: 50, resendDelaysMs: [50, 100], readTimeoutMs: 5_000 };

test.each(points.map((point, index) => ({ ...point, scope: `@cancel${index}` })))(
  "cancelled when $what: the next attempt converges",
  async (point) => {
    const names = ["a", "b", "c"].map((name) => `${point.scope}/${name}`);
    const proxy = await startFaultProxy({ target: verdaccio.url });
    const workspace = await createWorkspace({
      packages: names.map((name, index) => ({
        name,
        dependencies: names.slice(Math.max(0, index - 1), index),
        manifest: { publishConfig: { access: "public" } },
      })),
      root: { slipway: { limits, wait: "20s" } },
      files: { ".npmrc": `registry=${proxy.url}/\n` },
    });
    const world = await createGithubWorld({
      bundle,
      workspace,
      workflow: await renderWorkflow(workspace, proxy.url, "token"),
      secrets: { NPM_TOKEN: verdaccio.token },
    });
    const served = (): Promise<readonly (string | undefined)[]> =>
      Promise.all(names.map((name) => servedIntegrity(verdaccio, name, "1.0.0")));

    const cancel = new AbortController();
    let ended: Promise<unknown> = Promise.resolve();
    proxy.setHooks(hooksOf(point, cancel, () => ended));
    const first = await world.run({
      signal: cancel.signal,
      graceMs: point.isSudden === true ? { untilTerm: 0, untilKill: 0 } : { untilTerm: 400, untilKill: 400 },
      onProcess: (job, step, running) => {
        if (job !== point.job || !step.startsWith("slipway-release/")) return;
        ended = running.result;
        const { log } = point;
        if (log === undefined) return;
        const watch = setInterval(() => {
          if (!log.test(running.stdout() + running.stderr())) return;
          clearInterval(watch);
          cancel.abort();
        }, 5);
        void running.result.finally(() => clearInterval(watch));
      },
    });
    const heard = [...first.result.jobs.values()].flatMap(({ steps }) => steps.map(({ log }) => log)).join("\n");
    expect(cancel.signal.aborted, heard).toBe(true);
    expect(jobOf(first.result, point.job).result).toBe("cancelled");
    const before = await served();
    // Never a tag before its package; and none at all before the job that makes them.
    if (point.job !== "tag") expect(world.tags()).toEqual({});
    else if (Object.keys(world.tags()).length > 0)
      expect(before.every((integrity) => integrity !== undefined)).toBe(true);
    if (point.job === "publish") expectOutputs(outputOf(stepOf(first.result, "publish"), "published"), before, names);

    proxy.setHooks({});
    const second = await world.run({ rerun: { of: first.run, earlier: first.result } });
    const said = [...second.result.jobs.values()].flatMap(({ steps }) => steps.map(({ log }) => log)).join("\n");
    expect(resultsOf(second.result), said).toEqual([
      "plan success",
      "pack success",
      "publish success",
      "verify success",
      "tag success",
    ]);
    const after = await served();
    expect(after.every((integrity) => integrity !== undefined)).toBe(true);
    for (const [index, integrity] of before.entries())
      if (integrity !== undefined) expect(after[index]).toBe(integrity);
    expect(world.tags()).toEqual(Object.fromEntries(names.map((name) => [`${name}@1.0.0`, world.sha])));
    // Where anything was sent, the attempt that goes on has the journal of the one that was cancelled.
    if (point.upload !== undefined) {
      expect(stepOf(second.result, "publish").log).toMatch(/takes slipway-[0-9a-f]{12}-1-publish-/);
      expect(outputOf(stepOf(second.result, "publish"), "report")).toMatchObject({ attempt: 2, isComplete: true });
    }
    await world.close();
    await workspace.dispose();
    await proxy.close();
  },
);

/** What is said to be published is served, whenever the end came. */
function expectOutputs(
  published: readonly { readonly name: string }[],
  served: readonly (string | undefined)[],
  names: readonly string[],
): void {
  for (const { name } of published) expect(served[names.indexOf(name)], name).toMatch(/^sha512-/);
}

function hooksOf({ upload }: Point, cancel: AbortController, ended: () => Promise<unknown>): FaultProxyHooks {
  if (upload === undefined) return {};
  let count = 0;
  const strike = async ({ method }: { readonly method: string }): Promise<void | "drop"> => {
    if (method !== "PUT" || (count += 1) !== upload.nth) return undefined;
    cancel.abort();
    if (upload.answer !== "passed") await ended();
    return upload.answer === "dropped" ? "drop" : undefined;
  };
  return upload.at === "complete"
    ? { onPutBodyComplete: strike }
    : { onCommitted: async (entry) => void (await strike(entry)) };
}
