/** Stories of one release, told in events: what may be done next, and what becomes of each step. */
import { emptyPlan, smallPlan, stepsOf } from "@slipway/testkit";
import { expect, test } from "vitest";
import {
  applyEvent,
  createRun,
  decide,
  defaultLimits,
  type Event,
  type Kept,
  makeReport,
  type Plan,
  type RunState,
  type Status,
  type Step,
} from "../src/index.ts";

const { registry, integrity: ours } = smallPlan;
const limits = { ...defaultLimits, settleMs: 1000, lostMs: 10_000, wedgeMs: 5000, pollFirstMs: 100, pollMaxMs: 400 };

function planWith(steps: readonly Step[], kept: readonly Kept[] = []): Plan {
  return { ...emptyPlan, options: { ...emptyPlan.options, limits }, steps, kept };
}

const opened: Event = {
  type: "opened",
  at: 0,
  schema: 1,
  releaseId: "0123456789ab",
  planDigest: "d",
  toolVersion: "0",
  attempt: 1,
};
const resumed = (at: number): Event => ({ type: "resumed", at, planDigest: "d", toolVersion: "0", attempt: 2 });
const look = (
  name: string,
  at: number,
  integrity: string | null,
  latest: string | null,
  rest: Partial<Extract<Event, { type: "observed" }>> = {},
): Event => ({
  type: "observed",
  at,
  registry,
  name,
  fresh: true,
  packument: "shown",
  versions: { "1.0.0": integrity === null ? null : { integrity } },
  tags: { latest },
  ...rest,
});
const unreadable = (name: string, at: number, status?: number): Event => ({
  type: "observed",
  at,
  registry,
  name,
  fresh: false,
  packument: "unavailable",
  reason: "answered",
  ...(status === undefined ? {} : { status }),
});
const started = (name: string, at: number): Event => ({
  type: "write-started",
  at,
  step: `publish:${name}@1.0.0`,
  write: "upload",
  integrity: ours,
});
const ended = (
  name: string,
  at: number,
  answer: Extract<Event, { type: "write-ended" }>["answer"],
  rest: object = {},
): Event => ({
  type: "write-ended",
  at,
  step: `publish:${name}@1.0.0`,
  write: "upload",
  answer,
  ...rest,
});
const hashed = (name: string, at: number, integrity = ours): Event => ({
  type: "downloaded",
  at,
  step: `publish:${name}@1.0.0`,
  result: "hashed",
  integrity,
});

function tell(plan: Plan, events: readonly Event[]): RunState {
  const state = createRun(plan, limits);
  for (const event of events) applyEvent(state, event);
  return state;
}

function keysAt(state: RunState, now: number): readonly string[] {
  return decide(state, now).actions.map((action) =>
    action.kind === "look"
      ? action.key
      : `${action.kind === "write" ? action.write : action.kind} ${action.node.step.id}`,
  );
}

const look1 = `look ${registry} a`;
const upload1 = "upload publish:a@1.0.0";
const inspect1 = "inspect publish:a@1.0.0";
const one = planWith(stepsOf("a", { from: "0.9.0" }));
/** The same release after another build. */
const rebuilt = planWith(
  one.steps.map((step) =>
    step.goal.kind === "publish" ? { ...step, goal: { ...step.goal, integrity: "sha512-new" } } : step,
  ),
);
const two = planWith([...stepsOf("a"), ...stepsOf("b", { after: ["publish:a@1.0.0"] })]);

interface Story {
  readonly what: string;
  readonly plan?: Plan;
  readonly events: readonly Event[];
  readonly at: number;
  /** Keys of all that may be done then. */
  readonly next: readonly string[];
  readonly wakeAt?: number;
  readonly statuses?: Readonly<Record<string, Status>>;
}

const absent = look("a", 1, null, "0.9.0");
const boundToOther: Event = {
  type: "bound",
  at: 2,
  step: "publish:a@1.0.0",
  integrity: "sha512-other",
  verdict: "same-source",
  evidence: "e",
  files: [],
};
const tagStep = { step: "dist-tag:a@1.0.0:latest", write: "set-tag" } as const;
const setTag = (at: number): Event => ({ type: "write-started", at, ...tagStep });
const tagSet = (at: number): Event => ({ type: "write-ended", at, ...tagStep, answer: "accepted", status: 200 });

const stories: readonly Story[] = [
  { what: "a release begins with looking", events: [opened], at: 1, next: [look1] },
  { what: "what is not there is uploaded", events: [opened, absent], at: 2, next: [upload1] },
  {
    what: "no write before every step was looked at",
    plan: two,
    events: [opened, look("a", 1, null, null)],
    at: 2,
    next: [`look ${registry} b`],
  },
  {
    what: "a registry that cannot be read is asked again, later",
    events: [opened, unreadable("a", 1, 503)],
    at: 2,
    next: [],
    wakeAt: 101,
  },
  {
    what: "a read that is refused is final",
    events: [opened, unreadable("a", 1, 403)],
    at: 2,
    next: [],
    statuses: { "publish:a@1.0.0": "failed", "dist-tag:a@1.0.0:latest": "blocked" },
  },
  { what: "a look that has grown old is repeated before a write", events: [opened, absent], at: 60_000, next: [look1] },
  {
    what: "nothing else of a package while a write is under way",
    events: [opened, absent, started("a", 2)],
    at: 3,
    next: [],
  },
  {
    what: "an accepted upload is looked at where installs look",
    events: [opened, absent, started("a", 2), ended("a", 3, "accepted")],
    at: 3,
    next: [inspect1],
  },
  {
    what: "an accepted upload is not done before its tarball was hashed",
    events: [
      opened,
      absent,
      started("a", 2),
      ended("a", 3, "accepted"),
      look("a", 4, ours, "1.0.0", { fresh: false, isUncached: true }),
    ],
    at: 5,
    next: [inspect1],
    statuses: { "publish:a@1.0.0": "accepted" },
  },
  {
    what: "shown, downloaded and hashed is done, and so is the tag",
    events: [opened, absent, started("a", 2), ended("a", 3, "accepted"), look("a", 4, ours, "1.0.0"), hashed("a", 5)],
    at: 6,
    next: [],
    statuses: { "publish:a@1.0.0": "done", "dist-tag:a@1.0.0:latest": "done" },
  },
  {
    what: "a tag that the upload did not move is written after it has stayed",
    events: [
      opened,
      absent,
      started("a", 2),
      ended("a", 3, "accepted"),
      look("a", 4, ours, "0.9.0"),
      hashed("a", 5),
      look("a", 6, ours, "0.9.0"),
      look("a", 1200, ours, "0.9.0"),
    ],
    at: 1201,
    next: ["set-tag dist-tag:a@1.0.0:latest"],
  },
  {
    what: "a dependent waits for its dependency to be installable",
    plan: two,
    events: [opened, look("a", 1, null, null), look("b", 1, null, null), started("a", 2), ended("a", 3, "accepted")],
    at: 4,
    next: [inspect1],
  },
  {
    what: "a dependent goes on when its dependency is installable",
    plan: two,
    events: [
      opened,
      look("a", 1, null, null),
      look("b", 1, null, null),
      started("a", 2),
      ended("a", 3, "accepted"),
      look("a", 4, ours, "1.0.0"),
      hashed("a", 5),
    ],
    at: 6,
    next: ["upload publish:b@1.0.0"],
  },
  {
    what: "a dependent of what failed is blocked",
    plan: two,
    events: [opened, look("a", 1, null, null), look("b", 1, null, null), started("a", 2), ended("a", 3, "refused")],
    at: 4,
    next: [],
    statuses: { "publish:a@1.0.0": "failed", "publish:b@1.0.0": "blocked", "dist-tag:b@1.0.0:latest": "blocked" },
  },
  {
    what: "an ambiguous answer is followed by looking, not by sending",
    events: [opened, absent, started("a", 2), ended("a", 3, "ambiguous")],
    at: 104,
    next: [look1],
  },
  {
    what: "absence is not believed before it has lasted",
    events: [opened, absent, started("a", 2), ended("a", 3, "ambiguous"), look("a", 110, null, "0.9.0")],
    at: 210,
    next: [look1],
  },
  {
    what: "lasting absence sends the same bytes again, not before the delay",
    events: [
      opened,
      absent,
      started("a", 2),
      ended("a", 3, "ambiguous"),
      look("a", 110, null, "0.9.0"),
      look("a", 1111, null, "0.9.0"),
    ],
    at: 1112,
    next: [],
    wakeAt: 5003,
  },
  {
    what: "an absence that a cache reports is not counted",
    events: [opened, absent, started("a", 2), ended("a", 3, "accepted"), look("a", 4, null, "0.9.0", { fresh: false })],
    at: 104,
    next: [look1],
  },
  {
    what: "after a crash in mid-write, absence must last before anything is sent",
    events: [opened, absent, started("a", 2), resumed(50), look("a", 51, null, "0.9.0")],
    at: 52,
    next: [],
    wakeAt: 151,
    statuses: { "publish:a@1.0.0": "pending" },
  },
  {
    what: "after a crash in mid-write and lasting absence, the bytes are sent at once",
    events: [
      opened,
      absent,
      started("a", 2),
      resumed(50),
      look("a", 51, null, "0.9.0"),
      look("a", 1060, null, "0.9.0"),
    ],
    at: 1061,
    next: [upload1],
  },
  {
    what: "a refusal after a write that may have landed proves nothing",
    events: [
      opened,
      absent,
      started("a", 2),
      resumed(50),
      look("a", 51, null, "0.9.0"),
      look("a", 1060, null, "0.9.0"),
      started("a", 1061),
      ended("a", 1062, "refused"),
    ],
    at: 1062,
    next: [look1],
    statuses: { "publish:a@1.0.0": "pending" },
  },
  {
    what: "a pause is for the whole registry, reads included",
    plan: two,
    events: [
      opened,
      look("a", 1, null, null),
      look("b", 1, null, null),
      started("a", 2),
      ended("a", 3, "retry", { status: 429, retryAfterMs: 7000 }),
      { type: "waited", at: 3, registry, untilAt: 7003, reason: "answered 429" },
    ],
    at: 4,
    next: [],
    wakeAt: 7003,
  },
  {
    what: "what did not land is sent again without looking",
    events: [opened, absent, started("a", 2), ended("a", 3, "retry")],
    at: 5003,
    next: [upload1],
  },
  {
    what: "other contents are judged before anything is written",
    events: [opened, look("a", 1, "sha512-other", "0.9.0")],
    at: 2,
    next: ["judge publish:a@1.0.0"],
  },
  {
    what: "a conflict found before the first write refuses the plan",
    plan: two,
    events: [
      opened,
      look("a", 1, "sha512-other", null),
      look("b", 1, null, null),
      { type: "judged", at: 2, step: "publish:a@1.0.0", verdict: "foreign", integrity: "sha512-other", details: [] },
    ],
    at: 3,
    next: [],
    statuses: { "publish:a@1.0.0": "conflict", "publish:b@1.0.0": "blocked" },
  },
  {
    what: "bound contents are checked like ours",
    events: [
      opened,
      look("a", 1, "sha512-other", "0.9.0"),
      {
        type: "bound",
        at: 2,
        step: "publish:a@1.0.0",
        integrity: "sha512-other",
        verdict: "same-source",
        evidence: "e",
        files: [],
      },
    ],
    at: 3,
    next: [inspect1],
  },
  {
    what: "a bound version is done with its own bytes",
    events: [
      opened,
      look("a", 1, "sha512-other", "1.0.0"),
      {
        type: "bound",
        at: 2,
        step: "publish:a@1.0.0",
        integrity: "sha512-other",
        verdict: "same-source",
        evidence: "e",
        files: [],
      },
      hashed("a", 3, "sha512-other"),
    ],
    at: 4,
    next: [],
    statuses: { "publish:a@1.0.0": "done", "dist-tag:a@1.0.0:latest": "done" },
  },
  {
    what: "a higher version under the tag leaves it alone and stops an upload that would move it back",
    events: [opened, look("a", 1, null, "2.0.0")],
    at: 2,
    next: [],
    statuses: { "publish:a@1.0.0": "stale", "dist-tag:a@1.0.0:latest": "superseded" },
  },
  {
    what: "a tag that shows a third thing is stale",
    events: [opened, look("a", 1, null, "0.5.0")],
    at: 2,
    next: [],
    statuses: { "dist-tag:a@1.0.0:latest": "stale", "publish:a@1.0.0": "stale" },
  },
  {
    what: "one bad download is tried again",
    events: [opened, look("a", 1, ours, "1.0.0"), hashed("a", 2, "sha512-broken")],
    at: 102,
    next: [inspect1],
  },
  {
    what: "three bad downloads are corruption",
    events: [
      opened,
      look("a", 1, ours, "1.0.0"),
      hashed("a", 2, "sha512-broken"),
      hashed("a", 3, "sha512-broken"),
      hashed("a", 4, "sha512-broken"),
    ],
    at: 5,
    next: [],
    statuses: { "publish:a@1.0.0": "corrupt" },
  },
  {
    what: "bad downloads that do not agree are the network's, however many",
    events: [
      opened,
      look("a", 1, ours, "1.0.0"),
      hashed("a", 2, "sha512-broken"),
      hashed("a", 3, "sha512-torn"),
      hashed("a", 4, "sha512-broken"),
      hashed("a", 5, "sha512-torn"),
    ],
    at: 6,
    next: [],
    statuses: { "publish:a@1.0.0": "accepted" },
  },
  {
    what: "a dist-tag that the upload of an earlier attempt carried is given time as well",
    events: [
      opened,
      absent,
      started("a", 2),
      ended("a", 3, "accepted"),
      resumed(50),
      look("a", 51, ours, "0.9.0"),
      hashed("a", 52),
    ],
    at: 53,
    next: [look1],
    statuses: { "publish:a@1.0.0": "done", "dist-tag:a@1.0.0:latest": "pending" },
  },
  {
    what: "an upload whose answer got lost and that the registry is scanning is waited for, and not sent again",
    events: [
      opened,
      absent,
      started("a", 2),
      ended("a", 3, "ambiguous"),
      look("a", 4, null, "0.9.0"),
      { type: "status-told", at: 5003, step: "publish:a@1.0.0", status: "validating" },
      look("a", 5004, null, "0.9.0"),
    ],
    at: 90_000,
    next: [look1],
    statuses: { "publish:a@1.0.0": "pending" },
  },
  {
    what: "a wedge of nobody's is not repaired",
    events: [
      opened,
      absent,
      started("a", 2),
      ended("a", 3, "exists"),
      look("a", 4, null, "0.9.0"),
      look("a", 5004, null, "0.9.0"),
      { type: "looked-up", at: 5005, step: "publish:a@1.0.0", version: "absent" },
    ],
    at: 5006,
    next: [],
    statuses: { "publish:a@1.0.0": "wedged" },
  },
  {
    what: "a wedge of nobody's is repaired where a person asks for it, once absence has lasted",
    events: [
      { ...opened, mayRepair: true },
      absent,
      started("a", 2),
      ended("a", 3, "exists"),
      look("a", 4, null, "0.9.0"),
      look("a", 5004, null, "0.9.0"),
      { type: "looked-up", at: 5005, step: "publish:a@1.0.0", version: "absent" },
    ],
    at: 5006,
    next: ["repair publish:a@1.0.0"],
  },
  {
    what: "a person who asks for repairs does not shorten the wait for a dead lock",
    events: [
      { ...opened, mayRepair: true },
      absent,
      started("a", 2),
      ended("a", 3, "exists"),
      look("a", 4, null, "0.9.0"),
      look("a", 4500, null, "0.9.0"),
    ],
    at: 4901,
    next: [look1],
  },
  {
    what: "what a person allowed one attempt, the next one may not do",
    events: [
      { ...opened, mayRepair: true },
      absent,
      started("a", 2),
      ended("a", 3, "exists"),
      look("a", 4, null, "0.9.0"),
      resumed(10),
      look("a", 11, null, "0.9.0"),
      look("a", 1100, null, "0.9.0"),
      started("a", 1101),
      ended("a", 1102, "exists"),
      look("a", 1103, null, "0.9.0"),
      look("a", 6200, null, "0.9.0"),
      { type: "looked-up", at: 6201, step: "publish:a@1.0.0", version: "absent" },
    ],
    at: 6202,
    next: [],
    statuses: { "publish:a@1.0.0": "wedged" },
  },
  {
    what: "whether a wedge of an earlier attempt is still there is asked by sending the same bytes, not by removing something",
    events: [
      opened,
      absent,
      started("a", 2),
      ended("a", 3, "exists"),
      look("a", 4, null, "0.9.0"),
      look("a", 5004, null, "0.9.0"),
      { type: "looked-up", at: 5005, step: "publish:a@1.0.0", version: "absent" },
      resumed(6000),
      look("a", 6001, null, "0.9.0"),
      look("a", 7002, null, "0.9.0"),
    ],
    at: 7003,
    next: [upload1],
  },
  {
    what: "a wedge of our own upload is repaired once the packument and the version document lacked it long enough",
    events: [
      opened,
      absent,
      started("a", 2),
      resumed(10),
      look("a", 11, null, "0.9.0"),
      look("a", 1100, null, "0.9.0"),
      started("a", 1101),
      ended("a", 1102, "exists"),
      look("a", 1103, null, "0.9.0"),
      look("a", 6200, null, "0.9.0"),
      { type: "looked-up", at: 6201, step: "publish:a@1.0.0", version: "absent" },
    ],
    at: 6202,
    next: ["repair publish:a@1.0.0"],
  },
  {
    what: "a wedge is not touched before the dead lock's time has passed",
    events: [
      opened,
      absent,
      started("a", 2),
      resumed(10),
      look("a", 11, null, "0.9.0"),
      look("a", 1100, null, "0.9.0"),
      started("a", 1101),
      ended("a", 1102, "exists"),
      look("a", 1103, null, "0.9.0"),
    ],
    at: 1503,
    next: [look1],
  },
  {
    what: "bytes that the journal says were sent are not replaced by others",
    plan: rebuilt,
    events: [
      opened,
      absent,
      started("a", 2),
      resumed(10),
      look("a", 11, null, "0.9.0"),
      look("a", 1100, null, "0.9.0"),
    ],
    at: 1101,
    next: [],
    statuses: { "publish:a@1.0.0": "failed" },
  },
  {
    what: "the longer of two pauses holds",
    events: [
      opened,
      absent,
      { type: "waited", at: 2, registry, untilAt: 9000, reason: "answered 429" },
      { type: "waited", at: 3, registry, untilAt: 500, reason: "answered 429" },
    ],
    at: 4,
    next: [],
    wakeAt: 9000,
  },
  {
    what: "a bound version that is absent later is not taken for one that was never there",
    events: [opened, look("a", 1, "sha512-other", "0.9.0"), boundToOther, resumed(50), look("a", 51, null, "0.9.0")],
    at: 200,
    next: [look1],
    statuses: { "publish:a@1.0.0": "pending" },
  },
  {
    what: "our build is not sent in place of bound contents that have gone",
    events: [
      opened,
      look("a", 1, "sha512-other", "0.9.0"),
      boundToOther,
      resumed(50),
      look("a", 51, null, "0.9.0"),
      look("a", 1060, null, "0.9.0"),
    ],
    at: 1061,
    next: [],
    statuses: { "publish:a@1.0.0": "failed" },
  },
  {
    what: "an upload that was taken for later counts as lost by its own age, over all attempts",
    events: [
      opened,
      absent,
      started("a", 2),
      ended("a", 3, "accepted", { status: 202, isAsync: true }),
      resumed(limits.lostAsyncMs + 10),
      look("a", limits.lostAsyncMs + 20, null, "0.9.0"),
      look("a", limits.lostAsyncMs + 1030, null, "0.9.0"),
    ],
    at: limits.lostAsyncMs + 1031,
    next: [upload1],
  },
  {
    what: "an upload that was taken for later is not sent again early by a later attempt",
    events: [
      opened,
      absent,
      started("a", 2),
      ended("a", 3, "accepted", { status: 202, isAsync: true }),
      resumed(20_000),
      look("a", 20_001, null, "0.9.0"),
      look("a", 40_000, null, "0.9.0"),
    ],
    at: 41_000,
    next: [look1],
  },
  {
    what: "a dist-tag whose write was accepted is looked at for long before it is written again",
    events: [
      opened,
      look("a", 1, ours, "0.9.0"),
      hashed("a", 2),
      setTag(3),
      tagSet(4),
      look("a", 5, ours, "0.9.0"),
      look("a", 8000, ours, "0.9.0"),
    ],
    at: 9000,
    next: [look1],
    statuses: { "dist-tag:a@1.0.0:latest": "pending" },
  },
  {
    what: "a dist-tag whose accepted write was lost is written again",
    events: [
      opened,
      look("a", 1, ours, "0.9.0"),
      hashed("a", 2),
      setTag(3),
      tagSet(4),
      look("a", 5, ours, "0.9.0"),
      look("a", 10_100, ours, "0.9.0"),
    ],
    at: 10_101,
    next: ["set-tag dist-tag:a@1.0.0:latest"],
  },
  {
    what: "a completed release is looked at again and not written",
    events: [
      opened,
      absent,
      started("a", 2),
      ended("a", 3, "accepted"),
      look("a", 4, ours, "1.0.0"),
      hashed("a", 5),
      { type: "ended", at: 6, isComplete: true, reason: "finished" },
      resumed(100),
      look("a", 101, ours, "1.0.0"),
    ],
    at: 102,
    next: [inspect1],
  },
];

test.each(stories)("$what", ({ plan = one, events, at, next, wakeAt, statuses }) => {
  const state = tell(plan, events);
  expect(keysAt(state, at)).toEqual(next);
  if (wakeAt !== undefined) expect(decide(state, at).wakeAt).toBe(wakeAt);
  for (const [id, status] of Object.entries(statuses ?? {})) expect(state.nodes.get(id)?.status, id).toBe(status);
});

test("a kept dependency counts once its entry and tarball agree", () => {
  const kept: Kept = { name: "k", version: "1.0.0", registry, reason: "published", integrity: "sha512-kept" };
  const plan = planWith(stepsOf("a", { after: ["kept:k@1.0.0"] }), [kept]);
  const before = [opened, look("a", 1, null, null), look("k", 1, "sha512-kept", null)];
  expect(keysAt(tell(plan, before), 2)).toEqual(["inspect kept:k@1.0.0"]);
  const proven: Event = { type: "downloaded", at: 3, step: "kept:k@1.0.0", result: "hashed", integrity: "sha512-kept" };
  expect(keysAt(tell(plan, [...before, proven]), 4)).toEqual([upload1]);
});

test("a kept dependency whose registry shows no sha512 counts once its tarball can be downloaded", () => {
  const kept: Kept = { name: "k", version: "1.0.0", registry, reason: "published" };
  const plan = planWith(stepsOf("a", { after: ["kept:k@1.0.0"] }), [kept]);
  const bare: Event = { ...look("k", 1, null, null), versions: { "1.0.0": {} } } as Event;
  const before = [opened, look("a", 1, null, null), bare];
  expect(keysAt(tell(plan, before), 2)).toEqual(["inspect kept:k@1.0.0"]);
  const served: Event = { type: "downloaded", at: 3, step: "kept:k@1.0.0", result: "hashed", integrity: "sha512-k" };
  expect(keysAt(tell(plan, [...before, served]), 4)).toEqual([upload1]);
});

test("a kept dependency that shows other contents than the plan saw blocks what depends on it", () => {
  const kept: Kept = { name: "k", version: "1.0.0", registry, reason: "published", integrity: "sha512-kept" };
  const plan = planWith(stepsOf("a", { after: ["kept:k@1.0.0"] }), [kept]);
  const state = tell(plan, [opened, look("a", 1, null, null), look("k", 1, "sha512-other", null)]);
  expect(state.nodes.get("kept:k@1.0.0")?.status).toBe("conflict");
  expect(state.nodes.get("publish:a@1.0.0")?.status).toBe("blocked");
});

test("the longest remaining chain goes first", () => {
  const plan = planWith([
    ...stepsOf("leaf"),
    ...stepsOf("a"),
    ...stepsOf("b", { after: ["publish:a@1.0.0"] }),
    ...stepsOf("c", { after: ["publish:b@1.0.0"] }),
  ]);
  const looks = ["leaf", "a", "b", "c"].map((name) => look(name, 1, null, null));
  expect(keysAt(tell(plan, [opened, ...looks]), 2)).toEqual([upload1, "upload publish:leaf@1.0.0"]);
});

test("only a release whose every fact is shown ends with 0, and an unfinished one says that no bump is needed", () => {
  const done = [
    opened,
    absent,
    started("a", 2),
    ended("a", 3, "accepted"),
    look("a", 4, ours, "1.0.0"),
    hashed("a", 5),
  ];
  const exitOf = (events: readonly Event[]): number => makeReport(one, tell(one, events), 9).exitCode;
  expect(exitOf(done)).toBe(0);
  expect(exitOf(done.slice(0, -1))).toBe(3);
  const unfinished = tell(one, [
    ...done.slice(0, 4),
    { type: "ended", at: 9, isComplete: false, reason: "out-of-time" },
  ]);
  expect(unfinished.nodes.get("publish:a@1.0.0")?.status).toBe("unconfirmed");
  expect(unfinished.nodes.get("publish:a@1.0.0")?.problem?.hint).toContain("no version bump is needed");
  expect(exitOf([opened, absent, started("a", 2), ended("a", 3, "refused")])).toBe(1);
});

test("a step that waits for what the plan does not have is a bug and says so", () => {
  expect(() => createRun(planWith(stepsOf("a", { after: ["publish:ghost@1.0.0"] })), limits)).toThrow(
    "publish:ghost@1.0.0",
  );
});

test("a thousand packages in a chain neither recurse nor slow down", () => {
  const steps = Array.from({ length: 1000 }, (_, index) =>
    stepsOf(`p${index}`, { after: index === 0 ? [] : [`publish:p${index - 1}@1.0.0`] }),
  ).flat();
  const state = tell(planWith(steps), [opened]);
  expect(decide(state, 1).actions.length).toBe(1000);
  for (let index = 0; index < 1000; index += 1) applyEvent(state, look(`p${index}`, 1, null, null));
  applyEvent(state, started("p0", 2));
  applyEvent(state, ended("p0", 3, "refused"));
  expect([...state.nodes.values()].filter((node) => node.status === "blocked").length).toBe(1000 - 1 + 1000);
});
