import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { diffPublishedFields, isGypFile, publishedFields } from "@slipway/core";
import { readPackedFiles } from "../../src/registry/packed-files.ts";
import { normalizeManifest } from "../../src/registry/publish-manifest.ts";
import { makeTarball } from "./fixture-tarball.ts";
import { startOracle } from "./publish-oracle.ts";
import type { Oracle } from "./publish-oracle.ts";

let oracle: Oracle;

beforeAll(async () => {
  oracle = await startOracle();
});

afterAll(async () => {
  await oracle.close();
});

type Manifest = Readonly<Record<string, unknown>>;
type Files = Readonly<Record<string, string>>;

const base = { name: "@scope/a", version: "1.0.0" };

async function expectAsNpm(manifest: Manifest, files: Files = {}): Promise<Manifest> {
  const packageJson = { ...base, ...manifest };
  const bytes = makeTarball(packageJson, files);
  const theirs = await oracle.manifest(bytes);
  const ours = normalizeManifest(packageJson, { files: await readPackedFiles(bytes) });
  // By way of JSON, as both are sent.
  expect(JSON.parse(JSON.stringify(ours))).toEqual(JSON.parse(JSON.stringify(theirs)));
  const hasGypFile = Object.keys(files).some(isGypFile);
  const fields = (value: Manifest): ReturnType<typeof publishedFields> => publishedFields(value, { hasGypFile });
  expect(diffPublishedFields(fields(packageJson), fields(theirs))).toEqual([]);
  expect(diffPublishedFields(fields(packageJson), fields(ours))).toEqual([]);
  return ours;
}

const cases: readonly (readonly [string, Manifest, Files?])[] = [
  ["nothing but a name", {}],
  ["bin as text", { bin: "./cli.js" }],
  ["bin as text of a plain name", { name: "plain", bin: "bin/cli.js" }],
  ["bin as a map", { bin: { a: "./a.js", "../b": "../../b.js", c: 1, "": "x.js", d: "" } }],
  ["bin as a list", { bin: ["./bin/a.js", "./bin/b.js"] }],
  ["bin of nothing", { bin: {} }],
  ["bin of another type", { bin: true }],
  ["bin with backslashes", { bin: { a: ".\\bin\\a.js", "x:y": "c:\\a.js" } }],
  [
    "directories.bin",
    { directories: { bin: "./bin" } },
    { "bin/a.js": "", "bin/b": "", "bin/.hidden": "", "x.js": "" },
  ],
  ["directories.bin beside bin", { directories: { bin: "bin" }, bin: { z: "z.js" } }, { "bin/a.js": "" }],
  ["directories.man", { directories: { man: "man" } }, { "man/a.1": "", "man/note.txt": "" }],
  ["man as text", { man: "./man/a.1" }],
  ["man as a list", { man: ["man/a.1", 7] }],
  ["man of nothing", { man: [7] }],
  ["repository shorthand", { repository: "u/r" }],
  ["repository of GitHub", { repository: { type: "git", url: "https://github.com/u/r" } }],
  ["repository with a folder", { repository: { type: "git", url: "git@github.com:u/r.git", directory: "packages/a" } }],
  ["repository of GitLab", { repository: "gitlab:u/r" }],
  ["repository of another host", { repository: "https://git.test/u/r.git" }],
  ["repository without URL", { repository: { type: "git" } }],
  ["repositories", { repositories: ["u/r", "v/s"] }],
  ["bugs as an address", { bugs: "me@host.test" }],
  ["bugs as a URL", { bugs: "https://bugs.test" }],
  ["bugs as words", { bugs: "tell me" }],
  ["bugs under another name", { bugs: { web: "https://bugs.test", email: "nobody" } }],
  ["bugs of nothing", { bugs: { email: "nobody" } }],
  ["homepage without protocol", { homepage: "home.test" }],
  ["homepage that is no text", { homepage: { url: "x" } }],
  ["homepage beside a repository", { homepage: "https://home.test", repository: "u/r" }],
  [
    "people",
    { author: "Me <me@host.test> (https://me.test)", contributors: ["You", { name: "They", web: "http://t" }] },
  ],
  ["people as objects", { author: { name: "Me", mail: "me@host.test" }, maintainers: [{ email: "x@y.test" }] }],
  ["AUTHORS", {}, { AUTHORS: "# people\nMe <me@host.test>\n\n  You\n" }],
  ["AUTHORS beside contributors", { contributors: ["They"] }, { AUTHORS: "Me" }],
  ["keywords as text", { keywords: "a, b,  c" }],
  ["keywords of several types", { keywords: ["a", 1, ""] }],
  ["keywords of another type", { keywords: { a: 1 } }],
  ["files as text", { files: "lib" }],
  ["files of several types", { files: ["lib", 1, ""] }],
  ["scripts of several types", { scripts: { test: "x", bad: 1, lint: "./node_modules/.bin/eslint ." } }],
  ["scripts as text", { scripts: "x" }],
  ["scripts of nothing", { scripts: null }],
  ["bundledDependencies", { bundledDependencies: ["b"], dependencies: { b: "1" } }],
  ["bundleDependencies true", { bundleDependencies: true, dependencies: { b: "1", c: "2" } }],
  ["bundleDependencies true of nothing", { bundleDependencies: true }],
  ["bundleDependencies false", { bundleDependencies: false }],
  ["bundleDependencies as a map", { bundleDependencies: { b: 1 }, dependencies: { b: "1" } }],
  ["bundleDependencies as text", { bundleDependencies: "b" }],
  ["bundleDependencies not listed", { bundleDependencies: ["b", 1, ""], dependencies: { c: "1" } }],
  ["bundleDependencies that are optional", { bundleDependencies: ["b"], optionalDependencies: { b: "1" } }],
  ["optional twice", { dependencies: { b: "1", c: "1" }, optionalDependencies: { b: "1" } }],
  ["dependencies of several types", { dependencies: { b: 1, c: "2" }, devDependencies: { d: null } }],
  ["dependencies of nothing", { dependencies: null }],
  [
    "dependencies from git hosts",
    {
      dependencies: {
        short: "u/r",
        commit: "u/r#v1",
        long: "git+https://github.com/u/r",
        web: "https://github.com/u/r.git#semver:^1",
        ssh: "git@github.com:u/r.git",
        sshUrl: "git+ssh://git@github.com/u/r",
        git: "git://github.com/u/r.git",
        lab: "gitlab:u/r",
        bit: "https://bitbucket.org/u/r",
        other: "git+https://git.test/u/r",
        tarball: "https://github.com/u/r/archive/v1.tar.gz",
        alias: "npm:@s/x@^1",
        range: ">=1 <2 || ~3.0",
        tag: "next",
      },
    },
  ],
  ["peers", { peerDependencies: { b: ">=1" }, peerDependenciesMeta: { b: { optional: true } } }],
  ["overrides of nothing", { overrides: {} }],
  ["overrides", { overrides: { b: "1" } }],
  ["overrides of another type", { overrides: ["b"] }],
  ["underscores", { _private: 1, _id: "other", _requiredBy: [] }],
  ["a readme", {}, { "README.md": "# Title\n\nFirst paragraph\ngoes on.\n\nSecond.\n" }],
  ["a readme of headings", {}, { "README.md": "# Title\n" }],
  ["a readme in two forms", {}, { README: "plain", "README.md": "# T\n\nmarkdown" }],
  ["a plain readme", {}, { README: "plain text" }],
  ["a readme in lower case", {}, { "readme.markdown": "lower" }],
  ["a readme with a description", { description: "own" }, { "README.md": "# T\n\nother" }],
  ["a readme in package.json", { readme: "given" }, { "README.md": "file" }],
  ["a description that is no text", { description: { a: 1 } }],
  ["types beside index.js", {}, { "index.d.ts": "" }],
  ["types beside main", { main: "./lib/a.js" }, { "lib/a.d.ts": "", "index.d.ts": "" }],
  ["types beside main without extension", { main: "lib/a" }, { "lib/a.d.ts": "" }],
  ["types that are named", { types: "./t.d.ts" }, { "index.d.ts": "" }],
  ["typings that are named", { typings: "./t.d.ts" }, { "index.d.ts": "" }],
  ["types beside a module", { main: "a.mjs" }, { "a.d.mts": "" }],
  ["binding.gyp", {}, { "binding.gyp": "{}" }],
  ["binding.gyp with an install script", { scripts: { install: "make" } }, { "binding.gyp": "{}" }],
  ["binding.gyp with a preinstall script", { scripts: { preinstall: "make" } }, { "binding.gyp": "{}" }],
  ["binding.gyp with scripts that are a text", { scripts: "x" }, { "binding.gyp": "{}" }],
  ["binding.gyp that is not to be built", { gypfile: false }, { "binding.gyp": "{}" }],
  ["another .gyp at the top", {}, { "addon.gyp": "{}" }],
  ["a .gyp whose name begins with a dot", {}, { ".addon.gyp": "{}" }],
  ["binding.gyp in a folder", {}, { "deps/binding.gyp": "{}" }],
  ["exports", { exports: { ".": { types: "./a.d.ts", default: ["./a.js", "./b.js"] }, "./x": null } }],
  ["engines, os, cpu, libc", { engines: { node: ">=20" }, os: ["!win32"], cpu: "x64", libc: ["glibc"] }],
  ["modules", { modules: { a: 1 } }],
  ["licences and funding", { license: "MIT", licence: "x", funding: "https://fund.test" }],
  ["configuration", { publishConfig: { access: "public" }, private: false, type: "module", sideEffects: false }],
];

for (const [title, manifest, files] of cases)
  test(`${title} is published as npm publishes it`, async () => {
    await expectAsNpm(manifest, files);
  });

test("any mixture of these is published as npm publishes it", async () => {
  // Of two readmes in markdown npm takes the one that the folder happens to list first. Ranges that are no text are refused
  // before anything is packed; beside `bundleDependencies: true` the fields of such a manifest cannot be compared.
  const unmixable: ReadonlySet<string> = new Set(["a readme in lower case", "dependencies of several types"]);
  const mixable = cases.filter(([title]) => !unmixable.has(title));
  const mixture = fc.uniqueArray(fc.constantFrom(...mixable), { minLength: 2, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(mixture, async (mixed) => {
      const manifest: Manifest = Object.assign({}, ...mixed.map(([, item]) => item));
      const files: Files = Object.assign({}, ...mixed.map((item) => item[2] ?? {}));
      await expectAsNpm(manifest, files);
    }),
    { numRuns: 60 },
  );
});

test("the given commit is named, package.json is left alone, and what npm refuses to publish is left out", () => {
  const packageJson = { ...base, bin: "x.js", patchedDependencies: { a: "1" }, packageExtensions: {}, gitHead: "old" };
  const before = JSON.stringify(packageJson);
  const manifest = normalizeManifest(packageJson, { gitHead: "c0ffee" });
  expect(manifest).toEqual({ ...base, bin: { a: "x.js" }, gitHead: "c0ffee", _id: "@scope/a@1.0.0" });
  expect(JSON.stringify(packageJson)).toBe(before);
});

test("without the package's files nothing is said about a readme", () => {
  expect(normalizeManifest(base)).toEqual({ ...base, _id: "@scope/a@1.0.0" });
});
