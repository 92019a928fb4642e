import { expect, test } from "vitest";

import { explainDifferences } from "../../src/corpus/explain.ts";
import { readHosted, repositoryUrl } from "../../src/corpus/git-host.ts";
import type { ExplainContext } from "../../src/corpus/npm-rules.ts";

const base = { name: "@s/a", version: "1.0.0", description: "A" };
const context: ExplainContext = {
  paths: ["package.json"],
  readme: undefined,
  authors: undefined,
  commit: "c".repeat(40),
  integrity: "sha512-x",
  shasum: "5ba",
  tarballUrl: "http://127.0.0.1:1/@s/a/-/a-1.0.0.tgz",
  nodeVersion: "24.0.0",
};
/** What every entry has. */
const added = {
  _id: "@s/a@1.0.0",
  _nodeVersion: "24.0.0",
  gitHead: context.commit,
  contributors: [],
  dist: { integrity: context.integrity, shasum: context.shasum, tarball: context.tarballUrl },
};

type Fields = Readonly<Record<string, unknown>>;

const cases: readonly (readonly [string, Fields, Fields, string, Partial<ExplainContext>?])[] = [
  ["bin", { bin: "./cli.js" }, { bin: { a: "cli.js" } }, "bin-map"],
  ["bin", { bin: { a: "./b/c.js" } }, { bin: { a: "b/c.js" } }, "bin-map"],
  ["bin", { bin: {} }, { bin: undefined }, "bin-map"],
  ["types", { main: "./lib/i.js" }, { types: "./lib/i.d.ts" }, "types-beside-main", { paths: ["lib/i.d.ts"] }],
  ["types", {}, { types: "./index.d.ts" }, "types-beside-main", { paths: ["index.d.ts"] }],
  ["gypfile", {}, { gypfile: true, scripts: { install: "node-gyp rebuild" } }, "gyp-build", { paths: ["binding.gyp"] }],
  ["scripts", { scripts: { test: "node_modules/.bin/x y" } }, { scripts: { test: "x y" } }, "script-path"],
  [
    "bundleDependencies",
    { bundledDependencies: ["b"] },
    { bundledDependencies: undefined, bundleDependencies: ["b"] },
    "bundle-spelling",
  ],
  [
    "repository",
    { repository: { url: "https://git.test/r" }, homepage: "h:x" },
    { repository: { url: "https://git.test/r" } },
    "",
  ],
  [
    "bugs",
    { repository: "u/r", homepage: "h:x" },
    {
      repository: { type: "git", url: "git+https://github.com/u/r.git" },
      bugs: { url: "https://github.com/u/r/issues" },
    },
    "bugs",
  ],
  [
    "homepage",
    { repository: "u/r", bugs: "b:x" },
    {
      repository: { type: "git", url: "git+https://github.com/u/r.git" },
      bugs: { url: "b:x" },
      homepage: "https://github.com/u/r#readme",
    },
    "homepage",
  ],
  [
    "author",
    { author: "Me <me@h.test> (http://me.test)" },
    { author: { name: "Me", email: "me@h.test", url: "http://me.test" } },
    "people",
  ],
  ["contributors", { contributors: ["Me"] }, { contributors: [{ name: "Me" }] }, "people"],
  ["readmeFilename", {}, { readmeFilename: "README.md" }, "readme-name", { readme: { path: "README.md", text: "x" } }],
  [
    "description",
    { description: "" },
    { description: "It does.", readmeFilename: "README.md" },
    "description",
    { readme: { path: "README.md", text: "# T\n\nIt\ndoes.\n\nMore" } },
  ],
  ["keywords", { keywords: "a, b" }, { keywords: ["a", "b"] }, "keywords"],
  ["man", { man: "./a.1" }, { man: ["a.1"] }, "man-list"],
  ["overrides", { overrides: {} }, { overrides: undefined }, "overrides"],
  ["_from", { _from: "x" }, { _from: undefined }, "private-fields"],
];

function withoutGone(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

test.for(cases)("%s of %j shown as %j is explained by %s", ([field, packageJson, shown, rule, more = {}]) => {
  const entry = withoutGone({ ...base, ...packageJson, ...added, ...shown });
  const explanations = explainDifferences({ ...base, ...packageJson }, entry, { ...context, ...more });
  expect(explanations.filter(({ rules }) => rules.length === 0)).toEqual([]);
  const found = explanations.find((explanation) => explanation.field === field);
  if (rule === "") expect(found).toBeUndefined();
  else expect(found?.rules).toContain(rule);
});

const strange: readonly (readonly [string, Fields, string])[] = [
  ["another dependency", { dependencies: { b: "^2.0.0" } }, "dependencies"],
  ["a dependency lost", { dependencies: undefined }, "dependencies"],
  ["another hash", { dist: { ...added.dist, integrity: "sha512-y" } }, "dist"],
  ["a tarball of elsewhere", { dist: { ...added.dist, tarball: "http://127.0.0.2/a.tgz" } }, "dist"],
  ["another commit", { gitHead: "d".repeat(40) }, "gitHead"],
  ["a script of nobody's", { scripts: { postinstall: "x" } }, "scripts"],
  ["types of a file that is not there", { types: "./index.d.ts" }, "types"],
];

test.each(strange)("%s is unexplained", (_, shown, field) => {
  const packageJson = { ...base, dependencies: { b: "^1.0.0" } };
  const entry = withoutGone({ ...packageJson, ...added, ...shown });
  const explanations = explainDifferences(packageJson, entry, context);
  expect(explanations.filter(({ rules }) => rules.length === 0).map((explanation) => explanation.field)).toEqual([
    field,
  ]);
});

test("what npm would have changed and the registry shows as it was is unexplained", () => {
  const packageJson = { ...base, bin: "./cli.js" };
  expect(explainDifferences(packageJson, { ...packageJson, ...added }, context)).toContainEqual({
    field: "bin",
    isInstallField: true,
    rules: [],
  });
});

test.each([
  ["u/r", "git+https://github.com/u/r.git"],
  ["gitlab:u/r", "git+https://gitlab.com/u/r.git"],
  ["https://github.com/u/r", "git+https://github.com/u/r.git"],
  ["https://www.github.com/u/r/", "git+https://github.com/u/r.git"],
  ["http://github.com/u/r.git", "git+ssh://git@github.com/u/r.git"],
  ["git://github.com/u/r.git", "git://github.com/u/r.git"],
  ["https://me@github.com/u/r", "git+https://me@github.com/u/r.git"],
  ["https://github.com/u/r/tree/main/packages/a", "git+https://github.com/u/r.git#main"],
  ["git@github.com:u/r.git", "git+ssh://git@github.com/u/r.git"],
  ["ssh://git@bitbucket.org/u/r", "git+ssh://git@bitbucket.org/u/r.git"],
  ["https://git.test/u/r.git", undefined],
  ["../r", undefined],
])("npm spells the repository %s as %s", (text, expected) => {
  const hosted = readHosted(text);
  expect(hosted === undefined ? undefined : repositoryUrl(hosted)).toBe(expected);
});
