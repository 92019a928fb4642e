/** Schemas of values without parts. */
import { isUuid, ok } from "@vextrus/kernel";
import { createSchema, issue, type Schema } from "./schema.ts";

export interface StringOptions {
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: RegExp;
}

/** A text. Lengths are in UTF-16 units, as `length` counts them. */
export function string(options: StringOptions = {}): Schema<string> {
  const { minLength = 0, maxLength = Infinity, pattern } = options;
  // A pattern with the flag g or y would remember where it stopped.
  const tested = pattern && new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ""));
  const jsonSchema = {
    type: "string",
    ...(minLength > 0 ? { minLength } : {}),
    ...(maxLength < Infinity ? { maxLength } : {}),
    ...(pattern ? { pattern: pattern.source } : {}),
  };
  return createSchema(jsonSchema, (value, path) => {
    if (typeof value !== "string") return issue(path, "must be a text");
    if (value.length < minLength) return issue(path, `must have at least ${minLength} characters`);
    if (value.length > maxLength) return issue(path, `must have at most ${maxLength} characters`);
    return tested && !tested.test(value) ? issue(path, `must match ${tested}`) : ok(value);
  });
}

export interface NumberOptions {
  readonly minimum?: number;
  readonly maximum?: number;
}

/** A finite number. */
export function number(options: NumberOptions = {}): Schema<number> {
  return numeric("number", "a number", Number.isFinite, options);
}

/** A whole number that JavaScript holds exactly. */
export function integer(options: NumberOptions = {}): Schema<number> {
  return numeric("integer", "a whole number", Number.isSafeInteger, options);
}

function numeric(
  type: string,
  what: string,
  isOne: (value: number) => boolean,
  options: NumberOptions,
): Schema<number> {
  const { minimum = -Infinity, maximum = Infinity } = options;
  return createSchema({ type, ...options }, (value, path) => {
    if (typeof value !== "number" || !isOne(value)) return issue(path, `must be ${what}`);
    if (value < minimum) return issue(path, `must be at least ${minimum}`);
    return value > maximum ? issue(path, `must be at most ${maximum}`) : ok(value);
  });
}

export function boolean(): Schema<boolean> {
  return createSchema({ type: "boolean" }, (value, path) =>
    typeof value === "boolean" ? ok(value) : issue(path, "must be true or false"),
  );
}

/** Exactly one of these values. */
export function oneOf<const Values extends readonly (string | number | boolean | null)[]>(
  ...values: Values
): Schema<Values[number]> {
  const isOne = (value: unknown): value is Values[number] => values.some((item) => Object.is(item, value));
  const shown = values.map((value) => JSON.stringify(value)).join(", ");
  return createSchema({ enum: values }, (value, path) =>
    isOne(value) ? ok(value) : issue(path, values.length === 1 ? `must be ${shown}` : `must be one of ${shown}`),
  );
}

/** A UUID in lower case. */
export function uuid(): Schema<string> {
  return createSchema({ type: "string", format: "uuid" }, (value, path) =>
    isUuid(value) ? ok(value) : issue(path, "must be a UUID"),
  );
}

const instant = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?Z$/;

/** An instant as ISO 8601 in UTC: `2026-01-31T08:15:00Z`, with fractions of a second or without. */
export function timestamp(): Schema<string> {
  return createSchema({ type: "string", format: "date-time" }, (value, path) =>
    typeof value === "string" && instant.test(value) && isOnCalendar(value)
      ? ok(value)
      : issue(path, "must be an instant like 2026-01-31T08:15:00Z"),
  );
}

/** `Date` takes the 31st of February for the 3rd of March. */
function isOnCalendar(value: string): boolean {
  return new Date(value).getUTCDate() === Number(value.slice(8, 10));
}
