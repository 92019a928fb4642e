/** Performing one action: what has become of a step meanwhile decides whether its request still leaves. */
import { planOf } from "@slipway/testkit";
import { expect, test } from "vitest";
import {
  type Action,
  applyEvent,
  createRun,
  defaultLimits,
  type Event,
  packageKey,
  problem,
  type RunState,
  type StepState,
} from "@slipway/core";
import { perform } from "../../src/perform.ts";
import { integrity, never, registry, untouched } from "./loop-ports.ts";

const step = "publish:a@1.0.0";
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
const absent: Event = { type: "observed", at: 1, registry, name: "a", fresh: true, packument: "absent" };
const overtaken: Event = { type: "failed", at: 2, step, problem: problem("SLIP_PLAN_STALE", "meanwhile") };

function readyToUpload(): { readonly state: RunState; readonly node: StepState } {
  const state = createRun(plan, defaultLimits);
  for (const event of [opened, absent]) applyEvent(state, event);
  const node = state.nodes.get(step);
  if (node === undefined) throw new Error("the plan has no such step");
  return { state, node };
}

interface Happening {
  readonly what: string;
  /** While the tarball is read, before anything is journalled. */
  readonly whileReading?: Event;
  /** In the same batch of the journal as the line about the write. */
  readonly whileRecording?: Event;
  readonly uploads: number;
  /** What the journal tells about the write. */
  readonly lines: readonly string[];
}

test.each<Happening>([
  { what: "nothing", uploads: 1, lines: ["write-started", "write-ended accepted"] },
  { what: "an end of the step while its tarball is read", whileReading: overtaken, uploads: 0, lines: [] },
  {
    what: "an end of the step while its line is written",
    whileRecording: overtaken,
    uploads: 0,
    lines: ["write-started", "write-ended retry"],
  },
])("between decision and request happens: $what", async ({ whileReading, whileRecording, uploads, lines }) => {
  const { state, node } = readyToUpload();
  const journal: Event[] = [];
  let sent = 0;
  const action: Action = { kind: "write", key: "write", priority: 0, node, write: "upload" };
  await perform(action, {
    plan,
    nodesOf: (key) => (key === packageKey(registry, "a") ? [node] : []),
    limits: defaultLimits,
    clock: { now: () => 3, sleep: never },
    registries: () => ({
      ...untouched,
      async upload() {
        sent += 1;
        return { kind: "response", status: 201, headers: {}, body: undefined };
      },
    }),
    tarballs: {
      async read() {
        if (whileReading !== undefined) applyEvent(state, whileReading);
        return { bytes: new Uint8Array(1), integrity, manifest: { name: "a", version: "1.0.0" } };
      },
      list: never,
    },
    async record(events) {
      if (whileRecording !== undefined) applyEvent(state, whileRecording);
      for (const event of events) applyEvent(state, event);
      journal.push(...events);
    },
  });
  expect(sent).toBe(uploads);
  const told = journal.map((event) => (event.type === "write-ended" ? `write-ended ${event.answer}` : event.type));
  expect(told).toEqual(lines);
});
