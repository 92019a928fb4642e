import { expect, test } from "vitest";

import { parseProfile, summarizeProfile } from "../src/cpu-profile.ts";
import type { CallFrame, Place } from "../src/cpu-profile.ts";

function frame(functionName: string, url: string): CallFrame {
  return { functionName, url, lineNumber: 6, columnNumber: 0 };
}

/** root -> ours (2 ms) -> write (3 ms); root -> idle (10 ms); root -> write (4 ms); ours -> ours (1 ms). */
const profile = {
  nodes: [
    { id: 1, callFrame: frame("(root)", ""), children: [2, 3, 4] },
    { id: 2, callFrame: frame("ours", "file:///built.js"), children: [5, 6] },
    { id: 3, callFrame: frame("(idle)", "") },
    { id: 4, callFrame: frame("write", "node:fs") },
    { id: 5, callFrame: frame("write", "node:fs") },
    { id: 6, callFrame: frame("ours", "file:///built.js") },
  ],
  samples: [2, 3, 4, 5, 6],
  timeDeltas: [2000, 10_000, 4000, 3000, 1000],
};

function placeOf({ url, lineNumber }: CallFrame): Place {
  const isOwn = url.startsWith("file:");
  return isOwn ? { file: "packages/a.ts", line: lineNumber + 1, isOwn } : { file: url, line: undefined, isOwn };
}

const summary = summarizeProfile(parseProfile(JSON.stringify(profile)), placeOf);

test("waiting is told apart from work", () => {
  expect(summary).toMatchObject({ wallMs: 20, idleMs: 10 });
});

test("a function has its own time, and that of what it called, once even if it calls itself", () => {
  expect(summary.functions).toEqual([
    { what: "write node:fs", selfMs: 7, totalMs: 7 },
    { what: "ours packages/a.ts:7", selfMs: 3, totalMs: 6 },
    { what: "(root)", selfMs: 0, totalMs: 10 },
  ]);
});

test("what Node does for a function of ours is counted for that function", () => {
  expect(summary.owners).toEqual([
    { what: "ours packages/a.ts:7", selfMs: 6, totalMs: 6 },
    { what: "write node:fs, for no function of ours", selfMs: 4, totalMs: 4 },
  ]);
});

test("a file has the time of its functions", () => {
  expect(summary.files).toContainEqual({ what: "packages/a.ts", selfMs: 3, totalMs: 6 });
});

test("something else than a profile is refused", () => {
  expect(() => parseProfile('{"nodes": []}')).toThrow("samples");
});
