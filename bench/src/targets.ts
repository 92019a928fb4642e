/** What Slipway's speed is held to, and whether the measurements met it. Pure. */
import { competitors, floorId, orderedFloorId, pnpmId, slipwayId } from "./competitors.ts";
import type { Phase, Sample } from "./results.ts";
import { distantScenario, localScenario, slowScenario } from "./scenarios.ts";
import { isDone, summarize } from "./table.ts";
import type { Summary } from "./table.ts";

interface Place {
  readonly input: string;
  readonly scenario: string;
  readonly phase: Phase;
}

type RowsOf = (place: Place) => readonly Summary[];

interface Target {
  readonly text: string;
  /** Must not be greater than `max`. Undefined when what it compares was not measured. */
  readonly measure: (rowsOf: RowsOf) => Measured | undefined;
  readonly max: number;
  readonly unit: string;
}

interface Measured {
  readonly value: number;
  /** The rows of slipway that it is about. */
  readonly own: readonly Summary[];
}

const order = competitors.map(({ id }) => id);
const peers = competitors.filter(({ id, isTool }) => isTool && id !== slipwayId).map(({ id }) => id);

function find(rows: readonly Summary[], competitor: string): Summary | undefined {
  return rows.find((row) => row.competitor === competitor);
}

/** Slipway's time divided by another's: a floor of the same session, or a peer that did all of the work. */
function times(place: Place, against: string): Target["measure"] {
  return (rowsOf) => {
    const rows = rowsOf(place);
    const [own, other] = [find(rows, slipwayId), find(rows, against)];
    if (own === undefined) return undefined;
    const otherMs = against === floorId ? own.floorMs : against === orderedFloorId ? own.orderedFloorMs : other?.wallMs;
    return otherMs === undefined ? undefined : { value: own.wallMs / otherMs, own: [own] };
  };
}

function timesFastestPeer(place: Place): Target["measure"] {
  return (rowsOf) => {
    const rows = rowsOf(place);
    const own = find(rows, slipwayId);
    const others = rows.filter((row) => peers.includes(row.competitor) && isDone(row)).map((row) => row.wallMs);
    if (own === undefined || others.length === 0) return undefined;
    return { value: own.wallMs / Math.min(...others), own: [own] };
  };
}

function ofSlipway(place: Place, valueOf: (row: Summary) => number | undefined): Target["measure"] {
  return (rowsOf) => {
    const own = find(rowsOf(place), slipwayId);
    const value = own === undefined ? undefined : valueOf(own);
    return own === undefined || value === undefined ? undefined : { value, own: [own] };
  };
}

const publishLocally = (input: string): Place => ({ input, scenario: localScenario, phase: "publish" });
const publishFar = (input: string): Place => ({ input, scenario: distantScenario, phase: "publish" });

const isLinear: Target["measure"] = (rowsOf) => {
  const [some, many] = ["200", "1000"].map((input) => find(rowsOf(publishLocally(input)), slipwayId));
  if (some === undefined || many === undefined) return undefined;
  return { value: many.wallMs / many.expected / (some.wallMs / some.expected), own: [some, many] };
};

const targets: readonly Target[] = [
  ...["50", "200"].flatMap((input): readonly Target[] => [
    {
      text: `${input} packages published and verified within 1.5 x the floor`,
      measure: times(publishLocally(input), floorId),
      max: 1.5,
      unit: " x",
    },
    {
      text: `${input} packages published and verified not slower than pnpm publishes them`,
      measure: times(publishLocally(input), pnpmId),
      max: 1,
      unit: " x",
    },
    {
      text: `${input} packages, nothing to do: within 1.5 x its floor`,
      measure: times({ input, scenario: localScenario, phase: "again" }, floorId),
      max: 1.5,
      unit: " x",
    },
  ]),
  {
    text: "1,000 packages take, each, within 1.3 x the time of one of 200",
    measure: isLinear,
    max: 1.3,
    unit: " x",
  },
  {
    text: "1,000 packages in less than 200 MB",
    measure: ofSlipway(publishLocally("1000"), (row) => row.peakBytes && row.peakBytes / 1e6),
    max: 200,
    unit: " MB",
  },
  {
    text: "50 packages behind 80 ms, ordered and verified, within 2 x the ordered floor",
    measure: times(publishFar("50"), orderedFloorId),
    max: 2,
    unit: " x",
  },
  {
    text: "50 packages behind 80 ms at least 2.5 x faster than pnpm",
    measure: times(publishFar("50"), pnpmId),
    max: 0.4,
    unit: " x",
  },
  ...["10", "50", "200", "1000", "corpus"].flatMap((input): readonly Target[] => [
    {
      text: `ahead of every peer behind 80 ms: ${input}`,
      measure: timesFastestPeer(publishFar(input)),
      max: 1,
      unit: " x the fastest",
    },
    {
      text: `ahead of every peer behind 80 ms and 300 ms an upload: ${input}`,
      measure: timesFastestPeer({ input, scenario: slowScenario, phase: "publish" }),
      max: 1,
      unit: " x the fastest",
    },
  ]),
  {
    text: "plan of 1,000 packages on a registry that was just started, in less than 2 s",
    measure: ofSlipway({ input: "1000", scenario: localScenario, phase: "plan" }, (row) => row.wallMs / 1000),
    max: 2,
    unit: " s",
  },
];

/** One line a target; a target of which one side was not measured is left out. */
export function judgeTargets(samples: readonly Sample[]): readonly string[] {
  const rowsOf: RowsOf = ({ input, scenario, phase }) =>
    summarize(
      samples.filter((sample) => sample.input === input && sample.scenario === scenario && sample.phase === phase),
      order,
    );
  return targets.flatMap(({ text, measure, max, unit }) => {
    const measured = measure(rowsOf);
    if (measured === undefined) return [];
    // A run that did not do its work is not fast.
    if (!measured.own.every((row) => isDone(row) && row.exitCodes.join() === "0"))
      return [`**missed**: ${text} (it failed)`];
    const verdict = measured.value <= max ? "met" : "**missed**";
    return [`${verdict}: ${text} (${measured.value.toFixed(max < 10 ? 2 : 0)}${unit}, at most ${max})`];
  });
}
