/** Where the registry is, and the parts of the bench that can be run by themselves. Pure. */
import type { Phase } from "./results.ts";

export interface Scenario {
  readonly id: string;
  /** As the tables say it. */
  readonly label: string;
  /** Time of a round trip between client and registry. */
  readonly latencyMs: number;
  /** Time that the registry takes for each upload, besides what it really takes. */
  readonly putMs: number;
}

export const localScenario = "local";
export const distantScenario = "80ms";
export const slowScenario = "put300";

export const scenarios: readonly Scenario[] = [
  { id: localScenario, label: "local registry", latencyMs: 0, putMs: 0 },
  { id: distantScenario, label: "behind 80 ms round trips", latencyMs: 80, putMs: 0 },
  { id: slowScenario, label: "behind 80 ms round trips, 300 ms an upload", latencyMs: 80, putMs: 300 },
];

export const phaseTitles: Readonly<Record<Phase, string>> = {
  publish: "publishing",
  again: "the same command again: nothing to do",
  plan: "planning 20 changed packages",
  "plan-base": "planning 20 changed packages with --base",
};

/** A scenario with one of the phases of it that are shown. */
export interface Part {
  readonly id: string;
  readonly scenario: string;
  readonly phase: Phase;
}

/** What a second run does has no upload, so a slow upload changes nothing there. */
export const parts: readonly Part[] = [
  ...scenarios.flatMap(({ id, putMs }): readonly Part[] => [
    { id: `publish-${id}`, scenario: id, phase: "publish" },
    ...(putMs === 0 ? [{ id: `again-${id}`, scenario: id, phase: "again" } as const] : []),
  ]),
  { id: "plan-local", scenario: localScenario, phase: "plan" },
  { id: "plan-80ms", scenario: distantScenario, phase: "plan" },
];
