import { expect, test } from "vitest";
import { diffPublishedFields, publishedFields } from "../src/manifest.ts";

type Manifest = Readonly<Record<string, unknown>>;

const base = { name: "@scope/a", version: "1.0.0" };

function diff(a: Manifest, b: Manifest, hasGypFile = false): readonly string[] {
  const options = { hasGypFile };
  return diffPublishedFields(publishedFields({ ...base, ...a }, options), publishedFields({ ...base, ...b }, options));
}

test.each<[string, Manifest, Manifest]>([
  ["the order of keys", { engines: { node: "20", npm: "10" } }, { engines: { npm: "10", node: "20" } }],
  ["what only describes", { description: "x", readme: "y", keywords: ["z"] }, { _id: "a", dist: {}, gitHead: "b" }],
  ["devDependencies", { devDependencies: { a: "1" } }, {}],
  ["empty maps", { dependencies: {}, peerDependenciesMeta: {}, engines: {} }, {}],
  ["bin as text", { bin: "./cli.js" }, { bin: { a: "cli.js" } }],
  ["bin as a list", { bin: ["./bin/x.js"] }, { bin: { "x.js": "bin/x.js" } }],
  ["paths in bin", { bin: { "../x": "./../bin//x.js" } }, { bin: { x: "bin/x.js" } }],
  [
    "directories.bin written out",
    { directories: { bin: "./bin" } },
    { directories: { bin: "./bin" }, bin: { x: "bin/x.js", y: "bin/y.js" } },
  ],
  ["the old name of bundleDependencies", { bundledDependencies: ["b", "a"] }, { bundleDependencies: ["a", "b"] }],
  [
    "bundleDependencies: true",
    { dependencies: { a: "1" }, bundleDependencies: true },
    { dependencies: { a: "1" }, bundleDependencies: ["a"] },
  ],
  ["bundleDependencies: false", { bundleDependencies: false }, {}],
  [
    "what npm adds for a bundled name",
    { bundleDependencies: ["a"] },
    { bundleDependencies: ["a"], dependencies: { a: "*" } },
  ],
  [
    "an optional dependency that is listed twice",
    { dependencies: { a: "1", b: "2" }, optionalDependencies: { a: "1" } },
    { dependencies: { b: "2" }, optionalDependencies: { a: "1" } },
  ],
  ["os and cpu as text", { os: "linux", cpu: ["x64", "arm64"] }, { os: ["linux"], cpu: ["arm64", "x64"] }],
  ["types next to main", { main: "./lib/a.js" }, { main: "./lib/a.js", types: "./lib/a.d.ts" }],
  ["types next to index.js", {}, { types: "./index.d.ts" }],
  ["typings for types", { typings: "t.d.ts" }, { types: "t.d.ts" }],
  ["the folder of local commands", { scripts: { install: "./node_modules/.bin/x" } }, { scripts: { install: "x" } }],
  ["scripts that no install runs", { scripts: { test: "x", prepare: "y" } }, {}],
  ["a short reference to GitHub", { dependencies: { a: "u/r#v1" } }, { dependencies: { a: "github:u/r#v1" } }],
  [
    "a git URL without .git",
    { dependencies: { a: "git+https://github.com/u/r#v1" } },
    { dependencies: { a: "git+https://github.com/u/r.git#v1" } },
  ],
  ...(
    [
      ["http://github.com/u/r.git", "git+ssh://git@github.com/u/r.git"],
      ["https://www.github.com/u/r", "git+https://github.com/u/r.git"],
      ["https://gitlab.com/u/r/", "git+https://gitlab.com/u/r.git"],
      ["https://me@github.com/u/r#v1", "git+https://me@github.com/u/r.git#v1"],
      ["https://github.com/u/r/tree/main/packages/a", "git+https://github.com/u/r.git#main"],
      ["git+ssh://git@github.com:u/r.git#v1", "git+ssh://git@github.com/u/r.git#v1"],
      ["github:u/r.git#v1", "github:u/r#v1"],
    ] as const
  ).map(([range, published]): [string, Manifest, Manifest] => [
    `${range}, as npm publishes it,`,
    { dependencies: { a: range } },
    { dependencies: { a: published } },
  ]),
  ["a v in front of the version", { version: "v1.0.0" }, { version: "1.0.0" }],
])("%s makes no difference", (_, a, b) => {
  expect(diff(a, b)).toEqual([]);
  expect(diff(b, a)).toEqual([]);
});

test.each<[string, Manifest, Manifest]>([
  ["name", { name: "@scope/b" }, {}],
  ["version", { version: "1.0.1" }, {}],
  ["dependencies", { dependencies: { a: "^1.0.0" } }, { dependencies: { a: "^1.0.1" } }],
  ["dependencies", { dependencies: { a: "npm:b@1" } }, { dependencies: { a: "1" } }],
  ["dependencies", { dependencies: { a: "u/r" } }, { dependencies: { a: "gitlab:u/r" } }],
  ["dependencies", { dependencies: { __proto__x: "1" } }, {}],
  ["optionalDependencies", { optionalDependencies: { a: "1" } }, {}],
  ["peerDependencies", { peerDependencies: { a: "1" } }, { peerDependencies: { a: "2" } }],
  ["peerDependenciesMeta", { peerDependenciesMeta: { a: { optional: true } } }, {}],
  ["bin", { bin: "./cli.js" }, { bin: { b: "cli.js" } }],
  ["bin", { bin: { a: "x.js" } }, { bin: { a: "y.js" } }],
  ["bin", { directories: { bin: "bin" } }, { directories: { bin: "bin" }, bin: { x: "other/x.js" } }],
  ["engines", { engines: { node: ">=20" } }, { engines: { node: ">=22" } }],
  ["os", { os: ["linux"] }, { os: ["!linux"] }],
  ["cpu", { cpu: ["x64"] }, {}],
  ["libc", { libc: ["glibc"] }, { libc: ["musl"] }],
  ["exports", { exports: "./a.js" }, { exports: { ".": "./b.js" } }],
  ["exports", { exports: { ".": ["./a.js", "./b.js"] } }, { exports: { ".": ["./b.js", "./a.js"] } }],
  ["exports", { exports: { "./internal/*": null } }, {}],
  ["main", { main: "a.js" }, { main: "b.js" }],
  ["types", { types: "a.d.ts" }, { types: "b.d.ts" }],
  ["scripts.preinstall", { scripts: { preinstall: "x" } }, {}],
  ["scripts.install", { scripts: { install: "x" } }, { scripts: { install: "y" } }],
  ["scripts.postinstall", { scripts: {} }, { scripts: { postinstall: "x" } }],
])("a difference in %s is named", (field, a, b) => {
  expect(diff(a, b)).toEqual([field]);
});

test("a dependency that is also bundled differs in both", () => {
  expect(diff({ bundleDependencies: ["a"] }, {})).toEqual(["dependencies", "bundleDependencies"]);
});

test("a binding.gyp counts as the install script that npm runs for it", () => {
  const options = { hasGypFile: true };
  const npms = { ...base, gypfile: true, scripts: { install: "node-gyp rebuild" } };
  expect(diffPublishedFields(publishedFields(base, options), publishedFields(npms, options))).toEqual([]);
  expect(diffPublishedFields(publishedFields(base, options), publishedFields(base, { hasGypFile: false }))).toEqual([
    "scripts.install",
  ]);
  expect(diff({ gypfile: false }, { scripts: { install: "node-gyp rebuild" } }, true)).toEqual(["scripts.install"]);
  expect(diff({ scripts: { install: "make" } }, { scripts: { install: "node-gyp rebuild" } }, true)).toEqual([
    "scripts.install",
  ]);
});
