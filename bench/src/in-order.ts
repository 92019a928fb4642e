/**
 * Runs tasks side by side, each when what it waits for has ended. Part of the scripts that the bench runs as processes of
 * their own: it imports nothing.
 */

interface Item {
  readonly name: string;
  /** Names of the list. */
  readonly dependencies: readonly string[];
}

/** `limit` at once; of those that may start, the first in the list starts. Rejects with the first task that does. */
export async function runInOrder<T extends Item>(
  items: readonly T[],
  limit: number,
  waitsFor: (item: T) => readonly string[],
  task: (item: T) => Promise<void>,
): Promise<void> {
  const done = new Set<string>();
  const left = [...items];
  const running = new Set<Promise<void>>();
  while (left.length > 0 || running.size > 0) {
    const index = running.size < limit ? left.findIndex((item) => waitsFor(item).every((name) => done.has(name))) : -1;
    const [item] = index < 0 ? [] : left.splice(index, 1);
    if (item === undefined) {
      if (running.size === 0) throw new Error("the packages wait for each other");
      await Promise.race(running);
      continue;
    }
    const run: Promise<void> = task(item).then(() => {
      done.add(item.name);
      running.delete(run);
    });
    running.add(run);
  }
}

/** In order of the longest chain of items that wait for each one, the longest first. */
export function longestChainFirst<T extends Item>(items: readonly T[]): readonly T[] {
  const dependents = new Map<string, string[]>();
  for (const item of items)
    for (const name of item.dependencies) dependents.set(name, [...(dependents.get(name) ?? []), item.name]);
  const heights = new Map<string, number>();
  function height(name: string): number {
    const known = heights.get(name);
    if (known !== undefined) return known;
    const found = 1 + Math.max(0, ...(dependents.get(name) ?? []).map(height));
    heights.set(name, found);
    return found;
  }
  return items.toSorted((a, b) => height(b.name) - height(a.name));
}
