/** The live line of work that goes through a number of things one by one: reading, packing, verifying. */
import type { Clock } from "@slipway/core";
import { formatDuration } from "./quantities.ts";
import type { Terminal } from "./terminal.ts";

/** Work on more packages than this is told briefly where there is a live line: a thousand lines would push all else away. */
export const briefFrom = 30;

export interface Stage {
  /** One more is done; the name of it is shown until the next. */
  advance(name: string, total?: number): void;
  /** Takes the line away. */
  end(): void;
}

export interface StageOptions {
  readonly terminal: Pick<Terminal, "live">;
  readonly clock: Pick<Clock, "now">;
  readonly verb: string;
  /** How many there are; undefined while nobody knows. */
  readonly total?: number | undefined;
  /** Shown until the first is done. */
  readonly what: string;
}

/** Shows the line at once. The caller ends it, whatever happens. */
export function startStage({ terminal, clock, verb, what, ...options }: StageOptions): Stage {
  let { total } = options;
  const startedAt = clock.now();
  let done = 0;
  let current = what;
  terminal.live(() => {
    const far = total === undefined ? [] : [`${done} of ${total}`];
    const parts = [...far, formatDuration(Math.max(0, clock.now() - startedAt)), current];
    return { verb, text: parts.join(" · ") };
  });
  return {
    advance(name, newTotal) {
      done += 1;
      total = newTotal ?? total;
      current = name;
    },
    end: () => terminal.live(undefined),
  };
}
