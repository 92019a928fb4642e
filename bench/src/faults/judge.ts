/** What a trial was: the verdicts on what a tool said and what the registry then held. Pure. */
import { z } from "zod";

export const verdictSchema = z.object({
  registry: z.enum(["verdaccio", "npm"]),
  tool: z.string(),
  fault: z.string(),
  /** The package that was struck, without its scope. */
  struck: z.string(),
  /** Exit codes, a run each. */
  codes: z.array(z.number()),
  /** A run said 0, and the release was not whole, even after all waits of the registry. */
  falseGreen: z.boolean(),
  /** A run said 0 while the registry itself, past all caches and replicas, could not give a version yet. */
  earlyGreen: z.boolean(),
  /** The first run called failed what the registry had. */
  falseRed: z.boolean(),
  /** A later run did. */
  falseRedAgain: z.boolean(),
  /** The last run said 0 and the release was whole. */
  converges: z.boolean(),
  /** `latest` was not the highest version in the end. */
  wrongLatest: z.boolean(),
  /** Uploads of a version that the registry had taken before. */
  sentAgain: z.number(),
  differentBytes: z.boolean(),
  /** Seconds of the registry's time in which a shown package could not be installed for want of a dependency. */
  brokenSeconds: z.number(),
});
export type Verdict = z.infer<typeof verdictSchema>;

/** What was seen of one run of a tool. */
export interface RunSeen {
  readonly code: number;
  /** Whether the registry itself could give all versions at the moment of its end. */
  readonly isWholeAtEnd: boolean;
  /** The same, after the registry has had its time. */
  readonly isWhole: boolean;
  /** The package that the fault struck is stored. */
  readonly hasStruck: boolean;
}

/** Slipway's exit code for "not known yet": neither green nor red. */
const unknownCode = 3;

export function isFalseRed(tool: string, run: RunSeen): boolean {
  if (run.code === 0) return false;
  if (tool === "slipway" && run.code === unknownCode) return false;
  return run.hasStruck || run.isWhole;
}

/** A run after which nobody has to start another. */
export function isEnd(run: RunSeen): boolean {
  return run.code === 0 && run.isWhole;
}

/** At least one run. */
export function judgeRuns(tool: string, runs: readonly RunSeen[]) {
  const [first, ...later] = runs;
  const last = runs.at(-1);
  if (first === undefined || last === undefined) throw new RangeError("there was no run to judge");
  return {
    codes: runs.map(({ code }) => code),
    falseGreen: runs.some((run) => run.code === 0 && !run.isWhole),
    earlyGreen: runs.some((run) => isEnd(run) && !run.isWholeAtEnd),
    falseRed: isFalseRed(tool, first),
    falseRedAgain: later.some((run) => isFalseRed(tool, run)),
    converges: isEnd(last),
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
