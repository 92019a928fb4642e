import { expect, test } from "vitest";

import { countEarlyEdges } from "../src/check-registry.ts";
import type { GeneratedPackage } from "../src/generate.ts";

function part(name: string, dependencies: readonly string[]): GeneratedPackage {
  return { name, version: "1.0.0", layer: dependencies.length, dependencies, dir: name, files: [] };
}

function put(name: string, at: number, answeredAt: number | undefined): Parameters<typeof countEarlyEdges>[0][number] {
  const status = answeredAt === undefined ? undefined : 201;
  return { method: "PUT", url: `/${name.replace("/", "%2f")}`, at, answeredAt, status, isWrite: true };
}

const packages = [part("@bench/base", []), part("@bench/top", ["@bench/base"])];

test.each([
  ["after its dependency was answered", [put("@bench/base", 1, 5), put("@bench/top", 5, 9)], 0],
  ["before its dependency was answered", [put("@bench/base", 1, 5), put("@bench/top", 4, 9)], 1],
  ["before its dependency arrived", [put("@bench/top", 1, 2), put("@bench/base", 3, 4)], 1],
  ["though its dependency was never answered", [put("@bench/base", 1, undefined), put("@bench/top", 9, 10)], 1],
  ["though its dependency never arrived", [put("@bench/top", 9, 10)], 1],
  ["not at all", [put("@bench/base", 1, 5)], 0],
])("an upload sent %s", (_, log, expected) => {
  expect(countEarlyEdges(log, packages)).toBe(expected);
});
