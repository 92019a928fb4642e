/** What commands, steps and jobs do that matters to a release: publish, run the project's code, hold a credential. Facts, no judgement. */
import type { Place } from "./document.ts";
import { findSecrets } from "./expressions.ts";
import type { Command } from "./shell.ts";
import { actionOf, inputOf, type Job, type Step, type Variable, type Workflow } from "./workflow.ts";

const prefixes: ReadonlySet<string> = new Set(["sudo", "command", "exec", "env", "nohup"]);
const managers: ReadonlySet<string> = new Set(["npm", "pnpm", "yarn", "bun"]);
/** Programs that publish, which a package manager may be asked to run by their name. */
const publishers: ReadonlySet<string> = new Set([
  "changeset",
  "lerna",
  "semantic-release",
  "release-it",
  "nx",
  "slipway",
  "np",
]);
const flagsWithValue: ReadonlySet<string> = new Set([
  "-w",
  "--workspace",
  "--prefix",
  "--filter",
  "-F",
  "-C",
  "--dir",
  "--cwd",
  "-p",
  "--package",
]);

export interface Tool {
  readonly name: string;
  readonly args: readonly string[];
  /** Of the arguments, those that are no flags. */
  readonly positionals: readonly string[];
}

/** The program that a command runs, without `npx`, `pnpm exec` and the like before it. */
export function toolOf({ words }: Pick<Command, "words">): Tool {
  let rest = words;
  for (;;) {
    const [first = "", second = ""] = rest;
    if (prefixes.has(first)) rest = rest.slice(1);
    else if (["npx", "bunx", "pnpx"].includes(first)) rest = withoutFlags(rest.slice(1));
    else if (managers.has(first) && ["exec", "dlx", "x"].includes(second)) rest = withoutFlags(rest.slice(2));
    else if (managers.has(first) && publishers.has(second)) rest = rest.slice(1);
    else break;
  }
  const [first = "", ...args] = rest;
  const name = first.replace(/(?<=.)@[^/]*$/, "").replace(/^@changesets\/cli$/, "changeset");
  return { name, args, positionals: positionalsOf(args) };
}

function withoutFlags(words: readonly string[]): readonly string[] {
  let rest = words;
  while (rest[0]?.startsWith("-") === true) rest = rest.slice(flagsWithValue.has(rest[0]) ? 2 : 1);
  return rest;
}

function positionalsOf(args: readonly string[]): readonly string[] {
  const found: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? "";
    if (flagsWithValue.has(word)) at += 1;
    else if (/^[<>]/.test(word)) at += 1;
    else if (!word.startsWith("-")) found.push(word);
  }
  return found;
}

/** Scripts of package.json that publish by their name; `release:notes` and `release:is-published` do something else. */
const releaseScript =
  /^(.*:)?(ci-)?(release|publish)(:(npm|ci|publish|release|packages?|all|latest|next|canary|alpha|beta|stable|prod))?$/;

/** Whether a command sends packages to a registry. A command that is called `release` in package.json counts. */
export function isPublishing(command: Pick<Command, "words">): boolean {
  const { name, args, positionals } = toolOf(command);
  const [first = "", second = ""] = positionals;
  if (args.some((word) => /^(--dry-run(=true)?|-d|--skip-publish)$/.test(word))) return false;
  if (managers.has(name)) {
    if (first === "run" || first === "run-script") return releaseScript.test(second);
    if (first === "publish" || (first === "stage" && second === "publish")) return true;
    if (name !== "npm" && releaseScript.test(first)) return true;
    return name === "yarn" && positionals.includes("npm") && positionals.includes("publish");
  }
  if (name === "nx") return first === "release" && !["version", "changelog"].includes(second);
  if (["changeset", "lerna", "slipway"].includes(name)) return first === "publish";
  return name === "semantic-release" || name === "release-it" || name === "np";
}

/** Whether it is a package manager's own `publish`, one package at a time. */
export function isPlainPublish(command: Pick<Command, "words">): boolean {
  const { name, positionals } = toolOf(command);
  return managers.has(name) && isPublishing(command) && positionals.includes("publish") && positionals[0] !== "run";
}

const publishActions: ReadonlyMap<string, string | undefined> = new Map([
  ["js-devtools/npm-publish", undefined],
  ["pascalgn/npm-publish-action", undefined],
  ["cycjimmy/semantic-release-action", undefined],
  ["changesets/action/publish", undefined],
  ["slipway-release/slipway", "command"],
]);

/** Whether a step sends packages to a registry. */
export function isPublishStep(step: Step): boolean {
  if (step.commands.some(isPublishing)) return true;
  const action = actionOf(step);
  if (action === "changesets/action")
    return inputOf(step, "publish") !== undefined || inputOf(step, "publish-script") !== undefined;
  if (action === undefined || !publishActions.has(action)) return false;
  const key = publishActions.get(action);
  return key === undefined || inputOf(step, key)?.text === "publish";
}

export function publishStepsOf(job: Job): readonly Step[] {
  return job.steps.filter(isPublishStep);
}

const runners: ReadonlySet<string> = new Set([
  "make",
  "turbo",
  "nx",
  "tsc",
  "vite",
  "rollup",
  "webpack",
  "tsx",
  "ts-node",
  "gulp",
  "just",
]);

/** Whether a command runs what the repository or its dependencies contain: install scripts, builds, tests, scripts. */
export function isProjectCode(command: Pick<Command, "words">): boolean {
  const { name, args, positionals } = toolOf(command);
  const [first = "", second = ""] = positionals;
  if (managers.has(name)) {
    if (args.includes("-g") || args.includes("--global") || args.includes("--version") || args.includes("-v"))
      return false;
    if (name === "yarn" && first === "") return !args.includes("--mode=skip-build");
    if (["ci", "install", "i", "add", "clean-install"].includes(first))
      return !args.includes("--ignore-scripts") && !args.includes("--mode=skip-build");
    return /^(run|run-script|test|t|start|rebuild|pack|build|workspaces?)$/.test(first) && second !== "list";
  }
  if (name === "slipway") return first === "pack" || (first === "publish" && second === "");
  if (name === "node")
    return first !== "" && !args.some((word) => /^(-e|-p|-pe|--eval|--print|-v|--version)$/.test(word));
  if (name === "bash" || name === "sh") return /^[\w./-]+\.(sh|bash)$/.test(first);
  return runners.has(name) || /^\.{1,2}\/[\w./-]+$/.test(name) || (command.words[0] === "npx" && !publishers.has(name));
}

export interface CodeRun {
  readonly step: Step;
  readonly place: Place;
  readonly words: string;
}

/** Where a job runs the project's code. A job that checks nothing out has none. */
export function findProjectCode(job: Job): readonly CodeRun[] {
  const checkout = job.steps.findIndex((step) => actionOf(step) === "actions/checkout");
  if (checkout === -1) return [];
  return job.steps.slice(checkout).flatMap((step) => {
    // Packing runs the build and the lifecycle scripts.
    if (actionOf(step) === "slipway-release/slipway" && inputOf(step, "command")?.text === "pack")
      return [{ step, place: step.uses?.place ?? step.place, words: "slipway pack" }];
    const command = step.commands.find(isProjectCode);
    return command === undefined ? [] : [{ step, place: command.place, words: command.words.slice(0, 4).join(" ") }];
  });
}

const tokenSecret = /NPM|NODE_AUTH|REGISTRY|PUBLISH|VERDACCIO|ARTIFACTORY|NEXUS/;
const tokenVariable =
  /^(NODE_AUTH_TOKEN|NPM_TOKEN|NPM_AUTH_TOKEN|YARN_NPM_AUTH_TOKEN|BUN_AUTH_TOKEN|NPM_CONFIG_.*AUTH.*)$/i;
const readOnly = /READ|PULL|INSTALL/;

export interface PublishSecret {
  readonly name: string;
  readonly place: Place;
  /** How much of the workflow sees it. */
  readonly scope: "workflow" | "job" | "step";
  readonly step?: Step;
}

function secretsIn(
  variables: readonly Variable[],
  scope: PublishSecret["scope"],
  step?: Step,
): readonly PublishSecret[] {
  return variables.flatMap(({ name: variable, value }) =>
    findSecrets(value.text)
      .filter(({ name }) => name !== "GITHUB_TOKEN" && !readOnly.test(name))
      .filter(({ name }) => tokenSecret.test(name) || tokenVariable.test(variable))
      .map(({ name }) => ({ name, place: value.place, scope, ...(step === undefined ? {} : { step }) })),
  );
}

/** Secrets with which a job could publish, each where it is handed out. */
export function findPublishSecrets(job: Job, workflow: Workflow): readonly PublishSecret[] {
  return [
    ...secretsIn(workflow.env, "workflow"),
    ...secretsIn([...job.env, ...job.passed], "job"),
    ...job.steps.flatMap((step) => [
      ...secretsIn([...step.env, ...step.with], "step", step),
      ...step.scripts.flatMap((value) => secretsIn([{ name: "", value }], "step", step)),
    ]),
  ];
}

export function mayWrite(job: Job, permission: string): boolean {
  return job.permissions?.all === "write-all" || job.permissions?.levels.get(permission)?.level === "write";
}

/** Why a job can publish, in words, or undefined. */
export function findCredential(job: Job, workflow: Workflow): string | undefined {
  const [secret] = findPublishSecrets(job, workflow);
  if (secret !== undefined) return `the secret ${secret.name}`;
  if (mayWrite(job, "id-token")) return "id-token: write";
  return mayWrite(job, "packages") ? "packages: write" : undefined;
}

/** A workflow that publishes packages or holds a secret for it. */
export function isReleaseWorkflow(workflow: Workflow): boolean {
  return workflow.jobs.some((job) => publishStepsOf(job).length > 0 || findPublishSecrets(job, workflow).length > 0);
}
