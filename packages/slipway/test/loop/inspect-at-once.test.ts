/** Packument and tarball in one round trip: when that may be asked for, and what of it counts. */
import { planOf } from "@slipway/testkit";
import { expect, test } from "vitest";
import {
  applyEvent,
  createRun,
  decide,
  defaultLimits,
  type Event,
  type EventOf,
  type Packument,
  type RegistryPort,
} from "@slipway/core";
import { perform } from "../../src/perform.ts";
import { integrity, never, registry, untouched } from "./loop-ports.ts";

const plan = planOf("a", "b");
const other = "sha512-other";
const conventional = `${registry}a/-/a-1.0.0.tgz`;

const opened: Event = {
  type: "opened",
  at: 0,
  schema: 1,
  releaseId: plan.releaseId,
  planDigest: "d",
  toolVersion: "0",
  attempt: 1,
};
const absent = (name: string): Event => ({
  type: "observed",
  at: 1,
  registry,
  name,
  fresh: true,
  packument: "absent",
});
const plainRead = (isUncached: boolean): EventOf<"observed"> => ({
  type: "observed",
  at: 3,
  registry,
  name: "b",
  fresh: false,
  ...(isUncached ? { isUncached } : {}),
  packument: "shown",
  versions: { "1.0.0": { integrity } },
  tags: { latest: "1.0.0" },
});
const write = (name: string): Event => ({
  type: "write-started",
  at: 2,
  step: `publish:${name}@1.0.0`,
  write: "upload",
  integrity,
});
const answer = (name: string, rest: object = {}): Event => ({
  type: "write-ended",
  at: 2,
  step: `publish:${name}@1.0.0`,
  write: "upload",
  answer: "accepted",
  ...rest,
});
const before = [opened, absent("a"), absent("b"), write("b"), answer("b")];
const resumed: Event = { type: "resumed", at: 4, planDigest: "d", toolVersion: "0", attempt: 2 };

test.each<{ what: string; events: readonly Event[]; isAtOnce: boolean }>([
  { what: "no plain read yet", events: [write("a"), answer("a")], isAtOnce: false },
  {
    what: "a plain read without a trace of a cache",
    events: [plainRead(true), write("a"), answer("a")],
    isAtOnce: true,
  },
  { what: "a plain read through a cache", events: [plainRead(false), write("a"), answer("a")], isAtOnce: false },
  {
    what: "a cache that was seen before",
    events: [plainRead(false), plainRead(true), write("a"), answer("a")],
    isAtOnce: false,
  },
  {
    what: "an upload that was taken for later",
    events: [plainRead(true), write("a"), answer("a", { isAsync: true })],
    isAtOnce: false,
  },
  {
    what: "a first look that did not show it",
    events: [plainRead(true), write("a"), answer("a"), { ...plainRead(true), name: "a", at: 4, versions: {} }],
    isAtOnce: false,
  },
  {
    what: "an upload of an earlier attempt",
    events: [plainRead(true), write("a"), answer("a"), resumed, { ...plainRead(true), name: "a", fresh: true, at: 5 }],
    isAtOnce: false,
  },
])("after $what, the tarball is asked for at once: $isAtOnce", ({ events, isAtOnce }) => {
  const state = createRun(plan, defaultLimits);
  for (const event of [...before, ...events]) applyEvent(state, event);
  const inspections = decide(state, 60_000).actions.filter(
    (action) => action.kind === "inspect" && action.node.step.name === "a",
  );
  // Some of these look past caches first; whoever inspects says whether at once.
  for (const action of inspections) expect(action).toMatchObject({ isAtOnce });
  expect(inspections.length > 0 || !isAtOnce).toBe(true);
});

interface Answers {
  readonly what: string;
  /** What the packument shows of the version. */
  readonly shown: { readonly integrity: string; readonly tarball: string } | undefined;
  /** Hash of what lies at the conventional address; undefined is a 404. */
  readonly early: string | undefined;
  readonly fetched: readonly (string | undefined)[];
  readonly downloaded: readonly string[];
}

test.each<Answers>([
  {
    what: "both agree",
    shown: { integrity, tarball: conventional },
    early: integrity,
    fetched: [undefined],
    downloaded: [integrity],
  },
  {
    what: "the packument names another address",
    shown: { integrity, tarball: `${registry}elsewhere.tgz` },
    early: integrity,
    fetched: [undefined, `${registry}elsewhere.tgz`],
    downloaded: [other],
  },
  {
    what: "the tarball was not there yet",
    shown: { integrity, tarball: conventional },
    early: undefined,
    fetched: [undefined, conventional],
    downloaded: [other],
  },
  { what: "the packument lacks the version", shown: undefined, early: integrity, fetched: [undefined], downloaded: [] },
  {
    what: "the packument shows other bytes",
    shown: { integrity: other, tarball: conventional },
    early: integrity,
    fetched: [undefined],
    downloaded: [],
  },
])("a tarball fetched at once, $what", async ({ shown, early, fetched, downloaded }) => {
  const state = createRun(plan, defaultLimits);
  for (const event of [...before, plainRead(true), write("a"), answer("a")]) applyEvent(state, event);
  const node = state.nodes.get("publish:a@1.0.0");
  if (node === undefined) throw new Error("the plan has no such step");
  const urls: (string | undefined)[] = [];
  const recorded: Event[] = [];
  const value: Packument = {
    name: "a",
    versions: new Map(
      shown === undefined
        ? []
        : [["1.0.0", { ...shown, gitHead: undefined, deprecated: undefined, attested: false, manifest: {} }]],
    ),
    distTags: new Map(),
    time: undefined,
    rev: undefined,
  };
  const port: RegistryPort = {
    ...untouched,
    tarballUrl: (_name, _version, announced) => announced ?? conventional,
    readPackument: async () => ({ kind: "shown", value, at: 5, fresh: true }),
    async readTarball(_name, _version, url) {
      urls.push(url);
      const hash = url === undefined ? early : other;
      return hash === undefined
        ? { kind: "absent", at: 5, fresh: true }
        : { kind: "shown", value: { integrity: hash, sizeBytes: 1, bytes: undefined }, at: 5, fresh: true };
    },
  };
  await perform(
    { kind: "inspect", key: "inspect", priority: 0, node, isAtOnce: true },
    {
      plan,
      nodesOf: (key) => state.byPackage.get(key) ?? [],
      limits: defaultLimits,
      clock: { now: () => 5, sleep: never },
      registries: () => port,
      tarballs: { read: never, list: never },
      record: async (events) => void recorded.push(...events),
    },
  );
  expect(urls).toEqual(fetched);
  expect(recorded[0]?.type).toBe("observed");
  expect(recorded.flatMap((event) => (event.type === "downloaded" ? [event.integrity] : []))).toEqual(downloaded);
});
