/** Where sagas are kept between their steps, so that another process can go on with them. */
import { ConcurrencyError, err, ok, type Result } from "@vextrus/kernel";

export type SagaStatus =
  /** Steps are being done. */
  | "running"
  /** A step failed; what was done is being undone. */
  | "compensating"
  /** All steps are done. */
  | "completed"
  /** All that was done is undone. */
  | "compensated"
  /** Something could not be undone. Somebody has to look, and then resume it. */
  | "stuck";

export interface SagaFailure {
  readonly step: string;
  readonly code: string;
  readonly message: string;
}

/** The state of one saga. Plain data, as JSON holds it. */
export interface SagaRecord {
  readonly id: string;
  readonly saga: string;
  /** Grows by one with each save, from 1. */
  readonly version: number;
  readonly status: SagaStatus;
  readonly data: unknown;
  /** Names of the steps that are done, in their order. */
  readonly done: readonly string[];
  /** The step that was begun and is not known to have ended: it may have been done. */
  readonly begun: string | undefined;
  /** Names of the steps still to be undone, the next one first. */
  readonly toUndo: readonly string[];
  /** Why it is being undone. */
  readonly failure: SagaFailure | undefined;
  /** Why it cannot be undone. */
  readonly obstacle: SagaFailure | undefined;
  /** ISO 8601, UTC. */
  readonly updatedAt: string;
}

/** A port. Implementations keep records durably: a save has happened once its promise resolves. */
export interface SagaStore {
  find(id: string): Promise<SagaRecord | undefined>;
  /** Saves a record if the stored one has the version before its own; version 1 only if there is none. */
  save(record: SagaRecord): Promise<Result<void, ConcurrencyError>>;
  /** Ids of sagas that have not ended and were last saved before this instant: their process may be gone. */
  findUnfinished(before: Date, limit: number): Promise<readonly string[]>;
}

const unfinished: readonly SagaStatus[] = ["running", "compensating"];

/** A store that forgets everything with the process: for tests, and for trying things out. */
export function createInMemorySagaStore(): SagaStore {
  // As JSON, like a database would: nothing that a record holds is shared with whoever saved it.
  const records = new Map<string, string>();
  const read = (json: string): SagaRecord => ({
    begun: undefined,
    failure: undefined,
    obstacle: undefined,
    ...JSON.parse(json),
  });
  return {
    find: async (id) => {
      const json = records.get(id);
      return json === undefined ? undefined : read(json);
    },
    save: async (record) => {
      const json = records.get(record.id);
      const version = json === undefined ? 0 : read(json).version;
      if (version !== record.version - 1)
        return err(new ConcurrencyError(`saga ${record.id}`, record.version - 1, version));
      records.set(record.id, JSON.stringify(record));
      return ok(undefined);
    },
    findUnfinished: async (before, limit) =>
      [...records.values()]
        .map(read)
        .filter(({ status, updatedAt }) => unfinished.includes(status) && updatedAt < before.toISOString())
        .slice(0, limit)
        .map(({ id }) => id),
  };
}
