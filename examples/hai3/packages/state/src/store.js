/**
 * An observable value: read it, replace it, and be told when it, or the part of it you look at, is another.
 *
 * @template T
 * @param {T} initial
 * @returns {import("../types/index.js").Store<T>}
 */
export function createStore(initial) {
  let value = initial;
  let depth = 0;
  /** The value that listeners were last told about. */
  let told = initial;
  /** @type {Set<(value: T, previous: T) => void>} */
  const listeners = new Set();

  function tell() {
    if (depth > 0 || Object.is(value, told)) return;
    const previous = told;
    told = value;
    // A copy, so that a listener may unsubscribe itself or others while it is called.
    for (const listener of [...listeners]) if (listeners.has(listener)) listener(value, previous);
  }

  /** @param {(value: T, previous: T) => void} listener */
  function subscribe(listener) {
    // A wrapper of its own for each subscription: the same function may subscribe twice.
    const entry = (/** @type {T} */ next, /** @type {T} */ previous) => listener(next, previous);
    listeners.add(entry);
    return () => void listeners.delete(entry);
  }

  return {
    get: () => value,
    set(next) {
      value = next;
      tell();
    },
    update(change) {
      value = change(value);
      tell();
    },
    batch(work) {
      depth += 1;
      try {
        return work();
      } finally {
        depth -= 1;
        tell();
      }
    },
    subscribe,
    select(selector, listener, isEqual = Object.is) {
      let selected = selector(value);
      return subscribe((next) => {
        const candidate = selector(next);
        if (isEqual(selected, candidate)) return;
        const previous = selected;
        selected = candidate;
        listener(candidate, previous);
      });
    },
  };
}
