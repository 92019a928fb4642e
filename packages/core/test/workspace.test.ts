import { findDuplicateNames, parseManifest } from "@slipway/core";
import { expect, test } from "vitest";

const good = { name: "@x/a", version: "1.0.0" };

function faultsOf(json: unknown): readonly string[] {
  return parseManifest(json, "packages/a", "packages/a/package.json").problems.map(
    (item) => `${item.code} ${item.message}`,
  );
}

test("a manifest is parsed with every kind of dependency, aliases and optional peers", () => {
  const { value, problems } = parseManifest(
    {
      ...good,
      dependencies: { b: "^1.0.0", alias: "npm:@y/c@^2.0.0", bare: "npm:d" },
      optionalDependencies: { e: "*" },
      peerDependencies: { f: ">=1", g: "^1.0.0" },
      peerDependenciesMeta: { g: { optional: true } },
      devDependencies: { h: "workspace:*" },
      publishConfig: { access: "public", registry: "https://r.example/", tag: "next", provenance: true, other: 1 },
      scripts: { prepack: "x", odd: 1 },
    },
    "packages/a",
    "packages/a/package.json",
  );
  expect(problems).toEqual([]);
  expect(value?.dependencies.map((item) => [item.alias, item.name, item.range, item.kind, item.isOptional])).toEqual([
    ["b", "b", "^1.0.0", "dependencies", false],
    ["alias", "@y/c", "^2.0.0", "dependencies", false],
    ["bare", "d", "*", "dependencies", false],
    ["e", "e", "*", "optionalDependencies", true],
    ["f", "f", ">=1", "peerDependencies", false],
    ["g", "g", "^1.0.0", "peerDependencies", true],
    ["h", "h", "workspace:*", "devDependencies", false],
  ]);
  expect(value?.publishConfig).toEqual({
    access: "public",
    registry: "https://r.example/",
    tag: "next",
    provenance: true,
  });
  expect(value?.scripts).toEqual({ prepack: "x" });
});

test.each<readonly [what: string, json: unknown, isPrivate: boolean]>([
  ["private", { private: true }, true],
  ["private with an old name", { name: "My_App", version: "next", private: true }, true],
  ["private by a text, which npm refuses to publish as well", { ...good, private: "false" }, true],
  ["not private", { ...good, private: false }, false],
  ["access null", { ...good, publishConfig: { access: null } }, false],
  ["a null dependency map", { ...good, dependencies: null }, false],
])("a package that is %s is taken", (_, json, isPrivate) => {
  const { value, problems } = parseManifest(json, "packages/a", "packages/a/package.json");
  expect(problems).toEqual([]);
  expect(value?.isPrivate).toBe(isPrivate);
});

test.each<readonly [json: unknown, expected: readonly RegExp[]]>([
  ["text", [/^SLIP_MANIFEST_INVALID packages\/a\/package.json does not hold a JSON object/]],
  [{}, [/^SLIP_NAME_INVALID the name \(none\) in/, /^SLIP_VERSION_INVALID the version \(none\) in/]],
  [{ ...good, name: "../../etc" }, [/^SLIP_NAME_INVALID/]],
  [{ ...good, name: "a b; rm -rf /" }, [/^SLIP_NAME_INVALID/]],
  [{ ...good, name: "-rf" }, []],
  [{ ...good, name: "a\u001B[31m" }, [/^SLIP_NAME_INVALID the name "a\\u001b\[31m" in/]],
  [{ ...good, name: "A" }, [/must be lower case/]],
  [{ ...good, version: "1.0.0\n" }, [/^SLIP_VERSION_INVALID/]],
  [{ ...good, version: "$(id)" }, [/^SLIP_VERSION_INVALID/]],
  [{ ...good, version: 1 }, [/^SLIP_VERSION_INVALID the version 1 in/]],
  [{ name: "x\u009B", private: true }, [/^SLIP_NAME_INVALID the name "x\?" in .* holds control characters/]],
  [{ ...good, dependencies: ["b"] }, [/^SLIP_MANIFEST_INVALID dependencies in .* is not an object/]],
  [{ ...good, peerDependencies: { b: 1 } }, [/^SLIP_MANIFEST_INVALID peerDependencies\["b"\] in .* is not a text/]],
  [{ ...good, publishConfig: { access: "Public", registry: 1, tag: 2 } }, [/access .* is "Public"/, /registry/, /tag/]],
])("the faults of %j are named", (json, expected) => {
  const faults = faultsOf(json);
  expect(faults).toHaveLength(expected.length);
  for (const [index, pattern] of expected.entries()) expect(faults[index]).toMatch(pattern);
});

function make(dir: string, name: string) {
  return parseManifest({ name, version: "1.0.0" }, dir, `${dir}/package.json`).value;
}

test("packages of one name are named with their folders", () => {
  const packages = [make("a", "one"), make("b", "two"), make("c", "one")].flatMap((item) => item ?? []);
  expect(findDuplicateNames(packages).map((item) => item.message)).toEqual(["one is the name of 2 packages: a, c"]);
});
