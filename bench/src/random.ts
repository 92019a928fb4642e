/** Numbers that look random and are the same for the same seed, on every machine. Not for secrets. */

export interface Random {
  /** A whole number from 0 up to, without, `limit`. */
  below(limit: number): number;
  /** One element of a list that is not empty. */
  pick<T>(list: readonly T[]): T;
  /** A new list in another order. */
  shuffle<T>(list: readonly T[]): readonly T[];
}

/** Seeded by a 32-bit number (a counter run through a 32-bit finaliser). */
export function createRandom(seed: number): Random {
  let counter = seed | 0;
  function next(): number {
    counter = (counter + 0x9e3779b9) | 0;
    let mixed = counter;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }
  const below = (limit: number): number => next() % limit;
  function pick<T>(list: readonly T[]): T {
    const item = list[below(list.length)];
    if (item === undefined) throw new RangeError("there is nothing to pick from");
    return item;
  }
  function shuffle<T>(list: readonly T[]): readonly T[] {
    const left = [...list];
    const shuffled: T[] = [];
    while (left.length > 0) shuffled.push(...left.splice(below(left.length), 1));
    return shuffled;
  }
  return { below, pick, shuffle };
}
