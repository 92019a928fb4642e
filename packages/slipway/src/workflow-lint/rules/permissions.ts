/** What the jobs of a release may do beyond what they need. */
import { findProjectCode, isPublishing, mayWrite, toolOf } from "../release-steps.ts";
import type { Found, Rule } from "../rule.ts";
import { actionOf, inputOf, type Job, type Permissions } from "../workflow.ts";

export const missingPermissions: Rule = {
  id: "missing-permissions",
  severity: "warning",
  title: "a job of a release that says nothing of its permissions",
  why: "Without `permissions` a job has what the repository's settings give, which in older repositories and organisations is the right to write everything.",
  fix: "put `permissions: {}` at the top of the workflow and give each job what it needs",
  zizmor: ["excessive-permissions"],
  example: {
    frame: "workflow",
    before: `on:
  push:
    branches: [main]
concurrency: { group: release, cancel-in-progress: false }
jobs:
  publish: # <--
    runs-on: ubuntu-latest
    steps:
      - run: npx --yes slipway publish release-folder
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
    steps:
      - run: npx --yes slipway publish release-folder
`,
  },
  check: ({ jobs }) =>
    jobs
      .filter(({ permissions, uses }) => permissions === undefined && uses === undefined)
      .map(({ id, place }) => ({
        place,
        message: `the job ${id} has the permissions that the repository's settings give`,
      })),
};

function judgeAll(permissions: Permissions | undefined): readonly Found[] {
  return permissions?.all === "write-all"
    ? [{ place: permissions.place, severity: "error", message: "write-all lets every step write everything" }]
    : [];
}

export const excessivePermissions: Rule = {
  id: "excessive-permissions",
  severity: "warning",
  title: "a right to write that more jobs have than need it",
  why: "What stands at the top of a workflow is given to each of its jobs, also to the one that builds. An error for `write-all`.",
  fix: "move each right to the job that needs it, with a comment that says for what",
  zizmor: ["excessive-permissions"],
  example: {
    frame: "workflow",
    before: `on:
  push:
    branches: [main]
permissions:
  id-token: write # <--
concurrency: { group: release, cancel-in-progress: false }
jobs:
  plan:
    runs-on: ubuntu-latest
    steps:
      - run: npx --yes slipway plan
  publish:
    needs: plan
    runs-on: ubuntu-latest
    steps:
      - run: npx --yes slipway publish release-folder
`,
    after: `on:
  push:
    branches: [main]
permissions: {}
concurrency: { group: release, cancel-in-progress: false }
jobs:
  plan:
    runs-on: ubuntu-latest
    steps:
      - run: npx --yes slipway plan
  publish:
    needs: plan
    runs-on: ubuntu-latest
    permissions:
      id-token: write # trusted publishing
    steps:
      - run: npx --yes slipway publish release-folder
`,
  },
  check: ({ permissions, jobs }) => [
    ...judgeAll(permissions),
    ...jobs.flatMap((job) => judgeAll(job.ownPermissions)),
    // With one job the top and the job are the same.
    ...(jobs.length < 2 || permissions === undefined
      ? []
      : [...permissions.levels]
          .filter(([, { level }]) => level === "write")
          .map(([name, { place }]) => ({ place, message: `${name}: write is given to all ${jobs.length} jobs` }))),
  ],
};

const dangerous = ["id-token", "contents", "packages", "actions"] as const;

/** What pushes commits or tags for its job, and so needs the right to. */
function pushes(job: Job): boolean {
  return job.steps.some((step) => {
    const action = actionOf(step) ?? "";
    if (/^(changesets\/action|cycjimmy\/semantic-release-action|stefanzweifel\/git-auto-commit-action)$/.test(action))
      return true;
    return step.commands.some((command) => {
      const { name, positionals } = toolOf(command);
      return (
        (name === "git" && positionals.includes("push")) ||
        /^(semantic-release|release-it)$/.test(name) ||
        (name === "lerna" && isPublishing(command)) ||
        (name === "lerna" && positionals[0] === "version")
      );
    });
  });
}

export const writeWithCode: Rule = {
  id: "write-with-code",
  severity: "warning",
  title: "a job that runs the project's code may write",
  why: "An install script of any dependency runs with the job's permissions. With `id-token: write` it can publish as this repository; with `contents: write` it can push.",
  fix: "build and pack in a job that may only read, hand the tarballs over as an artifact, and publish them in a job that checks nothing out",
  zizmor: ["excessive-permissions"],
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
      contents: read
      id-token: write # <--
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1
        with:
          persist-credentials: false
      - run: npm ci
      - run: npx slipway publish
`,
    after: `on:
  push:
    branches: [main]
permissions: {}
concurrency: { group: release, cancel-in-progress: false }
jobs:
  pack:
    runs-on: ubuntu-latest
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1
        with:
          persist-credentials: false
      - run: npm ci
      - run: npx slipway pack --out release-folder
      - uses: actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f
        with:
          path: release-folder
  publish:
    needs: pack
    runs-on: ubuntu-latest
    permissions:
      id-token: write
    steps:
      - uses: actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c
      - run: npx --yes slipway publish artifact
`,
  },
  check: ({ jobs }) =>
    jobs.flatMap((job) => {
      const [code] = findProjectCode(job);
      if (code === undefined || job.permissions?.all !== undefined) return [];
      return dangerous
        .filter((name) => mayWrite(job, name) && !(name === "contents" && pushes(job)))
        .map((name) => ({
          place: job.permissions?.levels.get(name)?.place ?? job.place,
          message: `the job ${job.id} runs \`${code.words}\` with ${name}: write`,
        }));
    }),
};

export const persistedCredentials: Rule = {
  id: "persisted-credentials",
  severity: "warning",
  title: "the checkout leaves its token where the project's code finds it",
  why: "`actions/checkout` keeps the job's token for later git commands. Install scripts and builds can read it, and an artifact of the whole folder may carry it away.",
  fix: "add `persist-credentials: false`, unless the job pushes",
  zizmor: ["artipacked"],
  example: {
    frame: "steps",
    before: `- uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # <--
- run: npm ci --ignore-scripts
- run: npm run build
  working-directory: docs
`,
    after: `- uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1
  with:
    persist-credentials: false
- run: npm ci --ignore-scripts
- run: npm run build
  working-directory: docs
`,
  },
  check: ({ jobs }) =>
    jobs
      .filter((job) => !pushes(job))
      .flatMap((job) => {
        const uploads = job.steps.some((step) => actionOf(step) === "actions/upload-artifact");
        const [code] = findProjectCode(job);
        if (code === undefined && !uploads) return [];
        return job.steps
          .filter(
            (step) => actionOf(step) === "actions/checkout" && inputOf(step, "persist-credentials")?.text !== "false",
          )
          .map((step) => ({
            place: step.uses?.place ?? step.place,
            message:
              code === undefined
                ? "the token of the checkout stays in a folder that is uploaded"
                : `the token of the checkout stays where \`${code.words}\` can read it`,
          }));
      }),
};
