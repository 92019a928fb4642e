/** Asynchronous work on many items, a bounded number of them at a time. Must not know what the work is. */

/**
 * Runs `work` on every item, at most `atOnce` at a time, begun in the order of the items, and keeps that order in the results.
 * Rejects with the first failure; what is under way then goes on, unheard.
 */
export async function mapAtOnce<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
