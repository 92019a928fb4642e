import * as fc from "fast-check";
import { Minimatch } from "minimatch";
import { expect, test } from "vitest";
import { compileWithMinimatch, parseIgnoreRules } from "../../src/tarball/ignore-rule.ts";

const portion = fc.constantFrom(
  "a",
  "b",
  "A",
  "ab",
  ".a",
  "a.b",
  "x.map",
  "x.MAP",
  "_a.b",
  "node_modules",
  "a b",
  "é",
  "K",
  "readme",
  "README.md",
  "Readme.",
  "readme.md~",
  "readme-a",
  "\u212A",
);
const globPortion = fc.oneof(
  { weight: 3, arbitrary: portion },
  fc.constantFrom(
    "*",
    "**",
    "*.b",
    "a*",
    ".*",
    "*b*",
    ".*.b",
    "?",
    "[ab]",
    "{a,b}",
    "!(a)",
    "\\a",
    "readme{,.*[^~$]}",
    "ReadMe{,.*[^~$]}",
    "*.MAP",
    "_a*",
    ".",
  ),
);
const line = fc
  .tuple(
    fc.constantFrom("", "!", "!!"),
    fc.boolean(),
    fc.array(globPortion, { minLength: 1, maxLength: 4 }),
    fc.boolean(),
  )
  .map(
    ([bang, isRooted, portions, isFolder]) =>
      `${bang}${isRooted ? "/" : ""}${portions.join("/")}${isFolder ? "/" : ""}`,
  );
const path = fc
  .tuple(fc.boolean(), fc.array(portion, { minLength: 1, maxLength: 5 }), fc.boolean())
  .map(([isRooted, portions, isFolder]) => (isRooted ? [""] : []).concat(portions, isFolder ? [""] : []));

test("a line matches what minimatch says it matches", async () => {
  await fc.assert(
    fc.asyncProperty(
      line,
      fc.array(path, { minLength: 1, maxLength: 10 }),
      fc.boolean(),
      async (text, paths, isPartial) => {
        const [ours, ...more] = await parseIgnoreRules(text);
        if (ours === undefined) throw new Error(`no rule for ${text}`);
        expect(more).toEqual([]);
        const theirs = compileWithMinimatch(text, Minimatch);
        expect([ours.isNegated, ours.isName]).toEqual([theirs.isNegated, theirs.isName]);
        // npm asks about partial matches of negated lines only.
        const partial = isPartial && ours.isNegated;
        for (const portions of paths)
          expect([text, portions, ours.matches(portions, partial)]).toEqual([
            text,
            portions,
            theirs.matches(portions, partial),
          ]);
      },
    ),
    { numRuns: process.env["SLIPWAY_DEEP"] === "1" ? 200_000 : 3_000 },
  );
});

test("comments and empty lines are no rules, whatever ends the lines", async () => {
  expect(await parseIgnoreRules("# a\n\n   \r\n  # b\r\n")).toEqual([]);
  expect(await parseIgnoreRules("a\r\n#\n  b  \n")).toHaveLength(2);
});
