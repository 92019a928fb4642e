/** Which known word is proposed for one that is not known. */
import { expect, test } from "vitest";
import { findNearest, findNearestName } from "../src/nearest.ts";

const names = ["@hai3/state", "@hai3/framework", "tools"];

test.each([
  { word: "acces", known: ["access", "accept"], near: "access" },
  { word: "ACCESS", known: ["access"], near: "access" },
  { word: "wiat", known: ["wait", "waitTotal"], near: "wait" },
  { word: "zebra", known: ["access", "wait"], near: undefined },
  { word: "", known: ["a-long-word"], near: undefined },
])("$word is taken for $near", ({ word, known, near }) => {
  expect(findNearest(word, known)).toBe(near);
});

test.each([
  { word: "@hai3/stat", near: "@hai3/state" },
  { word: "state", near: "@hai3/state" },
  { word: "framwork", near: "@hai3/framework" },
  { word: "@other/state", near: undefined },
  { word: "tool", near: "tools" },
])("the name $word is taken for $near", ({ word, near }) => {
  expect(findNearestName(word, names)).toBe(near);
});
