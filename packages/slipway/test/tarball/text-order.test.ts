/** The order of texts is that of the collator it stands in for. */
import { expect, test } from "vitest";
import { assert, constantFrom, oneof, property, string } from "fast-check";
import { compareTexts } from "../../src/tarball/text-order.ts";

const { compare } = new Intl.Collator("en");
const ascii = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index));

test("every pair of printable characters stands in the collator's order", () => {
  for (const a of ascii)
    for (const b of ascii) {
      expect([a, b, Math.sign(compareTexts(a, b))]).toEqual([a, b, Math.sign(compare(a, b))]);
      expect([`x${a}1`, `x${b}`, Math.sign(compareTexts(`x${a}1`, `x${b}`))]).toEqual([
        `x${a}1`,
        `x${b}`,
        Math.sign(compare(`x${a}1`, `x${b}`)),
      ]);
    }
});

test("texts stand in the collator's order, whatever is in them", () => {
  const piece = oneof(constantFrom(...ascii), constantFrom("é", "e\u0301", "\u0000", "ß", "ä", "中", "\u00ad"));
  const text = oneof(
    string({ maxLength: 8, unit: constantFrom(..."ab1-_./@") }),
    string({ maxLength: 6, unit: piece }),
    string({ maxLength: 6 }),
  );
  assert(
    property(text, text, (a, b) => {
      expect(Math.sign(compareTexts(a, b))).toBe(Math.sign(compare(a, b)));
    }),
    { numRuns: 5000 },
  );
});
