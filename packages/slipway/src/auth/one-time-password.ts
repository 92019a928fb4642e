/**
 * The one-time password of a run: given with `--otp`, or asked for when a registry wants one and a person is there. Must
 * not know where it is sent, or keep one that was refused.
 */

export interface OneTimePassword {
  /** Sent with the next write; undefined when there is none. */
  readonly current: () => string | undefined;
  /**
   * Told that a registry wants one and did not take `refused`. True when there is another now; many that ask at once ask
   * the person once.
   */
  readonly renew: (refused: string | undefined) => Promise<boolean>;
  /** Told that a write was taken with it: whoever typed it types well. */
  readonly accepted: () => void;
}

/** Refused in a row: a person who mistypes may try again, but not for ever. */
const asksMax = 5;

/** `ask` resolves with what a person typed, or undefined when nobody answers. */
export function createOneTimePassword(
  given: string | undefined,
  ask: ((question: string) => Promise<string | undefined>) | undefined,
): OneTimePassword {
  let password = given;
  let asks = 0;
  let asking: Promise<void> | undefined;

  async function askOnce(askPerson: (question: string) => Promise<string | undefined>): Promise<void> {
    asks += 1;
    const typed = (await askPerson("One-time password for the registry:"))?.trim();
    // Who does not answer once is not asked by every other upload that waits.
    if (typed === undefined) asks = asksMax;
    password = typed === undefined || typed === "" ? undefined : typed;
  }

  return {
    current: () => password,
    accepted() {
      asks = 0;
    },
    async renew(refused) {
      if (password !== undefined && password !== refused) return true;
      if (ask === undefined || (asking === undefined && asks >= asksMax)) return false;
      asking ??= askOnce(ask).finally(() => (asking = undefined));
      await asking;
      return password !== undefined && password !== refused;
    },
  };
}
