/** Trying again, and giving up in time. Nothing here decides what may be tried again but the caller. */
import { DomainError } from "@vextrus/kernel";

export interface RetryPolicy {
  /** Attempts in all, the first one included. Default 3. */
  readonly attemptsMax?: number;
  /** Wait before the second attempt. Default 100. */
  readonly firstDelayMs?: number;
  /** Each further wait is so many times longer. Default 2. */
  readonly factor?: number;
  /** Longest wait. Default 10 000. */
  readonly delayMaxMs?: number;
  /** `full` waits anything up to the delay, so that clients that failed together do not come back together. Default `full`. */
  readonly jitter?: "full" | "none";
  /** Whether this failure may pass. Default: DomainErrors that say so, and nothing else. */
  readonly isRetryable?: (thrown: unknown, attempt: number) => boolean;
}

export interface RetryOptions extends RetryPolicy {
  /** Ends the waiting and prevents further attempts; it is handed to each attempt too. */
  readonly signal?: AbortSignal;
  readonly onRetry?: (thrown: unknown, attempt: number, delayMs: number) => void;
  /** Resolves after the time, or rejects with the signal's reason. Default a timer. */
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** From 0 up to but not including 1. Default Math.random. */
  readonly random?: () => number;
}

export function isRetryableError(thrown: unknown): boolean {
  return thrown instanceof DomainError && thrown.isRetryable;
}

/** The wait after the attempt with this number, which counts from 1; before jitter. */
export function delayAfter(attempt: number, policy: RetryPolicy = {}): number {
  const { firstDelayMs = 100, factor = 2, delayMaxMs = 10_000 } = policy;
  return Math.min(delayMaxMs, firstDelayMs * factor ** (attempt - 1));
}

/**
 * Runs `attempt` until it succeeds. Rejects with what the last attempt threw, as it is; with the signal's reason once it is
 * aborted.
 */
export async function retry<T>(
  attempt: (number: number, signal: AbortSignal | undefined) => Promise<T> | T,
  options: RetryOptions = {},
): Promise<T> {
  const { attemptsMax = 3, jitter = "full", isRetryable = isRetryableError, signal } = options;
  const { onRetry = () => undefined, sleep = sleepFor, random = Math.random } = options;
  if (!(attemptsMax >= 1)) throw new RangeError(`attemptsMax is ${attemptsMax}, not 1 or more`);
  for (let number = 1; ; number += 1) {
    signal?.throwIfAborted();
    try {
      return await attempt(number, signal);
    } catch (thrown) {
      signal?.throwIfAborted();
      if (number >= attemptsMax || !isRetryable(thrown, number)) throw thrown;
      const delayMs = delayAfter(number, options) * (jitter === "full" ? random() : 1);
      onRetry(thrown, number, delayMs);
      await sleep(delayMs, signal);
    }
  }
}

/** Waits. Rejects with the signal's reason as soon as it is aborted. */
export async function sleepFor(ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/**
 * Runs something that must end in time. After `ms` the signal that it was given is aborted, and the result rejects with a
 * retryable DomainError `timeout`, whether or not the work heeds the signal.
 */
export async function withTimeout<T>(
  ms: number,
  what: string,
  run: (signal: AbortSignal) => Promise<T>,
  outer?: AbortSignal,
): Promise<T> {
  outer?.throwIfAborted();
  const controller = new AbortController();
  const stop = (): void => controller.abort(outer?.reason);
  outer?.addEventListener("abort", stop, { once: true });
  const timer = setTimeout(() => {
    const details = { what, timeoutMs: ms };
    controller.abort(new DomainError("timeout", `${what} took longer than ${ms} ms`, { details, isRetryable: true }));
  }, ms);
  const { signal } = controller;
  try {
    return await new Promise<T>((resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      // Called within a promise, so that what it throws at once is a rejection too.
      Promise.resolve()
        .then(() => run(signal))
        .then(resolve, reject);
    });
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener("abort", stop);
  }
}
