/** Which git tags follow from versions that were read back, and when none does. */
import { expect, test } from "vitest";
import { decideTags, defaultTagForm, type TaggableVersion } from "../src/git-tags.ts";

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
