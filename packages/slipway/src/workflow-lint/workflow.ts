/** A workflow of GitHub Actions as the rules look at it: triggers, permissions, jobs and steps, each with its place. Judges nothing. */
import {
  allTexts,
  entriesOf,
  find,
  findEntry,
  findText,
  type Place,
  placeIn,
  type Text,
  textsOf,
  type Value,
} from "./document.ts";
import { type Command, parseCommands } from "./shell.ts";

export interface Trigger {
  readonly event: string;
  readonly place: Place;
  readonly types: readonly string[];
  readonly branches: readonly string[];
}

export interface Permissions {
  /** `read-all`, `write-all`, or undefined for a map. */
  readonly all: string | undefined;
  readonly levels: ReadonlyMap<string, { readonly level: string; readonly place: Place }>;
  readonly place: Place;
}

export interface Variable {
  readonly name: string;
  readonly value: Text;
}

/** A command of a step, with its place in the workflow or in the script of the repository that the step runs. */
export interface PlacedCommand extends Command {
  readonly place: Place;
  /** The script that it is a part of, and where that is. */
  readonly script: Text;
}

export interface Step {
  readonly id: string | undefined;
  readonly place: Place;
  readonly uses: Text | undefined;
  readonly run: Text | undefined;
  readonly with: readonly Variable[];
  readonly env: readonly Variable[];
  readonly condition: Text | undefined;
  readonly continueOnError: Text | undefined;
  /** The texts that a shell or `actions/github-script` executes. */
  readonly scripts: readonly Text[];
  readonly commands: readonly PlacedCommand[];
}

export interface Job {
  readonly id: string;
  readonly place: Place;
  readonly needs: readonly string[];
  /** Its own or the workflow's. */
  readonly permissions: Permissions | undefined;
  readonly ownPermissions: Permissions | undefined;
  readonly environment: Value | undefined;
  readonly env: readonly Variable[];
  /** Secrets and inputs that a called workflow is given. */
  readonly passed: readonly Variable[];
  readonly runsOn: readonly string[];
  readonly concurrency: Concurrency | undefined;
  readonly condition: Text | undefined;
  readonly continueOnError: Text | undefined;
  readonly uses: Text | undefined;
  readonly outputs: readonly Variable[];
  readonly steps: readonly Step[];
}

export interface Concurrency {
  readonly place: Place;
  readonly cancel: Text | undefined;
}

export interface Workflow {
  readonly path: string;
  readonly triggers: readonly Trigger[];
  readonly permissions: Permissions | undefined;
  readonly env: readonly Variable[];
  readonly concurrency: Concurrency | undefined;
  readonly jobs: readonly Job[];
  readonly texts: readonly Text[];
}

/** Files of the repository that workflows refer to, by their path from its root. */
export interface Referred {
  readonly actions: ReadonlyMap<string, Value>;
  readonly scripts: ReadonlyMap<string, string>;
}

/** Undefined where the value has no `jobs`. */
export function readWorkflow(path: string, value: Value, referred: Referred): Workflow | undefined {
  const jobs = find(value, "jobs");
  if (jobs?.kind !== "map") return undefined;
  const permissions = readPermissions(value);
  return {
    path,
    triggers: readTriggers(find(value, "on")),
    permissions,
    env: readVariables(find(value, "env")),
    concurrency: readConcurrency(value),
    jobs: entriesOf(jobs).map(({ key, place, value: job }) => readJob(key, place, job, permissions, referred)),
    texts: allTexts(value),
  };
}

function readTriggers(on: Value | undefined): readonly Trigger[] {
  if (on?.kind !== "map")
    return textsOf(on).map(({ text, place }) => ({ event: text, place, types: [], branches: [] }));
  return on.entries.map(({ key, place, value }) => ({
    event: key,
    place,
    types: textsOf(find(value, "types")).map(({ text }) => text),
    branches: textsOf(find(value, "branches")).map(({ text }) => text),
  }));
}

function readPermissions(holder: Value): Permissions | undefined {
  const entry = findEntry(holder, "permissions");
  if (entry === undefined) return undefined;
  const { place, value } = entry;
  const levels = entriesOf(value).map(
    (item) => [item.key, { level: item.value.kind === "text" ? item.value.text : "", place: item.place }] as const,
  );
  return { all: value.kind === "text" ? value.text : undefined, levels: new Map(levels), place };
}

function readConcurrency(holder: Value): Concurrency | undefined {
  const entry = findEntry(holder, "concurrency");
  return entry && { place: entry.place, cancel: findText(entry.value, "cancel-in-progress") };
}

export function readVariables(value: Value | undefined): readonly Variable[] {
  return entriesOf(value).flatMap((entry) =>
    entry.value.kind === "text" ? [{ name: entry.key, value: entry.value }] : [],
  );
}

function readJob(id: string, place: Place, job: Value, inherited: Permissions | undefined, referred: Referred): Job {
  const ownPermissions = readPermissions(job);
  const steps = find(job, "steps");
  const runsOn = find(job, "runs-on");
  return {
    id,
    place,
    needs: textsOf(find(job, "needs")).map(({ text }) => text),
    permissions: ownPermissions ?? inherited,
    ownPermissions,
    environment: find(job, "environment"),
    env: readVariables(find(job, "env")),
    passed: [...readVariables(find(job, "secrets")), ...readVariables(find(job, "with"))],
    runsOn: runsOn === undefined ? [] : allTexts(runsOn).map(({ text }) => text),
    concurrency: readConcurrency(job),
    condition: findText(job, "if"),
    continueOnError: findText(job, "continue-on-error"),
    uses: findText(job, "uses"),
    outputs: readVariables(find(job, "outputs")),
    steps: steps?.kind === "list" ? steps.items.flatMap((step) => readSteps(step, referred)) : [],
  };
}

/** A step; in place of one that uses a composite action of this repository, the action's own steps as well. */
function readSteps(step: Value, referred: Referred): readonly Step[] {
  const own = readStep(step, referred);
  // `$/` is the repository's root as well, wherever the checkout is.
  const path = /^[.$]\/(.+?)\/?$/.exec(own.uses?.text ?? "")?.[1];
  const inside = path === undefined ? undefined : find(referred.actions.get(path), "runs", "steps");
  return [own, ...(inside?.kind === "list" ? inside.items.map((item) => readStep(item, referred)) : [])];
}

function readStep(step: Value, referred: Referred): Step {
  const uses = findText(step, "uses");
  const run = findText(step, "run");
  const inputs = readVariables(find(step, "with"));
  const script = uses?.text.startsWith("actions/github-script@")
    ? inputs.find(({ name }) => name === "script")
    : undefined;
  return {
    id: findText(step, "id")?.text,
    place: step.place,
    uses,
    run,
    with: inputs,
    env: readVariables(find(step, "env")),
    condition: findText(step, "if"),
    continueOnError: findText(step, "continue-on-error"),
    scripts: [...(run === undefined ? [] : [run]), ...(script === undefined ? [] : [script.value])],
    commands: run === undefined ? [] : readCommands(run, referred),
  };
}

function readCommands(run: Text, referred: Referred): readonly PlacedCommand[] {
  return placeCommands(run).flatMap((command) => {
    const path = findScriptPath(command);
    const text = path === undefined ? undefined : referred.scripts.get(path);
    if (path === undefined || text === undefined) return [command];
    const place = { path, line: 1, column: 1 };
    return [command, ...placeCommands({ kind: "text", text, place, body: { line: 1, column: 1, hasLines: true } })];
  });
}

export function placeCommands(script: Text): readonly PlacedCommand[] {
  return parseCommands(script.text).map((command) => ({ ...command, place: placeIn(script, command.offset), script }));
}

/** The shell script of the repository that a command runs: `./x.sh`, `bash x.sh`. */
function findScriptPath({ words }: Command): string | undefined {
  const [first = "", second = ""] = words;
  const path = ["bash", "sh", "zsh"].includes(first) ? words.slice(1).find((word) => !word.startsWith("-")) : first;
  if (path === undefined || !/^(\.\/)?[\w./-]+\.(sh|bash)$/.test(path) || path.includes("..")) return undefined;
  return first === path || second !== "" ? path.replace(/^\.\//, "") : undefined;
}

/** The step's action without its version: `actions/checkout`. */
export function actionOf({ uses }: Step): string | undefined {
  return uses?.text.split("@")[0]?.toLowerCase();
}

export function inputOf(step: Step, name: string): Text | undefined {
  return step.with.find((item) => item.name === name)?.value;
}
