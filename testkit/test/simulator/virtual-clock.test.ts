import { expect, test } from "vitest";
import { StuckError, createVirtualClock } from "../../src/simulator/virtual-clock.ts";

test("time passes only when nothing else can run", async () => {
  const clock = createVirtualClock(1_000);
  const seen: string[] = [];
  async function sleeper(name: string, ms: number): Promise<void> {
    await clock.sleep(ms);
    seen.push(`${name} at ${clock.now()}`);
    await Promise.resolve();
    seen.push(`${name} still at ${clock.now()}`);
  }
  await clock.run(Promise.all([sleeper("b", 20), sleeper("a", 10), sleeper("c", 20)]), "the sleepers");
  expect(seen).toEqual([
    "a at 1010",
    "a still at 1010",
    "b at 1020",
    "b still at 1020",
    "c at 1020",
    "c still at 1020",
  ]);
});

test("three hours pass at once", async () => {
  const clock = createVirtualClock(0);
  await clock.run(clock.sleep(3 * 60 * 60_000), "a long sleep");
  expect(clock.now()).toBe(3 * 60 * 60_000);
});

test("a wait for ever is reported with its name", async () => {
  const clock = createVirtualClock(0);
  const waiting = clock.run(new Promise(() => undefined), "the loop");
  await expect(waiting).rejects.toThrow("the loop waits for ever: no timer is left at 0 ms");
});

test("a run that goes on longer than it may is reported", async () => {
  const clock = createVirtualClock(0);
  async function pollForEver(): Promise<never> {
    for (;;) await clock.sleep(1_000);
  }
  await expect(clock.run(pollForEver(), "the poll", 60_000)).rejects.toThrow(StuckError);
});

test("a signal ends a sleep at once, before or after it began", async () => {
  const clock = createVirtualClock(0);
  const controller = new AbortController();
  clock.after(5, () => controller.abort());
  await clock.run(clock.sleep(1_000, controller.signal), "the sleep");
  expect(clock.now()).toBe(5);
  await clock.run(clock.sleep(1_000, controller.signal), "the next sleep");
  expect(clock.now()).toBe(5);
});

test("nothing of a dead process goes on, and its timers take no time", async () => {
  const clock = createVirtualClock(0);
  let isAlive = true;
  const owner = { isAlive: () => isAlive };
  const seen: number[] = [];
  clock.after(10, () => seen.push(10), owner);
  clock.after(30, () => seen.push(30), owner);
  clock.after(20, () => {
    isAlive = false;
  });
  await clock.run(clock.sleep(25), "the sleep");
  expect([clock.now(), seen]).toEqual([25, [10]]);
  await expect(clock.run(clock.ownedBy(owner).sleep(5), "the dead")).rejects.toThrow(StuckError);
  expect(clock.now()).toBe(25);
});

test("a thousand timers go off in the order of their instants, and equal ones in the order of calling", async () => {
  const clock = createVirtualClock(0);
  const seen: { readonly at: number; readonly order: number }[] = [];
  for (let order = 0; order < 1_000; order += 1)
    clock.after((order * 7_919) % 101, () => seen.push({ at: clock.now(), order }));
  await clock.run(clock.sleep(200), "all");
  const sorted = seen.toSorted((a, b) => a.at - b.at || a.order - b.order);
  expect(seen).toHaveLength(1_000);
  expect(seen).toEqual(sorted);
});

test("time can be let pass at once: what is due happens in its order and at its instant, the rest waits", () => {
  const clock = createVirtualClock(0);
  const seen: string[] = [];
  const note = (what: string): void => void seen.push(`${what} at ${clock.now()}`);
  clock.after(20, () => note("second"));
  clock.after(10, () => {
    note("first");
    clock.after(5, () => note("between"));
  });
  clock.after(31, () => note("too early"));
  clock.after(15, () => note("never"), { isAlive: () => false });
  clock.advance(30);
  expect([seen, clock.now()]).toEqual([["first at 10", "between at 15", "second at 20"], 30]);
});
