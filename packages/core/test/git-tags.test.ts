/** Which git tags follow from versions that were read back, and when none does. */
import { expect, test } from "vitest";
import {
  decideTags,
  defaultTagForm,
  type GitTag,
  pickLatest,
  type TaggableVersion,
  type TagDecision,
  type TagInputs,
} from "../src/git-tags.ts";

const one = "1".repeat(40);
const two = "2".repeat(40);

function version(spec: string, extra: Partial<TaggableVersion> = {}): TaggableVersion {
  const at = spec.lastIndexOf("@");
  return {
    name: spec.slice(0, at),
    version: spec.slice(at + 1),
    shown: "yes",
    commit: one,
    isCommitHere: true,
    isLatest: true,
    ...extra,
  };
}

interface Case {
  readonly what: string;
  readonly form?: "none" | "package" | "version";
  readonly versions: readonly TaggableVersion[];
  readonly existing?: Readonly<Record<string, string>>;
  readonly create?: readonly string[];
  readonly there?: readonly string[];
  readonly codes?: readonly string[];
  readonly warns?: string;
}

const cases: readonly Case[] = [
  {
    what: "a tag a version, each at the commit that the version was made from",
    versions: [version("@a/x@1.0.0"), version("b@2.0.0-beta.1", { commit: two })],
    create: [`@a/x@1.0.0 ${one}`, `b@2.0.0-beta.1 ${two} prerelease`],
  },
  {
    what: "what is there already at the right commit is left",
    versions: [version("a@1.0.0"), version("b@1.0.0")],
    existing: { "a@1.0.0": one },
    create: [`b@1.0.0 ${one}`],
    there: [`a@1.0.0 ${one}`],
  },
  {
    what: "a tag at another commit is never moved, and nothing else is made beside it",
    versions: [version("a@1.0.0"), version("b@1.0.0")],
    existing: { "a@1.0.0": two },
    codes: ["SLIP_TAG_CONFLICT"],
  },
  {
    what: "nothing is tagged before every version is shown",
    versions: [version("a@1.0.0"), version("b@1.0.0", { shown: "failed" }), version("c@1.0.0", { shown: "unknown" })],
    codes: ["SLIP_TAG_TOO_EARLY", "SLIP_UNCONFIRMED"],
  },
  {
    what: "a version of another repository, and one that does not say, get none",
    versions: [
      version("a@1.0.0", { isCommitHere: false }),
      version("b@1.0.0", { commit: undefined, isCommitHere: undefined }),
      version("c@1.0.0", { isCommitHere: undefined }),
    ],
    create: [`c@1.0.0 ${one}`],
    warns: "is not in this repository",
  },
  {
    what: "one tag for all that have one version",
    form: "version",
    versions: [version("a@1.2.0"), version("b@1.2.0")],
    create: [`v1.2.0 ${one}`],
  },
  {
    what: "packages of an earlier release keep theirs",
    form: "version",
    versions: [version("a@1.2.0", { commit: two }), version("b@1.1.0")],
    create: [`v1.2.0 ${two}`],
  },
  {
    what: "one tag cannot stand for different versions of one commit",
    form: "version",
    versions: [version("a@1.2.0"), version("b@1.1.0")],
    codes: ["SLIP_TAG_FORM"],
  },
  {
    what: "nor for one version of different commits",
    form: "version",
    versions: [version("a@1.2.0"), version("b@1.2.0", { commit: two })],
    codes: ["SLIP_TAG_FORM"],
  },
  { what: "none is none", form: "none", versions: [version("a@1.0.0", { shown: "failed" })] },
];

test.each(cases)(
  "$what",
  ({ form = "package", versions, existing = {}, create = [], there = [], codes = [], warns }) => {
    const decided = decideTags({ form, versions, existing: new Map(Object.entries(existing)) });
    const name = (tags: typeof decided.create): readonly string[] =>
      tags.map(({ tag, commit, isPrerelease }) => `${tag} ${commit}${isPrerelease ? " prerelease" : ""}`);
    expect(name(decided.create)).toEqual(create);
    expect(name(decided.there)).toEqual(there);
    expect(decided.problems.map(({ code }) => code)).toEqual(codes);
    if (warns === undefined) expect(decided.warnings).toEqual([]);
    else expect(decided.warnings.join("\n")).toContain(warns);
  },
);

test("a single package gets a line of versions, several get a tag each", () => {
  expect([defaultTagForm(1), defaultTagForm(2)]).toEqual(["version", "package"]);
});

test("the tag of several packages is the latest where one of them is", () => {
  const versions = [version("a@1.0.0", { isLatest: false }), version("b@1.0.0")];
  const { create } = decideTags({ form: "version", versions, existing: new Map() });
  expect(create).toMatchObject([{ isLatest: true, specs: ["a@1.0.0", "b@1.0.0"] }]);
});

/** Tags by name, as `pickLatest` sees them; `one` was committed before `two`. */
function pick(
  items: readonly (readonly [name: string, commit: string, more?: Partial<GitTag>])[],
  current?: readonly [tag: string, committedAt: number],
): string | undefined {
  const tags = items.map(([tag, commit, more]): GitTag => ({
    tag,
    commit,
    specs: [tag],
    isPrerelease: false,
    isLatest: true,
    ...more,
  }));
  const times = new Map([
    [one, 1_000],
    [two, 2_000],
  ]);
  return pickLatest(tags, times, current === undefined ? undefined : { tag: current[0], committedAt: current[1] });
}

test("one release becomes the latest: that of the newest commit, of the versions that `latest` shows", () => {
  expect(
    pick([
      ["a@1.0.0", one],
      ["b@1.0.0", two],
      ["c@1.0.0", one],
    ]),
  ).toBe("b@1.0.0");
  expect(
    pick([
      ["a@2.0.0", one],
      ["a@1.0.1", two, { isLatest: false }],
    ]),
  ).toBe("a@2.0.0");
  expect(pick([["a@2.0.0-beta.1", two, { isPrerelease: true }]])).toBeUndefined();
  expect(pick([])).toBeUndefined();
});

test("planted bug of I4: the latest release moves back to an older line when an old run is started again", () => {
  expect(pick([["a@1.0.0", one]], ["b@2.0.0", 2_000])).toBeUndefined();
  expect(pick([["a@1.0.0", two]], ["b@2.0.0", 1_000])).toBe("a@1.0.0");
  // Of one commit the first that was made stays, however often the command is run.
  expect(
    pick(
      [
        ["a@1.0.0", one],
        ["b@1.0.0", one],
      ],
      ["b@1.0.0", 1_000],
    ),
  ).toBeUndefined();
  // Another commit of the same second is not an older one.
  expect(pick([["b@1.1.0", one]], ["b@1.0.0", 1_000])).toBe("b@1.1.0");
});

type Decide = (inputs: TagInputs) => TagDecision;

/** Every state of two packages: shown or not, made from either commit or an unknown one, tagged rightly, wrongly or not at all. */
function* allInputs(): Generator<TagInputs> {
  for (const form of ["package", "version"] as const)
    for (const [a, tagA] of allOf("a@1.0.0"))
      for (const [b, tagB] of allOf("b@1.0.0")) {
        const existing = new Map<string, string>();
        if (form === "version" && tagA !== undefined) existing.set("v1.0.0", tagA);
        if (form === "package" && tagA !== undefined) existing.set("a@1.0.0", tagA);
        if (form === "package" && tagB !== undefined) existing.set("b@1.0.0", tagB);
        yield { form, versions: [a, b], existing };
      }
}

function* allOf(spec: string): Generator<readonly [TaggableVersion, string | undefined]> {
  for (const shown of ["yes", "failed", "unknown"] as const)
    for (const commit of [one, two, undefined])
      for (const tag of [undefined, one, two]) yield [version(spec, { shown, commit }), tag];
}

/** What may never be, told apart from how it is decided. */
function judge({ versions, existing, form }: TagInputs, decide: Decide): readonly string[] {
  const { create, there } = decide({ versions, existing, form });
  const after = new Map([...existing, ...create.map(({ tag, commit }) => [tag, commit] as const)]);
  const broken: string[] = [];
  if (create.length > 0 && versions.some(({ shown }) => shown !== "yes")) broken.push("I5");
  for (const { specs, commit } of [...create, ...there])
    for (const item of versions)
      if (specs.includes(`${item.name}@${item.version}`) && item.commit !== commit) broken.push("I14");
  if (create.some(({ tag }) => existing.has(tag))) broken.push("moved");
  if (there.some(({ tag, commit }) => existing.get(tag) !== commit)) broken.push("believed");
  if (decide({ versions, existing: after, form }).create.length > 0) broken.push("L5");
  return broken;
}

function findBroken(decide: Decide): ReadonlySet<string> {
  return new Set([...allInputs()].flatMap((inputs) => judge(inputs, decide)));
}

test("whatever two packages show: no tag too early, none at another commit, none moved, and none twice", () => {
  expect([...allInputs()].length).toBe(2 * 27 * 27);
  expect([...findBroken(decideTags)]).toEqual([]);
});

test.each<readonly [breaks: string, bug: string, decide: Decide]>([
  [
    "I5",
    "planted bug of I5: what is shown is tagged while the rest of the release is not",
    ({ versions, ...rest }) => decideTags({ ...rest, versions: versions.filter(({ shown }) => shown === "yes") }),
  ],
  [
    "I5",
    "planted bug of I5: an answer that could not be read counts as shown",
    ({ versions, ...rest }) =>
      decideTags({
        ...rest,
        versions: versions.map((item) => (item.shown === "unknown" ? { ...item, shown: "yes" } : item)),
      }),
  ],
  [
    "I14",
    "planted bug of I14: every tag goes to the commit that is checked out",
    ({ versions, ...rest }) => decideTags({ ...rest, versions: versions.map((item) => ({ ...item, commit: two })) }),
  ],
  ["moved", "a tag that is there is made again", (inputs) => decideTags({ ...inputs, existing: new Map() })],
  [
    "believed",
    "a tag counts by its name alone",
    ({ existing, versions, form }) => {
      const commits = new Map(
        decideTags({ form, versions, existing: new Map() }).create.map((item) => [item.tag, item.commit]),
      );
      return decideTags({
        form,
        versions,
        existing: new Map([...existing.keys()].map((tag) => [tag, commits.get(tag) ?? ""])),
      });
    },
  ],
])("%s is judged broken: %s", (breaks, _, decide) => {
  expect([...findBroken(decide)]).toContain(breaks);
});
