import { expect, test } from "vitest";
import { type Choose, exhaust } from "../../src/simulator/exhaust.ts";

async function collect(fn: (choose: Choose) => number[], budget: number, parts = 1, part = 0): Promise<string[]> {
  const seen: string[] = [];
  await exhaust(
    (choose) => {
      seen.push(fn(choose).join(""));
      return Promise.resolve();
    },
    { budget, parts, part },
  );
  return seen;
}

const three = (choose: Choose): number[] => [choose(2, "a"), choose(3, "b"), choose(2, "c")];

test.each([
  { budget: 0, schedules: 1 },
  { budget: 1, schedules: 1 + 1 + 2 + 1 },
  { budget: 2, schedules: 1 + 4 + (1 * 2 + 1 * 1 + 2 * 1) },
  { budget: 3, schedules: 12 },
])("three choices give $schedules schedules with a budget of $budget, none of them twice", async (row) => {
  const seen = await collect(three, row.budget);
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen).toHaveLength(row.schedules);
});

test("a choice may depend on an earlier one", async () => {
  const seen = await collect((choose) => (choose(2, "a") === 1 ? [1, choose(2, "b")] : [0]), 2);
  expect(seen).toEqual(["0", "10", "11"]);
});

test("a free choice costs nothing", async () => {
  const seen = await collect((choose) => [choose(2, "a"), choose(3, "b", { isFree: true })], 0);
  expect(seen).toEqual(["00", "01", "02"]);
});

test("the parts of an enumeration together are the whole", async () => {
  const parts = await Promise.all([0, 1, 2].map((part) => collect(three, 2, 3, part)));
  expect(new Set(parts.flat())).toEqual(new Set(await collect(three, 2)));
  expect(Math.max(...parts.map((part) => part.length))).toBeLessThan(8);
});

test("a failure names the choices that led to it", async () => {
  const failing = exhaust(
    (choose) => {
      choose(2, "a");
      if (choose(2, "reset") === 1) throw new Error("lost");
      return Promise.resolve();
    },
    { budget: 1 },
  );
  await expect(failing).rejects.toThrow("schedule [reset=1] failed: lost");
});
