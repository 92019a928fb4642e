/** What is told of a running release, line by line and in the live line, and how its end is summed up. */
import {
  applyEvent,
  createRun,
  defaultLimits,
  type Event,
  makeReport,
  type Plan,
  problem,
  type RunState,
} from "@slipway/core";
import { expect, test } from "vitest";
import { formatReport } from "../src/views/report-view.ts";
import { createProgress } from "../src/views/progress.ts";
import { createTerminal, type LiveText, type Terminal } from "../src/views/terminal.ts";
import { planOf, smallPlan } from "@slipway/testkit";

const { registry } = smallPlan;

/** A chain: each of the names waits for the one before it. */
function chainOf(...names: readonly string[]): Plan {
  const plan = planOf(...names);
  const steps = plan.steps.map((step) => {
    const below = names[names.indexOf(step.name) - 1];
    return step.goal.kind === "publish" && below !== undefined ? { ...step, after: [`publish:${below}@1.0.0`] } : step;
  });
  return { ...plan, steps };
}

function opened(): Event {
  return { type: "opened", at: 0, schema: 1, releaseId: "0123456789ab", planDigest: "d", toolVersion: "0", attempt: 1 };
}

function absent(name: string): Event {
  const seen = { versions: { "1.0.0": null }, tags: { latest: null } };
  return { type: "observed", at: 1, registry, name, fresh: true, packument: "absent", ...seen };
}

interface Told {
  readonly lines: readonly string[];
  readonly live: LiveText | undefined;
  readonly state: RunState;
}

/** Plays events to a terminal with a live line; `now` is what the clock says afterwards. */
function tell(plan: Plan, events: readonly Event[], now: number): Told {
  const lines: string[] = [];
  let live: (() => LiveText) | undefined;
  const plain = createTerminal({
    stdout: { write: () => true },
    stderr: { write: (text) => lines.push(text.trimEnd()) },
    isStdoutColored: false,
    isStderrColored: false,
    live: undefined,
  });
  const terminal: Terminal = { ...plain, isLive: true, live: (make) => (live = make) };
  const progress = createProgress(terminal, { now: () => now }, []);
  const state = createRun(plan, defaultLimits);
  for (const event of [opened(), ...events]) {
    applyEvent(state, event);
    progress(event, state);
  }
  return { lines, live: live?.(), state };
}

const step = "publish:a@1.0.0";
const started: Event = { type: "write-started", at: 2, step, write: "upload", integrity: "sha512-ours" };
const answered = { type: "write-ended", step, write: "upload" } as const;
const refusal = problem("SLIP_UPLOAD_UNAUTHORISED", "the registry answered 403", { status: 403 });
const refused: readonly Event[] = [
  ...["a", "b", "c"].map(absent),
  started,
  { ...answered, at: 3, answer: "refused", status: 403, problem: refusal },
];

test("the live line says how far, how long, and what is under way", () => {
  const { live } = tell(planOf("a", "b"), [absent("a"), absent("b"), started], 1500);
  expect(live).toEqual({ verb: "Publishing", text: "0 of 2 · 1.5 s · uploading a" });
});

test("the live line says for how long something that was taken has not been shown", () => {
  const accepted: Event = { ...answered, at: 1000, answer: "accepted", status: 201 };
  const { live } = tell(planOf("a"), [absent("a"), started, accepted], 21_000);
  expect(live?.text).toBe("0 of 1 · 21 s · waiting to see a for 20 s");
});

test("the live line is gone when the run has ended", () => {
  const { live } = tell(planOf("a"), [absent("a"), { type: "ended", at: 9, isComplete: false, reason: "finished" }], 9);
  expect(live).toBeUndefined();
});

test("one failure, and all that it blocks however far away, are told once each", () => {
  const { lines, live } = tell(chainOf("a", "b", "c"), refused, 3000);
  expect(lines.map((line) => line.replace(/ {2,}/g, "  "))).toEqual([
    "  Failed  a@1.0.0  answered 403, SLIP_UPLOAD_UNAUTHORISED",
    "  Blocked  b@1.0.0  needs a@1.0.0",
    "  Blocked  c@1.0.0  needs a@1.0.0",
  ]);
  expect(live?.text).toBe("0 of 3, 3 failed or blocked · 3.0 s");
});

const painter = { paint: (_tone: string, text: string): string => text };

test("what failed and what it blocks are counted apart", () => {
  const plan = chainOf("a", "b", "c");
  const { state } = tell(plan, [...refused, { type: "ended", at: 5, isComplete: false, reason: "finished" }], 5);
  const report = makeReport(plan, state, 5000);
  expect(report.counts).toMatchObject({ published: 0, failed: 1, blocked: 2, unconfirmed: 0 });
  const text = formatReport(report, painter);
  expect(text).toContain("error[SLIP_UPLOAD_UNAUTHORISED]: the registry answered 403\n");
  expect(text).toContain("not published because of that: b@1.0.0, c@1.0.0\n");
  expect(text).toContain("      Failed  1 failed, 2 blocked, 0 published  5.0 s");
});

test("what was not sent yet is listed, and not said to be wrong", () => {
  const plan = chainOf("a", "b", "c");
  const accepted: Event = { ...answered, at: 3, answer: "accepted", status: 201 };
  const ended: Event = { type: "ended", at: 9, isComplete: false, reason: "out-of-time" };
  const { state } = tell(plan, [...["a", "b", "c"].map(absent), started, accepted, ended], 9);
  const text = formatReport(makeReport(plan, state, 9), painter);
  expect(text.match(/SLIP_UNCONFIRMED/g)).toHaveLength(1);
  expect(text).toContain("not sent yet: b@1.0.0, c@1.0.0\n");
  expect(text).toContain(" Unconfirmed  3 unconfirmed, 0 published  0.0 s\n              nothing is known to be wrong");
});
