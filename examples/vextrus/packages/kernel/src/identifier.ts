/** Identifiers: time-ordered UUIDs, and texts that the compiler keeps apart by what they identify. */
import { ValidationError } from "./domain-error.ts";
import { err, ok, type Result } from "./result.ts";

/** A text that identifies a `Kind`. It is a plain string at run time; only the compiler sees the difference. */
export type Identifier<Kind extends string> = string & { readonly __identifies: Kind };

/** Makes and recognises the identifiers of one kind. */
export interface Identifiers<Kind extends string> {
  readonly kind: Kind;
  next(): Identifier<Kind>;
  is(value: unknown): value is Identifier<Kind>;
  parse(value: unknown): Result<Identifier<Kind>, ValidationError>;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export function isUuid(value: unknown): value is string {
  return typeof value === "string" && uuid.test(value);
}

/**
 * A UUID of version 7 (RFC 9562): 48 bits of Unix time in milliseconds, then 74 random bits. Sorted as texts they are
 * sorted by the millisecond in which they were made.
 */
export function newUuid(nowMs: number = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, Math.floor(nowMs / 2 ** 32));
  view.setUint32(2, nowMs % 2 ** 32);
  view.setUint8(6, 0x70 | (view.getUint8(6) & 0x0f));
  view.setUint8(8, 0x80 | (view.getUint8(8) & 0x3f));
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/**
 * The identifiers of one kind.
 *
 * @param make How the next one is made. Default {@link newUuid}; tests give their own.
 * @param isWellFormed What a text must be to identify a `kind`. Default {@link isUuid}.
 */
export function identifiers<Kind extends string>(
  kind: Kind,
  make: () => string = newUuid,
  isWellFormed: (value: string) => boolean = isUuid,
): Identifiers<Kind> {
  const is = (value: unknown): value is Identifier<Kind> => typeof value === "string" && isWellFormed(value);
  const parse = (value: unknown): Result<Identifier<Kind>, ValidationError> =>
    is(value) ? ok(value) : err(new ValidationError(`${kind} id`, [{ path: [], message: "is not well formed" }]));
  return {
    kind,
    is,
    parse,
    next: () => {
      const made = make();
      if (!is(made)) throw new TypeError(`a new ${kind} id is not well formed: ${made}`);
      return made;
    },
  };
}
