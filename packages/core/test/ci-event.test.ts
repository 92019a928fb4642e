/** Which commit each CI event compares with. */
import { expect, test } from "vitest";
import { type CiFacts, findEventBase } from "../src/ci-event.ts";

const [one, two, three, zeros] = ["1", "2", "3", "0"].map((digit) => digit.repeat(40)) as [
  string,
  string,
  string,
  string,
];
const pull = { base: { sha: one }, head: { sha: two } };

const cases: readonly (readonly [
  what: string,
  facts: Omit<CiFacts, "parents"> & { parents?: readonly string[] },
  expected: string,
])[] = [
  ["push", { ci: "github", event: "push", payload: { ref: "refs/heads/main", before: one } }, one],
  ["first push", { ci: "github", event: "push", payload: { ref: "refs/heads/main", before: zeros } }, zeros],
  ["push of a tag", { ci: "github", event: "push", payload: { ref: "refs/tags/v1", before: zeros } }, "previous-tag"],
  ["a tag is created", { ci: "github", event: "create", payload: { ref: "v1", ref_type: "tag" } }, "previous-tag"],
  [
    "a release is published",
    { ci: "github", event: "release", payload: { release: { tag_name: "v1" } } },
    "previous-tag",
  ],
  [
    "a pull request, at its test merge",
    { ci: "github", payload: { pull_request: pull }, parents: [three, two] },
    three,
  ],
  ["a pull request, at its own branch", { ci: "github", payload: { pull_request: pull }, parents: [two] }, one],
  [
    "a pull request, at a merge of main into its branch",
    { ci: "github", payload: { pull_request: pull }, parents: [three, one] },
    one,
  ],
  ["merged by a squash or a rebase", { ci: "github", payload: { pull_request: pull }, parents: [three] }, one],
  ["a merge group", { ci: "github", event: "merge_group", payload: { merge_group: { base_sha: one } } }, one],
  [
    "by hand",
    { ci: "github", event: "workflow_dispatch", payload: { ref: "refs/heads/main", inputs: {} } },
    "last-tag",
  ],
  ["on a schedule", { ci: "github", event: "schedule", payload: { schedule: "0 0 * * *" } }, "last-tag"],
  [
    "after another workflow",
    { ci: "github", event: "workflow_run", payload: { workflow_run: { head_sha: two } } },
    "last-tag",
  ],
  ["nonsense", { ci: "github", payload: ["before"] }, "last-tag"],
  ["GitLab, push", { ci: "gitlab", variables: { CI_PIPELINE_SOURCE: "push", CI_COMMIT_BEFORE_SHA: one } }, one],
  ["GitLab, first push", { ci: "gitlab", variables: { CI_COMMIT_BEFORE_SHA: zeros } }, zeros],
  [
    "GitLab, merge request",
    { ci: "gitlab", variables: { CI_MERGE_REQUEST_DIFF_BASE_SHA: one, CI_COMMIT_BEFORE_SHA: zeros } },
    one,
  ],
  [
    "GitLab, merged results",
    { ci: "gitlab", variables: { CI_MERGE_REQUEST_TARGET_BRANCH_SHA: two, CI_MERGE_REQUEST_DIFF_BASE_SHA: one } },
    two,
  ],
  [
    "GitLab, tag",
    { ci: "gitlab", variables: { CI_COMMIT_TAG: "v1", CI_PIPELINE_SOURCE: "push", CI_COMMIT_BEFORE_SHA: zeros } },
    "previous-tag",
  ],
  [
    "GitLab, schedule",
    { ci: "gitlab", variables: { CI_PIPELINE_SOURCE: "schedule", CI_COMMIT_BEFORE_SHA: zeros } },
    "last-tag",
  ],
  [
    "GitLab, by hand",
    { ci: "gitlab", variables: { CI_PIPELINE_SOURCE: "web", CI_COMMIT_BEFORE_SHA: zeros } },
    "last-tag",
  ],
  ["plain git", { ci: "none" }, "last-tag"],
];

test.each(cases)("%s", (_, facts, expected) => {
  const found = findEventBase({ parents: [], ...facts });
  expect(found.kind === "revision" ? found.revision : found.kind).toBe(expected);
});
