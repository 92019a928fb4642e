/** What a CI event compares with: which commits git is asked about, and what follows from its answers. */
import {
  type CommitAnswer,
  decideBase,
  describeCheckout,
  type GitAnswers,
  readCiEvent,
  revisionsToAsk,
} from "@slipway/core";
import { expect, test } from "vitest";

function id(digit: string): string {
  return digit.repeat(40);
}

const [one, two, three, four, five, head] = ["1", "2", "3", "4", "5", "f"].map(id) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const zeros = id("0");

/** How many commits HEAD is ahead of one that it comes after; with `parted`, one that it does not come after. */
type Answer = number | { readonly parted: string | undefined; readonly ahead: number };

interface Case {
  readonly env?: Readonly<Record<string, string>>;
  readonly event?: string;
  readonly payload?: unknown;
  /** By revision; the commit it stands for where that is not itself. */
  readonly commits?: Readonly<Record<string, Answer | readonly [string, Answer]>>;
  readonly git?: Partial<GitAnswers>;
}

function answer(commit: string, given: Answer): CommitAnswer {
  if (typeof given === "number") return { id: commit, mergeBase: commit, ahead: given };
  return { id: commit, mergeBase: given.parted, ahead: given.ahead };
}

function isPair(given: Answer | readonly [string, Answer]): given is readonly [string, Answer] {
  return Array.isArray(given);
}

function decide({ env, event, payload, commits = {}, git = {} }: Case): string {
  const github = event === undefined ? {} : { GITHUB_ACTIONS: "true", GITHUB_EVENT_NAME: event };
  const read = readCiEvent({ ...github, ...env }, payload);
  const known = Object.entries(commits).map(([revision, given]): [string, CommitAnswer] => [
    revision,
    isPair(given) ? answer(...given) : answer(revision, given),
  ]);
  // What is answered was asked for, or is HEAD's first parent.
  for (const [revision] of known) expect([...revisionsToAsk(read), git.parents?.[0]]).toContain(revision);
  const answers: GitAnswers = {
    head,
    parents: [],
    isShallow: false,
    commits: new Map(known),
    releaseTag: undefined,
    ...git,
  };
  const decision = decideBase(read, answers);
  if (decision.kind === "found") return `${decision.commit.slice(0, 1)} ${decision.how}`;
  expect(decision.problem.code).toBe("SLIP_BASE_INVALID");
  return `${decision.problem.message} | ${decision.problem.hint}`;
}

const push = (before: string, more: object = {}) => ({
  event: "push",
  payload: { ref: "refs/heads/main", before, ...more },
});
const open = { action: "synchronize", pull_request: { base: { sha: one, ref: "main" }, head: { sha: two } } };
const closed = (more: object = {}) => ({
  event: "pull_request",
  payload: {
    action: "closed",
    pull_request: {
      merged: true,
      merge_commit_sha: five,
      commits: 3,
      base: { sha: one, ref: "main" },
      head: { sha: two },
      ...more,
    },
  },
});
const gitlab = (env: Readonly<Record<string, string>>) => ({ env: { GITLAB_CI: "true", ...env } });
const tag = { releaseTag: { name: "v1.0.0", commit: four } };
const byTag = "4 the last release tag, v1.0.0";

test.each<readonly [what: string, expected: string, input: Case]>([
  ["a push", "1 `before` of the GitHub push event", { ...push(one), commits: { [one]: 2 } }],
  [
    "a push without the event's name",
    "1 `before` of the GitHub push event",
    { env: { GITHUB_ACTIONS: "true" }, payload: push(one).payload, commits: { [one]: 2 } },
  ],
  ["the push of a tag", byTag, { event: "push", payload: { ref: "refs/tags/v1.1.0", before: zeros }, git: tag }],
  ["a tag is created", byTag, { event: "create", payload: { ref: "v1.1.0", ref_type: "tag" }, git: tag }],
  ["a release is published", byTag, { event: "release", payload: { release: { tag_name: "v1.1.0" } }, git: tag }],
  ["a manual run", byTag, { event: "workflow_dispatch", payload: { ref: "refs/heads/main", inputs: {} }, git: tag }],
  ["a schedule", byTag, { event: "schedule", payload: { schedule: "0 0 * * *" }, git: tag }],
  ["the end of a workflow", byTag, { event: "workflow_run", payload: { workflow_run: { head_sha: two } }, git: tag }],
  ["an event of later years", byTag, { event: "moonrise", payload: ["before"], git: tag }],
  ["plain git", byTag, { git: tag }],
  [
    "a merge queue",
    "1 merge_group.base_sha of the GitHub event",
    { event: "merge_group", payload: { merge_group: { base_sha: one } }, commits: { [one]: 2 } },
  ],
  [
    "a pull request's test merge",
    "3 the first parent of the pull request's merge commit",
    { event: "pull_request", payload: open, commits: { [one]: 4, [three]: 2 }, git: { parents: [three, two] } },
  ],
  [
    "a pull request at its own branch",
    "1 pull_request.base.sha of the GitHub event",
    { event: "pull_request", payload: open, commits: { [one]: 4 }, git: { parents: [four] } },
  ],
  [
    "a pull request at its own branch, which has taken over later commits",
    "3 where HEAD parted from origin/main",
    {
      event: "pull_request",
      payload: open,
      commits: { [one]: 4, "refs/remotes/origin/main": [four, { parted: three, ahead: 2 }] },
      git: { parents: [three, one] },
    },
  ],
  [
    "a pull request that was merged since",
    "1 pull_request.base.sha of the GitHub event",
    {
      event: "pull_request",
      payload: open,
      commits: { [one]: 4, "refs/remotes/origin/main": [four, { parted: head, ahead: 0 }] },
    },
  ],
  [
    "merged by a merge commit, base stale",
    "4 what the pull request was merged into: the first parent of its merge_commit_sha",
    { ...closed(), commits: { [five]: 0, [`${five}^1`]: [four, 4], [`${five}^2`]: [two, 1], [one]: 9 } },
  ],
  [
    "squashed",
    "1 pull_request.base.sha of the GitHub event",
    { ...closed(), commits: { [five]: 0, [`${five}^1`]: [one, 1], [one]: 1, [`${five}~3`]: [two, 3] } },
  ],
  [
    "squashed, one commit, base stale",
    "4 what the pull request was merged into: the first parent of its merge_commit_sha",
    { ...closed({ commits: 1 }), commits: { [five]: 0, [`${five}^1`]: [four, 1], [one]: 9, [`${five}~1`]: [four, 1] } },
  ],
  [
    "squashed, base stale: rather too old",
    "1 pull_request.base.sha of the GitHub event",
    { ...closed(), commits: { [five]: 0, [`${five}^1`]: [four, 1], [one]: 2, [`${five}~3`]: [two, 3] } },
  ],
  [
    "rebased",
    "1 pull_request.base.sha of the GitHub event",
    { ...closed(), commits: { [five]: 0, [`${five}^1`]: [four, 1], [one]: 3, [`${five}~3`]: [one, 3] } },
  ],
  [
    "rebased, base stale",
    "4 what was there 3 commits, those of the pull request, before its merge",
    { ...closed(), commits: { [five]: 0, [`${five}^1`]: [three, 1], [one]: 9, [`${five}~3`]: [four, 3] } },
  ],
  [
    "rebased, and newer commits are checked out",
    "1 pull_request.base.sha of the GitHub event",
    { ...closed(), commits: { [five]: 4, [`${five}^1`]: [four, 5], [one]: 7 } },
  ],
  [
    "merged, and the event's base is already the merge",
    "4 what was there 3 commits, those of the pull request, before its merge",
    {
      ...closed({ base: { sha: five, ref: "main" } }),
      commits: { [five]: 0, [`${five}^1`]: [three, 1], [`${five}~3`]: [four, 3] },
    },
  ],
  [
    "GitLab, a push",
    "1 CI_COMMIT_BEFORE_SHA",
    { ...gitlab({ CI_PIPELINE_SOURCE: "push", CI_COMMIT_BEFORE_SHA: one }), commits: { [one]: 1 } },
  ],
  [
    "GitLab, a merge request",
    "1 CI_MERGE_REQUEST_DIFF_BASE_SHA",
    {
      ...gitlab({
        CI_PIPELINE_SOURCE: "merge_request_event",
        CI_COMMIT_BEFORE_SHA: zeros,
        CI_MERGE_REQUEST_DIFF_BASE_SHA: one,
      }),
      commits: { [one]: 3 },
    },
  ],
  [
    "GitLab, merged results",
    "2 CI_MERGE_REQUEST_TARGET_BRANCH_SHA",
    {
      ...gitlab({
        CI_PIPELINE_SOURCE: "merge_request_event",
        CI_MERGE_REQUEST_TARGET_BRANCH_SHA: two,
        CI_MERGE_REQUEST_DIFF_BASE_SHA: one,
      }),
      commits: { [two]: 2 },
    },
  ],
  [
    "GitLab, a tag",
    byTag,
    { ...gitlab({ CI_COMMIT_TAG: "v1.1.0", CI_PIPELINE_SOURCE: "push", CI_COMMIT_BEFORE_SHA: zeros }), git: tag },
  ],
  [
    "GitLab, a schedule",
    byTag,
    { ...gitlab({ CI_PIPELINE_SOURCE: "schedule", CI_COMMIT_BEFORE_SHA: zeros }), git: tag },
  ],
  ["GitLab, by hand", byTag, { ...gitlab({ CI_PIPELINE_SOURCE: "web", CI_COMMIT_BEFORE_SHA: zeros }), git: tag }],
])("%s is compared with: %s", (_, expected, input) => {
  expect(decide(input)).toBe(expected);
});

test.each<readonly [what: string, expected: RegExp, input: Case]>([
  [
    "the first push of a branch",
    /`before` of the GitHub push event is all zeros: the branch is new.*\| .*leave --base out/,
    push(zeros),
  ],
  ["a branch is created", /the branch is new/, { event: "create", payload: { ref: "topic", ref_type: "branch" } }],
  ["a push that deletes the branch", /the push deletes the branch/, push(one, { deleted: true })],
  [
    "a push without an earlier commit",
    /the event lacks `before`/,
    { event: "push", payload: { ref: "refs/heads/main" } },
  ],
  ["a push whose earlier commit is none", /is no commit: "--output=x"/, push("--output=x")],
  ["an event without a payload", /the event lacks `before`/, { event: "push" }],
  [
    "a force-push whose commit is gone",
    /"1{40}" .* is gone: the branch was force-pushed.*\| leave --base out.*--base <rev>/,
    push(one, { forced: true }),
  ],
  [
    "a force-push whose commit is still here",
    /not in the history of the commit that is checked out: the branch was force-pushed \| compare with where they parted: --base 4{40}; or leave --base out/,
    { ...push(one, { forced: true }), commits: { [one]: { parted: four, ahead: 1 } } },
  ],
  [
    "a shallow clone",
    /"1{40}" .* is not in this shallow clone \| give actions\/checkout `fetch-depth: 0`.*git fetch --unshallow/,
    { ...push(one), git: { isShallow: true } },
  ],
  [
    "a shallow clone that has the commit and not what is between",
    /cannot be reached from HEAD, because the clone is shallow \| .*fetch-depth: 0/,
    { ...push(one), commits: { [one]: { parted: undefined, ahead: 1 } }, git: { isShallow: true } },
  ],
  [
    "a shallow clone without tags",
    /this shallow clone has no release tag before HEAD, and a schedule names no commit \| .*fetch-depth: 0/,
    { event: "schedule", git: { isShallow: true } },
  ],
  ["no tag", /no release tag can be reached before HEAD, and no CI event names a commit/, {}],
  [
    "a test merge in a shallow clone",
    /"3{40}" \(the first parent.*\) is not in this shallow clone/,
    { event: "pull_request", payload: open, git: { parents: [three, two], isShallow: true } },
  ],
  [
    "a pull request of another history",
    /cannot be reached from HEAD, they share no history/,
    { event: "pull_request", payload: open, commits: { [one]: { parted: undefined, ahead: 5 } } },
  ],
  [
    "a pull request without a base",
    /the event lacks pull_request.base.sha/,
    { event: "pull_request", payload: { pull_request: {} } },
  ],
  ["a pull request that was closed only", /closed and not merged \| .*pull_request.merged/, closed({ merged: false })],
  [
    "a merged one that is not checked out",
    /does not come after 5{40}/,
    { ...closed(), commits: { [five]: { parted: four, ahead: 2 } } },
  ],
  ["a merged one whose merge is gone", /"5{40}" .* is gone/, closed()],
  [
    "a merged one in a shallow clone",
    /is not in this shallow clone/,
    { ...closed(), commits: { [five]: 0 }, git: { isShallow: true } },
  ],
  [
    "a base that is checked out itself",
    /is the commit that is checked out \| .*leave --base out/,
    { ...push(head), commits: { [head]: 0 } },
  ],
  [
    "GitLab, the first push of a branch",
    /CI_COMMIT_BEFORE_SHA is all zeros/,
    gitlab({ CI_PIPELINE_SOURCE: "push", CI_COMMIT_BEFORE_SHA: zeros }),
  ],
  ["GitLab, a shallow clone", /GIT_DEPTH: "0"/, { ...gitlab({ CI_COMMIT_BEFORE_SHA: one }), git: { isShallow: true } }],
])("%s is no base: %s", (_, expected, input) => {
  expect(decide(input)).toMatch(expected);
});

test("a branch's name that git would not allow is asked for nowhere", () => {
  for (const ref of ["main^{/x}", "a..b", "a b", "x@{1}", "new\nline", "-"]) {
    const payload = { action: "opened", pull_request: { base: { sha: one, ref }, head: { sha: two } } };
    const read = readCiEvent({ GITHUB_ACTIONS: "true", GITHUB_EVENT_NAME: "pull_request" }, payload);
    expect(revisionsToAsk(read)).toEqual(ref === "-" ? [one, "refs/remotes/origin/-"] : [one]);
  }
});

test("an old run that is started again is told, and a workflow that tested something else", () => {
  const env = { GITHUB_ACTIONS: "true", GITHUB_EVENT_NAME: "push" };
  const event = readCiEvent(env, push(one).payload);
  expect(describeCheckout(event, head, undefined)).toEqual([]);
  expect(describeCheckout(event, head, { tip: two, count: 2 })).toEqual([
    "the commit that is checked out is not the newest of main: 2 commits come after it, up to 222222222222; what is released is the older state",
  ]);
  const ended = readCiEvent({ ...env, GITHUB_EVENT_NAME: "workflow_run" }, { workflow_run: { head_sha: two } });
  expect(describeCheckout(ended, head, undefined)).toEqual([
    "the workflow whose end is the event ran on 222222222222, and ffffffffffff is checked out: what was tested is not what is released",
  ]);
  expect(describeCheckout(ended, two, undefined)).toEqual([]);
});
