/**
 * Schemas: values that check other values at run time and tell the compiler what they let through. They follow Standard
 * Schema (version 1), so tools that accept any validator accept these.
 */
import { err, type Issue, ok, type Result, ValidationError } from "@vextrus/kernel";

/** Where in a value an issue is. */
export type Path = Issue["path"];

/** A JSON Schema (draft 2020-12), as data. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** What validators of every library offer under `~standard`. */
export interface StandardProps<Output> {
  readonly version: 1;
  readonly vendor: "vextrus";
  readonly validate: (
    value: unknown,
  ) => { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly Issue[] };
  readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
}

export interface Schema<Output> {
  readonly "~standard": StandardProps<Output>;
  readonly jsonSchema: JsonSchema;
  /** Checks a value; on failure all that is wrong with it. What it returns is a copy without what the schema does not know. */
  check(value: unknown, path?: Path): Result<Output, readonly Issue[]>;
  /** The same for a value by itself; `subject` begins the error's message. Default `value`. */
  parse(value: unknown, subject?: string): Result<Output, ValidationError>;
  /** Lets through less: `test` returns what is wrong, as `must be even`, or undefined. */
  refine(test: (value: Output) => string | undefined): Schema<Output>;
}

/** What a schema lets through. */
export type Infer<S> = S extends Schema<infer Output> ? Output : never;

export type Check<Output> = (value: unknown, path: Path) => Result<Output, readonly Issue[]>;

export function issue(path: Path, message: string): { readonly ok: false; readonly error: readonly Issue[] } {
  return err([{ path, message }]);
}

/** Makes a schema of a check, for what the schemas of this package cannot say. */
export function createSchema<Output>(jsonSchema: JsonSchema, check: Check<Output>): Schema<Output> {
  const schema: Schema<Output> = {
    jsonSchema,
    check: (value, path = []) => check(value, path),
    parse: (value, subject = "value") => {
      const checked = check(value, []);
      return checked.ok ? checked : err(new ValidationError(subject, checked.error));
    },
    refine: (test) =>
      createSchema(jsonSchema, (value, path) => {
        const checked = check(value, path);
        const message = checked.ok ? test(checked.value) : undefined;
        return message === undefined ? checked : issue(path, message);
      }),
    "~standard": {
      version: 1,
      vendor: "vextrus",
      validate: (value) => {
        const checked = check(value, []);
        return checked.ok ? { value: checked.value } : { issues: checked.error };
      },
    },
  };
  return schema;
}

/** Lets everything through. */
export function anything(): Schema<unknown> {
  return createSchema({}, (value) => ok(value));
}
