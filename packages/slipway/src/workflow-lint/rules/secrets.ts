/** Tokens that publish: who can use them, what runs beside them, whether they have to exist. */
import { placeIn, type Text } from "../document.ts";
import { findExpressions } from "../expressions.ts";
import { findProjectCode, findPublishSecrets, type PublishSecret, publishStepsOf } from "../release-steps.ts";
import type { Found, Rule } from "../rule.ts";
import { inputOf, type Job, type Variable, type Workflow } from "../workflow.ts";

/** Each secret of a job once, where it is first handed out. */
function distinct(secrets: readonly PublishSecret[]): readonly PublishSecret[] {
  return [...new Map(secrets.toReversed().map((item) => [item.name, item])).values()];
}

function forEachSecret(
  workflow: Workflow,
  judge: (job: Job, secret: PublishSecret) => readonly Found[],
): readonly Found[] {
  return workflow.jobs.flatMap((job) =>
    distinct(findPublishSecrets(job, workflow)).flatMap((secret) => judge(job, secret)),
  );
}

export const secretOutsideEnvironment: Rule = {
  id: "secret-outside-environment",
  severity: "warning",
  title: "a token that publishes is not bound to an environment",
  why: "A secret of the repository can be read by every workflow on every branch that somebody can push. A secret of an environment is given only to jobs that name it, on the branches and after the reviews that its rules ask for.",
  fix: "move the secret to an environment that is limited to the release branch, and add `environment:` to the job",
  zizmor: ["secrets-outside-env"],
  example: {
    frame: "workflow",
    before: `on:
  push:
    branches: [main]
permissions: {}
concurrency: { group: release, cancel-in-progress: false }
jobs:
  publish:
    runs-on: self-hosted
    steps:
      - run: npx --yes slipway publish release-folder
        env:
          NPM_TOKEN: \${{ secrets.NPM_TOKEN }} # <--
`,
    after: `on:
  push:
    branches: [main]
permissions: {}
concurrency: { group: release, cancel-in-progress: false }
jobs:
  publish:
    runs-on: self-hosted
    environment: npm
    steps:
      - run: npx --yes slipway publish release-folder
        env:
          NPM_TOKEN: \${{ secrets.NPM_TOKEN }}
`,
  },
  check: (workflow) =>
    forEachSecret(workflow, (job, { name, place }) =>
      // A called workflow names its own environment.
      job.environment === undefined && job.uses === undefined
        ? [{ place, message: `the job ${job.id} uses ${name} without an environment` }]
        : [],
    ),
};

export const secretWithCode: Rule = {
  id: "secret-with-code",
  severity: "warning",
  title: "a token that publishes is in a job that installs or builds",
  why: "An install script of any dependency can change what later steps of its job run, and so read their secrets. An error where the token is handed to the very step that installs or builds, or to the whole job.",
  fix: "install, build and pack in a job of its own without secrets, and publish the tarballs in another",
  example: {
    frame: "workflow",
    before: `on:
  push:
    branches: [main]
permissions: {}
concurrency: { group: release, cancel-in-progress: false }
jobs:
  publish:
    runs-on: self-hosted
    environment: npm
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1
        with:
          persist-credentials: false
      - run: npm ci
      - run: npx slipway publish
        env:
          NPM_TOKEN: \${{ secrets.NPM_TOKEN }} # <--
`,
    after: `on:
  push:
    branches: [main]
permissions: {}
concurrency: { group: release, cancel-in-progress: false }
jobs:
  pack:
    runs-on: self-hosted
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
    runs-on: self-hosted
    environment: npm
    steps:
      - uses: actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c
      - run: npx --yes slipway publish artifact
        env:
          NPM_TOKEN: \${{ secrets.NPM_TOKEN }}
`,
  },
  check: (workflow) =>
    forEachSecret(workflow, (job, { name, place, scope, step }) => {
      const code = findProjectCode(job);
      const [first] = code;
      if (first === undefined) return [];
      const seen =
        scope === "step"
          ? code.find((item) => item.step === step && publishStepsOf(job).every((other) => other !== step))
          : first;
      return seen === undefined
        ? [{ place, message: `${name} is used in a job that also runs \`${first.words}\`` }]
        : [{ place, severity: "error", message: `\`${seen.words}\` is given ${name}` }];
    }),
};

const npmsOwn = /npmjs|npm registry/i;

/** The registry is npm's own, as far as the workflow says; another one has no trusted publishers. */
function isForNpm(job: Job): boolean {
  const inputs = job.steps.flatMap((step) => [inputOf(step, "registry-url"), inputOf(step, "registry")]);
  const words = job.steps.flatMap(({ commands }) => commands.flatMap((command) => command.words));
  const flags = words.filter((word, at) => word.startsWith("--registry=") || words[at - 1] === "--registry");
  // npm takes settings from variables; those of one registry begin with its address: `npm_config_//host/:_authToken`.
  const variables = [...job.env, ...job.steps.flatMap((step) => step.env)].flatMap(({ name, value }) =>
    /^npm_config_\/\//i.test(name) ? [name] : /^npm_config_registry$/i.test(name) ? [value.text] : [],
  );
  const named = [...inputs.flatMap((input) => (input === undefined ? [] : [input.text])), ...flags, ...variables];
  return named.every((text) => npmsOwn.test(text));
}

export const longLivedToken: Rule = {
  id: "long-lived-token",
  severity: "warning",
  title: "a token where the job's identity would do",
  why: "A token can be stolen and used from anywhere until it ends. With trusted publishing the npm registry gives a job of this repository a token that lives for an hour; there is nothing to keep or to renew. It needs a runner of GitHub's and a package that exists already.",
  fix: "set a trusted publisher up for each package, give the publishing job `id-token: write`, and remove the secret",
  zizmor: ["use-trusted-publishing"],
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
    environment: npm
    steps:
      - run: npx --yes slipway publish release-folder
        env:
          NPM_TOKEN: \${{ secrets.NPM_TOKEN }} # <--
`,
    after: `on:
  push:
    branches: [main]
permissions: {}
concurrency: { group: release, cancel-in-progress: false }
jobs:
  publish:
    runs-on: ubuntu-latest
    environment: npm
    permissions:
      id-token: write
    steps:
      - run: npx --yes slipway publish release-folder
`,
  },
  check: (workflow, { registries }) => {
    if (registries.length > 0 && !registries.some((url) => npmsOwn.test(url))) return [];
    return forEachSecret(workflow, (job, { name, place }) => {
      const isHosted = job.runsOn.length > 0 && job.runsOn.every((label) => /^(ubuntu|macos|windows)-/.test(label));
      return isHosted && isForNpm(job) && publishStepsOf(job).length > 0
        ? [
            {
              place,
              message: `${name} lives for months; the identity of the job ${job.id} could be exchanged for a token of an hour`,
            },
          ]
        : [];
    });
  },
};

const literalToken = /(?::_authToken|:_auth|:_password|\b_auth)\s*=\s*["']?([^\s"'$<]{8,})|\bnpm_[A-Za-z0-9]{30,}/;
const secretVariable = /(TOKEN|PASSWORD|_AUTH|SECRET)$/i;

export const credentialInFile: Rule = {
  id: "credential-in-file",
  severity: "error",
  title: "a password or token is written into the workflow",
  why: "Whoever can read the repository, now or later, has it, and so has its history after it was removed.",
  fix: "revoke it, make a new one and keep that as a secret of an environment",
  zizmor: ["hardcoded-container-credentials"],
  isForAll: true,
  example: {
    frame: "steps",
    before: `- run: |
    echo "//registry.example/:_authToken=0123456789abcdef" > ~/.npmrc # <--
    npx --yes slipway publish release-folder
`,
    after: `- run: |
    echo '//registry.example/:_authToken=\${NODE_AUTH_TOKEN}' > ~/.npmrc
    npx --yes slipway publish release-folder
  env:
    NODE_AUTH_TOKEN: \${{ secrets.GITHUB_TOKEN }}
`,
  },
  check: ({ texts, env, jobs }) =>
    findCredentials(texts, [...env, ...jobs.flatMap((job) => [...job.env, ...job.steps.flatMap((step) => step.env)])]),
};

/** Tokens and passwords that stand in texts or are the values of variables; what is found does not repeat them. */
export function findCredentials(texts: readonly Text[], variables: readonly Variable[]): readonly Found[] {
  const inTexts = texts.flatMap((value): readonly Found[] => {
    const found = literalToken.exec(value.text);
    return found === null
      ? []
      : [{ place: placeIn(value, found.index), message: "a token or password stands here in the clear" }];
  });
  const inVariables = variables
    .filter(({ name, value: { text } }) => secretVariable.test(name) && text.length >= 6 && !literalToken.test(text))
    // An expression, another variable, or no secret.
    .filter(({ value: { text } }) => findExpressions(text).length === 0 && !/^\$|^(true|false|none)$/i.test(text))
    .map(({ name, value }) => ({ place: value.place, message: `${name} is written here in the clear` }));
  return [...inTexts, ...inVariables];
}
