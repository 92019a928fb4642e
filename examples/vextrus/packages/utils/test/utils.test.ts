// What the utilities promise, of the build: `npm run build` first.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";
import { DomainError } from "@vextrus/kernel";
import {
  correlationHeaders,
  createLogger,
  createMetrics,
  currentCorrelation,
  delayAfter,
  type LoggerOptions,
  readCorrelation,
  retry,
  sleepFor,
  withCorrelation,
  withTimeout,
} from "@vextrus/utils";

const required: typeof import("@vextrus/utils") = createRequire(import.meta.url)("@vextrus/utils");

function listen(options: LoggerOptions = {}) {
  const lines: Record<string, unknown>[] = [];
  const now = (): Date => new Date("2026-01-31T08:15:00Z");
  const logger = createLogger({ now, write: (line) => lines.push(JSON.parse(line)), ...options });
  return { logger, lines };
}

test("a line has its time, level, message, fields and correlation", () => {
  const { logger, lines } = listen({ fields: { service: "orders" } });
  withCorrelation({ correlationId: "c-1" }, () =>
    logger.child({ route: "/" }).warn("slow", { ms: 5, level: "forged" }),
  );
  assert.deepEqual(lines, [
    {
      service: "orders",
      route: "/",
      ms: 5,
      correlationId: "c-1",
      time: "2026-01-31T08:15:00.000Z",
      level: "warn",
      message: "slow",
    },
  ]);
});

test("lines below the level are not written", () => {
  for (const [level, count] of [
    ["trace", 5],
    ["info", 3],
    ["error", 1],
    ["silent", 0],
  ] as const) {
    const { logger, lines } = listen({ level });
    for (const own of ["trace", "debug", "info", "warn", "error"] as const) logger[own]("x");
    assert.equal(lines.length, count, level);
    assert.equal(logger.isWritten("error"), count > 0);
  }
});

test("secrets are redacted at any depth", () => {
  const { logger, lines } = listen({ redact: ["iban"] });
  logger.info("x", {
    headers: { Authorization: "Bearer s" },
    list: [{ IBAN: "s" }],
    map: new Map([["password", "s"]]),
  });
  assert.ok(!JSON.stringify(lines).includes('"s"') && !JSON.stringify(lines).includes("Bearer"));
});

test("whatever a field holds, a line is written", () => {
  const { logger, lines } = listen();
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = cyclic;
  const thrower = {
    toJSON: (): never => {
      throw new Error("no");
    },
  };
  const error = new DomainError("order.lost", "gone", { details: { id: 1n }, cause: new Error("below") });
  logger.info("a", {
    cyclic,
    big: 5n,
    nan: NaN,
    at: new Date(NaN),
    set: new Set([1]),
    error,
    nothing: undefined,
    url: new URL("a:b"),
  });
  logger.info("b", { thrower });
  const [first, second] = lines;
  assert.deepEqual(first?.["cyclic"], { self: "(circular)" });
  assert.deepEqual(
    [first?.["big"], first?.["nan"], first?.["at"], first?.["set"], first?.["url"]],
    ["5", "NaN", "(no date)", [1], "a:b"],
  );
  const logged = first?.["error"];
  assert.ok(
    typeof logged === "object" && logged !== null && "cause" in logged && "code" in logged && "details" in logged,
  );
  assert.deepEqual([logged.code, logged.details], ["order.lost", { id: "1" }]);
  assert.deepEqual([second?.["message"], second?.["unwritable"]], ["b", "Error: no"]);
});

test("a correlation is seen in all that is awaited, in both builds, and not outside", async () => {
  const seen = await withCorrelation({ correlationId: "c-1" }, async () => {
    await sleepFor(1);
    return [currentCorrelation(), required.currentCorrelation()];
  });
  assert.deepEqual(seen, [{ correlationId: "c-1" }, { correlationId: "c-1" }]);
  assert.equal(
    required.withCorrelation({ correlationId: "c-2" }, () => currentCorrelation()?.correlationId),
    "c-2",
  );
  assert.equal(currentCorrelation(), undefined);
  assert.deepEqual(correlationHeaders(), {});
});

test("a correlation travels in headers, and what is no id is not believed", () => {
  const correlation = { correlationId: "c-1", causationId: "m-1" };
  assert.deepEqual(readCorrelation(correlationHeaders(correlation)), correlation);
  assert.equal(readCorrelation({ "X-Correlation-ID": "c-9" }).correlationId, "c-9");
  for (const header of ["a\nb", "", "x".repeat(200), ["a", "b"]])
    assert.match(readCorrelation({ "x-correlation-id": header }).correlationId, /^[0-9a-f-]{36}$/);
});

const passing = new DomainError("busy", "busy", { isRetryable: true });

test("only what may pass is tried again, so often and after such waits", async () => {
  const waits: number[] = [];
  const options = { attemptsMax: 4, jitter: "none", sleep: async (ms: number) => void waits.push(ms) } as const;
  const failTimes =
    (times: number, error: unknown) =>
    (attempt: number): string => {
      if (attempt <= times) throw error;
      return `done in ${attempt}`;
    };
  assert.equal(await retry(failTimes(3, passing), options), "done in 4");
  assert.deepEqual(waits, [100, 200, 400]);
  await assert.rejects(retry(failTimes(4, passing), options), passing);
  assert.equal(waits.length, 6);
  await assert.rejects(retry(failTimes(1, new Error("a bug")), options), { message: "a bug" });
  assert.equal(waits.length, 6);
  await assert.rejects(
    retry(() => 1, { attemptsMax: 0 }),
    { name: "RangeError" },
  );
  assert.equal(delayAfter(50), 10_000);
});

test("waits are spread", async () => {
  const waits: number[] = [];
  const sleep = async (ms: number): Promise<void> => void waits.push(ms);
  await assert.rejects(
    retry(() => Promise.reject(passing), { sleep, random: () => 0.25 }),
    passing,
  );
  assert.deepEqual(waits, [25, 50]);
});

test("a signal ends waiting and trying", async () => {
  const controller = new AbortController();
  let attempts = 0;
  const retried = retry(
    () => {
      attempts += 1;
      queueMicrotask(() => controller.abort(new Error("stopped")));
      throw passing;
    },
    { firstDelayMs: 60_000, jitter: "none", signal: controller.signal },
  );
  await assert.rejects(retried, { message: "stopped" });
  assert.equal(attempts, 1);
  assert.ok(!process.getActiveResourcesInfo().includes("Timeout"));
  await assert.rejects(sleepFor(60_000, controller.signal), { message: "stopped" });
});

test("what takes too long is told to stop and reported as such", async () => {
  let told: AbortSignal | undefined;
  const never = (signal: AbortSignal): Promise<never> => {
    told = signal;
    return new Promise(() => undefined);
  };
  await assert.rejects(withTimeout(5, "rates", never), { code: "timeout", isRetryable: true });
  assert.equal(told?.aborted, true);
  assert.equal(await withTimeout(60_000, "rates", async () => 7), 7);
  await assert.rejects(
    withTimeout(60_000, "rates", () => {
      throw new Error("at once");
    }),
    { message: "at once" },
  );
  const outer = AbortSignal.abort(new Error("outer"));
  await assert.rejects(withTimeout(60_000, "rates", never, outer), { message: "outer" });
});

test("metrics are written as Prometheus reads them", async () => {
  let now = 0;
  const metrics = createMetrics(() => now);
  const requests = metrics.counter({ name: "requests_total", help: "All\nrequests.", labels: ["route"] });
  const open = metrics.gauge({ name: "open", help: "Open." });
  const seconds = metrics.histogram({ name: "seconds", help: "Time.", buckets: [0.1, 1] });
  requests.add({ route: 'a"b\\' });
  requests.add({ route: 'a"b\\' }, 2);
  open.add(-1);
  await assert.rejects(
    seconds.time(async () => {
      now += 500;
      throw new Error("late");
    }),
    { message: "late" },
  );
  assert.equal(
    metrics.format(),
    [
      "# HELP requests_total All\\nrequests.",
      "# TYPE requests_total counter",
      'requests_total{route="a\\"b\\\\"} 3',
      "",
      "# HELP open Open.",
      "# TYPE open gauge",
      "open -1",
      "",
      "# HELP seconds Time.",
      "# TYPE seconds histogram",
      'seconds_bucket{le="0.1"} 0',
      'seconds_bucket{le="1"} 1',
      'seconds_bucket{le="+Inf"} 1',
      "seconds_sum 0.5",
      "seconds_count 1",
      "",
    ].join("\n"),
  );
});

test("metrics that would say something wrong are refused", () => {
  const metrics = createMetrics();
  const counter = metrics.counter({ name: "a", help: "A.", labels: ["x"] });
  for (const wrong of [
    () => counter.add({ x: "1" }, -1),
    () => counter.add({ x: "1" }, NaN),
    () => counter.add({}),
    () => counter.add({ x: "1", y: "2" }),
    () => metrics.gauge({ name: "a", help: "again" }),
    () => metrics.gauge({ name: "a-b", help: "" }),
    () => metrics.gauge({ name: "c", help: "", labels: ["0"] }),
    () => metrics.histogram({ name: "d", help: "", buckets: [2, 1] }),
    () => metrics.histogram({ name: "e", help: "", labels: ["le"] }),
  ])
    assert.throws(wrong);
  assert.equal(counter.value({ x: "1" }), 0);
});
