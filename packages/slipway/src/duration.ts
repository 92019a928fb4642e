/** Spans of time as people write them. */

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `90s`, `20m`, `3h`, `500ms`: one number and one unit. */
export const durationPattern: RegExp = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/;

/** Milliseconds of a text such as `90s`, or of a number that already is milliseconds; undefined for anything else. */
export function parseDuration(value: string | number): number | undefined {
  if (typeof value === "number") return Number.isFinite(value) && value >= 0 ? Math.round(value) : undefined;
  const [, amount = "", unit = ""] = durationPattern.exec(value.trim()) ?? [];
  const factor = unitsMs[unit];
  return factor === undefined ? undefined : Math.round(Number(amount) * factor);
}
