export interface Store<T> {
  /** The value now. */
  get(): T;
  /** Replaces the value and tells the listeners, unless it is the same by `Object.is`. */
  set(next: T): void;
  /** Replaces the value by what `change` makes of it. */
  update(change: (value: T) => T): void;
  /** Runs `work`; however often it changes the value, listeners are told once, afterwards. Returns what `work` returns. */
  batch<R>(work: () => R): R;
  /** Calls `listener` after each change; returns the function that ends this. */
  subscribe(listener: (value: T, previous: T) => void): () => void;
  /** Calls `listener` when what `selector` returns is another, as `isEqual` (default `Object.is`) judges it. */
  select<S>(
    selector: (value: T) => S,
    listener: (selected: S, previous: S) => void,
    isEqual?: (a: S, b: S) => boolean,
  ): () => void;
}

export function createStore<T>(initial: T): Store<T>;

/** Remembers the last result and computes again only when one of the inputs gives another value. */
export function createSelector<S, const P extends readonly unknown[], R>(
  inputs: { readonly [I in keyof P]: (state: S) => P[I] },
  combine: (...parts: P) => R,
): (state: S) => R;
