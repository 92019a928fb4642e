/** What a report says of versions that did not make it. */
import { planOf, smallPlan } from "@slipway/testkit";
import { expect, test } from "vitest";
import { applyEvent, createRun, defaultLimits, type Event, makeReport, problem } from "../src/index.ts";

const { registry } = smallPlan;
const plan = planOf("a");

const opened: Event = {
  type: "opened",
  at: 0,
  schema: 1,
  releaseId: plan.releaseId,
  planDigest: "d",
  toolVersion: "0",
  attempt: 1,
};
const seenAt1: Event = {
  type: "observed",
  at: 1,
  registry,
  name: "a",
  fresh: true,
  packument: "shown",
  versions: { "1.0.0": { integrity: "sha512-other" } },
  tags: { latest: "1.0.0" },
};

function codesAfter(events: readonly Event[]): readonly string[] {
  const state = createRun(plan, defaultLimits);
  for (const event of [opened, ...events]) applyEvent(state, event);
  return makeReport(plan, state, 9).versions.flatMap((item) => item.problems.map((problem) => problem.code));
}

test("a conflict is told once, and the tag that waits for the version is not said to be unconfirmed", () => {
  const codes = codesAfter([
    seenAt1,
    { type: "judged", at: 2, step: "publish:a@1.0.0", verdict: "foreign", integrity: "sha512-other", details: [] },
    { type: "ended", at: 3, isComplete: false, reason: "finished" },
  ]);
  expect(codes).toEqual(["SLIP_INTEGRITY_CONFLICT"]);
});

test("a version that was not confirmed is told once, not again for its tag", () => {
  expect(codesAfter([{ type: "ended", at: 3, isComplete: false, reason: "out-of-time" }])).toEqual([
    "SLIP_UNCONFIRMED",
  ]);
});

test("a version that was refused is told once: its tag was not tried because of it", () => {
  const step = "publish:a@1.0.0";
  const refusal = problem("SLIP_UPLOAD_UNAUTHORISED", "the registry answered 401");
  const absent: Event = {
    type: "observed",
    at: 1,
    registry,
    name: "a",
    fresh: true,
    packument: "absent",
    versions: {},
    tags: {},
  };
  const codes = codesAfter([
    absent,
    { type: "write-started", at: 2, step, write: "upload", integrity: "sha512-ours" },
    { type: "write-ended", at: 3, step, write: "upload", answer: "refused", status: 401, problem: refusal },
    { ...absent, at: 4 },
    { type: "ended", at: 5, isComplete: false, reason: "finished" },
  ]);
  expect(codes).toEqual(["SLIP_UPLOAD_UNAUTHORISED"]);
});
