/**
 * Runs sagas. Each change of state is saved before the next thing is done, so that after a crash any process with the same
 * store can go on: a step is done at least once, and undone if it may have been done and the whole cannot be.
 */
import {
  type ConcurrencyError,
  DomainError,
  err,
  newUuid,
  NotFoundError,
  ok,
  type Result,
  type ValidationError,
} from "@vextrus/kernel";
import {
  type Counter,
  currentCorrelation,
  type Logger,
  type Metrics,
  retry,
  type RetryOptions,
  type RetryPolicy,
  withCorrelation,
  withTimeout,
} from "@vextrus/utils";
import type { Saga, SagaStep, StepCall } from "./saga.ts";
import type { SagaFailure, SagaRecord, SagaStatus, SagaStore } from "./saga-store.ts";

export interface OrchestratorOptions {
  readonly store: SagaStore;
  readonly logger?: Logger;
  /** Counts steps in `saga_steps_total` and ends in `saga_ends_total`. */
  readonly metrics?: Metrics;
  /** For steps that have no policy of their own. */
  readonly retry?: RetryPolicy;
  /** For undoing. Default 10 attempts at whatever failure: something that is not undone is worse than a failure. */
  readonly compensationRetry?: RetryPolicy;
  readonly sleep?: NonNullable<RetryOptions["sleep"]>;
  readonly now?: () => Date;
}

export interface SagaOutcome<Data> {
  readonly id: string;
  readonly status: Exclude<SagaStatus, "running" | "compensating">;
  readonly data: Data;
  readonly failure: SagaFailure | undefined;
  readonly obstacle: SagaFailure | undefined;
}

/** Nothing is known to be wrong: another process runs the saga, or its record cannot be read. */
export type SagaError = ConcurrencyError | NotFoundError | ValidationError;

export interface Orchestrator<Data> {
  /**
   * Runs a saga to its end. An id that the store knows already is resumed with the data it has: starting twice is harmless.
   * Rejects only with the reason of `signal`; the saga can then be resumed.
   */
  start(data: Data, options?: StartOptions): Promise<Result<SagaOutcome<Data>, SagaError>>;
  /** Goes on with a saga after a crash, or tries again what could not be undone. One that has ended is only reported. */
  resume(id: string, signal?: AbortSignal): Promise<Result<SagaOutcome<Data>, SagaError>>;
}

export interface StartOptions {
  /** Default a new UUID. Give one that the caller can find again, as the id of the order. */
  readonly id?: string;
  readonly signal?: AbortSignal;
}

const stepTimeoutMs = 30_000;

export function createOrchestrator<Data extends object>(
  saga: Saga<Data>,
  options: OrchestratorOptions,
): Orchestrator<Data> {
  const { store } = options;
  const watcher = createWatcher(saga.name, options);
  const runner: Runner<Data> = { saga, options, watcher };
  const resume: Orchestrator<Data>["resume"] = async (id, signal) => {
    const record = await store.find(id);
    if (record === undefined || record.saga !== saga.name) return err(new NotFoundError(`saga ${saga.name}`, id));
    const data = saga.data.parse(record.data, `data of saga ${id}`);
    if (!data.ok) return data;
    return await correlated(id, () => advance(runner, { record, data: data.value }, signal));
  };
  return {
    start: async (raw, { id = newUuid(), signal } = {}) => {
      const data = saga.data.parse(raw, `data of saga ${saga.name}`);
      if (!data.ok) return data;
      const record = newRecord(saga.name, id, data.value, options);
      const saved = await store.save(record);
      // Taken: somebody has started it before.
      if (!saved.ok) return await resume(id, signal);
      return await correlated(id, () => advance(runner, { record, data: data.value }, signal));
    },
    resume,
  };
}

/** What a saga calls belongs to whatever set it off, or to the saga where nothing is known of that. */
function correlated<T>(sagaId: string, run: () => T): T {
  return withCorrelation(currentCorrelation() ?? { correlationId: sagaId }, run);
}

interface Runner<Data> {
  readonly saga: Saga<Data>;
  readonly options: OrchestratorOptions;
  readonly watcher: Watcher;
}

/** A record with its data as the saga's schema reads them. */
interface Progress<Data> {
  readonly record: SagaRecord;
  readonly data: Data;
}

function newRecord(
  saga: string,
  id: string,
  data: unknown,
  { now = () => new Date() }: OrchestratorOptions,
): SagaRecord {
  const updatedAt = now().toISOString();
  const rest = { done: [], begun: undefined, toUndo: [], failure: undefined, obstacle: undefined };
  return { id, saga, version: 1, status: "running", data, ...rest, updatedAt };
}

/** Does one thing after another until the saga has ended, or somebody else has saved it. */
async function advance<Data extends object>(
  runner: Runner<Data>,
  begin: Progress<Data>,
  signal: AbortSignal = new AbortController().signal,
): Promise<Result<SagaOutcome<Data>, SagaError>> {
  let progress = begin;
  // Saved once before anything is done: of two processes that resume it, one learns here that it came second.
  let change: Change<Data> | undefined =
    begin.record.status === "stuck" ? { status: "compensating", obstacle: undefined } : undefined;
  for (;;) {
    signal.throwIfAborted();
    change ??= nextChange(runner.saga, progress.record);
    if (change === undefined) return ok(outcomeOf(progress));
    const saved = await save(runner, progress, change);
    if (!saved.ok) return saved;
    progress = saved.value;
    change = await work(runner, progress, signal);
  }
}

type Change<Data> = Partial<Omit<SagaRecord, "id" | "saga" | "version" | "data" | "updatedAt">> & {
  readonly data?: Data;
};

/** What follows from the record alone; undefined once the saga has ended. */
function nextChange<Data>(saga: Saga<Data>, { status, done, toUndo }: SagaRecord): Change<Data> | undefined {
  if (status === "running") {
    const step = saga.steps[done.length];
    return step === undefined ? { status: "completed", begun: undefined } : { begun: step.name };
  }
  if (status === "compensating") return toUndo.length === 0 ? { status: "compensated" } : {};
  return undefined;
}

async function save<Data>(
  { options, watcher }: Runner<Data>,
  { record, data }: Progress<Data>,
  change: Change<Data>,
): Promise<Result<Progress<Data>, ConcurrencyError>> {
  const { store, now = () => new Date() } = options;
  const next = { ...record, data, ...change, version: record.version + 1, updatedAt: now().toISOString() };
  const saved = await store.save(next);
  if (!saved.ok) return saved;
  if (next.status !== record.status) watcher.changed(next);
  return ok({ record: next, data: change.data ?? data });
}

/** Does what the saved record says is next, and returns what came of it; undefined when there is nothing to do. */
async function work<Data extends object>(
  runner: Runner<Data>,
  progress: Progress<Data>,
  signal: AbortSignal,
): Promise<Change<Data> | undefined> {
  const { status, begun, toUndo } = progress.record;
  if (status === "running" && begun !== undefined) return await doStep(runner, progress, begun, signal);
  if (status === "compensating" && toUndo[0] !== undefined) return await undoStep(runner, progress, toUndo[0], signal);
  return undefined;
}

async function doStep<Data extends object>(
  { saga, options, watcher }: Runner<Data>,
  { record, data }: Progress<Data>,
  name: string,
  signal: AbortSignal,
): Promise<Change<Data>> {
  const step = getStep(saga, name);
  const policy = { ...options.retry, ...step.retry };
  try {
    const added = await call(step, record.id, "do", step.run.bind(step), data, { options, policy, signal });
    const grown = checkGrown(saga, name, { ...data, ...added });
    watcher.stepped(name, "done");
    return { done: [...record.done, name], begun: undefined, data: grown };
  } catch (thrown) {
    // Asked to stop: the step may have been done, and will be done again with the same key.
    signal.throwIfAborted();
    watcher.stepped(name, "failed", thrown);
    const wasRefused = thrown instanceof DomainError && !thrown.isRetryable;
    const toUndo = [...record.done, ...(wasRefused ? [] : [name])].reverse();
    const withCompensation = toUndo.filter((item) => getStep(saga, item).compensate !== undefined);
    return { status: "compensating", begun: undefined, toUndo: withCompensation, failure: failureOf(name, thrown) };
  }
}

async function undoStep<Data extends object>(
  { saga, options, watcher }: Runner<Data>,
  { record, data }: Progress<Data>,
  name: string,
  signal: AbortSignal,
): Promise<Change<Data>> {
  const step = getStep(saga, name);
  const policy = { attemptsMax: 10, isRetryable: () => true, ...options.compensationRetry };
  try {
    await call(step, record.id, "undo", async (...args) => await step.compensate?.(...args), data, {
      options,
      policy,
      signal,
    });
    watcher.stepped(name, "undone");
    return { toUndo: record.toUndo.slice(1) };
  } catch (thrown) {
    signal.throwIfAborted();
    watcher.stepped(name, "not undone", thrown);
    return { status: "stuck", obstacle: failureOf(name, thrown) };
  }
}

/** What a step has added is checked while it can still be undone. No DomainError: the step was not refused, it was done. */
function checkGrown<Data>(saga: Saga<Data>, step: string, data: Data): Data {
  const checked = saga.data.parse(data, `data of saga ${saga.name} after ${step}`);
  if (!checked.ok) throw new TypeError(checked.error.message, { cause: checked.error });
  return checked.value;
}

interface CallOptions {
  readonly options: OrchestratorOptions;
  readonly policy: RetryPolicy;
  readonly signal: AbortSignal;
}

async function call<Data, T>(
  step: SagaStep<Data>,
  sagaId: string,
  direction: "do" | "undo",
  run: (data: Data, call: StepCall) => Promise<T>,
  data: Data,
  { options, policy, signal }: CallOptions,
): Promise<T> {
  const { name, timeoutMs = stepTimeoutMs } = step;
  const idempotencyKey = `${sagaId}/${name}/${direction}`;
  const { sleep } = options;
  return await retry(
    (attempt) =>
      withTimeout(
        timeoutMs,
        `${direction} ${name}`,
        (inner) => run(data, { sagaId, idempotencyKey, attempt, signal: inner }),
        signal,
      ),
    { ...policy, signal, ...(sleep === undefined ? {} : { sleep }) },
  );
}

/** Throws when a stored saga names a step that its definition has lost: steps may be added at the end, not removed. */
function getStep<Data>(saga: Saga<Data>, name: string): SagaStep<Data> {
  const step = saga.steps.find((item) => item.name === name);
  if (step === undefined) throw new TypeError(`the saga ${saga.name} has no step ${name}`);
  return step;
}

function failureOf(step: string, thrown: unknown): SagaFailure {
  const code = thrown instanceof DomainError ? thrown.code : "unexpected";
  return { step, code, message: thrown instanceof Error ? thrown.message : String(thrown) };
}

function outcomeOf<Data>({ record, data }: Progress<Data>): SagaOutcome<Data> {
  const { id, status, failure, obstacle } = record;
  if (status === "running" || status === "compensating") throw new TypeError(`saga ${id} has not ended`);
  return { id, status, data, failure, obstacle };
}

interface Watcher {
  stepped(step: string, outcome: "done" | "failed" | "undone" | "not undone", thrown?: unknown): void;
  changed(record: SagaRecord): void;
}

function createWatcher(saga: string, { logger, metrics }: OrchestratorOptions): Watcher {
  const { steps, ends } = metrics === undefined ? {} : countersOf(metrics);
  return {
    stepped: (step, outcome, thrown) => {
      steps?.add({ saga, step, outcome });
      if (thrown === undefined) logger?.debug("saga step", { saga, step, outcome });
      else logger?.warn("saga step", { saga, step, outcome, error: thrown });
    },
    changed: ({ id, status, failure, obstacle }) => {
      if (status === "running" || status === "compensating") return;
      ends?.add({ saga, status });
      logger?.[status === "stuck" ? "error" : "info"]("saga ended", { saga, sagaId: id, status, failure, obstacle });
    },
  };
}

interface SagaCounters {
  readonly steps: Counter;
  readonly ends: Counter;
}

/** Orchestrators of several sagas share one set of metrics, and a name can be registered once. */
const counters = new WeakMap<Metrics, SagaCounters>();

function countersOf(metrics: Metrics): SagaCounters {
  const found = counters.get(metrics);
  if (found !== undefined) return found;
  const made = {
    steps: metrics.counter({
      name: "saga_steps_total",
      help: "Steps of sagas, by what came of them.",
      labels: ["saga", "step", "outcome"],
    }),
    ends: metrics.counter({
      name: "saga_ends_total",
      help: "Sagas that have ended, by how.",
      labels: ["saga", "status"],
    }),
  };
  counters.set(metrics, made);
  return made;
}
