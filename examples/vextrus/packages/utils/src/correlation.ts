/** What belongs together: the ids that follow a request through calls, logs and events, without being passed by hand. */
import { AsyncLocalStorage } from "node:async_hooks";
import { newUuid } from "@vextrus/kernel";

export interface Correlation {
  /** Shared by all that one request from outside set off. */
  readonly correlationId: string;
  /** Id of the message that is being handled. */
  readonly causationId?: string;
}

const correlationHeader = "x-correlation-id";
const causationHeader = "x-causation-id";

/**
 * One storage for all copies of this package in a process: what is begun in an imported build must be seen in a required one.
 * The number in its name is that of the shape of what is stored.
 */
function getStorage(): AsyncLocalStorage<Correlation> {
  const key = Symbol.for("@vextrus/utils/correlation@1");
  const found: unknown = Reflect.get(globalThis, key);
  if (found instanceof AsyncLocalStorage) return found;
  const storage = new AsyncLocalStorage<Correlation>();
  Object.defineProperty(globalThis, key, { value: storage });
  return storage;
}

/** Runs something within a correlation; all that it calls and awaits sees it. */
export function withCorrelation<T>(correlation: Correlation, run: () => T): T {
  return getStorage().run(correlation, run);
}

/** The correlation that this code runs in. */
export function currentCorrelation(): Correlation | undefined {
  return getStorage().getStore();
}

export function newCorrelation(): Correlation {
  return { correlationId: newUuid() };
}

/** Headers for a call to another service; empty outside of any correlation. */
export function correlationHeaders(
  correlation: Correlation | undefined = currentCorrelation(),
): Record<string, string> {
  if (correlation === undefined) return {};
  const { correlationId, causationId } = correlation;
  return {
    [correlationHeader]: correlationId,
    ...(causationId === undefined ? {} : { [causationHeader]: causationId }),
  };
}

/** Printable, and short enough for a log line: headers come from anybody. */
const safeId = /^[\w.:/+=-]{1,128}$/;

/** The correlation that a request brings along, or a new one. Names of headers are compared without regard to case. */
export function readCorrelation(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Correlation {
  const find = (wanted: string): string | undefined => {
    const value = Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1];
    return typeof value === "string" && safeId.test(value) ? value : undefined;
  };
  const causationId = find(causationHeader);
  return { correlationId: find(correlationHeader) ?? newUuid(), ...(causationId === undefined ? {} : { causationId }) };
}
