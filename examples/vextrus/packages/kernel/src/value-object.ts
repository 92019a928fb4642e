/** Values of the domain: they have no identity, never change, and are equal when they hold the same. */
import { isEqual } from "./equality.ts";
import { shareInstances } from "./shared-instances.ts";

/**
 * Base of value objects. A subclass checks what it is given before it calls `super`, as an object that exists is valid.
 *
 * @example
 * class Money extends ValueObject<{ readonly amount: bigint; readonly currency: string }> {
 *   readonly type = "money";
 *   plus(other: Money): Money {
 *     return new Money({ ...this.props, amount: this.props.amount + other.props.amount });
 *   }
 * }
 */
export abstract class ValueObject<Props extends object> {
  /** Names the class in every build of it: minifiers rename classes. */
  abstract readonly type: string;
  /** A copy of what was given, frozen with the arrays and plain objects nested in it. */
  readonly props: Readonly<Props>;

  static {
    shareInstances(ValueObject, "@vextrus/kernel/ValueObject");
  }

  constructor(props: Props) {
    this.props = Object.freeze({ ...props, ...frozenEntries(props) });
  }

  /** True for a value object of the same type that holds the same, whichever copy of the class made it. */
  equals(other: unknown): boolean {
    return other instanceof ValueObject && other.type === this.type && isEqual(plain(this.props), plain(other.props));
  }

  toJSON(): Readonly<Props> {
    return this.props;
  }
}

/** Replaces value objects by their type and contents, so that two builds of one class compare as equal. */
function plain(value: unknown): unknown {
  if (value instanceof ValueObject) return { type: value.type, props: plain(value.props) };
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return new Map([...value].map(([key, entry]) => [plain(key), plain(entry)]));
  if (value instanceof Set) return new Set([...value].map(plain));
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
}

/** Frozen copies of nested arrays and plain objects: what the caller holds stays the caller's to change. */
function frozenEntries<T extends object>(value: T): Partial<T> {
  const copies: Partial<T> = {};
  for (const key of Object.keys(value) as (keyof T & string)[]) copies[key] = frozenCopy(value[key]);
  return copies;
}

function frozenCopy<T>(value: T): T {
  if (Array.isArray(value)) return Object.freeze(value.map(frozenCopy)) as T;
  return isPlainObject(value) ? Object.freeze({ ...value, ...frozenEntries(value) }) : value;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
