/**
 * When a registry shows what it has taken: npm scans first, and then shows its parts one by one. Only draws numbers; the world
 * lets the time pass.
 */
import type { Random } from "./random.ts";

/** Milliseconds from the commit of an upload until each part of it is shown at the origin; Infinity is never. */
export interface Visibility {
  /** The version document (`/<name>/<version>`); of a version that the scan blocks, the end of the scan. */
  readonly documentMs: number;
  readonly packumentMs: number;
  /** Never before the packument: the packument holds the dist-tags. */
  readonly tagMs: number;
  /** A download before that answers 404, although the packument names the tarball. */
  readonly tarballMs: number;
  /** The scan has found something: the version is never shown, and its number is used up. */
  readonly isBlocked: boolean;
}

export type DrawVisibility = (random: Random) => Visibility;

/** Everything at once, so long after the commit. */
export function allAfter(ms: number): DrawVisibility {
  const all: Visibility = { documentMs: ms, packumentMs: ms, tagMs: ms, tarballMs: ms, isBlocked: false };
  return () => all;
}

const minuteMs = 60_000;

/**
 * How long npm scans, as quantiles in minutes. Of one project's 90 publishes: median 2.1, p90 4.9, longest 55.5 (REGISTRY.md,
 * section 2). The first and the last but one are ours: they give the curve its ends.
 */
const scanQuantiles: readonly (readonly [number, number])[] = [
  [0, 0.5],
  [0.5, 2.1],
  [0.9, 4.9],
  [0.99, 15],
  [1, 55.5],
];

/** Milliseconds of the scan at `quantile` in [0, 1], straight between the known points on a logarithmic scale. */
export function scanMsAt(quantile: number): number {
  const upper = Math.max(
    1,
    scanQuantiles.findIndex(([at]) => at >= quantile),
  );
  const [fromQ, from] = scanQuantiles[upper - 1] ?? [0, 0.5];
  const [toQ, to] = scanQuantiles[upper] ?? [1, 55.5];
  const part = (quantile - fromQ) / (toQ - fromQ);
  return Math.round(from * (to / from) ** part * minuteMs);
}

export interface ScanOptions {
  /** How often a scan ends with a block, and how often it never ends. */
  readonly blockedChance?: number;
  readonly neverChance?: number;
  /** Most that the parts lag behind each other; tags and tarballs seldom lag at all. */
  readonly lagMaxMs?: number;
}

/** npm's windows since 2026-07-28. Each upload has its own, so versions are shown in another order than they were sent. */
export function npmScan({ blockedChance = 0, neverChance = 0, lagMaxMs = 20_000 }: ScanOptions = {}): DrawVisibility {
  return (random) => {
    const scanMs = scanMsAt(random.next());
    const isBlocked = random.chance(blockedChance);
    const documentMs = random.chance(neverChance) ? Number.POSITIVE_INFINITY : scanMs;
    const packumentMs = isBlocked ? Number.POSITIVE_INFINITY : documentMs + random.integer(0, lagMaxMs);
    const lag = (chance: number): number => (random.chance(chance) ? random.integer(0, lagMaxMs) : 0);
    return { documentMs, packumentMs, tagMs: packumentMs + lag(0.1), tarballMs: packumentMs + lag(0.1), isBlocked };
  };
}
