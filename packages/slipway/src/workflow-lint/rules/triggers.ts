/** Events that run a workflow with more rights than what it runs deserves, or that do not stand for a release. */
import { findContexts } from "../expressions.ts";
import { findPublishSecrets, mayWrite, publishStepsOf, toolOf } from "../release-steps.ts";
import type { Found, Rule } from "../rule.ts";
import { actionOf, inputOf, type Job, type Step, type Workflow } from "../workflow.ts";

const privileged: ReadonlySet<string> = new Set(["pull_request_target", "workflow_run", "issue_comment"]);
/** Refused by the npm registry as an origin of identity tokens since 2026-10-02. */
const refusedByNpm: ReadonlySet<string> = new Set(["pull_request_target", "issue_comment"]);
const headRef = /head[._](sha|ref|branch|commit)|head_ref|refs\/pull\/|merge_commit_sha/i;

function findHeadCheckout(step: Step): Step | undefined {
  if (actionOf(step) === "actions/checkout" && headRef.test(inputOf(step, "ref")?.text ?? "")) return step;
  return step.commands.some((command) => {
    const { name, positionals } = toolOf(command);
    return name === "gh" && positionals[0] === "pr" && positionals[1] === "checkout";
  })
    ? step
    : undefined;
}

/** Whether the job's condition lets it run on an event, as far as it compares the event's name. */
function mayRunOn({ condition }: Job, event: string): boolean {
  const compared = [...(condition?.text ?? "").matchAll(/github\.event_name\s*([!=]=)\s*'(\w+)'/g)];
  const wanted = compared.filter(([, operator]) => operator === "==").map(([, , name]) => name);
  const isRefused = compared.some(([, operator, name]) => operator === "!=" && name === event);
  return !isRefused && (wanted.length === 0 || wanted.includes(event));
}

function judgePrivileged(workflow: Workflow, job: Job, event: string): readonly Found[] {
  const found = job.steps.flatMap((step): readonly Found[] => {
    const checkout = findHeadCheckout(step);
    return checkout === undefined
      ? []
      : [
          {
            place: checkout.place,
            message: `on ${event}, the code of a pull request is checked out in a job with the repository's rights`,
          },
        ];
  });
  const [secret] = findPublishSecrets(job, workflow);
  const place = secret?.place ?? job.permissions?.levels.get("id-token")?.place ?? job.permissions?.place ?? job.place;
  if (secret === undefined && !mayWrite(job, "id-token")) return found;
  if (refusedByNpm.has(event))
    return [
      ...found,
      {
        place,
        message: `anybody can start this job by ${event}, and it can publish; the npm registry refuses identity tokens of this event`,
      },
    ];
  const looks = findContexts(job.condition?.text ?? "").some((path) =>
    /^github\.event\.workflow_run\.(event|head_repository)/.test(path),
  );
  return looks
    ? found
    : [
        ...found,
        { place, message: "a pull request from a fork can start the run before this one, and this job can publish" },
      ];
}

export const dangerousTrigger: Rule = {
  id: "dangerous-trigger",
  severity: "error",
  title: "an event that strangers cause runs with the repository's rights",
  why: "`pull_request_target`, `workflow_run` and `issue_comment` run with secrets and a token that may write, whoever caused them. Checking out the pull request there hands both to its author. The npm registry refuses identity tokens of `pull_request_target` and `issue_comment`.",
  fix: "run code of pull requests on `pull_request`, and publish on `push` to the release branch",
  zizmor: ["dangerous-triggers"],
  isForAll: true,
  example: {
    frame: "workflow",
    before: `on: pull_request_target
permissions: {}
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # <--
        with:
          ref: \${{ github.event.pull_request.head.sha }}
          persist-credentials: false
      - run: npm ci && npm test
`,
    after: `on: pull_request
permissions:
  contents: read
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1
        with:
          persist-credentials: false
      - run: npm ci && npm test
`,
  },
  check: (workflow) =>
    workflow.triggers
      .filter(({ event }) => privileged.has(event))
      .flatMap(({ event }) =>
        workflow.jobs.filter((job) => mayRunOn(job, event)).flatMap((job) => judgePrivileged(workflow, job, event)),
      ),
};

export const publishOnPullRequest: Rule = {
  id: "publish-on-pull-request",
  severity: "warning",
  title: "merging a pull request releases, instead of the push that it makes",
  why: "On `pull_request` of a fork there are no secrets and no identity token, so a merged contribution is never released; a direct push is not released either, and a job that is run again still sees the old event. A push stands for the branch as it is.",
  fix: "trigger on `push` to the release branch and on `workflow_dispatch`",
  example: {
    frame: "workflow",
    before: `on:
  pull_request: # <--
    types: [closed]
permissions: {}
concurrency: { group: release, cancel-in-progress: false }
jobs:
  publish:
    if: github.event.pull_request.merged
    runs-on: ubuntu-latest
    permissions: { packages: write }
    steps:
      - run: npx --yes slipway publish release-folder
`,
    after: `on:
  push:
    branches: [main]
  workflow_dispatch:
permissions: {}
concurrency: { group: release, cancel-in-progress: false }
jobs:
  publish:
    runs-on: ubuntu-latest
    permissions: { packages: write }
    steps:
      - run: npx --yes slipway publish release-folder
`,
  },
  check: ({ triggers, jobs }) =>
    jobs.some((job) => mayRunOn(job, "pull_request") && publishStepsOf(job).length > 0)
      ? triggers
          .filter(({ event, types }) => event === "pull_request" && types.includes("closed"))
          .map(({ place }) => ({
            place,
            message: "a merged pull request of a fork has no secrets here, so it is never released",
          }))
      : [],
};
