import { expect, test } from "vitest";

import { findStages, renderStages } from "../src/timeline.ts";

const layers = new Map([
  ["@bench/base", 0],
  ["@bench/top", 1],
]);

const requests = [
  { method: "GET", url: "/@bench%2fbase?write=true", at: 100, answeredAt: 260 },
  { method: "GET", url: "/@bench%2ftop?write=true", at: 110, answeredAt: 200 },
  { method: "PUT", url: "/@bench%2fbase", at: 300, answeredAt: 420 },
  { method: "GET", url: "/@bench%2fbase", at: 421, answeredAt: 510 },
  { method: "GET", url: "/@bench/base/-/base-1.0.0.tgz", at: 511, answeredAt: 600 },
  { method: "GET", url: "/@bench%2ftop?write=true", at: 601, answeredAt: 690 },
  { method: "PUT", url: "/@bench%2ftop", at: 700, answeredAt: 800 },
];

test("requests are told apart by kind, and by layer once something is sent", () => {
  expect(findStages(requests, layers)).toEqual([
    {
      what: "before the first upload: uncached packuments",
      requests: 2,
      firstAt: 100,
      lastAnsweredAt: 260,
      meanMs: 125,
    },
    { what: "layer 1: uploads", requests: 1, firstAt: 300, lastAnsweredAt: 420, meanMs: 120 },
    { what: "layer 1: packuments", requests: 1, firstAt: 421, lastAnsweredAt: 510, meanMs: 89 },
    { what: "layer 1: tarballs", requests: 1, firstAt: 511, lastAnsweredAt: 600, meanMs: 89 },
    { what: "layer 2: uncached packuments", requests: 1, firstAt: 601, lastAnsweredAt: 690, meanMs: 89 },
    { what: "layer 2: uploads", requests: 1, firstAt: 700, lastAnsweredAt: 800, meanMs: 100 },
  ]);
});

test("stages are written as a table, one row each", () => {
  const lines = renderStages(findStages(requests, layers)).split("\n");
  expect(lines).toHaveLength(8);
  expect(lines[2]).toMatch(/^\| before the first upload: uncached packuments +\| +2 \| +100 \| +260 \| +125 \|$/);
});
