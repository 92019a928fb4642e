/** Simple patterns of workspaces match what Node's own matching says. */
import { posix } from "node:path";
import { type Arbitrary, assert, array, constantFrom, oneof, property } from "fast-check";
import { expect, test } from "vitest";
import { matches } from "../../src/workspace-globs.ts";

const name = constantFrom(
  "a",
  "b",
  "packages",
  "@scope",
  ".hidden",
  "x.y",
  "a b",
  "A",
  "a-1",
  "#a",
  "..",
  ".",
  "",
  "$",
  "^",
);
const part = oneof(name, constantFrom("*", "**", "a*", "{a,b}", "!a", "?", "[ab]", "+(a)", "\\a", "@(a)"));
const joined = (piece: Arbitrary<string>): Arbitrary<string> =>
  array(piece, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));

test("a folder matches a pattern as Node says it does", () => {
  assert(
    property(joined(name), joined(part), (path, pattern) => {
      expect([path, pattern, matches(path, pattern)]).toEqual([path, pattern, posix.matchesGlob(path, pattern)]);
    }),
    { numRuns: 20_000 },
  );
});
