// What the kernel promises, of the build: `npm run build` first.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import {
  AggregateRoot,
  andThen,
  attempt,
  causedBy,
  collect,
  ConcurrencyError,
  createEvent,
  createEventSourcedRepository,
  createInMemoryEventStore,
  DomainError,
  type DomainEvent,
  err,
  type EventHandlers,
  type EventOf,
  findOrFail,
  formatPath,
  identifiers,
  isEqual,
  isUuid,
  mapError,
  mapResult,
  newUuid,
  NotFoundError,
  ok,
  type Result,
  unwrap,
  ValidationError,
  ValueObject,
  valueOr,
} from "@vextrus/kernel";

const required: typeof import("@vextrus/kernel") = createRequire(import.meta.url)("@vextrus/kernel");

test("results are changed, chained and collected without a throw", () => {
  const parse = (text: string): Result<number, string> => (/^\d+$/.test(text) ? ok(Number(text)) : err(`${text}?`));
  assert.deepEqual(
    mapResult(parse("2"), (value) => value + 1),
    ok(3),
  );
  assert.deepEqual(
    mapError(parse("x"), (error) => error.length),
    err(2),
  );
  assert.deepEqual(
    andThen(parse("2"), () => err("no")),
    err("no"),
  );
  assert.deepEqual(collect(["1", "2"].map(parse)), ok([1, 2]));
  assert.deepEqual(collect(["1", "x", "y"].map(parse)), err(["x?", "y?"]));
  assert.equal(valueOr(parse("x"), 0), 0);
  assert.equal(unwrap(parse("7")), 7);
  assert.throws(() => unwrap(err(new DomainError("c", "m"))), { code: "c" });
});

test("attempt turns the expected failure into a result and throws any other", async () => {
  const expected = (thrown: unknown): string | undefined => (thrown instanceof RangeError ? "range" : undefined);
  const fail = (error: Error) => (): never => {
    throw error;
  };
  assert.deepEqual(await attempt(async () => 1, expected), ok(1));
  assert.deepEqual(await attempt(fail(new RangeError()), expected), err("range"));
  await assert.rejects(attempt(fail(new TypeError("a bug")), expected), { message: "a bug" });
});

test("errors have a code, say whether to try again, and can be written as JSON", () => {
  const error = new ConcurrencyError("order-1", 2, 3);
  assert.ok(error instanceof DomainError && error instanceof Error);
  assert.deepEqual(JSON.parse(JSON.stringify(error)), {
    name: "ConcurrencyError",
    code: "concurrency",
    message: "order-1 is at version 3, not 2",
    details: { subject: "order-1", expectedVersion: 2, actualVersion: 3 },
    isRetryable: true,
  });
  const cause = new Error("below");
  assert.equal(new DomainError("c", "m", { cause }).cause, cause);
  assert.equal("cause" in new DomainError("c", "m"), false);
  const issues = [{ path: ["items", 0, "sku"], message: "is missing" }];
  assert.equal(new ValidationError("the order", issues).message, "the order is not valid: items[0].sku is missing");
  assert.equal(formatPath([]), "value");
});

test("uuids are of version 7, distinct, and sorted by time", () => {
  const made = [1, 2 ** 32, 2 ** 40, Date.UTC(2026, 0, 1)].map((nowMs) => newUuid(nowMs));
  assert.deepEqual([...made].sort(), made);
  assert.ok(made.every(isUuid));
  assert.equal(Number.parseInt((made[3] ?? "").replace("-", "").slice(0, 12), 16), Date.UTC(2026, 0, 1));
  assert.equal(new Set(Array.from({ length: 1000 }, () => newUuid(5))).size, 1000);
  assert.equal(isUuid("01234567-89ab-0def-8123-456789abcdef"), false);
});

test("identifiers are parsed, made and refused", () => {
  const orders = identifiers("order");
  const id = orders.next();
  assert.deepEqual(orders.parse(id), ok(id));
  assert.equal(orders.parse("order 1").ok, false);
  assert.throws(() => identifiers("order", () => "no uuid").next(), { name: "TypeError" });
});

test("equality goes by contents", () => {
  const cyclic = (): object => {
    const node: { next?: object; name: string } = { name: "a" };
    node.next = node;
    return node;
  };
  const [one, two] = [{ v: 1 }, { v: 2 }];
  const equal: readonly (readonly [unknown, unknown])[] = [
    [NaN, NaN],
    [new Date(5), new Date(5)],
    [
      [1, [2]],
      [1, [2]],
    ],
    [
      { a: 1, b: { c: 2n } },
      { b: { c: 2n }, a: 1 },
    ],
    [new Map([["k", { v: 1 }]]), new Map([["k", { v: 1 }]])],
    [new Set([{ a: 1 }, { a: 2 }]), new Set([{ a: 2 }, { a: 1 }])],
    [new Uint8Array([1, 2]), new Uint8Array([1, 2])],
    [cyclic(), cyclic()],
  ];
  const different: readonly (readonly [unknown, unknown])[] = [
    [0, -0],
    [{ a: undefined }, { b: undefined }],
    [[1, 2], [1]],
    [new Date(5), new Date(6)],
    [new Set([1, 1, 2]), new Set([1, 3])],
    [new Uint8Array([1]), new Uint8Array([1, 0])],
    [new Uint8Array([1]), new Int8Array([1])],
    [{}, Object.create(null)],
    // The same two parts meet more than once, and differ each time.
    [
      new Set([
        [one, 1],
        [one, 2],
      ]),
      new Set([
        [two, 2],
        [two, 1],
      ]),
    ],
    [null, {}],
  ];
  for (const [a, b] of equal) assert.ok(isEqual(a, b));
  for (const [a, b] of different) assert.ok(!isEqual(a, b) && !isEqual(b, a));
});

class Money extends ValueObject<{ readonly amount: bigint; readonly tags: readonly string[] }> {
  readonly type = "money";
}

class Price extends ValueObject<{ readonly money: Money }> {
  readonly type = "price";
}

test("value objects are equal by type and contents, and frozen without touching what they were given", () => {
  const tags = ["a"];
  const money = new Money({ amount: 5n, tags });
  tags.push("b");
  assert.deepEqual(money.props.tags, ["a"]);
  assert.ok(Object.isFrozen(money.props) && Object.isFrozen(money.props.tags) && !Object.isFrozen(tags));
  assert.ok(new Price({ money }).equals(new Price({ money: new Money({ amount: 5n, tags: ["a"] }) })));
  assert.ok(!new Price({ money }).equals(new Price({ money: new Money({ amount: 6n, tags: ["a"] }) })));
  assert.ok(!money.equals(new Price({ money })) && !money.equals(money.props));
});

type OrderEvents = {
  "order.placed": { readonly total: number };
  "order.cancelled": { readonly reason: string };
};

class Order extends AggregateRoot<string, OrderEvents> {
  readonly type = "order";
  status = "new";

  protected readonly handlers: EventHandlers<OrderEvents> = {
    "order.placed": () => {
      this.status = "placed";
    },
    "order.cancelled": ({ payload }) => {
      this.status = `cancelled: ${payload.reason}`;
    },
  };

  place(total: number): void {
    this.raise("order.placed", { total });
  }

  cancel(reason: string): Result<void, DomainError> {
    if (this.status !== "placed") return err(new DomainError("order.not-placed", `order ${this.id} is ${this.status}`));
    this.raise("order.cancelled", { reason });
    return ok(undefined);
  }
}

const isOrderEvent = (event: DomainEvent): event is EventOf<OrderEvents> =>
  event.type === "order.placed" || event.type === "order.cancelled";

function read(event: DomainEvent): EventOf<OrderEvents> {
  if (!isOrderEvent(event)) throw new TypeError(event.type);
  return event;
}

const repositoryOf = (store = createInMemoryEventStore()) =>
  createEventSourcedRepository({ store, create: (id: string) => new Order(id), read });

test("an aggregate decides, is saved as events, and is what it was when it is read back", async () => {
  const repository = repositoryOf();
  const order = new Order("o-1");
  order.eventMetadata = { correlationId: "c-1" };
  assert.equal(order.cancel("early").ok, false);
  order.place(40);
  const saved = unwrap(await repository.save(order));
  assert.deepEqual([order.version, order.committedVersion, order.pendingEvents.length], [1, 1, 0]);
  assert.deepEqual(
    saved.map(({ type, aggregateType, aggregateId, aggregateVersion, payload, metadata }) => ({
      ...{ type, aggregateType, aggregateId, aggregateVersion, payload, metadata },
    })),
    [
      {
        type: "order.placed",
        aggregateType: "order",
        aggregateId: "o-1",
        aggregateVersion: 1,
        payload: { total: 40 },
        metadata: { correlationId: "c-1" },
      },
    ],
  );
  const loaded = unwrap(await findOrFail(repository, "order", "o-1"));
  assert.ok(loaded.equals(order) && loaded !== order);
  unwrap(loaded.cancel("changed my mind"));
  unwrap(await repository.save(loaded));
  assert.equal((await repository.find("o-1"))?.status, "cancelled: changed my mind");
  assert.deepEqual(unwrap(await repository.save(loaded)), []);
  const missing = await findOrFail(repository, "order", "o-2");
  assert.ok(!missing.ok && missing.error instanceof NotFoundError);
});

test("of two who change an aggregate at once the second learns it, and keeps what it has not saved", async () => {
  const repository = repositoryOf();
  const first = new Order("o-1");
  first.place(40);
  unwrap(await repository.save(first));
  const [one, two] = [await repository.find("o-1"), await repository.find("o-1")];
  assert.ok(one && two && one.cancel("a").ok && two.cancel("b").ok);
  assert.ok((await repository.save(one)).ok);
  const refused = await repository.save(two);
  assert.ok(!refused.ok && refused.error instanceof ConcurrencyError && refused.error.isRetryable);
  assert.equal(two.pendingEvents.length, 1);
});

test("what is raised while a save is under way stays pending", async () => {
  const store = createInMemoryEventStore();
  const order = new Order("o-1");
  const repository = repositoryOf({
    ...store,
    append: async (...args) => {
      order.cancel("meanwhile");
      return await store.append(...args);
    },
  });
  order.place(40);
  assert.equal(unwrap(await repository.save(order)).length, 1);
  assert.deepEqual(
    order.pendingEvents.map(({ type }) => type),
    ["order.cancelled"],
  );
});

test("a history that is another's, has a gap or an unknown event is not replayed", () => {
  const event = { type: "order.placed", aggregateType: "order", aggregateId: "o-1", aggregateVersion: 1 } as const;
  const make = (change: object): EventOf<OrderEvents> => ({
    ...createEvent({ ...event, payload: { total: 1 } }),
    ...change,
  });
  for (const change of [
    { aggregateId: "o-2" },
    { aggregateType: "cart" },
    { aggregateVersion: 2 },
    { type: "order.lost" },
  ])
    assert.throws(() => new Order("o-1").replay([make(change)]), { name: "TypeError" });
  const order = new Order("o-1");
  order.place(1);
  assert.throws(() => order.replay([make({})]), { name: "TypeError" });
});

test("an event that follows from another keeps its correlation and names it as its cause", () => {
  const event = createEvent({
    type: "a",
    aggregateType: "t",
    aggregateId: "1",
    aggregateVersion: 1,
    payload: null,
    metadata: { correlationId: "c", causationId: "x" },
    occurredAt: new Date("2026-01-31T08:15:00Z"),
  });
  assert.deepEqual(causedBy(event), { correlationId: "c", causationId: event.id });
  assert.deepEqual(JSON.parse(JSON.stringify(event)), event);
  assert.equal(event.occurredAt, "2026-01-31T08:15:00.000Z");
});

test("what the required build makes is recognised by the imported one, and the other way round", () => {
  assert.notEqual(required.DomainError, DomainError);
  const theirs = new required.NotFoundError("order", "1");
  assert.ok(theirs instanceof DomainError && theirs instanceof NotFoundError && !(theirs instanceof ValidationError));
  assert.ok(new NotFoundError("order", "1") instanceof required.DomainError);
  assert.ok(new DomainError("c", "m") instanceof DomainError && !(new DomainError("c", "m") instanceof NotFoundError));
  class OwnError extends DomainError {}
  assert.ok(new OwnError("c", "m") instanceof OwnError && !(theirs instanceof OwnError));
  assert.ok(!(new Error("x") instanceof DomainError));
  class TheirMoney extends required.ValueObject<{ readonly amount: bigint; readonly tags: readonly string[] }> {
    readonly type = "money";
  }
  const content = { amount: 5n, tags: ["a"] };
  assert.ok(new Money(content).equals(new TheirMoney(content)) && new TheirMoney(content).equals(new Money(content)));
  const outer = new Price({ money: new Money(content) });
  class TheirPrice extends required.ValueObject<{ readonly money: object }> {
    readonly type = "price";
  }
  assert.ok(outer.equals(new TheirPrice({ money: new TheirMoney(content) })));
});
