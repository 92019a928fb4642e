// What sagas, outbox and idempotency promise, of the build: `npm run build` first.
import assert from "node:assert/strict";
import { test } from "node:test";
import { integer, object, optional, string } from "@vextrus/contracts";
import {
  createIdempotency,
  createInMemoryIdempotencyStore,
  createInMemoryOutbox,
  createInMemorySagaStore,
  createOrchestrator,
  createOutboxRelay,
  defineSaga,
  fingerprint,
  type SagaStep,
  type SagaStore,
  toMessages,
} from "@vextrus/distributed-transactions";
import { ConcurrencyError, createEvent, DomainError, NotFoundError, ok, unwrap } from "@vextrus/kernel";
import { createMetrics, currentCorrelation, withCorrelation } from "@vextrus/utils";

interface Trip {
  readonly city: string;
  readonly seat?: string;
  readonly room?: string;
}

const data = object({ city: string(), seat: optional(string()), room: optional(string()) });
const refused = new DomainError("full", "no car left");

/** A saga of three steps that writes down what is called; `fail` says what a call throws. */
function trip(fail: (call: string) => unknown = () => undefined) {
  const calls: string[] = [];
  const keys = new Set<string>();
  const note = (call: string, key: string): void => {
    calls.push(call);
    keys.add(key);
    const thrown = fail(call);
    if (thrown !== undefined) throw thrown;
  };
  const step = (name: string, adds: Partial<Trip>): SagaStep<Trip> => ({
    name,
    run: async (_data, { idempotencyKey }) => {
      note(name, idempotencyKey);
      return adds;
    },
    compensate: async (_data, { idempotencyKey }) => note(`undo ${name}`, idempotencyKey),
  });
  const saga = defineSaga<Trip>({
    name: "trip",
    data,
    steps: [step("flight", { seat: "1A" }), step("hotel", { room: "12" }), step("car", {})],
  });
  return { saga, calls, keys };
}

const quick = { sleep: async () => undefined };

test("a saga does its steps in order, and its data grows", async () => {
  const { saga, calls } = trip();
  const metrics = createMetrics();
  const orchestrator = createOrchestrator(saga, { store: createInMemorySagaStore(), metrics });
  const outcome = unwrap(await orchestrator.start({ city: "Rome" }, { id: "t-1" }));
  assert.deepEqual(outcome, {
    id: "t-1",
    status: "completed",
    data: { city: "Rome", seat: "1A", room: "12" },
    failure: undefined,
    obstacle: undefined,
  });
  assert.deepEqual(calls, ["flight", "hotel", "car"]);
  assert.match(metrics.format(), /saga_ends_total\{saga="trip",status="completed"\} 1/);
  assert.deepEqual(unwrap(await orchestrator.start({ city: "Oslo" }, { id: "t-1" })), outcome);
  assert.equal(calls.length, 3);
});

test("what was refused is not undone, what may have been done is; the last first", async () => {
  for (const [thrown, undone, code] of [
    [refused, ["undo hotel", "undo flight"], "full"],
    [new Error("socket hang up"), ["undo car", "undo hotel", "undo flight"], "unexpected"],
  ] as const) {
    const { saga, calls } = trip((call) => (call === "car" ? thrown : undefined));
    const outcome = unwrap(
      await createOrchestrator(saga, { store: createInMemorySagaStore(), ...quick }).start({ city: "Rome" }),
    );
    assert.equal(outcome.status, "compensated");
    assert.deepEqual(outcome.failure, { step: "car", code, message: thrown.message });
    assert.deepEqual(calls, ["flight", "hotel", "car", ...undone]);
  }
});

test("a failure that may pass is tried again, with the same key and within the time of the step", async () => {
  let failures = 2;
  const busy = new DomainError("busy", "busy", { isRetryable: true });
  const { saga, calls, keys } = trip((call) => (call === "hotel" && failures-- > 0 ? busy : undefined));
  const outcome = unwrap(
    await createOrchestrator(saga, { store: createInMemorySagaStore(), ...quick }).start({ city: "Rome" }),
  );
  assert.equal(outcome.status, "completed");
  assert.deepEqual(calls, ["flight", "hotel", "hotel", "hotel", "car"]);
  assert.equal(keys.size, 3);
  const slow = defineSaga<Trip>({
    name: "slow",
    data,
    steps: [{ name: "wait", timeoutMs: 5, retry: { attemptsMax: 2 }, run: () => new Promise(() => undefined) }],
  });
  const late = unwrap(
    await createOrchestrator(slow, { store: createInMemorySagaStore(), ...quick }).start({ city: "Rome" }),
  );
  assert.deepEqual([late.status, late.failure?.code], ["compensated", "timeout"]);
});

test("what cannot be undone is stuck until it is resumed", async () => {
  let isDown = true;
  const { saga, calls } = trip((call) =>
    call === "car" ? refused : call === "undo hotel" && isDown ? new Error("down") : undefined,
  );
  const orchestrator = createOrchestrator(saga, { store: createInMemorySagaStore(), ...quick });
  const stuck = unwrap(await orchestrator.start({ city: "Rome" }, { id: "t-1" }));
  assert.deepEqual([stuck.status, stuck.obstacle], ["stuck", { step: "hotel", code: "unexpected", message: "down" }]);
  assert.equal(calls.filter((call) => call === "undo hotel").length, 10);
  assert.ok(!calls.includes("undo flight"));
  isDown = false;
  const done = unwrap(await orchestrator.resume("t-1"));
  assert.deepEqual([done.status, done.obstacle, done.failure?.code], ["compensated", undefined, "full"]);
  assert.equal(calls.at(-1), "undo flight");
});

/** A store whose process dies at the save with this number: before it, or after it has happened. */
function dyingStore(store: SagaStore, dieAt: number, when: "before" | "after"): SagaStore {
  let saves = 0;
  return {
    ...store,
    save: async (record) => {
      saves += 1;
      if (saves === dieAt && when === "before") throw new Error("killed");
      const saved = await store.save(record);
      if (saves === dieAt) throw new Error("killed");
      return saved;
    },
  };
}

test("wherever the process dies, another one ends the saga, and every step is done or undone as if it had not", async () => {
  for (const fail of [() => undefined, (call: string) => (call === "car" ? refused : undefined)]) {
    const expected = trip(fail);
    const undisturbed = unwrap(
      await createOrchestrator(expected.saga, { store: createInMemorySagaStore() }).start(
        { city: "Rome" },
        { id: "t" },
      ),
    );
    let deaths = 0;
    for (let dieAt = 1; dieAt <= 20; dieAt += 1)
      for (const when of ["before", "after"] as const) {
        const store = createInMemorySagaStore();
        const { saga, calls, keys } = trip(fail);
        const first = await createOrchestrator(saga, { store: dyingStore(store, dieAt, when) })
          .start({ city: "Rome" }, { id: "t" })
          .catch((thrown: Error) => thrown.message);
        if (first === "killed") deaths += 1;
        const outcome = unwrap(await createOrchestrator(saga, { store }).start({ city: "Rome" }, { id: "t" }));
        assert.deepEqual(outcome, undisturbed, `killed ${when} save ${dieAt}`);
        // At least once, by the same keys; each repetition is of the step that was under way.
        assert.deepEqual([...new Set(calls)], expected.calls);
        assert.deepEqual(keys, expected.keys);
        assert.ok(calls.length <= expected.calls.length + 1);
        assert.deepEqual(await store.findUnfinished(new Date(Date.now() + 1000), 10), []);
      }
    assert.ok(deaths > 10);
  }
});

test("of two processes that run a saga only one goes on", async () => {
  const store = createInMemorySagaStore();
  const { saga } = trip();
  await createOrchestrator(saga, { store: dyingStore(store, 3, "before") })
    .start({ city: "Rome" }, { id: "t" })
    .catch(() => undefined);
  const orchestrator = createOrchestrator(saga, { store });
  const both = await Promise.all([orchestrator.resume("t"), orchestrator.resume("t")]);
  const [won, lost] = [both.find((result) => result.ok), both.find((result) => !result.ok)];
  assert.ok(won?.ok && won.value.status === "completed");
  assert.ok(lost && !lost.ok && lost.error instanceof ConcurrencyError);
});

test("a saga that is asked to stop rejects with the reason and can be resumed", async () => {
  const controller = new AbortController();
  const store = createInMemorySagaStore();
  const { saga, calls } = trip((call) => {
    if (call === "hotel" && !controller.signal.aborted) controller.abort(new Error("shutting down"));
  });
  const orchestrator = createOrchestrator(saga, { store });
  await assert.rejects(orchestrator.start({ city: "Rome" }, { id: "t", signal: controller.signal }), {
    message: "shutting down",
  });
  assert.deepEqual(await store.findUnfinished(new Date(Date.now() + 1000), 10), ["t"]);
  assert.equal(unwrap(await orchestrator.resume("t")).status, "completed");
  assert.deepEqual(calls, ["flight", "hotel", "hotel", "car"]);
});

test("data that the schema refuses starts nothing, and an unknown saga is not found", async () => {
  const { saga, calls } = trip();
  const orchestrator = createOrchestrator(saga, { store: createInMemorySagaStore() });
  const wrong: unknown = { city: 5 };
  const started = await orchestrator.start(wrong as Trip);
  assert.ok(!started.ok && started.error.code === "validation");
  const resumed = await orchestrator.resume("nobody");
  assert.ok(!resumed.ok && resumed.error instanceof NotFoundError);
  assert.deepEqual(calls, []);
  assert.throws(() => defineSaga({ name: "none", data, steps: [] }), { name: "TypeError" });
});

test("a step that adds what the schema refuses is undone", async () => {
  const { saga, calls } = trip();
  const wrong: unknown = { room: 12 };
  const steps = saga.steps.map((step) =>
    step.name === "hotel" ? { ...step, run: async () => wrong as Partial<Trip> } : step,
  );
  const orchestrator = createOrchestrator({ ...saga, steps }, { store: createInMemorySagaStore() });
  const outcome = unwrap(await orchestrator.start({ city: "Rome" }));
  assert.deepEqual([outcome.status, outcome.data], ["compensated", { city: "Rome", seat: "1A" }]);
  assert.equal(outcome.failure?.message, "data of saga trip after hotel is not valid: room must be a text");
  assert.deepEqual(calls, ["flight", "undo hotel", "undo flight"]);
});

test("steps run in the correlation of whoever started the saga, or in one of its own", async () => {
  const seen: (string | undefined)[] = [];
  const saga = defineSaga<Trip>({
    name: "seen",
    data,
    steps: [{ name: "look", run: async () => void seen.push(currentCorrelation()?.correlationId) }],
  });
  const orchestrator = createOrchestrator(saga, { store: createInMemorySagaStore() });
  await withCorrelation({ correlationId: "request" }, () => orchestrator.start({ city: "Rome" }, { id: "a" }));
  await orchestrator.start({ city: "Rome" }, { id: "b" });
  assert.deepEqual(seen, ["request", "b"]);
});

const placed = (aggregateId: string, aggregateVersion: number) =>
  createEvent({
    type: "placed",
    aggregateType: "order",
    aggregateId,
    aggregateVersion,
    payload: {},
    metadata: { correlationId: "c" },
  });

test("messages are sent once each, in the order of their key, and a failure holds back its key alone", async () => {
  const outbox = createInMemoryOutbox();
  const events = [placed("a", 1), placed("a", 2), placed("b", 1)];
  const messages = toMessages("orders", events);
  await outbox.add(messages);
  await outbox.add(messages);
  let now = 0;
  let isDown = true;
  const sent: string[] = [];
  const metrics = createMetrics();
  const relay = createOutboxRelay({
    store: outbox,
    metrics,
    now: () => new Date(now),
    publish: async ({ key, headers, payload }) => {
      if (key === "order-a" && isDown) throw new Error("down");
      assert.equal(headers["x-correlation-id"], "c");
      const event = events.find((item) => item === payload);
      sent.push(`${key} ${event?.aggregateVersion}`);
    },
  });
  assert.deepEqual(await relay.drain(), { sent: 1, failed: 1, dead: 0 });
  assert.deepEqual(await relay.drain(), { sent: 0, failed: 0, dead: 0 });
  isDown = false;
  now += 1000;
  assert.deepEqual(await relay.drain(), { sent: 2, failed: 0, dead: 0 });
  assert.deepEqual(sent, ["order-b 1", "order-a 1", "order-a 2"]);
  assert.deepEqual(outbox.pending(), []);
  assert.match(
    metrics.format(),
    /outbox_messages_total\{outcome="failed"\} 1\noutbox_messages_total\{outcome="sent"\} 3/,
  );
});

test("a message is given up after its attempts, and those after it are sent", async () => {
  const outbox = createInMemoryOutbox();
  const [poison, next] = toMessages("orders", [placed("a", 1), placed("a", 2)]);
  assert.ok(poison && next);
  await outbox.add([poison, next]);
  let now = 0;
  const publish = async ({ id }: { readonly id: string }): Promise<void> => {
    if (id === poison.id) throw new Error("cannot be read");
  };
  const relay = createOutboxRelay({ store: outbox, publish, retry: { attemptsMax: 2 }, now: () => new Date(now) });
  assert.deepEqual(await relay.drain(), { sent: 0, failed: 1, dead: 0 });
  now += 10_000;
  assert.deepEqual(await relay.drain(), { sent: 1, failed: 0, dead: 1 });
  assert.deepEqual(outbox.dead(), [{ id: poison.id, reason: "cannot be read" }]);
});

test("a relay runs until it is told to stop", async () => {
  const outbox = createInMemoryOutbox();
  const controller = new AbortController();
  await outbox.add(toMessages("orders", [placed("a", 1)]));
  const relay = createOutboxRelay({ store: outbox, publish: async () => controller.abort() });
  await relay.run(controller.signal, 60_000);
  assert.deepEqual(outbox.pending(), []);
});

test("work is done once for a key, and its result is kept until it expires", async () => {
  let now = 0;
  let count = 0;
  const once = createIdempotency({ store: createInMemoryIdempotencyStore(() => now), result: integer(), keepMs: 1000 });
  const run = async (): Promise<number> => (count += 1);
  assert.deepEqual(await once("k", { a: 1, b: 2 }, run), ok({ value: 1, isReplay: false }));
  assert.deepEqual(await once("k", { b: 2, a: 1 }, run), ok({ value: 1, isReplay: true }));
  const other = await once("k", { a: 2 }, run);
  assert.ok(!other.ok && other.error.code === "idempotency.mismatch" && !other.error.isRetryable);
  now = 1000;
  assert.deepEqual(await once("k", { a: 2 }, run), ok({ value: 2, isReplay: false }));
});

test("two at once: one does it, the other is told to come back", async () => {
  const once = createIdempotency({ store: createInMemoryIdempotencyStore(), result: integer() });
  const results = await Promise.all([once("k", 1, async () => 1), once("k", 1, async () => 2)]);
  assert.deepEqual(results[0], ok({ value: 1, isReplay: false }));
  assert.ok(!results[1].ok && results[1].error.code === "idempotency.busy" && results[1].error.isRetryable);
});

test("work that failed is forgotten, and work that outlived its lease is not kept", async () => {
  let now = 0;
  const once = createIdempotency({ store: createInMemoryIdempotencyStore(() => now), result: integer(), leaseMs: 10 });
  await assert.rejects(
    once("k", 1, () => Promise.reject(new Error("no"))),
    { message: "no" },
  );
  const late = await once("k", 1, async () => {
    now = 10;
    assert.deepEqual(await once("k", 1, async () => 2), ok({ value: 2, isReplay: false }));
    return 1;
  });
  assert.ok(!late.ok && late.error.code === "idempotency.lost");
  assert.deepEqual(await once("k", 1, async () => 3), ok({ value: 2, isReplay: true }));
});

test("requests have the same fingerprint when they are the same as JSON", () => {
  assert.equal(fingerprint({ a: [1, { c: 1, b: 2 }], d: undefined }), fingerprint({ a: [1, { b: 2, c: 1 }] }));
  assert.notEqual(fingerprint([1, 2]), fingerprint([2, 1]));
  assert.notEqual(fingerprint({}), fingerprint([]));
});
