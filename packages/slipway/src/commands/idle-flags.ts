/** Flags that say nothing of a plan that is made already: a person who gives one must not believe that it did something. */
import { fail } from "@slipway/core";
import type { FlagUsage } from "./flags.ts";
import { type Flags, textFlag } from "./verb.ts";

/** `given` is a plan or its folder; `decidedBefore` are the flags that it has taken the place of. Throws SLIP_USAGE. */
export function refuseIdleFlags(given: string | undefined, flags: Flags, decidedBefore: readonly FlagUsage[]): void {
  const digest = textFlag(flags, "planDigest");
  if (digest !== undefined && !/^[0-9a-f]{64}$/.test(digest))
    fail("SLIP_USAGE", `--plan-digest ${JSON.stringify(digest)} is no sha256: 64 digits from 0 to f`, {
      hint: "pass the digest that `slipway pack` printed",
    });
  if (given === undefined) {
    if (digest !== undefined)
      fail("SLIP_USAGE", "--plan-digest belongs to a packed release folder, and none is given", {
        hint: "run `slipway publish DIR --plan-digest <sha256>`",
      });
    return;
  }
  const idle = decidedBefore
    .map((usage) => usage.flags.split(" ")[0] ?? "")
    .filter((flag) => flags[flag.slice(2).replace(/-[a-z]/g, ([, letter = ""]) => letter.toUpperCase())] !== undefined);
  if (idle.length > 0)
    fail("SLIP_USAGE", `${idle.join(" and ")} has no effect on a packed release: its plan decides`, {
      hint: "make the plan again with it, or leave it out",
    });
}
