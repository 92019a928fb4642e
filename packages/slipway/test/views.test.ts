/** What the views say to people, where a word was misread. */
import { type Plan, type PlannedPackage } from "@slipway/core";
import { expect, test } from "vitest";
import { formatPlan } from "../src/views/plan-view.ts";
import { formatStatus } from "../src/views/status-view.ts";
import { formatVerifications } from "../src/views/verify-view.ts";
import { planOf as smallPlanOf } from "@slipway/testkit";
import type { PackageStatus } from "../src/workspace-status.ts";

const plain = { paint: (_tone: string, text: string): string => text };
const registry = "http://registry.test/";

function planOf(item: Partial<PlannedPackage>, tag: string): Plan {
  return {
    ...smallPlanOf(),
    packages: [
      {
        name: "a",
        version: "2.0.0",
        dir: "a",
        registry,
        isNew: false,
        previous: undefined,
        scriptsNotRun: [],
        ...item,
      },
    ],
    steps: [
      {
        id: `dist-tag:a@2.0.0:${tag}`,
        after: [],
        registry,
        name: "a",
        version: "2.0.0",
        from: undefined,
        goal: { kind: "dist-tag", tag, to: "2.0.0" },
      },
    ],
    tarballs: undefined,
  };
}

test.each([
  { item: { isNew: true }, tag: "latest", says: "new package, as latest" },
  { item: { previous: "1.0.0" }, tag: "latest", says: "as latest, which is 1.0.0" },
  { item: { previous: "2.0.0" }, tag: "latest", says: "as latest, which already points there" },
  { item: {}, tag: "latest-1", says: "as latest-1, a new dist-tag" },
])("a plan says of a package: $says", ({ item, tag, says }) => {
  expect(formatPlan(planOf(item, tag), plain)).toContain(`Publish  a@2.0.0               ${says}\n`);
});

function statusOf(state: PackageStatus["state"]): string {
  const item: PackageStatus = {
    name: "a",
    version: "2.0.0",
    registry,
    state,
    distTags: {},
    hasGitTag: false,
    changedFiles: [],
  };
  return formatStatus({ commit: undefined, isClean: true, packages: [item] }, plain);
}

test.each([
  { state: "unpublished", word: "To publish", sum: "1 package, 1 to release, outside git" },
  { state: "unknown", word: "Unknown", sum: "1 package, 0 to release, 1 unknown, outside git" },
  { state: "published", word: "Published", sum: "1 package, 0 to release, outside git" },
] as const)("a package that is $state is not taken for something else", ({ state, word, sum }) => {
  expect(statusOf(state)).toContain(`${word}  a@2.0.0`);
  expect(statusOf(state)).toContain(`Status  ${sum}`);
});

test("verifying nothing does not look like success", () => {
  const text = formatVerifications([], plain);
  expect(text).toContain("Nothing  to verify");
  expect(text).not.toContain("Verified");
});
