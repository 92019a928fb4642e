/** Long lists as people read them: the first ones, and how many more there are. Pure; `--json` has all of them. */

/** `a, b, c and 12 more`. One more than `max` is shown too: "and 1 more" would take its place. */
export function listNames(names: readonly string[], max = 10): string {
  const shown = names.length <= max + 1 ? names : names.slice(0, max);
  const more = names.length - shown.length;
  return more > 0 ? `${shown.join(", ")} and ${more} more` : shown.join(", ");
}

/** The first of the items, and how many are left out. */
export function shorten<T>(
  items: readonly T[],
  max: number,
): { readonly shown: readonly T[]; readonly leftOut: number } {
  const shown = items.length <= max + 1 ? items : items.slice(0, max);
  return { shown, leftOut: items.length - shown.length };
}
