/** The known word that somebody most likely meant. Pure. */

/** The word that is at most a third of its letters away, in any case of letters. */
export function findNearest(word: string, known: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  const typed = word.toLowerCase();
  for (const candidate of known) {
    const furthest = Math.min(least - 1, Math.max(1, Math.floor(candidate.length / 3)));
    if (Math.abs(candidate.length - word.length) > furthest) continue;
    const distance = measureDistance(typed, candidate.toLowerCase());
    if (distance > furthest) continue;
    nearest = candidate;
    least = distance;
  }
  return nearest;
}

/**
 * The package that was meant: a name with a slip of the keyboard, or one without its scope. Names are compared without scopes when
 * the word has none.
 */
export function findNearestName(word: string, names: readonly string[]): string | undefined {
  const whole = findNearest(word, names);
  if (whole !== undefined || word.startsWith("@")) return whole;
  const near = findNearest(word, names.map(bare));
  return names.find((name) => bare(name) === near);
}

function bare(name: string): string {
  return name.slice(name.indexOf("/") + 1);
}

/** Letters that are missing, too many, wrong, or two that changed places, which is one mistake of a hand. */
function measureDistance(a: string, b: string): number {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const isSwapped = i > 0 && j > 0 && a[i] === b[j - 1] && a[i - 1] === b[j];
      next.push(
        Math.min(
          (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1),
          (row[j + 1] ?? 0) + 1,
          (next[j] ?? 0) + 1,
          isSwapped ? (before[j - 1] ?? 0) + 1 : Number.POSITIVE_INFINITY,
        ),
      );
    }
    before = row;
    row = next;
  }
  return row.at(-1) ?? 0;
}
