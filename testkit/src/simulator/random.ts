/** Random numbers that a seed decides. Not for secrets; every simulation takes its own. */

export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** An integer from `min` to `max`, both possible. */
  integer(min: number, max: number): number;
  /** True with `probability`. */
  chance(probability: number): boolean;
  /** One of `items`, which must not be empty. */
  pick<T>(items: readonly T[]): T;
  /** A source of its own for one part of a simulation, so that a draw more here changes nothing there. */
  fork(label: string): Random;
}

function hashLabel(seed: number, label: string): number {
  let hash = (seed ^ 0x811c_9dc5) >>> 0;
  for (const character of label) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x0100_0193) >>> 0;
  return hash;
}

/** Weyl sequence with a 32-bit finaliser: short, fast, and good enough to choose faults with. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x9e37_79b9) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0_aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a_2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 0x1_0000_0000;
  };
  const integer = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return {
    next,
    integer,
    chance: (probability) => next() < probability,
    pick<T>(items: readonly T[]): T {
      const index = integer(0, items.length - 1);
      const item = items[index];
      if (item === undefined) throw new RangeError("pick needs at least one item");
      return item;
    },
    fork: (label) => createRandom(hashLabel(seed, label)),
  };
}
