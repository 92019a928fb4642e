/** What Slipway's speed is held to, and whether a run of the bench met it. Pure. */
import { floorId, orderedFloorId, pnpmId, slipwayId } from "./competitors.ts";
import type { Phase, Sample } from "./table.ts";
import { summarize } from "./table.ts";

interface Target {
  readonly scenario: string;
  readonly phase: Phase;
  /** Slipway's wall time is compared with this competitor's. */
  readonly against: string;
  /** The most that Slipway's time may be of the other's. */
  readonly ratioMax: number;
  readonly text: string;
}

export const localScenario = "local";
export const distantScenario = "80 ms";

const targets: readonly Target[] = [
  {
    scenario: localScenario,
    phase: "publish",
    against: floorId,
    ratioMax: 1.5,
    text: "publish and verify within 1.5 x the floor",
  },
  {
    scenario: localScenario,
    phase: "publish",
    against: pnpmId,
    ratioMax: 1,
    text: "publish and verify not slower than pnpm",
  },
  {
    scenario: localScenario,
    phase: "again",
    against: floorId,
    ratioMax: 1.5,
    text: "nothing to do within 1.5 x its floor",
  },
  {
    scenario: distantScenario,
    phase: "publish",
    against: orderedFloorId,
    ratioMax: 2,
    text: "behind 80 ms, ordered and verified, within 2 x the ordered floor",
  },
  {
    scenario: distantScenario,
    phase: "publish",
    against: pnpmId,
    ratioMax: 0.4,
    text: "behind 80 ms at least 2.5 x faster than pnpm",
  },
];

/** One line a target; a target of which one side was not measured is left out. */
export function judgeTargets(samples: readonly Sample[]): readonly string[] {
  return targets.flatMap((target) => {
    const rows = summarize(
      samples.filter((sample) => sample.scenario === target.scenario && sample.phase === target.phase),
    );
    const own = rows.find((row) => row.competitor === slipwayId);
    const other = rows.find((row) => row.competitor === target.against);
    if (own === undefined || other === undefined) return [];
    // A run that did not do its work is not fast.
    if (own.published < own.expected || own.exitCodes.join() !== "0") return [`**missed**: ${target.text} (it failed)`];
    const measured = own.wallMs / other.wallMs;
    const verdict = measured <= target.ratioMax ? "met" : "**missed**";
    return [`${verdict}: ${target.text} (${measured.toFixed(2)} x, at most ${target.ratioMax} x)`];
  });
}
