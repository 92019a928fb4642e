import {
  chooseTag,
  findChangesetsAccess,
  findChangesetsTag,
  findPending,
  findPreTag,
  findSnapshotTag,
  parseChangesetsConfig,
  parsePackument,
  parsePreState,
  type ChangesetsConfig,
  type ChangesetsInput,
  type Packument,
  type PreState,
} from "@slipway/core";
import { expect, test } from "vitest";

const where = ".changeset/config.json";

function parse(json: unknown): ChangesetsConfig {
  const { value, problems } = parseChangesetsConfig(json, where);
  expect(problems).toEqual([]);
  if (value === undefined) throw new Error("no configuration");
  return value;
}

test("a key that is not there has the default of Changesets", () => {
  expect(parse({})).toEqual({
    access: "restricted",
    ignore: [],
    fixed: [],
    linked: [],
    privatePackages: { version: false, tag: false },
    baseBranch: "main",
    changedFilePatterns: ["**"],
    snapshotTemplate: undefined,
  });
});

test("what concerns versions and changelogs only is not looked at", () => {
  const other = { $schema: 1, changelog: {}, commit: 7, prettier: "?", format: [], updateInternalDependencies: null };
  expect(parse({ ...other, access: "public", snapshot: { useCalculatedVersion: true } }).access).toBe("public");
});

test.each<readonly [given: unknown, expected: ChangesetsConfig["privatePackages"]]>([
  [true, { version: true, tag: true }],
  [false, { version: false, tag: false }],
  [{ tag: true }, { version: false, tag: true }],
  [{ version: true }, { version: true, tag: false }],
])("privatePackages %j", (privatePackages, expected) => {
  expect(parse({ privatePackages }).privatePackages).toEqual(expected);
});

test.each<readonly [json: unknown, messages: readonly string[]]>([
  [[], [`${where} is not an object`]],
  [{ access: "open" }, [`access in ${where} is not public or restricted`]],
  [
    { ignore: "a", fixed: ["a"] },
    [`ignore in ${where} is not a list of names`, `fixed in ${where} is not a list of lists of names`],
  ],
  [{ linked: [[1]] }, [`linked in ${where} is not a list of lists of names`]],
  [
    { privatePackages: { tag: "yes" } },
    [`privatePackages in ${where} is not true, false, or an object in which version and tag are true or false`],
  ],
  [{ baseBranch: null }, [`baseBranch in ${where} is not the name of a branch`]],
  [
    { snapshot: { prereleaseTemplate: "" } },
    [`snapshot in ${where} is not an object whose prereleaseTemplate is a text`],
  ],
])("%j is refused, key by key", (json, messages) => {
  const { value, problems } = parseChangesetsConfig(json, where);
  expect(value).toBeUndefined();
  expect(problems.map(({ code, message }) => [code, message])).toEqual(
    messages.map((message) => ["SLIP_CHANGESETS_INVALID", message]),
  );
});

test("pre.json of @changesets/cli 3 and of 2", () => {
  expect(parsePreState({ mode: "pre", tag: "next" }, "pre.json").value).toEqual({
    pre: { mode: "pre", tag: "next" },
    used: [],
  });
  const old = { mode: "exit", tag: "beta", initialVersions: { a: "1.0.0" }, changesets: ["calm-dogs-sing"] };
  expect(parsePreState(old, "pre.json").value).toEqual({
    pre: { mode: "exit", tag: "beta" },
    used: ["calm-dogs-sing"],
  });
});

test.each<readonly [unknown, string]>([
  [null, "pre.json is not an object whose mode is pre or exit"],
  [{ mode: "begin", tag: "next" }, "pre.json is not an object whose mode is pre or exit"],
  [{ mode: "pre" }, "pre.json is not an object whose tag can be a dist-tag"],
  [{ mode: "pre", tag: "../x" }, "pre.json is not an object whose tag can be a dist-tag"],
  [{ mode: "pre", tag: "next", changesets: "a" }, "pre.json is not an object whose changesets are a list of names"],
])("%j is no pre state", (json, message) => {
  expect(parsePreState(json, "pre.json").problems.map((item) => item.message)).toEqual([message]);
});

const changeset = (id: string) => ({ id, summary: id, releases: [{ name: "a", bump: "patch" as const }] });
const all = ["new", "used", "pre/moved"].map(changeset);

test.each<readonly [what: string, pre: PreState | undefined, ids: readonly string[]]>([
  ["outside of pre mode", undefined, ["new", "used", "pre/moved"]],
  ["in pre mode", { mode: "pre", tag: "next" }, ["new"]],
  ["when pre mode is to end", { mode: "exit", tag: "next" }, ["new", "used", "pre/moved"]],
])("%s, %# of the changesets wait", (_what, pre, ids) => {
  expect(findPending(all, pre, ["used"]).map(({ id }) => id)).toEqual(ids);
});

test.each<readonly [version: string, template: string | undefined, tag: string | undefined]>([
  ["0.0.0-canary-20261128063511", undefined, "canary"],
  ["0.0.0-my-branch-20261128063511", undefined, "my-branch"],
  ["0.0.0-20261128063511", undefined, "snapshot"],
  ["1.4.0-canary-20261128063511", undefined, "canary"],
  ["0.0.0-latest-20261128063511", undefined, "snapshot"],
  ["0.0.0-v1-20261128063511", undefined, "snapshot"],
  ["1.0.0", undefined, undefined],
  ["1.0.0-beta.1", undefined, undefined],
  ["1.0.0-beta.20261128063511", undefined, undefined],
  ["0.0.0-canary-2026", undefined, undefined],
  ["no version", undefined, undefined],
  ["0.0.0-canary-a1b2c3d", "{tag}-{commit}", "canary"],
  ["0.0.0-canary.1764311711000.a1b2c3d", "{tag}.{timestamp}.{commit-short}", "canary"],
  ["0.0.0-pr.a1b2c3d", "pr.{commit}", "snapshot"],
  ["0.0.0-canary", "{tag}", "canary"],
  ["1.0.0-beta.1", "{tag}", undefined],
  ["0.0.0-canary-20261128063511", "{tag}.{timestamp}", "canary"],
  ["0.0.0-canary-a1b2c3d", undefined, "canary"],
  ["0.0.0-canary.a1b2c3d.1764311711000", undefined, "canary"],
  ["0.0.0-a1b2c3d", undefined, "snapshot"],
  ["0.0.0-next.0", undefined, undefined],
  ["1.0.0-canary-a1b2c3d", undefined, undefined],
  ["1.0.0-canary-a1b2c3d", "{tag}-{commit}", "canary"],
  ["0.0.0-pr-a1b2c3d-pr", "{tag}-{commit}-{tag}", "pr"],
  ["0.0.0-pr-a1b2c3d-main", "{tag}-{commit}-{tag}", undefined],
  ["1.0.0-canary-a1b2c3d", "(.*)*-{commit}", undefined],
])("the dist-tag of %s where snapshots are made as %s is %s", (version, template, tag) => {
  expect(findSnapshotTag(version, template)).toBe(tag);
});

function packument(versions: readonly string[], latest?: string): Packument {
  const parsed = parsePackument(
    {
      name: "a",
      versions: Object.fromEntries(
        versions.map((version) => [version, { name: "a", version, dist: { tarball: `https://r.example/${version}` } }]),
      ),
      "dist-tags": latest === undefined ? {} : { latest },
    },
    "a",
  );
  if (parsed === undefined) throw new Error("not a packument");
  return parsed;
}

const pre: PreState = { mode: "pre", tag: "next" };

test.each<readonly [what: string, shown: Packument | undefined, version: string, tag: string]>([
  ["a new package", undefined, "1.0.0-next.0", "next"],
  ["a package with a stable version", packument(["1.0.0"], "1.0.0"), "1.1.0-next.0", "next"],
  [
    "one of which there are only such prereleases",
    packument(["1.0.0-next.0"], "1.0.0-next.0"),
    "1.0.0-next.1",
    "latest",
  ],
  ["one of which there are other prereleases", packument(["1.0.0-beta.0"], "1.0.0-beta.0"), "1.0.0-next.1", "next"],
  ["one that no tag is latest of", packument(["1.0.0-next.0"]), "1.0.0-next.1", "next"],
  ["a second attempt of the first version", packument(["1.0.0-next.0"], "1.0.0-next.0"), "1.0.0-next.0", "next"],
  ["what is no prerelease", packument(["1.0.0"], "1.0.0"), "1.0.1", "next"],
])("in pre mode %s", (_what, shown, version, tag) => {
  expect(findPreTag(pre, version, shown)).toBe(tag);
  expect(findPreTag({ ...pre, mode: "exit" }, version, shown)).toBe(tag);
});

function input(more: Partial<ChangesetsInput> = {}): ChangesetsInput {
  const config = parse({ access: "public" });
  return { config, pre: undefined, pending: [], ignored: new Set(), fixed: [], linked: [], warnings: [], ...more };
}

const choose = (version: string, changesets: ChangesetsInput | undefined, asked?: string) =>
  chooseTag({
    name: "a",
    version,
    asked,
    configured: "configured",
    changesets: findChangesetsTag(changesets, version, undefined),
    distTags: new Map([["latest", "1.0.0"]]),
    versions: ["1.0.0"],
  }).tag;

test("a snapshot comes before pre mode, and both before publishConfig; --tag comes before all", () => {
  const snapshot = "0.0.0-canary-20261128063511";
  expect(choose(snapshot, input({ pre }))).toBe("canary");
  expect(choose(snapshot, input({ pre }), "asked")).toBe("asked");
  expect(choose("2.0.0-next.0", input({ pre }))).toBe("next");
  expect(choose("2.0.0-next.0", input({ pre }), "asked")).toBe("asked");
  expect(choose("2.0.0-next.0", input())).toBe("configured");
  expect(choose("2.0.0-next.0", undefined)).toBe("configured");
});

test("access is that of Changesets for all but a restricted name without a scope", () => {
  const restricted = input({ config: parse({}) });
  expect(findChangesetsAccess(input(), "plain")).toBe("public");
  expect(findChangesetsAccess(restricted, "@scope/name")).toBe("restricted");
  expect(findChangesetsAccess(restricted, "plain")).toBeUndefined();
  expect(findChangesetsAccess(undefined, "@scope/name")).toBeUndefined();
});
