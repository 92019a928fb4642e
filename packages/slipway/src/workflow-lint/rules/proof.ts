/** What a release workflow takes for success, and what it forgets when it fails. */
import { placeIn } from "../document.ts";
import { isPlainPublish, isPublishing, isPublishStep, publishStepsOf, toolOf } from "../release-steps.ts";
import type { Found, Rule } from "../rule.ts";
import type { Job, PlacedCommand, Step } from "../workflow.ts";

function judgeMasked(step: Step): readonly Found[] {
  const own = step.continueOnError;
  const commands = step.commands.filter((command, index) => {
    // `publish || { echo …; exit 1; }` does fail.
    const next = step.commands.slice(index + 1, index + 4);
    const fails = next.some(({ words }) => words[0] === "exit" || words[0] === "return");
    return isPublishing(command) && command.joinedBy === "||" && !fails;
  });
  return [
    ...(own !== undefined && own.text !== "false" && isPublishStep(step)
      ? [{ place: own.place, message: "the job goes on as if the step had published" }]
      : []),
    ...commands.map(({ place, words }) => ({
      place,
      message: `a failure of \`${words.slice(0, 3).join(" ")}\` is not seen`,
    })),
  ];
}

export const maskedFailure: Rule = {
  id: "masked-failure",
  severity: "error",
  title: "a publish that fails does not fail the job",
  why: "With `continue-on-error` or `|| true` a refused upload looks like a release. What is checked afterwards instead (a version number, say) is less than what was to be known: when nothing was uploaded, the version of the last release is there, and red turns green.",
  fix: "let the step fail; `slipway publish` looks at the registry itself after an answer such as 409, and can be run again",
  example: {
    frame: "steps",
    before: `- name: Release
  id: release
  continue-on-error: true # <--
  run: npx --yes slipway publish release-folder
`,
    after: `- name: Release
  id: release
  run: npx --yes slipway publish release-folder
`,
  },
  check: ({ jobs }) =>
    jobs.flatMap((job) => [
      ...(job.continueOnError !== undefined && job.continueOnError.text !== "false" && publishStepsOf(job).length > 0
        ? [{ place: job.continueOnError.place, message: `the workflow succeeds when the job ${job.id} fails` }]
        : []),
      ...job.steps.flatMap(judgeMasked),
    ]),
};

/** `npm view name@version version`, in any of its spellings. */
function asksForVersion(command: PlacedCommand): boolean {
  const { name, positionals } = toolOf(command);
  const isAsking = /^(npm|pnpm|yarn|bun)$/.test(name) && positionals.some((word) => /^(view|show|info|v)$/.test(word));
  return isAsking && positionals.some((word) => /.@./.test(word));
}

export const versionAsProof: Rule = {
  id: "version-as-proof",
  severity: "warning",
  title: "a version number is taken for a released package",
  why: "That a version exists says nothing of whose bytes it has, whether its tarball can be had, or which dist-tag leads to it. Asked before the upload, the absence is kept by the registry's caches for minutes; asked of the local manifest after a release that never happened, the old version answers.",
  fix: "run `slipway verify`, which downloads and hashes; to find out what is missing, `slipway plan`",
  example: {
    frame: "steps",
    before: `- run: |
    npm publish package.tgz --tag latest
    npm view "example@$VERSION" version # <--
`,
    after: `- run: |
    npx --yes slipway publish release-folder
    npx --yes slipway verify release-folder
`,
  },
  check: ({ jobs }) =>
    jobs
      .filter((job) => publishStepsOf(job).length > 0)
      .flatMap((job) => job.steps.flatMap(({ commands }) => commands.filter(asksForVersion)))
      .map(({ place, words }) => ({
        place,
        message: `\`${words.slice(0, 3).join(" ")}\` shows that a number exists, not what was published`,
      })),
};

function isWait({ words }: PlacedCommand): boolean {
  return words[0] === "sleep" && words.length > 1;
}

function judgeWaits(job: Job): readonly Found[] {
  const first = job.steps.findIndex(isPublishStep);
  if (first === -1) return [];
  return job.steps.slice(first).flatMap((step, index) => {
    const from = index > 0 ? 0 : step.commands.findIndex(isPublishing);
    return step.commands
      .slice(Math.max(0, from))
      .filter(isWait)
      .map(({ place, words }) => ({
        place,
        message: `\`${words.slice(0, 2).join(" ")}\` after a publish waits for nothing in particular`,
      }));
  });
}

export const fixedWait: Rule = {
  id: "fixed-wait",
  severity: "warning",
  title: "a release waits for a fixed time",
  why: "The npm registry scans a version before it shows it: two minutes as a rule, an hour at times. A pause that is long enough for one is too short for the other; and a package that is sent again after a pause, without a look, may be there already.",
  fix: "wait for what the registry shows: `slipway publish --wait`",
  example: {
    frame: "steps",
    before: `- run: npm publish a.tgz --tag latest
- run: sleep 60 # <--
- run: npm publish b.tgz --tag latest
`,
    after: `- run: npx --yes slipway publish release-folder --wait 20m
`,
  },
  check: ({ jobs }) => jobs.flatMap(judgeWaits),
};

const writesOutput = />>?\s*["']?\$\{?GITHUB_OUTPUT\b/g;

function judgeOutputs(job: Job): readonly Found[] {
  return job.steps.filter(isPublishStep).flatMap((step): readonly Found[] => {
    const publishes = step.commands.filter(
      (command) => isPublishing(command) && command.place.path === step.place.path,
    );
    const last = publishes.at(-1);
    const { run, id } = step;
    // A tool that writes outputs by itself does so as it likes.
    if (last === undefined || run === undefined || id === undefined || !publishes.some(isPlainPublish)) return [];
    const isPassedOn = job.outputs.some(({ value }) => value.text.includes(`steps.${id}.outputs`));
    const writes = [...run.text.matchAll(writesOutput)];
    const [first] = writes;
    const isSaved = /\btrap\b/.test(run.text) || writes.some(({ index }) => index < last.offset);
    return first === undefined || !isPassedOn || isSaved
      ? []
      : [
          {
            place: placeIn(run, first.index),
            message: `what was published is written down only when all of it was; a failed job ${job.id} has no outputs`,
          },
        ];
  });
}

export const lostOutputs: Rule = {
  id: "lost-outputs",
  severity: "warning",
  title: "what was published is forgotten when the rest fails",
  why: "An output that is written after the last upload is never written when an upload fails, and then it matters most: nobody sees which packages are out.",
  fix: "write outputs as they become known, or in a `trap … EXIT`; the slipway action does",
  example: {
    frame: "workflow",
    before: `on:
  push:
    branches: [main]
permissions: {}
concurrency: { group: release, cancel-in-progress: false }
jobs:
  publish:
    runs-on: ubuntu-latest
    permissions:
      id-token: write
    outputs:
      published: \${{ steps.publish.outputs.published }}
    steps:
      - id: publish
        run: |
          for file in *.tgz; do
            npm publish "$file" --tag latest
          done
          echo "published=$(ls *.tgz | wc -l)" >> "$GITHUB_OUTPUT" # <--
`,
    after: `on:
  push:
    branches: [main]
permissions: {}
concurrency: { group: release, cancel-in-progress: false }
jobs:
  publish:
    runs-on: ubuntu-latest
    permissions:
      id-token: write
    outputs:
      published: \${{ steps.publish.outputs.published }}
    steps:
      - id: publish
        run: |
          count=0
          trap 'echo "published=$count" >> "$GITHUB_OUTPUT"' EXIT
          for file in *.tgz; do
            npm publish "$file" --tag latest
            count=$((count + 1))
          done
`,
  },
  check: ({ jobs }) => jobs.flatMap(judgeOutputs),
};
