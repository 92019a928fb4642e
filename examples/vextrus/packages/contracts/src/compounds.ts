/** Schemas of values made of others. */
import { collect, err, type Issue, ok, type Result } from "@vextrus/kernel";
import { createSchema, type Infer, issue, type Path, type Schema } from "./schema.ts";

/** The key may be missing. A key that is there with `undefined` counts as missing, as it does in JSON. */
export interface OptionalSchema<Output> extends Schema<Output | undefined> {
  readonly isOptional: true;
}

export function optional<Output>(inner: Schema<Output>): OptionalSchema<Output> {
  const schema = createSchema<Output | undefined>(inner.jsonSchema, (value, path) =>
    value === undefined ? ok(undefined) : inner.check(value, path),
  );
  return { ...schema, isOptional: true };
}

export function nullable<Output>(inner: Schema<Output>): Schema<Output | null> {
  return createSchema<Output | null>({ anyOf: [inner.jsonSchema, { type: "null" }] }, (value, path) =>
    value === null ? ok(null) : inner.check(value, path),
  );
}

export interface ArrayOptions {
  readonly minLength?: number;
  readonly maxLength?: number;
}

export function array<Item>(item: Schema<Item>, options: ArrayOptions = {}): Schema<readonly Item[]> {
  const { minLength = 0, maxLength = Infinity } = options;
  const jsonSchema = {
    type: "array",
    items: item.jsonSchema,
    ...(minLength > 0 ? { minItems: minLength } : {}),
    ...(maxLength < Infinity ? { maxItems: maxLength } : {}),
  };
  return createSchema<readonly Item[]>(jsonSchema, (value, path) => {
    if (!Array.isArray(value)) return issue(path, "must be a list");
    if (value.length < minLength) return issue(path, `must have at least ${minLength} items`);
    if (value.length > maxLength) return issue(path, `must have at most ${maxLength} items`);
    return merge(Array.from(value, (entry: unknown, index) => item.check(entry, [...path, index])));
  });
}

/** Schemas by key. */
export type Shape = Readonly<Record<string, Schema<unknown>>>;

/** The keys of a shape that may be missing. */
export type OptionalKeys<S extends Shape> = {
  [K in keyof S]: S[K] extends { readonly isOptional: true } ? K : never;
}[keyof S];

/** The object that a shape lets through. */
export type ObjectOf<S extends Shape> = {
  readonly [K in Exclude<keyof S, OptionalKeys<S>>]: Infer<S[K]>;
} & {
  readonly [K in OptionalKeys<S>]?: Exclude<Infer<S[K]>, undefined>;
};

export interface ObjectSchema<S extends Shape> extends Schema<ObjectOf<S>> {
  readonly shape: S;
}

export interface ObjectOptions {
  /** What becomes of keys that the shape does not have. Default `drop`, so that services may add to what they send. */
  readonly unknownKeys?: "drop" | "refuse";
}

export function object<S extends Shape>(shape: S, options: ObjectOptions = {}): ObjectSchema<S> {
  const isClosed = options.unknownKeys === "refuse";
  const entries = Object.entries(shape);
  const required = entries.filter(([, schema]) => !isOptional(schema)).map(([key]) => key);
  const jsonSchema = {
    type: "object",
    properties: Object.fromEntries(entries.map(([key, schema]) => [key, schema.jsonSchema])),
    ...(required.length > 0 ? { required } : {}),
    ...(isClosed ? { additionalProperties: false } : {}),
  };
  const schema = createSchema<ObjectOf<S>>(jsonSchema, (value, path) => {
    if (!isRecord(value)) return issue(path, "must be an object");
    const unknown = isClosed ? Object.keys(value).filter((key) => !Object.hasOwn(shape, key)) : [];
    const parts = [
      ...entries.map(([key, inner]) => checkKey(value, key, inner, path)),
      ...unknown.map((key): ReturnType<typeof checkKey> => issue([...path, key], "is not known")),
    ];
    const merged = merge(parts);
    return merged.ok ? ok(Object.fromEntries(merged.value.flat()) as ObjectOf<S>) : merged;
  });
  return { ...schema, shape };
}

type Entry = readonly [key: string, value: unknown];

function checkKey(
  value: Readonly<Record<string, unknown>>,
  key: string,
  schema: Schema<unknown>,
  path: Path,
): Result<readonly Entry[], readonly Issue[]> {
  const entry = Object.hasOwn(value, key) ? value[key] : undefined;
  if (entry === undefined) return isOptional(schema) ? ok([]) : issue([...path, key], "is missing");
  const checked = schema.check(entry, [...path, key]);
  return checked.ok ? ok([[key, checked.value]]) : checked;
}

/** An object with any keys, whose values are alike. */
export function record<Value>(values: Schema<Value>): Schema<Readonly<Record<string, Value>>> {
  const jsonSchema = { type: "object", additionalProperties: values.jsonSchema };
  return createSchema<Readonly<Record<string, Value>>>(jsonSchema, (value, path) => {
    if (!isRecord(value)) return issue(path, "must be an object");
    const parts = Object.entries(value).map(([key, entry]): Result<readonly [string, Value], readonly Issue[]> => {
      const checked = values.check(entry, [...path, key]);
      return checked.ok ? ok([key, checked.value]) : checked;
    });
    const merged = merge(parts);
    return merged.ok ? ok(Object.fromEntries(merged.value)) : merged;
  });
}

/** Shapes by the value of the key that tells them apart. */
export type Variants = Readonly<Record<string, ObjectSchema<Shape>>>;

export type VariantOf<Key extends string, V extends Variants> = {
  [Name in keyof V & string]: { readonly [K in Key]: Name } & Infer<V[Name]>;
}[keyof V & string];

/**
 * One of several objects, told apart by the text under `key`. Only the one that the value claims to be is checked, so its
 * issues are about what was meant.
 */
export function variant<const Key extends string, V extends Variants>(
  key: Key,
  variants: V,
): Schema<VariantOf<Key, V>> {
  const names = Object.keys(variants);
  const jsonSchema = {
    oneOf: Object.entries(variants).map(([name, { jsonSchema }]) => ({
      allOf: [{ type: "object", properties: { [key]: { const: name } }, required: [key] }, jsonSchema],
    })),
  };
  return createSchema<VariantOf<Key, V>>(jsonSchema, (value, path) => {
    if (!isRecord(value)) return issue(path, "must be an object");
    const name = value[key];
    const chosen = typeof name === "string" && Object.hasOwn(variants, name) ? variants[name] : undefined;
    if (chosen === undefined)
      return issue([...path, key], `must be one of ${names.map((item) => `"${item}"`).join(", ")}`);
    const checked = chosen.check(value, path);
    return checked.ok ? ok({ [key]: name, ...checked.value } as VariantOf<Key, V>) : checked;
  });
}

function isOptional(schema: Schema<unknown>): boolean {
  return "isOptional" in schema && schema.isOptional === true;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function merge<T>(parts: readonly Result<T, readonly Issue[]>[]): Result<readonly T[], readonly Issue[]> {
  const collected = collect(parts);
  return collected.ok ? collected : err(collected.error.flat());
}
