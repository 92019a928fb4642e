/** Columns of text, as terminals count them. */
import { expect, test } from "vitest";
import { cutTo, padEndTo, textWidth, wrapTo } from "../src/views/text-width.ts";

test.each([
  { text: "", width: 0 },
  { text: "@a/b@1.0.0 · …→✓✗", width: 17 },
  { text: "漢字", width: 4 },
  { text: "한국어", width: 6 },
  { text: "ｆｕｌｌ", width: 8 },
  { text: "e\u0301\u200b", width: 1 },
  { text: "👩‍👩‍👧‍👦", width: 2 },
  { text: "🇩🇪", width: 2 },
  { text: "1️⃣", width: 2 },
  { text: "Привет", width: 6 },
  { text: "\ue010done\ue01f", width: 4 },
])("$text takes $width columns", ({ text, width }) => {
  expect(textWidth(text)).toBe(width);
});

test.each([
  { text: "abcdef", width: 6, cut: "abcdef" },
  { text: "abcdef", width: 5, cut: "abcd…" },
  { text: "漢字漢字", width: 7, cut: "漢字漢…" },
  { text: "漢字漢字", width: 6, cut: "漢字…" },
  { text: "👩‍👩‍👧👩‍👩‍👧", width: 3, cut: "👩‍👩‍👧…" },
  { text: "abc", width: 0, cut: "" },
])("$text in $width columns is $cut", ({ text, width, cut }) => {
  expect(cutTo(text, width)).toBe(cut);
  expect(textWidth(cutTo(text, width))).toBeLessThanOrEqual(width);
});

test("lines break at blanks, and a long word stays whole", () => {
  expect(wrapTo("one two three four", 9)).toEqual(["one two", "three", "four"]);
  expect(wrapTo("see https://host.example/a/long/path now", 10)).toEqual([
    "see",
    "https://host.example/a/long/path",
    "now",
  ]);
  expect(wrapTo("漢字 漢字 漢字", 9)).toEqual(["漢字 漢字", "漢字"]);
});

test("columns are filled, not letters", () => {
  expect(padEndTo("漢字", 6)).toBe("漢字  ");
});
