/**
 * Makes a function that computes something from parts of a state, and computes it again only when one of these
 * parts is another. It remembers the last result only.
 *
 * @template S
 * @template {readonly unknown[]} P
 * @template R
 * @param {{ readonly [I in keyof P]: (state: S) => P[I] }} inputs
 * @param {(...parts: P) => R} combine
 * @returns {(state: S) => R}
 */
export function createSelector(inputs, combine) {
  /** @type {{ parts: readonly unknown[], result: R } | undefined} */
  let last;
  return (state) => {
    const parts = inputs.map((input) => input(state));
    const known = last;
    if (known !== undefined && parts.every((part, index) => Object.is(part, known.parts[index]))) return known.result;
    const result = combine(.../** @type {P} */ (/** @type {unknown} */ (parts)));
    last = { parts, result };
    return result;
  };
}
