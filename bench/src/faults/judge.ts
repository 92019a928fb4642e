/** What a trial was: the verdicts on what a tool said and what the registry then held. Pure. */
import { z } from "zod";

export const verdictSchema = z.object({
  registry: z.enum(["verdaccio", "npm"]),
  tool: z.string(),
  fault: z.string(),
  /** The package that was struck, without its scope. */
  struck: z.string(),
  firstCode: z.number(),
  /** Undefined: there was no second run. */
  againCode: z.number().optional(),
  /** A run said 0, and the release was not whole, even after all waits of the registry. */
  falseGreen: z.boolean(),
  /** A run said 0 while a version could not be installed yet. */
  earlyGreen: z.boolean(),
  /** The first run called failed what the registry had. */
  falseRed: z.boolean(),
  /** The second run did. */
  falseRedAgain: z.boolean(),
  /** The last run said 0 and the release was whole. */
  converges: z.boolean(),
  wrongLatest: z.boolean(),
  differentBytes: z.boolean(),
  /** Seconds of the registry's time in which a shown package could not be installed for want of a dependency. */
  brokenSeconds: z.number(),
});
export type Verdict = z.infer<typeof verdictSchema>;

/** What was seen of one run of a tool. */
export interface RunSeen {
  readonly code: number;
  /** Whether all versions could be installed at the moment of its end. */
  readonly isWholeAtEnd: boolean;
  /** The same, after the registry has had its time. */
  readonly isWhole: boolean;
  /** The package that the fault struck is stored. */
  readonly hasStruck: boolean;
}

/** Slipway's exit code for "not known yet": neither green nor red. */
const unknownCode = 3;

export function isFalseRed(tool: string, run: RunSeen | undefined): boolean {
  if (run === undefined || run.code === 0) return false;
  if (tool === "slipway" && run.code === unknownCode) return false;
  return run.hasStruck || run.isWhole;
}

export function judgeRuns(tool: string, first: RunSeen, again: RunSeen | undefined) {
  const runs = again === undefined ? [first] : [first, again];
  const last = again ?? first;
  return {
    firstCode: first.code,
    ...(again === undefined ? {} : { againCode: again.code }),
    falseGreen: runs.some((run) => run.code === 0 && !run.isWhole),
    earlyGreen: runs.some((run) => run.code === 0 && !run.isWholeAtEnd && run.isWhole),
    falseRed: isFalseRed(tool, first),
    falseRedAgain: isFalseRed(tool, again),
    converges: last.code === 0 && last.isWhole,
  };
}

/** Whether something shown depends, at any distance, on something that is not. */
export function isClosureBroken(
  shown: ReadonlySet<string>,
  dependencies: ReadonlyMap<string, readonly string[]>,
): boolean {
  return [...shown].some((name) => (dependencies.get(name) ?? []).some((needed) => !shown.has(needed)));
}

function keyOf({ registry, tool, fault, struck }: Verdict): string {
  return [registry, tool, fault, struck].join("\n");
}

/** Newer verdicts replace older ones of the same trial. */
export function mergeVerdicts(older: readonly Verdict[], newer: readonly Verdict[]): readonly Verdict[] {
  return [...new Map([...older, ...newer].map((verdict) => [keyOf(verdict), verdict])).values()];
}
