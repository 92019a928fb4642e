/** Doing something once although it is asked for again: by a client that got no answer, a broker that delivers twice, a saga that goes on. */
import { createHash } from "node:crypto";
import type { Schema } from "@vextrus/contracts";
import { DomainError, err, newUuid, ok, type Result } from "@vextrus/kernel";

export type Claim =
  /** The caller does it, and then completes or releases the claim by its token. */
  | { readonly kind: "claimed"; readonly token: string }
  /** It was done. */
  | { readonly kind: "done"; readonly result: unknown }
  /** Somebody is at it, and has so much time left. */
  | { readonly kind: "busy"; readonly remainingMs: number }
  /** The key was used for another request. */
  | { readonly kind: "mismatch" };

/** A port. `claim` is atomic: of two at once one is told that it is busy. */
export interface IdempotencyStore {
  /** Claims a key for `leaseMs`. After that somebody else may claim it, as whoever held it may have crashed. */
  claim(key: string, fingerprint: string, leaseMs: number): Promise<Claim>;
  /** Keeps a result for `keepMs`. False when the claim has been lost to somebody else meanwhile. */
  complete(key: string, token: string, result: unknown, keepMs: number): Promise<boolean>;
  /** Gives a claim back, so that it can be tried again at once. */
  release(key: string, token: string): Promise<void>;
}

export interface IdempotencyOptions<T> {
  readonly store: IdempotencyStore;
  /** Checks a result that is read back. Results are kept as JSON. */
  readonly result: Schema<T>;
  /** Longer than the work ever takes. Default 60 000. */
  readonly leaseMs?: number;
  /** How long a repetition is recognised. Default a day. */
  readonly keepMs?: number;
}

export interface Once<T> {
  readonly value: T;
  /** True when it had been done before. */
  readonly isReplay: boolean;
}

/**
 * Makes a function that runs work once for each key. It returns an error of code `idempotency.busy` (retryable) while another
 * call is at it, `idempotency.mismatch` for a key that was used with another request, and `idempotency.lost` when the work took longer
 * than its lease and somebody else began it. It rejects with what the work throws; that work is not remembered.
 */
export function createIdempotency<T>(
  options: IdempotencyOptions<T>,
): (key: string, request: unknown, run: () => Promise<T>) => Promise<Result<Once<T>, DomainError>> {
  const { store, result: schema, leaseMs = 60_000, keepMs = 86_400_000 } = options;
  return async (key, request, run) => {
    const claim = await store.claim(key, fingerprint(request), leaseMs);
    switch (claim.kind) {
      case "mismatch":
        return failure("mismatch", `the key ${key} was used for another request`, false);
      case "busy":
        return failure("busy", `somebody is at ${key}, for ${claim.remainingMs} ms at most`, true);
      case "done": {
        const parsed = schema.parse(claim.result, `kept result of ${key}`);
        return parsed.ok ? ok({ value: parsed.value, isReplay: true }) : parsed;
      }
      case "claimed":
        break;
    }
    let value: T;
    try {
      value = await run();
    } catch (thrown) {
      await store.release(key, claim.token);
      throw thrown;
    }
    const isKept = await store.complete(key, claim.token, value, keepMs);
    return isKept
      ? ok({ value, isReplay: false })
      : failure("lost", `${key} took longer than its lease of ${leaseMs} ms`, true);
  };
}

function failure(
  kind: "busy" | "mismatch" | "lost",
  message: string,
  isRetryable: boolean,
): Result<never, DomainError> {
  return err(new DomainError(`idempotency.${kind}`, message, { isRetryable }));
}

/** The same for requests that are the same as JSON, whatever order their keys are in. */
export function fingerprint(request: unknown): string {
  const canonical = JSON.stringify(request, (_key, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
  return createHash("sha256")
    .update(canonical ?? "undefined")
    .digest("base64url");
}

interface Entry {
  readonly fingerprint: string;
  readonly token: string;
  readonly expiresAtMs: number;
  /** JSON; undefined while somebody is at it. */
  readonly result: string | undefined;
}

/** A store that forgets everything with the process: for tests, and for trying things out. */
export function createInMemoryIdempotencyStore(nowMs: () => number = Date.now): IdempotencyStore {
  const entries = new Map<string, Entry>();
  const findOwn = (key: string, token: string): Entry | undefined => {
    const entry = entries.get(key);
    return entry?.token === token ? entry : undefined;
  };
  return {
    claim: async (key, fingerprint, leaseMs) => {
      for (const [other, { expiresAtMs }] of entries) if (expiresAtMs <= nowMs()) entries.delete(other);
      const entry = entries.get(key);
      if (entry === undefined) {
        const token = newUuid();
        entries.set(key, { fingerprint, token, expiresAtMs: nowMs() + leaseMs, result: undefined });
        return { kind: "claimed", token };
      }
      if (entry.fingerprint !== fingerprint) return { kind: "mismatch" };
      if (entry.result === undefined) return { kind: "busy", remainingMs: entry.expiresAtMs - nowMs() };
      return { kind: "done", result: entry.result === "" ? undefined : JSON.parse(entry.result) };
    },
    complete: async (key, token, result, keepMs) => {
      const entry = findOwn(key, token);
      if (entry === undefined) return false;
      entries.set(key, { ...entry, result: JSON.stringify(result) ?? "", expiresAtMs: nowMs() + keepMs });
      return true;
    },
    release: async (key, token) => {
      if (findOwn(key, token) !== undefined) entries.delete(key);
    },
  };
}
