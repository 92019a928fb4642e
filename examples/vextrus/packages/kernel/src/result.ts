/** What an operation that is expected to fail now and then returns: plain data, equal in every copy of this package and in JSON. */

export interface Ok<T> {
  readonly ok: true;
  readonly value: T;
}

export interface Err<E> {
  readonly ok: false;
  readonly error: E;
}

export type Result<T, E> = Ok<T> | Err<E>;

export function ok<T>(value: T): Ok<T> {
  return { ok: true, value };
}

export function err<E>(error: E): Err<E> {
  return { ok: false, error };
}

/** Changes the value of a success. */
export function mapResult<T, U, E>(result: Result<T, E>, change: (value: T) => U): Result<U, E> {
  return result.ok ? ok(change(result.value)) : result;
}

/** Changes the error of a failure. */
export function mapError<T, E, F>(result: Result<T, E>, change: (error: E) => F): Result<T, F> {
  return result.ok ? result : err(change(result.error));
}

/** Goes on with a success; the first failure is the failure of the whole. */
export function andThen<T, U, E, F>(result: Result<T, E>, next: (value: T) => Result<U, F>): Result<U, E | F> {
  return result.ok ? next(result.value) : result;
}

/** The values of all results, or the errors of all that failed. */
export function collect<T, E>(results: Iterable<Result<T, E>>): Result<readonly T[], readonly E[]> {
  const values: T[] = [];
  const errors: E[] = [];
  for (const result of results)
    if (result.ok) values.push(result.value);
    else errors.push(result.error);
  return errors.length === 0 ? ok(values) : err(errors);
}

/** The value of a success, else the other one. */
export function valueOr<T, U>(result: Result<T, unknown>, otherwise: U): T | U {
  return result.ok ? result.value : otherwise;
}

/** The value of a success. Throws the error of a failure as it is: for tests, and where a failure would be a bug. */
export function unwrap<T>(result: Result<T, unknown>): T {
  if (result.ok) return result.value;
  throw result.error;
}

/**
 * Runs what may throw. `expected` turns what was thrown into an error of the domain, or returns undefined for what it
 * does not know, which is thrown again: a bug must not become a result.
 */
export async function attempt<T, E>(
  run: () => T | Promise<T>,
  expected: (thrown: unknown) => E | undefined,
): Promise<Result<T, E>> {
  try {
    return ok(await run());
  } catch (thrown) {
    const error = expected(thrown);
    if (error === undefined) throw thrown;
    return err(error);
  }
}
