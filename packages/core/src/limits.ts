/** Every number that bounds a run. All of it is configuration; tests on real servers shorten the waits. */

export interface Limits {
  /** Time without a step becoming done before the run stops as unconfirmed (`--wait`). */
  readonly waitMs: number;
  /** Bound of the whole run (`--wait-total`). */
  readonly waitTotalMs: number;
  /** How long one upload waits for its answer. */
  readonly uploadTimeoutMs: number;
  /** How long one read waits for its answer, and for each further piece of the body. */
  readonly readTimeoutMs: number;
  /** Absence after a write is believed only once it has lasted this long. */
  readonly settleMs: number;
  /** Delays before the same bytes are sent again; their number bounds the resends. */
  readonly resendDelaysMs: readonly number[];
  /** Back-off of polls: first delay, factor, and ceiling. */
  readonly pollFirstMs: number;
  readonly pollFactor: number;
  readonly pollMaxMs: number;
  /** A look older than this is repeated before a write, so that a stranger's tag move is seen. */
  readonly lookMaxAgeMs: number;
  /** An upload answered 200 or 201 that stays absent this long counts as lost and is sent again. */
  readonly lostMs: number;
  /** The same for an upload answered 202 or "staged": npm's scan has taken up to 2 h 55 min. */
  readonly lostAsyncMs: number;
  /** First pause of a registry that answers 429 without saying for how long; each further one is twice as long. */
  readonly rateLimitPauseMs: number;
  /** Verdaccio holds dead locks for 113 s; a wedge is repaired only after this. */
  readonly wedgeMs: number;
  /** Repairs of one wedged version. */
  readonly repairsMax: number;
  /** Downloads that must agree before a version is called corrupt. */
  readonly corruptReads: number;
  /** A token that ends sooner than this is warned of by `doctor`: it would end during some coming release. */
  readonly tokenLeftMs: number;
  /** Reads and writes under way at once, per registry. */
  readonly concurrency: number;
  /** Reads while planning, at once. */
  readonly planConcurrency: number;
  /** Attempts of one read while planning. */
  readonly planReadAttempts: number;
  /** Largest tarball that is downloaded and hashed, in bytes. */
  readonly tarballSizeMaxBytes: number;
  /** Largest packument read, in bytes. */
  readonly packumentSizeMaxBytes: number;
}

export const defaultLimits: Limits = {
  waitMs: 20 * 60_000,
  waitTotalMs: 3 * 60 * 60_000,
  uploadTimeoutMs: 300_000,
  readTimeoutMs: 30_000,
  settleMs: 5_000,
  resendDelaysMs: [5_000, 10_000, 20_000],
  pollFirstMs: 250,
  pollFactor: 1.6,
  pollMaxMs: 15_000,
  lookMaxAgeMs: 30_000,
  lostMs: 5 * 60_000,
  lostAsyncMs: 3 * 60 * 60_000,
  rateLimitPauseMs: 30_000,
  wedgeMs: 180_000,
  repairsMax: 2,
  corruptReads: 3,
  tokenLeftMs: 7 * 24 * 60 * 60_000,
  concurrency: 16,
  planConcurrency: 50,
  planReadAttempts: 4,
  tarballSizeMaxBytes: 1024 * 1024 * 1024,
  packumentSizeMaxBytes: 512 * 1024 * 1024,
};
