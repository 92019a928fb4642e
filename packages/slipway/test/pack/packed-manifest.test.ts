/** What is refused, and what is warned of, in a manifest that a package manager has packed. */
import { parseManifest, type PlannedPackage, ProblemsError, type WorkspacePackage } from "@slipway/core";
import { expect, test } from "vitest";
import { checkPackedManifest, findSuspicions } from "../../src/packed-manifest.ts";

const planned: PlannedPackage = {
  name: "@x/a",
  version: "1.0.0",
  dir: "packages/a",
  registry: "http://127.0.0.1:1/",
  isNew: true,
  previous: undefined,
  scriptsNotRun: [],
};

/** The package with one dependency that is declared with a protocol, which the plan has resolved to `range`. */
function declare(kind: string, alias: string, text: string, range: string, name: string = alias): WorkspacePackage {
  const { value } = parseManifest(
    { name: "@x/a", version: "1.0.0", [kind]: { [alias]: text } },
    "packages/a",
    "package.json",
  );
  if (value === undefined) throw new Error("the manifest is not valid");
  return { ...value, dependencies: value.dependencies.map((dependency) => ({ ...dependency, name, range })) };
}

function problemsOf(declared: WorkspacePackage | undefined, manifest: Record<string, unknown>): readonly string[] {
  const manager = { name: "bun", version: undefined, from: "bun.lock" } as const;
  try {
    checkPackedManifest(planned, declared, { name: "@x/a", version: "1.0.0", ...manifest }, manager);
    return [];
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    return error.problems.map(({ code, message }) => `${code}: ${message}`);
  }
}

const kinds = ["dependencies", "optionalDependencies", "peerDependencies"] as const;
const texts = [
  "workspace:*",
  "catalog:",
  "link:../b",
  "file:../b",
  "portal:../b",
  "patch:b@1#p",
  "exec:./b",
  "jsr:^1.0.0",
];

test.each(kinds.flatMap((kind) => texts.map((text) => ({ kind, text }))))(
  "$text that is left in $kind is refused",
  ({ kind, text }) => {
    expect(problemsOf(undefined, { [kind]: { b: text } })).toEqual([
      `SLIP_DEPENDENCY_PROTOCOL: @x/a@1.0.0 was packed with ${kind} b: ${text}`,
    ]);
  },
);

test("what is left in devDependencies, and ranges that only look like a protocol, are nobody's trouble", () => {
  expect(problemsOf(undefined, { devDependencies: { b: "workspace:*" } })).toEqual([]);
  expect(problemsOf(undefined, { dependencies: { b: "npm:c@1", d: "git+file:///d", e: ">=1" } })).toEqual([]);
});

test.each([
  { packed: "1.0.0", says: /was packed with dependencies b: 1\.0\.0, where workspace:\* stands for 1\.1\.0/ },
  { packed: "*", says: /with dependencies b: \*, where/ },
])("a range that was packed as $packed instead of the planned one is refused", ({ packed, says }) => {
  const declared = declare("dependencies", "b", "workspace:*", "1.1.0");
  const problems = problemsOf(declared, { dependencies: { b: packed } });
  expect(problems).toEqual([expect.stringMatching(says)]);
  expect(problems[0]).toMatch(/^SLIP_MANIFEST_CHANGED/);
});

test("a dependency that a script took away is not asked for", () => {
  expect(problemsOf(declare("dependencies", "b", "workspace:*", "1.1.0"), {})).toEqual([]);
});

test("the planned range is right, under another name too, and so is whatever a range without a protocol became", () => {
  expect(problemsOf(declare("dependencies", "b", "workspace:^", "^1.1.0"), { dependencies: { b: "^1.1.0" } })).toEqual(
    [],
  );
  const alias = declare("dependencies", "c", "workspace:b@^", "^1.1.0", "b");
  expect(problemsOf(alias, { dependencies: { c: "npm:b@^1.1.0" } })).toEqual([]);
  expect(problemsOf(alias, { dependencies: { c: "^1.1.0" } })).toHaveLength(1);
  expect(problemsOf(declare("dependencies", "b", "^1.0.0", "^1.0.0"), { dependencies: { b: "^1.0.1" } })).toEqual([]);
});

test.each([
  [{ name: "@x/b" }, "@x/b@1.0.0"],
  [{ version: "1.0.1" }, "@x/a@1.0.1"],
])("another name or version than planned is refused: %j", (change, packed) => {
  expect(problemsOf(undefined, change)).toEqual([expect.stringContaining(`was packed as ${packed}`)]);
});

test("a package that became private is refused", () => {
  expect(problemsOf(undefined, { private: true })).toEqual([expect.stringContaining("became private")]);
});

test("a catalog that yarn packs as any version is warned of", () => {
  const declared = declare("peerDependencies", "b", "catalog:", "*");
  const manifest = { name: "@x/a", version: "1.0.0", peerDependencies: { b: "*" } };
  expect(findSuspicions("@x/a@1.0.0", declared, manifest, new Set())).toEqual([
    "@x/a@1.0.0: peerDependencies b was packed as * (any version), not as catalog: says",
  ]);
});
