/** Runs of a release beside each other: two at once, or one that is cut off. */
import { isPublishing, publishStepsOf } from "../release-steps.ts";
import type { Found, Rule } from "../rule.ts";
import { inputOf, type Job, type Trigger, type Workflow } from "../workflow.ts";

function publishers({ jobs }: Workflow): readonly Job[] {
  return jobs.filter((job) => publishStepsOf(job).length > 0);
}

const frame = (concurrency: string): string => `on:
  push:
    branches: [main]
permissions: {}
${concurrency}jobs:
  publish:
    runs-on: ubuntu-latest
    permissions:
      id-token: write
    steps:
      - run: npx --yes slipway publish release-folder
`;

export const missingConcurrency: Rule = {
  id: "missing-concurrency",
  severity: "warning",
  title: "two runs of the release can be under way at once",
  why: "Two merges in a row start two releases. They upload the same versions and move the same dist-tags beside each other, and the older one may come last.",
  fix: "add `concurrency: { group: release, cancel-in-progress: false }` to the workflow or to the job that publishes",
  zizmor: ["concurrency-limits"],
  example: {
    frame: "workflow",
    before: frame("").replace("publish:\n", "publish: # <--\n"),
    after: frame("concurrency:\n  group: release\n  cancel-in-progress: false\n"),
  },
  check: (workflow) =>
    // Only another workflow starts it, and that one's runs are the ones to be lined up.
    workflow.concurrency !== undefined || workflow.triggers.every(({ event }) => event === "workflow_call")
      ? []
      : publishers(workflow)
          .filter(({ concurrency }) => concurrency === undefined)
          .map(({ id, place }) => ({ place, message: `nothing keeps two runs of the job ${id} apart` })),
};

export const cancelledRelease: Rule = {
  id: "cancelled-release",
  severity: "error",
  title: "a newer run cuts a release off",
  why: "With `cancel-in-progress: true` the next push stops a release between two packages. What depends on each other is then half there.",
  fix: "set `cancel-in-progress: false`: the newer run waits",
  example: {
    frame: "workflow",
    before: frame("concurrency:\n  group: release\n  cancel-in-progress: true # <--\n"),
    after: frame("concurrency:\n  group: release\n  cancel-in-progress: false\n"),
  },
  check: (workflow) =>
    [workflow.concurrency, ...publishers(workflow).map((job) => job.concurrency)].flatMap(
      (concurrency): readonly Found[] => {
        const cancel = concurrency?.cancel;
        if (publishers(workflow).length === 0 || cancel === undefined || cancel.text === "false") return [];
        return cancel.text === "true" ? [{ place: cancel.place, message: "the next run cuts this release off" }] : [];
      },
    ),
};

/** Events on which a release happens without anybody asking for this very one. */
const releasing: ReadonlySet<string> = new Set([
  "push",
  "release",
  "create",
  "schedule",
  "workflow_run",
  "pull_request",
  "pull_request_target",
]);

/** The registries and dist-tags that a workflow publishes to, as far as it says. */
function targetsOf(workflow: Workflow): string {
  const texts = publishers(workflow).flatMap((job) => [
    ...job.steps.flatMap((step) =>
      [inputOf(step, "registry-url"), inputOf(step, "registry")].flatMap((item) =>
        item === undefined ? [] : [item.text.replace(/\/$/, "")],
      ),
    ),
    ...job.steps.flatMap((step) =>
      step.commands
        .filter(isPublishing)
        .flatMap(({ words }) =>
          words.filter(
            (word, at) =>
              /^--(tag|registry)=/.test(word) || words[at - 1] === "--tag" || words[at - 1] === "--registry",
          ),
        ),
    ),
  ]);
  return [...new Set(texts)].sort().join(" ");
}

function releasingOf(triggers: readonly Trigger[]): readonly Trigger[] {
  return triggers.filter(({ event }) => releasing.has(event));
}

function overlap(a: readonly Trigger[], b: readonly Trigger[]): boolean {
  return releasingOf(a).some((one) =>
    releasingOf(b).some(
      (other) =>
        one.event !== other.event ||
        one.branches.length === 0 ||
        other.branches.length === 0 ||
        one.branches.some((branch) => other.branches.includes(branch)),
    ),
  );
}

export const competingPublishers: Rule = {
  id: "competing-publishers",
  severity: "warning",
  title: "two workflows publish the same packages",
  why: "One push or tag starts both, or each half of the releases. Their concurrency groups do not know of each other, and which of them published a version is luck.",
  fix: "let one workflow publish, and let the other call it or go",
  example: {
    frame: "workflow",
    before: frame("concurrency: { group: release, cancel-in-progress: false }\n").replace(
      "publish:\n",
      "publish: # <--\n",
    ),
    beside: `on: release
permissions: {}
concurrency: { group: publish, cancel-in-progress: false }
jobs:
  npm:
    runs-on: ubuntu-latest
    permissions:
      id-token: write
    steps:
      - run: npm publish package.tgz
`,
    after: frame("concurrency: { group: release, cancel-in-progress: false }\n"),
  },
  check: (workflow, { workflows }) => {
    const [job] = publishers(workflow);
    if (job === undefined) return [];
    return workflows
      .filter((other) => other.path !== workflow.path && publishers(other).length > 0)
      .filter((other) => overlap(workflow.triggers, other.triggers) && targetsOf(workflow) === targetsOf(other))
      .map((other) => ({ place: job.place, message: `${other.path} publishes too` }));
  },
};
