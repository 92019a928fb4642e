import { expect, test } from "vitest";
import { planOf, smallPlan } from "@slipway/testkit";
import {
  applyEvent,
  createRun,
  defaultLimits,
  type Event,
  learnWaits,
  type RunState,
  usualWait,
} from "../src/index.ts";

const names = ["a", "b", "c", "d"] as const;
const { registry } = smallPlan;
const plan = planOf(...names);

const begin = (type: "opened" | "resumed", at: number): Event =>
  type === "opened"
    ? { type, at, schema: 1, releaseId: plan.releaseId, planDigest: "d", toolVersion: "0", attempt: 1 }
    : { type, at, planDigest: "d", toolVersion: "0", attempt: 2 };

function observed(name: string, at: number, integrity: string | null): Event {
  const shown = { "1.0.0": integrity === null ? null : { integrity } };
  return { type: "observed", at, registry, name, fresh: true, packument: "shown", versions: shown, tags: {} };
}

/** Sent at `at`, taken a second later. */
function sent(name: string, at: number): readonly Event[] {
  const step = `publish:${name}@1.0.0`;
  return [
    { type: "write-started", at, step, write: "upload", integrity: "sha512-ours" },
    { type: "write-ended", at: at + 1000, step, write: "upload", answer: "accepted", status: 202, isAsync: true },
  ];
}

function shown(name: string, at: number): readonly Event[] {
  const step = `publish:${name}@1.0.0`;
  return [
    observed(name, at, "sha512-ours"),
    { type: "downloaded", at, step, result: "hashed", integrity: "sha512-ours" },
  ];
}

function play(history: readonly Event[], events: readonly Event[]): RunState {
  const state = createRun(plan, defaultLimits);
  learnWaits(state, history);
  for (const event of events) applyEvent(state, event);
  return state;
}

const looked = names.map((name) => observed(name, 0, null));

test("what a registry needed in this run is what it usually needs", () => {
  const events = [begin("opened", 0), ...looked, ...names.flatMap((name) => sent(name, 0))];
  const state = play([], [...events, ...names.flatMap((name, index) => shown(name, 61_000 + index * 60_000))]);
  expect(state.waits.get(registry)).toEqual([60_000, 120_000, 180_000, 240_000]);
  expect(usualWait(state.waits.get(registry))).toEqual({ lowMs: 120_000, highMs: 240_000 });
});

test("the journal of an earlier attempt teaches too, but not over a crash", () => {
  const history = [
    begin("opened", 0),
    ...sent("a", 0),
    ...sent("b", 0),
    ...shown("a", 31_000),
    begin("resumed", 9_000_000),
    ...shown("b", 9_000_000),
  ];
  expect(play(history, []).waits.get(registry)).toEqual([30_000]);
});

test("what was there already took nobody's time", () => {
  const state = play([], [begin("opened", 0), ...shown("a", 5_000)]);
  expect(state.nodes.get("publish:a@1.0.0")?.status).toBe("done");
  expect(state.waits.get(registry)).toBeUndefined();
});

test.each([[undefined], [[]], [[1, 2]]])("%j tells nothing", (waits) => {
  expect(usualWait(waits)).toBeUndefined();
});

test("a version that is not shown in time is said to be late, or not yet", () => {
  const events = [begin("opened", 0), ...looked, ...names.flatMap((name) => sent(name, 0))];
  const three = names.slice(0, 3).flatMap((name) => shown(name, 121_000));
  const state = play([], [...events, ...three]);
  applyEvent(state, { type: "ended", at: 601_000, isComplete: false, reason: "out-of-time" });
  const { status, problem } = state.nodes.get("publish:d@1.0.0") ?? {};
  expect(status).toBe("unconfirmed");
  expect(problem?.details).toEqual(["taken 10.0 min ago; this registry usually needs 2.0 min to 2.0 min"]);
});
