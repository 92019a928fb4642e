/** The generated pages are current, and the catalogue of errors is exactly what the code reports. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { catalogue, type CatalogueEntry } from "@slipway/core";
import { expect, test } from "vitest";
import { references } from "../../scripts/references.ts";
import { listFiles, readText, root } from "./source-files.ts";

test.each(references)("$path is what `npm run docs` writes", ({ path, render }) => {
  expect(existsSync(join(root, path)), "run `npm run docs`").toBe(true);
  expect(readText(path)).toBe(render());
});

const catalogueFiles = ["packages/core/src/problem.ts", "packages/core/src/problem-planning.ts"];

/** Codes named in the product's sources outside the catalogue, by the first file that names them. */
const named = new Map<string, string>();
for (const path of listFiles())
  if (/^packages\/[^/]+\/src\/.*\.ts$/.test(path) && !catalogueFiles.includes(path))
    for (const [code] of readText(path).matchAll(/\bSLIP_[A-Z_]+\b/g)) if (!named.has(code)) named.set(code, path);

test("every code of the catalogue is reported somewhere", () => {
  expect(Object.keys(catalogue).filter((code) => !named.has(code))).toEqual([]);
});

test("no code is named that the catalogue lacks, in sources or documents", () => {
  const unknown = listFiles()
    .filter((path) => /^(packages\/[^/]+|testkit|bench)\/src\/.*\.ts$|\.md$/.test(path))
    .flatMap((path) => [...readText(path).matchAll(/\bSLIP_[A-Z]+(?:_[A-Z]+)*\b/g)].map(([code]) => ({ path, code })))
    .filter(({ code }) => !Object.hasOwn(catalogue, code));
  expect(unknown).toEqual([]);
});

test("every entry says what to do, in a phrase", () => {
  const entries: readonly (readonly [string, CatalogueEntry])[] = Object.entries(catalogue);
  const wrong = entries.filter(
    ([, { meaning, hint }]) => !/^\S.*\.$/.test(meaning) || hint === "" || hint.endsWith("."),
  );
  expect(wrong.map(([code]) => code)).toEqual([]);
});
