/**
 * Runs the jobs of a workflow file one after the other, as GitHub would: each job in an empty folder, with the token, identity and secrets that its
 * `permissions` and `environment` give and nothing else of another job, each step as a process of its own. It must not know what
 * the steps do; actions are given by the caller, by name.
 */
import { mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { type Contexts, evaluate, holds, type JobStatus } from "./expressions.ts";
import { type Annotation, parseFileCommands, parseOutputCommands } from "./file-commands.ts";
import { cleanEnvironment, type RunningProcess, startProcess } from "../run-process.ts";
import { resolveFields, resolveText, type WorkflowFile, type WorkflowJob, type WorkflowStep } from "./workflow-file.ts";

export type JobResult = JobStatus;

/** What a job is given besides its workspace. */
export interface JobGrant {
  /** `github.token`; made for this job, with its permissions. */
  readonly token: string;
  /** Variables that the runner gives every step: `ACTIONS_RUNTIME_TOKEN`, and those of an identity where the permissions have it. */
  readonly env: Readonly<Record<string, string>>;
  /** Secrets that this job may read. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Called when the job has ended: takes the token back. */
  close(): Promise<void>;
}

/** One use of an action. */
export interface ActionCall {
  readonly inputs: Readonly<Record<string, string>>;
  /** The whole environment of the step, with `INPUT_…` for each input. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** Starts what an action runs; undefined for one that needs no process. */
export type ActionStart = (call: ActionCall) => Promise<RunningProcess | undefined>;

export interface StepRecord {
  readonly id: string | undefined;
  readonly name: string;
  readonly result: JobResult;
  readonly exitCode: number | null;
  readonly outputs: Readonly<Record<string, string>>;
  /** Standard output and standard error, one behind the other. */
  readonly log: string;
  readonly summary: string;
  readonly annotations: readonly Annotation[];
  readonly masks: readonly string[];
}

export interface JobRecord {
  readonly id: string;
  readonly result: JobResult;
  readonly outputs: Readonly<Record<string, string>>;
  readonly steps: readonly StepRecord[];
  readonly workspace: string | undefined;
}

export interface WorkflowRun {
  readonly attempt: number;
  readonly jobs: ReadonlyMap<string, JobRecord>;
}

export interface RunOptions {
  /** Folder for workspaces and the runner's files; the caller removes it. */
  readonly dir: string;
  /** The `github` context; `token`, `job` and `workspace` are added. */
  readonly github: Readonly<Record<string, unknown>>;
  readonly event: unknown;
  readonly vars?: Readonly<Record<string, string>>;
  /** Further variables of every step, such as a PATH with a certain Node. */
  readonly env?: Readonly<Record<string, string>>;
  /** By name without `@ref`. A workflow that uses another one is refused. */
  readonly actions: Readonly<Record<string, ActionStart>>;
  /** What an action runs at the end of its job, whatever became of it; by name like `actions`. */
  readonly posts?: Readonly<Record<string, ActionStart>>;
  readonly openJob: (job: WorkflowJob) => Promise<JobGrant>;
  /** An earlier attempt: what succeeded in it is taken over, as "Re-run failed jobs" does. */
  readonly earlier?: WorkflowRun;
  /** Called when the process of a step has started; a test may cancel the run from here. */
  readonly onProcess?: (job: string, step: StepRecord["name"], running: RunningProcess) => void;
  /** Cancels the run: the step under way gets SIGINT, then SIGTERM, then SIGKILL. */
  readonly signal?: AbortSignal;
  /**
   * Between the signals. A runner waits 7,500 and 2,500 ms (docs.github.com, "Workflow cancellation reference").
   */
  readonly graceMs?: { readonly untilTerm: number; readonly untilKill: number };
  readonly stepTimeoutMs?: number;
}

/** Runs all jobs, each after those it needs. A step that fails is a result; what cannot be run throws. */
export async function runWorkflow(file: WorkflowFile, options: RunOptions): Promise<WorkflowRun> {
  const jobs = new Map<string, JobRecord>();
  for (const job of inOrder(file.jobs)) {
    const before = options.earlier?.jobs.get(job.id);
    const isTakenOver =
      before?.result === "success" && job.needs.every((id) => jobs.get(id) === options.earlier?.jobs.get(id));
    jobs.set(job.id, isTakenOver ? before : await runJob(file, job, jobs, options));
  }
  return { attempt: (options.earlier?.attempt ?? 0) + 1, jobs };
}

function inOrder(jobs: readonly WorkflowJob[]): readonly WorkflowJob[] {
  const ordered: WorkflowJob[] = [];
  const left = [...jobs];
  while (left.length > 0) {
    const index = left.findIndex(({ needs }) => needs.every((id) => ordered.some((job) => job.id === id)));
    const [job] = index === -1 ? [] : left.splice(index, 1);
    if (job === undefined) throw new Error(`jobs need each other: ${left.map(({ id }) => id).join(", ")}`);
    ordered.push(job);
  }
  return ordered;
}

async function runJob(
  file: WorkflowFile,
  job: WorkflowJob,
  done: ReadonlyMap<string, JobRecord>,
  options: RunOptions,
): Promise<JobRecord> {
  const needs = Object.fromEntries(
    job.needs.map((id) => [id, { result: done.get(id)?.result, outputs: done.get(id)?.outputs ?? {} }]),
  );
  const base: Contexts = { github: options.github, needs, vars: options.vars ?? {} };
  const before = [...ancestorsOf(file, job)].map((id) => done.get(id)?.result ?? "skipped");
  const status = statusOf(before, options.signal);
  if (!holds(evaluate(job.condition, base, status)))
    return { id: job.id, result: "skipped", outputs: {}, steps: [], workspace: undefined };
  await mkdir(options.dir, { recursive: true });
  const dir = await mkdtemp(join(options.dir, `${job.id}-`));
  const workspace = join(dir, "workspace");
  const temp = join(dir, "temp");
  await mkdir(workspace);
  await mkdir(temp);
  const grant = await options.openJob(job);
  try {
    return await runSteps({ file, job, options, base, grant, dir, workspace, temp });
  } finally {
    await grant.close();
  }
}

/** All jobs that this one waits for: `failure()` asks for any of them (docs.github.com, "Evaluate expressions", status check functions). */
function ancestorsOf({ jobs }: WorkflowFile, { needs }: WorkflowJob): ReadonlySet<string> {
  const found = new Set(needs);
  // A set goes on with what is added to it on the way.
  for (const id of found) for (const need of jobs.find((job) => job.id === id)?.needs ?? []) found.add(need);
  return found;
}

function statusOf(results: readonly JobResult[], signal: AbortSignal | undefined): JobStatus {
  if (signal?.aborted === true) return "cancelled";
  if (results.includes("failure") || results.includes("cancelled")) return "failure";
  return results.every((result) => result === "success") ? "success" : "skipped";
}

interface JobPlace {
  readonly file: WorkflowFile;
  readonly job: WorkflowJob;
  readonly options: RunOptions;
  readonly base: Contexts;
  readonly grant: JobGrant;
  readonly dir: string;
  readonly workspace: string;
  readonly temp: string;
}

async function runSteps(place: JobPlace): Promise<JobRecord> {
  const { job, base, grant, options, workspace, temp } = place;
  const github = { ...options.github, token: grant.token, job: job.id, workspace, event: options.event };
  const records: StepRecord[] = [];
  const posts: PostStep[] = [];
  let status: JobStatus = "success";
  const added: Record<string, string> = {};
  const contexts = (): Contexts => ({
    ...base,
    github,
    secrets: { GITHUB_TOKEN: grant.token, ...grant.secrets },
    runner: { os: "Linux", temp },
    env: { ...resolveFields(place.file.env, { ...base, github }, status), ...added },
    steps: Object.fromEntries(
      records.flatMap(({ id, outputs, result }) => (id === undefined ? [] : [[id, { outputs, outcome: result }]])),
    ),
  });
  for (const step of job.steps) {
    const ran = await runStep(place, step, contexts(), status, records.length);
    records.push(ran.record);
    if (ran.post !== undefined) posts.push(ran.post);
    Object.assign(added, ran.env);
    if (options.signal?.aborted === true) status = "cancelled";
    else if (ran.record.result === "failure" && !ran.mayFail && status === "success") status = "failure";
  }
  const outputs = resolveFields(job.outputs, contexts(), status);
  for (const post of posts.toReversed()) {
    const record = await runPost(place, post, records.length);
    records.push(record);
    if (record.result === "failure" && status === "success") status = "failure";
  }
  return { id: job.id, result: status, outputs, steps: records, workspace };
}

interface RanStep {
  readonly record: StepRecord;
  readonly env: Readonly<Record<string, string>>;
  readonly mayFail: boolean;
  readonly post?: PostStep | undefined;
}

/** The end of a job of a step that was begun: with the inputs it had, and the state that it left. */
interface PostStep {
  readonly name: string;
  readonly start: ActionStart;
  readonly call: ActionCall;
  readonly state: Readonly<Record<string, string>>;
}

async function runStep(
  place: JobPlace,
  step: WorkflowStep,
  contexts: Contexts,
  status: JobStatus,
  index: number,
): Promise<RanStep> {
  const name = step.name ?? step.uses ?? resolveText(step.run, contexts, status).split("\n")[0] ?? "";
  const empty = { id: step.id, name, exitCode: null, outputs: {}, log: "", summary: "", annotations: [], masks: [] };
  if (!holds(evaluate(step.condition, contexts, status)))
    return { record: { ...empty, result: "skipped" }, env: {}, mayFail: false };
  const files = await makeCommandFiles(place.temp, index);
  const env = await makeEnvironment(place, step, contexts, status, files);
  const { running, call } = await startStep(place, step, contexts, status, env);
  const mayFail = holds(step.continueOnError && resolveText(step.continueOnError, contexts, status) === "true");
  if (running === undefined) return { record: { ...empty, result: "success", exitCode: 0 }, env: {}, mayFail };
  place.options.onProcess?.(place.job.id, name, running);
  const stop = cancelWith(running, place.options);
  const { code, stdout, stderr } = await running.result.finally(stop);
  const { annotations, masks } = parseOutputCommands(`${stdout}\n${stderr}`);
  const isCancelled = place.options.signal?.aborted === true && code !== 0;
  return {
    record: {
      ...empty,
      result: isCancelled ? "cancelled" : code === 0 ? "success" : "failure",
      exitCode: code,
      outputs: parseFileCommands(await readFile(files.GITHUB_OUTPUT, "utf8")),
      log: [stdout, stderr].filter((text) => text !== "").join("\n"),
      summary: await readFile(files.GITHUB_STEP_SUMMARY, "utf8"),
      annotations,
      masks,
    },
    env: parseFileCommands(await readFile(files.GITHUB_ENV, "utf8")),
    mayFail,
    post: await postOf(place, step, call, files.GITHUB_STATE),
  };
}

async function postOf(
  { options }: JobPlace,
  step: WorkflowStep,
  call: ActionCall | undefined,
  statePath: string,
): Promise<PostStep | undefined> {
  const start = options.posts?.[actionOf(step)];
  if (start === undefined || call === undefined) return undefined;
  const state = parseFileCommands(await readFile(statePath, "utf8"));
  return { name: `Post ${step.name ?? step.uses ?? ""}`, start, call, state };
}

function actionOf(step: WorkflowStep): string {
  return (step.uses ?? "").split("@")[0] ?? "";
}

/** Runs also in a cancelled job, and nobody cancels it (docs.github.com, "Metadata syntax", post-if: always() by default). */
async function runPost(place: JobPlace, { name, start, call, state }: PostStep, index: number): Promise<StepRecord> {
  const files = await makeCommandFiles(place.temp, index);
  const states = Object.fromEntries(Object.entries(state).map(([key, value]) => [`STATE_${key}`, value]));
  const running = await start({ ...call, env: { ...call.env, ...files, ...states } });
  const { code, stdout, stderr } = running === undefined ? { code: 0, stdout: "", stderr: "" } : await running.result;
  const { annotations, masks } = parseOutputCommands(`${stdout}\n${stderr}`);
  const log = [stdout, stderr].filter((text) => text !== "").join("\n");
  const summary = await readFile(files.GITHUB_STEP_SUMMARY, "utf8");
  const result = code === 0 ? "success" : "failure";
  return { id: undefined, name, result, exitCode: code, outputs: {}, log, summary, annotations, masks };
}

interface CommandFiles {
  readonly GITHUB_OUTPUT: string;
  readonly GITHUB_ENV: string;
  readonly GITHUB_STEP_SUMMARY: string;
  readonly GITHUB_PATH: string;
  readonly GITHUB_STATE: string;
}

async function makeCommandFiles(temp: string, index: number): Promise<CommandFiles & Record<string, string>> {
  const make = async (name: string): Promise<string> => {
    const path = join(temp, `${index}-${name}`);
    await writeFile(path, "");
    return path;
  };
  return {
    GITHUB_OUTPUT: await make("output"),
    GITHUB_ENV: await make("env"),
    GITHUB_STEP_SUMMARY: await make("summary"),
    GITHUB_PATH: await make("path"),
    GITHUB_STATE: await make("state"),
  };
}

async function makeEnvironment(
  place: JobPlace,
  step: WorkflowStep,
  contexts: Contexts,
  status: JobStatus,
  files: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const { options, job, grant, workspace, temp, dir } = place;
  const home = join(dir, "home");
  await mkdir(home, { recursive: true });
  const eventPath = join(temp, "event.json");
  await writeFile(eventPath, JSON.stringify(options.event));
  const named = Object.entries(options.github).flatMap(([key, value]) =>
    typeof value === "string" || typeof value === "number"
      ? [[`GITHUB_${key.toUpperCase()}`, String(value)] as const]
      : [],
  );
  const merged = {
    ...cleanEnvironment(),
    HOME: home,
    CI: "true",
    GITHUB_ACTIONS: "true",
    RUNNER_OS: "Linux",
    RUNNER_ENVIRONMENT: "github-hosted",
    RUNNER_TEMP: temp,
    RUNNER_TOOL_CACHE: join(dir, "tools"),
    ...Object.fromEntries(named),
    GITHUB_JOB: job.id,
    GITHUB_WORKSPACE: workspace,
    GITHUB_EVENT_PATH: eventPath,
    ...files,
    ...options.env,
    ...grant.env,
    ...recordOf(contexts["env"]),
    ...resolveFields(job.env, contexts, status),
    ...resolveFields(step.env, contexts, status),
  };
  return Object.fromEntries(
    Object.entries(merged).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])),
  );
}

function recordOf(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(Object(value)).map(([key, item]) => [key, String(item)]));
}

async function startStep(
  place: JobPlace,
  step: WorkflowStep,
  contexts: Contexts,
  status: JobStatus,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly running: RunningProcess | undefined; readonly call: ActionCall | undefined }> {
  const { options, workspace, temp } = place;
  const timeoutMs = options.stepTimeoutMs ?? 120_000;
  if (step.run !== undefined) {
    const script = join(temp, "step.sh");
    await writeFile(script, resolveText(step.run, contexts, status));
    // As a runner calls bash where the step names no shell.
    return { running: startProcess("bash", ["-e", script], { cwd: workspace, env, timeoutMs }), call: undefined };
  }
  const action = actionOf(step);
  const start = options.actions[action];
  if (start === undefined) throw new Error(`no action ${action} is given to run ${place.job.id}`);
  const inputs = resolveFields(step.with, contexts, status);
  const named = Object.entries(inputs).map(
    ([name, value]) => [`INPUT_${name.replaceAll(" ", "_").toUpperCase()}`, value] as const,
  );
  const call = { inputs, env: { ...env, ...Object.fromEntries(named) }, cwd: workspace };
  return { running: await start(call), call };
}

/** Ends a step as a runner does once the run is cancelled; returns what takes the watch off. */
function cancelWith(running: RunningProcess, { signal, graceMs }: RunOptions): () => void {
  const { untilTerm, untilKill } = graceMs ?? { untilTerm: 7_500, untilKill: 2_500 };
  const timers: NodeJS.Timeout[] = [];
  const cancel = (): void => {
    void running.kill("SIGINT");
    timers.push(
      setTimeout(() => void running.kill("SIGTERM"), untilTerm),
      setTimeout(() => void running.kill("SIGKILL"), untilTerm + untilKill),
    );
  };
  // A step that begins later runs because its condition asks for cancelled runs; nobody stops it.
  signal?.addEventListener("abort", cancel, { once: true });
  return () => {
    signal?.removeEventListener("abort", cancel);
    for (const timer of timers) clearTimeout(timer);
  };
}
