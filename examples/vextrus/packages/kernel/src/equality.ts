/** Equality by what values hold, for value objects. It must not call methods of what it compares. */

/**
 * True when both hold the same: primitives as `Object.is` (so NaN equals itself, and 0 differs from -0), dates by their
 * instant, arrays, maps, sets and objects by their contents, whatever order maps, sets and keys are in. Objects of
 * different prototypes differ. Cycles are compared once.
 */
export function isEqual(a: unknown, b: unknown): boolean {
  return compare(a, b, new Map());
}

type Seen = Map<object, Set<object>>;

function compare(a: unknown, b: unknown, seen: Seen): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const partners = seen.get(a) ?? new Set();
  // Under comparison further up: if they differ, they do so elsewhere.
  if (partners.has(b)) return true;
  seen.set(a, partners.add(b));
  const isSame = compareObjects(a, b, seen);
  if (!isSame) partners.delete(b);
  return isSame;
}

function compareObjects(a: object, b: object, seen: Seen): boolean {
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false;
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime());
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => compare(item, b[index], seen));
  if (a instanceof Map && b instanceof Map) return compareMembers([...a], [...b], seen);
  if (a instanceof Set && b instanceof Set) return compareMembers([...a], [...b], seen);
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) return compareBytes(a, b);
  const keys = Reflect.ownKeys(a);
  if (keys.length !== Reflect.ownKeys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && compare(Reflect.get(a, key), Reflect.get(b, key), seen));
}

/** Each member of `a` has a partner of its own in `b`. */
function compareMembers(a: readonly unknown[], b: readonly unknown[], seen: Seen): boolean {
  if (a.length !== b.length) return false;
  const rest = [...b];
  return a.every((item) => {
    const index = rest.findIndex((other) => compare(item, other, seen));
    if (index !== -1) rest.splice(index, 1);
    return index !== -1;
  });
}

function compareBytes(a: ArrayBufferView, b: ArrayBufferView): boolean {
  const [left, right] = [a, b].map((view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  return left?.length === right?.length && (left?.every((byte, index) => byte === right?.[index]) ?? false);
}
