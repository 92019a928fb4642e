/**
 * Sagas: a transaction over several services as a list of steps, each with what undoes it. A saga is a description; an
 * orchestrator runs it.
 */
import type { Schema } from "@vextrus/contracts";
import type { RetryPolicy } from "@vextrus/utils";

export interface StepCall {
  readonly sagaId: string;
  /**
   * The same whenever this step of this saga is run, after a crash too; another one for undoing it. The service that is called
   * must do things once for each key.
   */
  readonly idempotencyKey: string;
  /** Counts from 1. */
  readonly attempt: number;
  /** Aborted when the step has taken too long or the orchestrator is to stop. */
  readonly signal: AbortSignal;
}

export interface SagaStep<Data> {
  readonly name: string;
  /**
   * Does the step, and returns what it adds to the data of the saga. Throws a DomainError that is not retryable to say that
   * it was refused and nothing was done; after anything else it may have been done, and will be undone.
   */
  readonly run: (data: Data, call: StepCall) => Promise<Partial<Data> | void>;
  /**
   * Undoes the step, or finds that there is nothing to undo. Steps without it have nothing that needs to be undone.
   */
  readonly compensate?: (data: Data, call: StepCall) => Promise<void>;
  readonly retry?: RetryPolicy;
  /** Bound of each attempt. Default 30 000. */
  readonly timeoutMs?: number;
}

export interface Saga<Data> {
  readonly name: string;
  /** Checks what a saga is started with, and what is read back from the store. */
  readonly data: Schema<Data>;
  readonly steps: readonly SagaStep<Data>[];
}

/** Checks a saga. Throws for one without steps, and for two steps of one name: the store tells them apart by it. */
export function defineSaga<Data>(saga: Saga<Data>): Saga<Data> {
  const names = saga.steps.map((step) => step.name);
  if (names.length === 0) throw new TypeError(`the saga ${saga.name} has no steps`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new TypeError(`the saga ${saga.name} has two steps ${twice}`);
  return saga;
}
