/**
 * Runs a function once for each way its choices can fall, depth first, within a budget of choices that are not the
 * default. The function must choose in the same order whenever its earlier choices are the same.
 */

export interface ChoiceOptions {
  /** True for a choice that does not count against the budget. */
  readonly isFree?: boolean;
}

/** Chooses a number from 0 to `n - 1`; 0 is the default. `label` names the choice in a failure. */
export type Choose = (n: number, label: string, options?: ChoiceOptions) => number;

export interface Exhausted {
  /** How often the function ran. */
  readonly schedules: number;
}

export interface ExhaustOptions {
  /** Most choices other than 0 in one schedule. */
  readonly budget: number;
  /** Divides the schedules among workers by their first costly choice; `part` counts from 0. */
  readonly parts?: number;
  readonly part?: number;
}

interface Choice {
  readonly label: string;
  readonly n: number;
  readonly isFree: boolean;
  value: number;
}

/** One schedule's choices that were not the default, as `label=value`, to be printed with a failure. */
class ScheduleError extends Error {
  constructor(choices: readonly string[], cause: unknown) {
    super(
      `schedule [${choices.join(", ") || "no choice"}] failed: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
    this.name = "ScheduleError";
  }
}

function isSpent(choice: Choice): boolean {
  return choice.value > 0 && !choice.isFree;
}

/** Moves to the next schedule: the last choice that can still change changes, what follows is forgotten. */
function advance(choices: Choice[], budget: number): boolean {
  let spent = choices.filter(isSpent).length;
  for (;;) {
    const last = choices.at(-1);
    if (last === undefined) return false;
    const spentBefore = isSpent(last) ? spent - 1 : spent;
    if (last.value + 1 < last.n && (last.isFree || spentBefore < budget)) {
      last.value += 1;
      return true;
    }
    choices.pop();
    spent = spentBefore;
  }
}

export async function exhaust(fn: (choose: Choose) => Promise<void>, options: ExhaustOptions): Promise<Exhausted> {
  const { budget, parts = 1, part = 0 } = options;
  const choices: Choice[] = [];
  let schedules = 0;
  for (;;) {
    let depth = 0;
    const choose: Choose = (n, label, { isFree = false } = {}) => {
      const index = depth;
      depth += 1;
      const known = choices[index];
      if (known !== undefined) {
        if (known.label !== label || known.n !== n)
          throw new Error(`choice ${index} was ${known.label} of ${known.n} and is now ${label} of ${n}`);
        return known.value;
      }
      choices.push({ label, n, isFree, value: 0 });
      return 0;
    };
    const first = choices.findIndex(isSpent);
    // Schedules without a costly choice run in every part: they are how the choices are found.
    if (first === -1 || (first * 31 + (choices[first]?.value ?? 0)) % parts === part) {
      schedules += 1;
      try {
        await fn(choose);
      } catch (cause) {
        const taken = choices.filter((choice) => choice.value > 0).map((choice) => `${choice.label}=${choice.value}`);
        throw new ScheduleError(taken, cause);
      }
      choices.length = Math.min(choices.length, depth);
    }
    if (!advance(choices, budget)) return { schedules };
  }
}
