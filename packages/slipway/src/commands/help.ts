/** `slipway help [verb]`, `--help` and `-h`: what the usage data says, for people. Loads no verb. */
import { fail } from "@slipway/core";
import { findNearest } from "../nearest.ts";
import { formatHelp, formatOverview } from "../views/help-view.ts";
import { verbs, type VerbUsage } from "./usage.ts";
import type { Verb } from "./verb.ts";

export interface HelpData {
  /** Undefined explains all verbs in short. */
  readonly usage: VerbUsage | undefined;
}

/** The verb of that name, or what explains all; throws SLIP_USAGE. */
export function findHelp(name: string | undefined): HelpData {
  if (name === undefined || name === "slipway") return { usage: undefined };
  const usage = verbs.find((item) => item.name === name);
  if (usage !== undefined) return { usage };
  const names = verbs.map((item) => item.name);
  const near = findNearest(name, names);
  return fail(
    "SLIP_USAGE",
    `there is no verb ${JSON.stringify(name)}${near === undefined ? "" : `; did you mean ${near}?`}`,
    {
      hint: `verbs are ${names.join(", ")}`,
    },
  );
}

export const help: Verb<HelpData> = {
  command: async ([name]) => findHelp(name),
  views: {
    human: ({ usage }, terminal) => (usage === undefined ? formatOverview(terminal) : formatHelp(usage, terminal)),
    json: ({ usage }) => (usage === undefined ? { verbs } : usage),
  },
  exitCode: () => 0,
};
