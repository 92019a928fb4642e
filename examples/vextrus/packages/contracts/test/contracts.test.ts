// What the contracts promise, of the build: `npm run build` first.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  anything,
  array,
  boolean,
  createClient,
  createLocalTransport,
  createServer,
  defineContract,
  defineEvent,
  describeContract,
  type Infer,
  integer,
  nullable,
  number,
  object,
  oneOf,
  operation,
  optional,
  record,
  type Schema,
  string,
  timestamp,
  uuid,
  variant,
} from "@vextrus/contracts";
import { err, newUuid, ok, unwrap } from "@vextrus/kernel";

const cases: readonly { readonly schema: Schema<unknown>; readonly good: unknown[]; readonly bad: unknown[] }[] = [
  { schema: string({ minLength: 1, maxLength: 3 }), good: ["a", "abc"], bad: ["", "abcd", 1, null, undefined] },
  { schema: string({ pattern: /^a+$/g }), good: ["a", "aa", "aaa"], bad: ["b"] },
  { schema: number({ minimum: 0, maximum: 1 }), good: [0, 0.5, 1], bad: [-0.1, 1.1, NaN, Infinity, "1"] },
  { schema: integer(), good: [0, -5, 2 ** 53 - 1], bad: [0.5, 2 ** 53, "1", 1n] },
  { schema: boolean(), good: [true, false], bad: [0, "true"] },
  { schema: oneOf("a", 1, null), good: ["a", 1, null], bad: ["b", "1", undefined] },
  { schema: uuid(), good: [newUuid()], bad: ["x", newUuid().toUpperCase()] },
  {
    schema: timestamp(),
    good: ["2026-01-31T08:15:00Z", "2024-02-29T23:59:59.999Z"],
    bad: ["2026-02-29T00:00:00Z", "2026-01-31", "2026-01-31T24:00:00Z", "2026-01-31T08:15:00+01:00", 5],
  },
  { schema: nullable(string()), good: [null, "a"], bad: [undefined, 1] },
  {
    schema: array(integer(), { minLength: 1, maxLength: 2 }),
    good: [[1], [1, 2]],
    bad: [[], [1, 2, 3], ["a"], {}, new Array(1)],
  },
  { schema: record(integer()), good: [{}, { a: 1 }], bad: [{ a: "x" }, [], null] },
  { schema: integer().refine((value) => (value % 2 === 0 ? undefined : "must be even")), good: [2], bad: [1, "2"] },
];

test("schemas let through what they say and nothing else", () => {
  for (const { schema, good, bad } of cases) {
    const shown = JSON.stringify(schema.jsonSchema);
    for (const value of good) assert.deepEqual(schema.parse(value), ok(value), `${shown} ${String(value)}`);
    for (const value of bad) assert.equal(schema.parse(value).ok, false, `${shown} ${String(value)}`);
  }
});

const order = object({
  id: string(),
  note: optional(string()),
  items: array(object({ sku: string(), quantity: integer({ minimum: 1 }) })),
});

test("all that is wrong is reported, each with its path", () => {
  const result = order.parse({ items: [{ sku: 1, quantity: 0 }, {}], note: 5 }, "the order");
  assert.ok(!result.ok);
  assert.equal(
    result.error.message,
    "the order is not valid: id is missing; note must be a text; items[0].sku must be a text; " +
      "items[0].quantity must be at least 1; items[1].sku is missing; items[1].quantity is missing",
  );
});

test("unknown keys are dropped, or refused where the schema says so; missing optional keys stay missing", () => {
  const parsed: Infer<typeof order> = unwrap(order.parse({ id: "1", items: [], note: undefined, extra: true }));
  assert.deepEqual(parsed, { id: "1", items: [] });
  assert.equal("note" in parsed, false);
  const closed = object({ a: integer() }, { unknownKeys: "refuse" });
  assert.deepEqual(closed.check({ a: 1, b: 2 }), err([{ path: ["b"], message: "is not known" }]));
});

test("keys of Object.prototype are neither found nor set", () => {
  assert.equal(object({ toString: anything() }).parse({}).ok, false);
  const parsed = unwrap(record(integer()).parse(JSON.parse('{"__proto__": 1}')));
  assert.equal(Object.getPrototypeOf(parsed), Object.prototype);
  assert.deepEqual(Object.keys(parsed), ["__proto__"]);
});

test("of several variants only the one that is meant is checked", () => {
  const payment = variant("kind", { card: object({ number: string() }), cash: object({}) });
  const card: Infer<typeof payment> = { kind: "card", number: "1" };
  assert.deepEqual(payment.parse({ ...card, extra: 1 }), ok(card));
  assert.deepEqual(payment.check({ kind: "card" }), err([{ path: ["number"], message: "is missing" }]));
  assert.deepEqual(
    payment.check({ kind: "toString" }),
    err([{ path: ["kind"], message: 'must be one of "card", "cash"' }]),
  );
});

test("a schema is a Standard Schema, and a JSON Schema", () => {
  const standard = order["~standard"];
  assert.deepEqual([standard.version, standard.vendor], [1, "vextrus"]);
  assert.deepEqual(standard.validate({ id: "1", items: [] }), { value: { id: "1", items: [] } });
  assert.deepEqual(standard.validate(1), { issues: [{ path: [], message: "must be an object" }] });
  assert.deepEqual(order.jsonSchema, {
    type: "object",
    properties: {
      id: { type: "string" },
      note: { type: "string" },
      items: {
        type: "array",
        items: {
          type: "object",
          properties: { sku: { type: "string" }, quantity: { type: "integer", minimum: 1 } },
          required: ["sku", "quantity"],
        },
      },
    },
    required: ["id", "items"],
  });
});

const inventory = defineContract({
  name: "inventory",
  version: 1,
  operations: {
    reserve: operation({
      input: object({ sku: string({ minLength: 1 }), quantity: integer({ minimum: 1 }) }),
      output: object({ left: integer({ minimum: 0 }) }),
      errors: ["out-of-stock"],
      isIdempotent: true,
    }),
  },
});

const faults: string[] = [];
const server = createServer(
  inventory,
  {
    reserve: async ({ sku, quantity }, { headers }) => {
      if (sku === "crash") throw new Error(`crashed for ${headers["x-caller"]}`);
      // What a service in JavaScript, or one with a cast, may answer.
      if (sku === "odd") return err({ code: "odd" as "out-of-stock", message: "for me" });
      if (sku === "liar") return ok({ left: -1 });
      return quantity <= 5
        ? ok({ left: 5 - quantity })
        : err({ code: "out-of-stock", message: `no ${quantity} of ${sku}` });
    },
  },
  { onFault: (name, fault) => faults.push(`${name}: ${String(fault)}`) },
);
const client = createClient(inventory, createLocalTransport(server));

test("a client gets the answer, or one of the errors of the contract", async () => {
  assert.deepEqual(await client.reserve({ sku: "a", quantity: 2 }), ok({ left: 3 }));
  assert.deepEqual(
    await client.reserve({ sku: "a", quantity: 6 }),
    err({ code: "out-of-stock", message: "no 6 of a" }),
  );
});

test("what breaks the contract stops where it is: at the client, the server, or the answer", async () => {
  let calls = 0;
  const counting = createClient(inventory, async () => void (calls += 1));
  const refused = await counting.reserve({ sku: "", quantity: 0 });
  assert.ok(!refused.ok && refused.error.code === "contract.bad-request" && refused.error.issues?.length === 2);
  assert.equal(calls, 0);
  const request = { contract: "inventory", version: 1, operation: "reserve", headers: {}, input: {} };
  const codes = await Promise.all(
    [
      request,
      { ...request, version: 2 },
      { ...request, operation: "constructor" },
      { ...request, headers: 1 },
      "?",
    ].map(async (sent) => {
      const answer = await server(sent);
      return answer.ok ? "ok" : answer.error.code;
    }),
  );
  assert.deepEqual(codes, [
    "contract.bad-request",
    "contract.unknown-operation",
    "contract.unknown-operation",
    "contract.bad-request",
    "contract.bad-request",
  ]);
  for (const answer of [
    undefined,
    "hello",
    { ok: true },
    { ok: false },
    err({ code: "odd", message: "?" }),
    ok({ left: "1" }),
  ]) {
    const result = await createClient(inventory, async () => answer).reserve({ sku: "a", quantity: 1 });
    assert.ok(!result.ok && result.error.code === "contract.bad-response", JSON.stringify(answer));
  }
});

test("faults of the service are told to it and not to callers", async () => {
  faults.length = 0;
  for (const sku of ["crash", "liar", "odd"]) {
    const result = await client.reserve({ sku, quantity: 1 }, { "x-caller": "me" });
    assert.ok(!result.ok && result.error.code === "contract.internal" && !result.error.message.includes("me"));
  }
  assert.equal(faults[0], "reserve: Error: crashed for me");
  assert.match(faults[1] ?? "", /breaks the contract.*must be at least 0/);
  assert.match(faults[2] ?? "", /the error odd is not in the contract/);
  const dead = createClient(inventory, () => Promise.reject(new Error("connection refused")));
  const result = await dead.reserve({ sku: "a", quantity: 1 });
  assert.ok(
    !result.ok && result.error.code === "contract.unavailable" && result.error.message.endsWith("connection refused"),
  );
});

test("a contract is described as data", () => {
  assert.deepEqual(JSON.parse(JSON.stringify(describeContract(inventory))).operations.reserve, {
    input: {
      type: "object",
      properties: { sku: { type: "string", minLength: 1 }, quantity: { type: "integer", minimum: 1 } },
      required: ["sku", "quantity"],
    },
    output: { type: "object", properties: { left: { type: "integer", minimum: 0 } }, required: ["left"] },
    errors: ["out-of-stock"],
    isIdempotent: true,
  });
  assert.throws(() => defineContract({ name: "x", version: 0, operations: {} }), { name: "TypeError" });
});

test("an event is checked where it is made and where it arrives", () => {
  const placed = defineEvent("order.placed", 2, object({ total: number({ minimum: 0 }) }));
  const about = { aggregateType: "order", aggregateId: "1", aggregateVersion: 1 };
  const event = placed.create({ ...about, payload: { total: 5 }, metadata: { correlationId: "c" } });
  assert.deepEqual(placed.parse(JSON.parse(JSON.stringify(event))), ok(event));
  assert.throws(() => placed.create({ ...about, payload: { total: -1 } }), { code: "validation" });
  for (const change of [
    { type: "order.lost" },
    { schemaVersion: 1 },
    { payload: {} },
    { occurredAt: "yesterday" },
    { id: 1 },
  ])
    assert.equal(placed.parse({ ...event, ...change }).ok, false, JSON.stringify(change));
});
