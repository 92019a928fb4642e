import { chooseTag, findVersionChanges, judgeTag, type WorkspacePackage } from "@slipway/core";
import { expect, test } from "vitest";

interface Case {
  readonly version: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly versions?: readonly string[];
  readonly asked?: string;
  readonly configured?: string;
}

function choose({ version, tags = {}, versions = Object.values(tags), asked, configured }: Case) {
  const distTags = new Map(Object.entries(tags));
  return chooseTag({ name: "pkg", version, asked, configured, distTags, versions });
}

test.each<readonly [what: string, expected: string, input: Case]>([
  ["a first version", "latest", { version: "1.0.0" }],
  ["a higher version", "latest", { version: "1.1.0", tags: { latest: "1.0.0" } }],
  ["the version that is latest", "latest", { version: "1.0.0", tags: { latest: "1.0.0" } }],
  ["what --tag says", "canary", { version: "1.0.0", asked: "canary", configured: "next" }],
  ["--tag latest, even down", "latest", { version: "1.0.0", asked: "latest", tags: { latest: "2.0.0" } }],
  [
    "--tag latest, even to a prerelease",
    "latest",
    { version: "2.0.0-rc.1", asked: "latest", tags: { latest: "1.0.0" } },
  ],
  ["what publishConfig says", "next", { version: "1.0.0", configured: "next" }],
  ["an older major", "latest-1", { version: "1.5.1", tags: { latest: "2.3.0" } }],
  ["an older minor of the same major", "latest-1.5", { version: "1.5.1", tags: { latest: "1.6.0" } }],
  [
    "an older minor of an older major",
    "latest-1.5",
    { version: "1.5.1", tags: { latest: "2.3.0", "latest-1": "1.6.0" } },
  ],
  ["a later patch of an older major", "latest-1", { version: "1.6.1", tags: { latest: "2.3.0", "latest-1": "1.6.0" } }],
  [
    "publishConfig latest on an older line",
    "latest-1",
    { version: "1.5.1", configured: "latest", tags: { latest: "2.0.0" } },
  ],
  [
    "publishConfig next when next is higher",
    "next-2",
    { version: "2.0.0", configured: "next", tags: { next: "3.0.0" } },
  ],
  [
    "publishConfig next when next is higher on the same line",
    "next-2.0",
    { version: "2.0.0-beta.3", configured: "next", tags: { latest: "1.0.0", next: "2.0.0-beta.5" } },
  ],
  [
    "publishConfig nightly of builds without an order",
    "nightly",
    { version: "0.0.0-1a2b3c", configured: "nightly", tags: { nightly: "0.0.0-f00f00" } },
  ],
  [
    "publishConfig latest for a prerelease",
    "beta",
    { version: "2.0.0-beta.1", configured: "latest", tags: { latest: "1.0.0" } },
  ],
  [
    "publishConfig latest while all are prereleases",
    "latest",
    { version: "1.0.0-beta.2", configured: "latest", tags: { latest: "1.0.0-beta.1" } },
  ],
  ["a prerelease", "beta", { version: "1.0.0-beta.2" }],
  ["a prerelease", "alpha", { version: "0.2.0-alpha.0", tags: { latest: "0.1.0" } }],
  ["a numeric prerelease", "next", { version: "1.0.0-0" }],
  ["a prerelease that calls itself latest", "next", { version: "1.0.0-latest.1" }],
  ["a prerelease whose word is a range", "next", { version: "1.0.0-x.1" }],
  ["a prerelease whose word is kept for slipway", "next", { version: "1.0.0-slipway-1" }],
  ["a prerelease of an older major", "beta-1", { version: "1.5.0-beta.1", tags: { latest: "2.0.0" } }],
  ["a prerelease of a version that is out", "beta-2.0", { version: "2.0.0-beta.9", tags: { latest: "2.0.0" } }],
  [
    "a prerelease behind a higher one",
    "beta-2.0",
    { version: "2.0.0-beta.9", tags: { latest: "1.0.0", beta: "2.1.0-beta.0" } },
  ],
])("%s goes to %s", (_, expected, input) => {
  const choice = choose(input);
  expect(choice).toMatchObject({ tag: expected, problems: [], isAsked: input.asked !== undefined });
});

test.each(["1.x", "v1", ">=2", "", "a b", "slipway-1", "a/b", "ä"])(
  "the tag %j is refused, from a flag and a manifest",
  (tag) => {
    for (const input of [{ asked: tag }, { configured: tag }])
      expect(choose({ version: "1.0.0", ...input }).problems.map((item) => item.code)).toEqual(["SLIP_TAG_INVALID"]);
  },
);

test("publishConfig's latest that is not followed is said", () => {
  expect(choose({ version: "1.5.1", configured: "latest", tags: { latest: "2.0.0" } }).warnings).toEqual([
    "pkg@1.5.1 does not become latest although publishConfig.tag says so: latest is at 2.0.0",
  ]);
});

test("a tag that is moved down is said, whoever asks for it", () => {
  const tags = { next: "2.0.0-beta.5" };
  expect(choose({ version: "2.0.0-beta.3", asked: "next", tags }).warnings).toEqual([
    "pkg@2.0.0-beta.3 moves next down, as --tag asks: next is at 2.0.0-beta.5",
  ]);
  expect(choose({ version: "2.0.0-beta.3", configured: "next", tags }).warnings).toEqual([
    "pkg@2.0.0-beta.3 does not become next although publishConfig.tag says so: next is at 2.0.0-beta.5",
  ]);
  expect(choose({ version: "2.0.0-beta.6", asked: "next", tags }).warnings).toEqual([]);
});

test("a version for which every fitting tag shows a higher one needs to be told where it belongs", () => {
  const { problems } = choose({ version: "1.5.1", tags: { latest: "1.6.0", "latest-1.5": "1.5.2" } });
  expect(problems).toMatchObject([{ code: "SLIP_TAG_INVALID", hint: expect.stringContaining("--tag") }]);
});

test.each([
  ["shown", { shown: "1.1.0", from: "1.0.0", to: "1.1.0", tag: "latest" }],
  ["shown", { shown: undefined, from: "1.0.0", to: undefined, tag: "old" }],
  ["from", { shown: "1.0.0", from: "1.0.0", to: "1.1.0", tag: "latest" }],
  ["from", { shown: undefined, from: undefined, to: "1.1.0", tag: "latest" }],
  ["from", { shown: "2.0.0", from: "2.0.0", to: "1.1.0", tag: "latest" }],
  ["superseded", { shown: "1.2.0", from: "1.0.0", to: "1.1.0", tag: "latest" }],
  ["superseded", { shown: "2.0.0", from: undefined, to: "1.1.0", tag: "latest" }],
  ["superseded", { shown: "1.6.0", from: "1.4.0", to: "1.5.1", tag: "latest-1" }],
  ["other", { shown: "2.6.0", from: "1.4.0", to: "1.5.1", tag: "latest-1" }],
  ["other", { shown: "1.6.0", from: "1.5.0", to: "1.5.1", tag: "latest-1.5" }],
  ["superseded", { shown: "1.5.2", from: "1.5.0", to: "1.5.1", tag: "latest-1.5" }],
  ["superseded", { shown: "2.0.0", from: "1.0.0", to: "1.1.0", tag: "nightly-20261121" }],
  ["other", { shown: "0.9.0", from: "1.0.0", to: "1.1.0", tag: "latest" }],
  ["other", { shown: undefined, from: "1.0.0", to: "1.1.0", tag: "latest" }],
  ["other", { shown: "not a version", from: "1.0.0", to: "1.1.0", tag: "latest" }],
  ["other", { shown: "3.0.0", from: "1.0.0", to: undefined, tag: "old" }],
] as const)("a look at a dist-tag is judged %s: %j", (expected, look) => {
  expect(judgeTag(look)).toBe(expected);
});

function make(name: string, version: string, isPrivate = false): WorkspacePackage {
  const dir = `moved/${name}`;
  return { name, version, dir, packDir: dir, isPrivate, dependencies: [], publishConfig: {}, scripts: {} };
}

test("versions are compared by name; private packages and moved folders change nothing", () => {
  const base = [
    { name: "same", version: "1.0.0", isPrivate: false },
    { name: "bumped", version: "1.0.0", isPrivate: false },
    { name: "opened", version: "1.0.0", isPrivate: true },
    { name: "gone", version: "1.0.0", isPrivate: false },
    { name: "hidden", version: "1.0.0", isPrivate: false },
  ];
  const now = [
    make("same", "1.0.0"),
    make("bumped", "1.1.0"),
    make("opened", "1.0.0"),
    make("new", "0.1.0"),
    make("hidden", "2.0.0", true),
  ];
  expect(findVersionChanges(base, now)).toEqual([
    { name: "bumped", from: "1.0.0", to: "1.1.0" },
    { name: "opened", from: undefined, to: "1.0.0" },
    { name: "new", from: undefined, to: "0.1.0" },
  ]);
});
