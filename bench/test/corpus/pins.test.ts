import { expect, test } from "vitest";

import {
  findTops,
  findUnsatisfied,
  formatPins,
  invertPins,
  neededBy,
  parsePins,
  pinsOfLock,
} from "../../src/corpus/pins.ts";
import type { Pins } from "../../src/corpus/pins.ts";

const hash = (letter: string): string => `sha512-${letter.repeat(86)}==`;

const pins: Pins = {
  family: "letters",
  pinnedAt: "2026-11-21",
  packages: [
    { name: "@letters/a", version: "2.0.0", integrity: hash("a") },
    { name: "@letters/b", version: "2.0.1", integrity: hash("b") },
  ],
  externals: [
    { name: "@letters/a", version: "1.0.0", integrity: hash("c") },
    { name: "other", version: "1.0.0", integrity: hash("d") },
    { name: "other", version: "1.10.0", integrity: hash("e") },
    { name: "other", version: "1.9.0", integrity: hash("f") },
  ],
};

test("a list reads back as it was written, a package a line", () => {
  const text = formatPins(pins);
  expect(text.split("\n")).toContain(`    "@letters/a@2.0.0": "${hash("a")}",`);
  const sorted = [...pins.externals].sort((x, y) => (`${x.name}@${x.version}` < `${y.name}@${y.version}` ? -1 : 1));
  expect(parsePins(text, "letters")).toEqual({ ...pins, externals: sorted });
});

test.each([
  [{ packages: {}, externals: {} }, "pinnedAt is missing"],
  [{ pinnedAt: "x", packages: [], externals: {} }, "packages of letters is not an object"],
  [{ pinnedAt: "x", packages: {}, externals: { a: hash("a") } }, "a in externals of letters names no version"],
  [
    { pinnedAt: "x", packages: { "a@1.0.0": "sha1-abc" }, externals: {} },
    "a@1.0.0 in packages of letters has no sha512",
  ],
  [
    { pinnedAt: "x", packages: { "a@1.0.0": hash("a"), "a@2.0.0": hash("b") }, externals: {} },
    "letters pins two versions of one of its own packages",
  ],
])("the list %j is refused: %s", (json, message) => {
  expect(() => parsePins(JSON.stringify(json), "letters")).toThrow(message);
});

test("a lock file is divided into the family and what is outside it", () => {
  const lock = {
    packages: {
      "": { dependencies: { "@letters/a": "2.0.0", "@letters/b": "2.0.1" } },
      "node_modules/@letters/a": { version: "2.0.0", integrity: hash("a") },
      "node_modules/@letters/b": { version: "2.0.1", integrity: `sha1-x ${hash("b")}` },
      "node_modules/@letters/b/node_modules/@letters/a": { version: "1.0.0", integrity: hash("c") },
      "node_modules/alias": { name: "other", version: "1.0.0", integrity: hash("d") },
      "node_modules/x/node_modules/other": { version: "1.0.0", integrity: hash("d") },
      "node_modules/x/node_modules/inside": { version: "1.0.0", inBundle: true },
      "node_modules/other-platform": { version: "1.0.0", integrity: hash("e"), optional: true, os: ["aix"] },
    },
  };
  expect(pinsOfLock(lock, "letters", "2026-11-21")).toEqual({
    family: "letters",
    pinnedAt: "2026-11-21",
    packages: pins.packages,
    externals: [
      { name: "@letters/a", version: "1.0.0", integrity: hash("c") },
      { name: "other", version: "1.0.0", integrity: hash("d") },
      { name: "other-platform", version: "1.0.0", integrity: hash("e") },
    ],
  });
  expect(() => pinsOfLock({ packages: { "node_modules/git": { version: "1.0.0" } } }, "letters", "x")).toThrow(
    "node_modules/git in the lock file has no version or no integrity",
  );
});

test("inverted, the highest version of each outside name is the workspace, and all else is there beforehand", () => {
  const inverted = invertPins(pins);
  expect(inverted.family).toBe("letters-outside");
  expect(inverted.packages.map(({ name, version }) => [name, version])).toEqual([["other", "1.10.0"]]);
  expect(inverted.externals.map(({ name, version }) => `${name}@${version}`)).toEqual([
    "@letters/a@2.0.0",
    "@letters/b@2.0.1",
    "@letters/a@1.0.0",
    "other@1.0.0",
    "other@1.9.0",
  ]);
});

test.each([
  [{ dependencies: { a: "^1.0.0" }, devDependencies: { b: "^1.0.0" } }, [["a", "^1.0.0"]]],
  [
    { optionalDependencies: { a: "1" }, dependencies: { b: "npm:c@^2.0.0" } },
    [
      ["c", "^2.0.0"],
      ["a", "1"],
    ],
  ],
  [{ dependencies: { b: "npm:@s/c" } }, [["@s/c", "*"]]],
  [{ peerDependencies: { a: "1", b: "1" }, peerDependenciesMeta: { b: { optional: true } } }, [["a", "1"]]],
  [{ dependencies: { a: "1", b: "1" }, bundleDependencies: ["b"] }, [["a", "1"]]],
  [{ dependencies: { a: "1" }, bundledDependencies: true, peerDependencies: { a: "1" } }, [["a", "1"]]],
])("of %j an install follows %j", (manifest, expected) => {
  expect(neededBy(manifest)).toEqual(expected);
});

test("what the lists leave unmet is named, for other platforms too", () => {
  const manifests = [
    { name: "a", version: "1.0.0", dependencies: { b: "^1.0.0", c: "latest" } },
    { name: "b", version: "2.0.0", optionalDependencies: { "b-aix": "2.0.0" } },
    { name: "c", version: "1.0.0", peerDependencies: { b: ">=1" } },
  ];
  expect(findUnsatisfied(manifests)).toEqual(["a@1.0.0 needs b@^1.0.0", "b@2.0.0 needs b-aix@2.0.0"]);
  const closed = [...manifests, { name: "b", version: "1.4.0" }, { name: "b-aix", version: "2.0.0" }];
  expect(findUnsatisfied(closed)).toEqual([]);
});

test("the tops are those that nothing else needs", () => {
  const manifests = [
    { name: "a", version: "1.0.0", dependencies: { b: "1", a: "1" } },
    { name: "b", version: "1.0.0" },
    { name: "c", version: "1.0.0", peerDependencies: { b: "1" }, devDependencies: { a: "1" } },
  ];
  expect(findTops(manifests)).toEqual(["a", "c"]);
});
