/** The real clock: the only place of the library that asks for the time or waits for it. */
import type { AbortSignalLike, Clock } from "@slipway/core";
import type { LiveClock } from "./views/live-line.ts";

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms: number, signal?: AbortSignalLike) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      // Longer timers than this overflow to one millisecond.
      const timer = setTimeout(finish, Math.min(ms, 2 ** 31 - 1));
      function finish(): void {
        clearTimeout(timer);
        signal?.removeEventListener("abort", finish);
        resolve();
      }
      signal?.addEventListener("abort", finish, { once: true });
    }),
};

/** What redraws the live line of a terminal; its timer does not keep the process alive. */
export const liveClock: LiveClock = {
  now: () => Date.now(),
  every(ms, tick) {
    const timer = setInterval(tick, ms).unref();
    return () => clearInterval(timer);
  },
};
