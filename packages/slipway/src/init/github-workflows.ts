/** Renders the two workflows for GitHub. Each job has the permissions that its one verb needs, and a comment on each of them. Pure. */
import { type InitFacts, installsWithoutLock, type TargetRegistry } from "./facts.ts";
import { usesOf } from "../known-actions.ts";
import { indent, scalar } from "./yaml-text.ts";

/** The environment of the publish job: its secrets are for no other job, and a person may be asked to approve. */
export const environmentName = "npm";

const checkout = `- uses: ${usesOf("actions/checkout")}
  with:
    persist-credentials: false`;

const checkoutWhole = `${checkout}
    fetch-depth: 0 # commits of published versions are looked up`;

const checkoutTags = `${checkout}
    fetch-depth: 0 # versions that an earlier run published are tagged too`;

function slipway(command: string, inputs: readonly string[] = [], env = ""): string {
  const withLines = [`command: ${command}`, ...inputs].map((line) => `    ${line}`).join("\n");
  return `- uses: ${usesOf("slipway-release/slipway")}\n  with:\n${withLines}${env === "" ? "" : `\n  env:\n${indent(env, 4)}`}`;
}

const installs = {
  npm: "npm ci",
  pnpm: "pnpm install --frozen-lockfile",
  yarn: "yarn install --immutable",
  bun: "bun install --frozen-lockfile",
} as const;

/** Node, the package manager and the dependencies: what only the job that runs the project's code needs. */
function setUp({ node, manager, managerVersion, hasLockFile }: InitFacts): string {
  const version = "file" in node ? `node-version-file: ${scalar(node.file)}` : `node-version: ${node.version}`;
  const install = hasLockFile ? installs[manager] : installsWithoutLock[manager];
  const extra = {
    npm: [],
    pnpm: ["- run: corepack enable"],
    yarn: ["- run: corepack enable"],
    bun: [`- run: npm install --global ${scalar(`bun@${managerVersion ?? "latest"}`)}`],
  }[manager];
  return [
    `- uses: ${usesOf("actions/setup-node", "v6")}\n  with:\n    ${version}\n    package-manager-cache: false # nothing that another run has written`,
    ...extra,
    `- run: ${install}`,
  ].join("\n");
}

/** npm takes credentials from variables of this form, for one registry alone: `npm help config`. */
function tokenVariable({ url }: TargetRegistry): string {
  return `npm_config_${url.replace(/^https?:/, "")}:_authToken`;
}

function secretOf(registry: TargetRegistry, kind: "read" | "publish"): string {
  if (registry.isGithubPackages) return "${{ github.token }}";
  return kind === "read" ? "${{ secrets.NPM_READ_TOKEN }}" : "${{ secrets.NPM_TOKEN }}";
}

function tokens(registries: readonly TargetRegistry[], kind: "read" | "publish"): string {
  return registries.map((item) => `${scalar(tokenVariable(item))}: ${secretOf(item, kind)}`).join("\n");
}

/** Registries that can be read with a credential only. */
function readTokens({ registries }: InitFacts): string {
  return tokens(
    registries.filter(({ isPrivate }) => isPrivate),
    "read",
  );
}

/** Registries that take no identity of the job. */
function publishTokens({ registries }: InitFacts): string {
  return tokens(
    registries.filter(({ isTrusting }) => !isTrusting),
    "publish",
  );
}

function permissions(facts: InitFacts, lines: readonly string[], level?: "read" | "write"): string {
  const hasPackages = level !== undefined && facts.registries.some(({ isGithubPackages }) => isGithubPackages);
  const reason = level === "write" ? "publishes to GitHub Packages" : "reads GitHub Packages";
  const all = [...lines, ...(hasPackages ? [`packages: ${level} # ${reason}`] : [])];
  return all.length === 0 ? "permissions: {}" : `permissions:\n${all.map((line) => `  ${line}`).join("\n")}`;
}

function job(name: string, parts: readonly string[], steps: readonly string[]): string {
  const head = parts.filter((part) => part !== "").join("\n");
  return indent(`${name}:\n${indent(`${head}\nsteps:\n${indent(steps.join("\n"), 2)}`, 2)}`, 2);
}

export function renderReleaseWorkflow(facts: InitFacts): string {
  const trusting = facts.registries.some(({ isTrusting }) => isTrusting);
  const publishTo = publishTokens(facts);
  const patience = "wait: 10m # caches in front of a registry may still show what was";
  const digest = "plan-digest: ${{ needs.pack.outputs.plan-digest }}";
  return `name: release

on:
  push:
    branches: [${scalar(facts.branch)}]
  workflow_dispatch: # goes on with a release that did not finish

# One release at a time; the next one waits, and none is cut off half way.
concurrency:
  group: release
  cancel-in-progress: false

permissions: {}

jobs:
${job(
  "plan",
  [
    "# What the manifests say and the registry lacks.",
    "runs-on: ubuntu-latest",
    permissions(facts, ["contents: read # checks out"], "read"),
    "outputs:\n  has-changes: ${{ steps.plan.outputs.has-changes }}",
  ],
  [checkoutWhole, slipway("plan", [], readTokens(facts)).replace("- uses", "- id: plan\n  uses")],
)}

${job(
  "pack",
  [
    "# Runs the code of this repository and of its dependencies, so it holds nothing that is worth stealing.",
    "needs: plan",
    "if: needs.plan.outputs.has-changes == 'true'",
    "runs-on: ubuntu-latest",
    permissions(
      facts,
      ["contents: read # checks out", "actions: read # takes up what an earlier run has packed"],
      "read",
    ),
    "outputs:\n  plan-digest: ${{ steps.pack.outputs.plan-digest }}",
  ],
  [
    checkoutWhole,
    withEnvironment(setUp(facts), readTokens(facts)),
    slipway("pack", [], readTokens(facts)).replace("- uses", "- id: pack\n  uses"),
  ],
)}

${job(
  "publish",
  [
    "# Holds the right to publish, so it runs nothing but slipway: no checkout, no installation, no cache.",
    "needs: pack",
    "runs-on: ubuntu-latest",
    `environment: ${environmentName}`,
    permissions(facts, trusting ? ["id-token: write # proves to the registry which workflow this is"] : [], "write"),
  ],
  [slipway("publish", [digest], publishTo)],
)}

${job(
  "verify",
  [
    "# Reads every version back, as somebody who installs it would.",
    "needs: [pack, publish]",
    "runs-on: ubuntu-latest",
    permissions(facts, [], "read"),
  ],
  [slipway("verify", [digest, patience], readTokens(facts))],
)}

${job(
  "tag",
  [
    "# git tags and releases of what can be installed. Runs too where there was nothing to release: an earlier run may have left some out.",
    "needs: [pack, verify]",
    "if: ${{ !failure() && !cancelled() }}",
    "runs-on: ubuntu-latest",
    permissions(facts, ["contents: write # pushes git tags and makes releases"], "read"),
  ],
  [checkoutTags, slipway("tag", [digest, patience], readTokens(facts))],
)}
`;
}

/** The step that installs may have to read a private registry. */
function withEnvironment(steps: string, env: string): string {
  return env === "" ? steps : `${steps}\n  env:\n${indent(env, 4)}`;
}

export function renderPullRequestWorkflow(facts: InitFacts): string {
  return `name: pull request

on: pull_request

concurrency:
  group: pull-request-\${{ github.event.pull_request.number }}
  cancel-in-progress: true # only the newest state counts

permissions: {}

jobs:
${job(
  "plan",
  [
    "# Runs the code of the pull request, so it may only read, and has no secrets where it comes from a fork.",
    "runs-on: ubuntu-latest",
    permissions(facts, ["contents: read # checks out"], "read"),
    "outputs:\n  plan-digest: ${{ steps.pack.outputs.plan-digest }}",
  ],
  [
    checkoutWhole,
    withEnvironment(setUp(facts), readTokens(facts)),
    slipway("pack", [], readTokens(facts)).replace("- uses", "- id: pack\n  uses"),
  ],
)}

${job(
  "comment",
  [
    "# Says what merging would release. Runs none of the pull request's code and takes what it is handed for text.",
    "needs: plan",
    "runs-on: ubuntu-latest",
    permissions(facts, ["pull-requests: write # writes one comment"], "read"),
  ],
  [slipway("plan", ["comment: true", "plan-digest: ${{ needs.plan.outputs.plan-digest }}"], readTokens(facts))],
)}
`;
}
