/** Things that must be in no file of the repository. Each pattern is written so that this file does not hold what it forbids. */
import { expect, test } from "vitest";
import { listFiles, readText } from "./source-files.ts";

const paths = listFiles();
const binary = /\.(png|jpg|ico|gif|tgz|gz|woff2?|wasm)$/;
const code = /\.(ts|js|mjs|cjs)$/;

interface Rule {
  readonly name: string;
  readonly pattern: RegExp;
  readonly applies: (path: string) => boolean;
  readonly forbidden: string;
}

const anywhere = (): boolean => true;
const inCode = (path: string): boolean => code.test(path);

const rules: readonly Rule[] = [
  {
    name: "the npm registry's host name",
    pattern: /registry\.(npmjs|yarnpkg)\./i,
    applies: anywhere,
    forbidden: ["registry", "npmjs", "org"].join("."),
  },
  {
    name: "the host name of Debian's archive",
    pattern: /\bdeb\.debian\./i,
    applies: anywhere,
    forbidden: ["deb", "debian", "org"].join("."),
  },
  {
    name: "a path of somebody's machine",
    pattern: /(?<![\w.~-])\/(home|Users|root|work)\/[\w.-]+/,
    applies: anywhere,
    forbidden: ["", "home", "somebody"].join("/"),
  },
  {
    name: "a note to do something later",
    pattern: /\b(TO[D]O|FIX[M]E|XX[X])\b/,
    applies: anywhere,
    forbidden: `// TO${"DO"}: later`,
  },
  { name: "a cast to any", pattern: /\bas an[y]\s*[;,)\]}.]|<an[y]>/, applies: inCode, forbidden: `x as ${"any"};` },
  {
    name: "a cast through unknown",
    pattern: /\bas unknown as\b/,
    applies: inCode,
    forbidden: `x as ${"unknown"} as Y`,
  },
  { name: "an ignored type error", pattern: /@ts-(ignore|nocheck)/, applies: inCode, forbidden: `// @ts-${"ignore"}` },
  {
    name: "a skipped or single test",
    pattern: /\b(test|it|describe)(\.each)?\.(skip|only|todo|fails)\b/,
    applies: inCode,
    forbidden: `test.${"only"}("x", () => {})`,
  },
];

test.each(rules)("no file holds $name", ({ pattern, applies, forbidden }) => {
  expect(forbidden).toMatch(pattern);
  const found = paths
    .filter((path) => applies(path) && !binary.test(path))
    .flatMap((path) =>
      readText(path)
        .split("\n")
        .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim().slice(0, 120)}`] : [])),
    );
  expect(found).toEqual([]);
});

test("lock files name no download address", () => {
  const locks = paths.filter((path) => path.endsWith("package-lock.json"));
  expect(locks).toContain("package-lock.json");
  expect(locks.filter((path) => /"resolved": "https?:/.test(readText(path)))).toEqual([]);
});

test("every source says at its top what it is for", () => {
  const silent = paths.filter(
    (path) =>
      /^(packages\/[^/]+|testkit|bench)\/src\/.*(?<!\.d)\.ts$/.test(path) && !/^(#!.*\n)?\/\*\*/.test(readText(path)),
  );
  // The index of core is a list of its modules.
  expect(silent.filter((path) => path !== "packages/core/src/index.ts")).toEqual([]);
});
