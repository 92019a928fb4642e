import { Script } from "node:vm";
import { gzipSync } from "node:zlib";

import { expect, test } from "vitest";

import { generatePackages, manifestOf } from "../src/generate.ts";
import type { GeneratedPackage } from "../src/generate.ts";

const options = { packages: 50, layers: 6, seed: 20261121, sizeBytes: 60_000 };
const packages = generatePackages(options);

function textOf(item: GeneratedPackage): string {
  return item.files.map((file) => file.text).join("");
}

test("a seed gives the same packages each time, and another seed others", () => {
  expect(generatePackages(options)).toEqual(packages);
  expect(generatePackages({ ...options, seed: 2 })).not.toEqual(packages);
});

test.each([
  [6, [1, 1, 1, 1, 1, 1]],
  [50, [11, 11, 9, 8, 6, 5]],
])("%i packages fill six layers, the lower ones more", (count, expected) => {
  const layers = [0, 0, 0, 0, 0, 0];
  for (const { layer } of generatePackages({ ...options, packages: count, sizeBytes: 100 }))
    layers[layer] = (layers[layer] ?? 0) + 1;
  expect(layers).toEqual(expected);
});

test("too few packages for the layers are refused", () => {
  expect(() => generatePackages({ ...options, packages: 5 })).toThrow("5 packages cannot fill 6 layers");
});

test("each package depends on the layer below, on lower ones only, and never twice on one", () => {
  const layers = new Map(packages.map((item) => [item.name, item.layer]));
  for (const item of packages) {
    const below = item.dependencies.map((name) => layers.get(name) ?? Number.NaN);
    expect(new Set(item.dependencies).size).toBe(below.length);
    if (item.layer === 0) expect(below).toEqual([]);
    else expect(Math.max(...below)).toBe(item.layer - 1);
  }
});

test("the order of names says nothing about the layers", () => {
  const position = new Map(packages.map((item, index) => [item.name, index]));
  const edges = packages.flatMap((item, index) => item.dependencies.map((name) => (position.get(name) ?? 0) > index));
  const backwards = edges.filter(Boolean).length / edges.length;
  expect(backwards).toBeGreaterThan(0.3);
  expect(backwards).toBeLessThan(0.7);
});

test("packages are as long as asked for, and compress as code does", () => {
  const sizes = packages.map((item) => textOf(item).length);
  expect(sizes.reduce((sum, size) => sum + size, 0) / sizes.length / options.sizeBytes).toBeCloseTo(1, 1);
  for (const item of packages) {
    const text = textOf(item);
    const ratio = text.length / gzipSync(text).length;
    expect(ratio).toBeGreaterThan(2.5);
    expect(ratio).toBeLessThan(5);
  }
});

test("all modules parse", () => {
  for (const item of packages)
    for (const { path, text } of item.files.filter((file) => file.path.endsWith(".js"))) {
      const script = text.replace(/^import .*$/gm, "").replace(/^export /gm, "");
      expect(() => new Script(`"use strict";${script}`), `${item.name}/${path}`).not.toThrow();
    }
});

test("ranges are plain carets on the versions of the workspace", () => {
  const versions = new Map(packages.map((item) => [item.name, item.version]));
  for (const item of packages)
    expect(manifestOf(item, versions)).toMatchObject({
      name: item.name,
      version: item.version,
      dependencies: Object.fromEntries(item.dependencies.map((name) => [name, `^${versions.get(name)}`])),
    });
});
