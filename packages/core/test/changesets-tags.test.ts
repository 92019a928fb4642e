import { findToldTags, type Kept, type Plan, type Report, type ReportedVersion, type TagFacts } from "@slipway/core";
import { emptyPlan } from "@slipway/testkit";
import { expect, test } from "vitest";

const here = "a".repeat(40);
const earlier = "b".repeat(40);
const registry = "https://registry.example/";

interface Case {
  readonly source?: Partial<Plan["source"]>;
  readonly kept?: readonly Kept[];
  readonly changesets?: Partial<NonNullable<Plan["changesets"]>>;
  readonly versions?: readonly ReportedVersion[];
  readonly report?: Partial<Report>;
  readonly facts?: Partial<TagFacts>;
}

const published = (name: string, how: ReportedVersion["how"] = "published"): ReportedVersion => ({
  name,
  version: "1.0.0",
  registry,
  status: "done",
  ...(how === undefined ? {} : { how }),
  problems: [],
});

const keptAt = (name: string, gitHead: string | undefined, reason: Kept["reason"] = "published"): Kept => ({
  name,
  version: "1.0.0",
  registry,
  reason,
  ...(gitHead === undefined ? {} : { gitHead }),
});

/** The tags that are told, and what is not told with its reason. */
function find(given: Case): readonly string[] {
  const plan: Plan = {
    ...emptyPlan,
    source: { repository: "https://host.example/r", commit: here, isClean: true, ...given.source },
    kept: given.kept ?? [],
    changesets: {
      pending: [],
      baseBranch: "main",
      ignored: [],
      fixed: [],
      linked: [],
      tagOnly: [],
      isSingle: false,
      ...given.changesets,
    },
  };
  const report: Report = {
    schema: 1,
    releaseId: plan.releaseId,
    commit: here,
    isComplete: true,
    exitCode: 0,
    attempt: 1,
    startedAt: 0,
    endedAt: 0,
    versions: given.versions ?? [],
    kept: plan.kept,
    warnings: [],
    counts: { published: 0, already: 0, failed: 0, blocked: 0, unconfirmed: 0, kept: 0 },
    ...given.report,
  };
  const nothing = { commit: here, remoteTags: new Set<string>(), localTags: new Map(), gitHeads: new Map() };
  const { told, untold } = findToldTags(plan, report, { ...nothing, ...given.facts });
  return [...told.map(({ tag }) => tag), ...untold.map(({ spec, why }) => `${spec} ${why}`)];
}

test.each<readonly [what: string, given: Case, expected: readonly string[]]>([
  ["a version that this run has sent", { versions: [published("a")] }, ["a@1.0.0"]],
  [
    "nothing of a run that is not complete",
    { versions: [published("a")], report: { isComplete: false, exitCode: 1 } },
    [],
  ],
  ["nothing of one that waits", { versions: [published("a")], report: { isComplete: false, exitCode: 3 } }, []],
  ["nothing whose git tag is there", { versions: [published("a")], facts: { remoteTags: new Set(["a@1.0.0"]) } }, []],
  [
    "a version of an earlier attempt from this commit",
    { versions: [published("a", "already")], facts: { gitHeads: new Map([["a@1.0.0", here]]) } },
    ["a@1.0.0"],
  ],
  [
    "none that is the same bytes from another commit",
    { versions: [published("a", "already")], facts: { gitHeads: new Map([["a@1.0.0", earlier]]) } },
    ["a@1.0.0 elsewhere"],
  ],
  ["none of which nobody says the commit", { versions: [published("a", "bound")] }, ["a@1.0.0 unknown"]],
  ["a kept version from this commit", { kept: [keptAt("a", here)] }, ["a@1.0.0"]],
  ["no kept version from an earlier one", { kept: [keptAt("a", earlier)] }, ["a@1.0.0 elsewhere"]],
  ["no kept version without a commit", { kept: [keptAt("a", undefined)] }, ["a@1.0.0 unknown"]],
  ["nothing that is kept for another reason", { kept: [keptAt("a", here, "not-selected")] }, []],
  [
    "a private package that is only tagged",
    { changesets: { tagOnly: [{ name: "site", version: "2.0.0" }] } },
    ["site@2.0.0"],
  ],
  [
    "no private package of a run that failed",
    { changesets: { tagOnly: [{ name: "site", version: "2.0.0" }] }, report: { isComplete: false, exitCode: 1 } },
    [],
  ],
  ["nothing from a tree with changes", { versions: [published("a")], source: { isClean: false } }, ["a@1.0.0 unclean"]],
  [
    "nothing when something else is checked out",
    { versions: [published("a")], facts: { commit: earlier } },
    ["a@1.0.0 elsewhere"],
  ],
  ["not the root of a workspace", { versions: [published("r")], changesets: { root: "r" } }, ["r@1.0.0 root"]],
  [
    "with the name of the single package's tag",
    { versions: [published("a")], changesets: { isSingle: true } },
    ["v1.0.0"],
  ],
  [
    "what was sent by this run alone, where the remote cannot be read",
    { versions: [published("a")], kept: [keptAt("b", here)], facts: { remoteTags: undefined } },
    ["a@1.0.0", "b@1.0.0 unread"],
  ],
  [
    "a version whose local tag is here",
    { versions: [published("a")], facts: { localTags: new Map([["a@1.0.0", here]]) } },
    ["a@1.0.0"],
  ],
  [
    "none whose local tag is elsewhere",
    { versions: [published("a")], facts: { localTags: new Map([["a@1.0.0", earlier]]) } },
    ["a@1.0.0 moved"],
  ],
])("changesets/action is told of %s", (_what, given, expected) => {
  expect(find(given)).toEqual(expected);
});
