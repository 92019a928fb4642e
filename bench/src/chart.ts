/**
 * Draws the race: bars for one size of workspace, lines over all sizes. Nothing is drawn that the tables do not say, and a
 * bar that is cut off says so. Pure.
 */
import { competitors, floorId, slipwayId } from "./competitors.ts";
import { corpusId } from "./inputs.ts";
import type { Phase, Sample } from "./results.ts";
import { distantScenario, localScenario } from "./scenarios.ts";
import { element, renderSvg, text } from "./svg.ts";
import { isDone, seconds, summarize } from "./table.ts";
import type { Summary } from "./table.ts";

const order = competitors.map(({ id }) => id);
/** Short enough to stand beside a bar. */
const names: Readonly<Record<string, string>> = {
  floor: "raw uploads",
  "ordered-floor": "raw uploads, ordered",
  slipway: "slipway",
  libnpm: "libnpmpublish",
  pnpm: "pnpm",
  npm: "npm",
  yarn: "yarn",
  lerna: "lerna",
  "changesets-npm": "changesets + npm",
  "changesets-pnpm": "changesets + pnpm",
  "seed-loop": "shell loop",
};
const shownInput = "50";

const width = 1000;
const panelWidth = 460;
const margin = 30;
const rowHeight = 22;
const linesHeightMax = 320;
const labelWidth = 140;
/** Room for what is written behind the longest bar. */
const valueWidth = 130;
/** A bar that would be longer than this many of slipway's is cut. */
const cutAt = 8;

const style = `  text { font: 12px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328; }
  .page { fill: #ffffff; }
  .heading { font-size: 14px; font-weight: 600; }
  .quiet { fill: #59636e; font-size: 11px; }
  .bar { fill: #afb8c1; }
  .bar.floor { fill: #d9dee3; }
  .bar.slipway { fill: #0969da; }
  .cut { stroke: #ffffff; stroke-width: 3; }
  .grid { stroke: #d9dee3; stroke-width: 1; }
  .line { fill: none; stroke: #8c959f; stroke-width: 1.5; }
  .line.floor { stroke-dasharray: 4 3; }
  .line.slipway { stroke: #0969da; stroke-width: 3; }
  .dot { fill: #8c959f; }
  .dot.slipway { fill: #0969da; }
  .strong { font-weight: 600; }
  .strong.slipway { fill: #0969da; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .page { fill: #0d1117; }
    .quiet { fill: #9198a1; }
    .bar { fill: #656c76; }
    .bar.floor { fill: #3d444d; }
    .bar.slipway { fill: #4493f8; }
    .cut { stroke: #0d1117; }
    .grid { stroke: #30363d; }
    .line { stroke: #9198a1; }
    .line.slipway { stroke: #4493f8; }
    .dot { fill: #9198a1; }
    .dot.slipway { fill: #4493f8; }
    .strong.slipway { fill: #4493f8; }
  }`;

interface Place {
  readonly input: string;
  readonly scenario: string;
  readonly phase: Phase;
}

function rowsOf(samples: readonly Sample[], { input, scenario, phase }: Place): readonly Summary[] {
  const own = samples.filter(
    (sample) => sample.input === input && sample.scenario === scenario && sample.phase === phase,
  );
  // A run that left packages out is not fast, it is not done.
  return summarize(own, order).filter(isDone);
}

const notes = [
  "slipway also reads back every packument and every byte before it sends a dependent; nobody else does.",
  "“Too early”: dependencies that were not yet there when their dependent was sent. All figures, and how they were taken: bench/RESULTS.md",
];

/** Undefined when slipway was not measured with the size that is drawn. */
export function renderRaceChart(samples: readonly Sample[]): string | undefined {
  const panels = [
    { title: "behind 80 ms round trips", place: { input: shownInput, scenario: distantScenario, phase: "publish" } },
    { title: "on a registry beside it", place: { input: shownInput, scenario: localScenario, phase: "publish" } },
  ] as const;
  const drawn = panels.map(({ title, place }) => ({ title, rows: rowsOf(samples, place) }));
  if (drawn.every(({ rows }) => !rows.some(({ competitor }) => competitor === slipwayId))) return undefined;
  const barsHeight = 34 + Math.max(...drawn.map(({ rows }) => rows.length)) * rowHeight;
  const linesTop = 50 + barsHeight + 30;
  const lines = renderLines(samples, { x: margin, y: linesTop, width: width - 2 * margin, height: linesHeightMax });
  const linesHeight = lines.length === 0 ? 0 : linesHeightMax;
  const height = linesTop + linesHeight + 60;
  const content = [
    text(margin, 30, `Publishing ${shownInput} packages, seconds`, { class: "heading" }),
    ...drawn.flatMap(({ title, rows }, index) =>
      renderBars(rows, { x: margin + index * (panelWidth + 20), y: 50, title: capital(title) }),
    ),
    ...lines,
    ...notes.map((note, index) => text(margin, height - 34 + index * 16, note, { class: "quiet" })),
  ];
  return renderSvg({
    width,
    height,
    title: `Time to publish ${shownInput} packages, and more, to Verdaccio`,
    description: describe(drawn),
    style,
    content,
  });
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function describe(panels: readonly { readonly title: string; readonly rows: readonly Summary[] }[]): string {
  return panels
    .map(({ title, rows }) => {
      const times = rows.map(({ competitor, wallMs }) => `${names[competitor] ?? competitor} ${seconds(wallMs)}`);
      return `${capital(title)}, in seconds: ${times.join(", ")}.`;
    })
    .join(" ");
}

function classOf(competitor: string): string {
  if (competitor === slipwayId) return " slipway";
  return competitors.some(({ id, isTool }) => id === competitor && !isTool) ? " floor" : "";
}

/** The fastest first. */
function renderBars(
  rows: readonly Summary[],
  { x, y, title }: { readonly x: number; readonly y: number; readonly title: string },
): readonly string[] {
  const own = rows.find(({ competitor }) => competitor === slipwayId)?.wallMs;
  const longest = Math.max(0, ...rows.map(({ wallMs }) => wallMs));
  const limit = own === undefined ? longest : Math.min(longest, own * cutAt);
  const room = panelWidth - labelWidth - valueWidth;
  const bars = rows
    .toSorted((a, b) => a.wallMs - b.wallMs)
    .flatMap((row, index) => {
      const top = y + 34 + index * rowHeight;
      const isCut = row.wallMs > limit;
      const length = Math.max(2, (Math.min(row.wallMs, limit) / limit) * room);
      const left = x + labelWidth;
      const kind = classOf(row.competitor);
      const strong = row.competitor === slipwayId ? { class: "strong slipway" } : {};
      const early = row.earlyEdges === 0 ? "" : `, ${row.earlyEdges} too early`;
      return [
        text(left - 8, top + 12, names[row.competitor] ?? row.competitor, { "text-anchor": "end", ...strong }),
        element("rect", { class: `bar${kind}`, x: left, y: top, width: length, height: rowHeight - 6, rx: 2 }),
        ...(isCut
          ? [
              element("path", {
                class: "cut",
                d: `M ${(left + length - 16).toFixed(1)} ${top + 18} l 8 -20 M ${(left + length - 9).toFixed(1)} ${top + 18} l 8 -20`,
              }),
            ]
          : []),
        text(left + length + 6, top + 12, `${seconds(row.wallMs)} s${early}`, strong),
      ];
    });
  return [text(x, y + 18, title, { class: "strong" }), ...bars];
}

interface Frame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

interface Line {
  readonly competitor: string;
  readonly points: readonly { readonly packages: number; readonly ms: number }[];
}

/** Time over the number of packages, both on logarithmic scales: what is linear is a straight line. */
function renderLines(samples: readonly Sample[], frame: Frame): readonly string[] {
  const inputs = [...new Set(samples.map(({ input }) => input))].filter((input) => input !== corpusId);
  const found = new Map<string, { packages: number; ms: number }[]>();
  for (const input of inputs)
    for (const row of rowsOf(samples, { input, scenario: distantScenario, phase: "publish" }))
      found.set(row.competitor, [...(found.get(row.competitor) ?? []), { packages: row.expected, ms: row.wallMs }]);
  const lines: readonly Line[] = [...found]
    .filter(([competitor, points]) => points.length > 1 && competitor !== floorId)
    .map(([competitor, points]) => ({ competitor, points: points.toSorted((a, b) => a.packages - b.packages) }));
  if (lines.length === 0) return [];
  const all = lines.flatMap(({ points }) => points);
  const [plotLeft, plotRight] = [frame.x + 50, frame.x + frame.width - labelWidth - 60];
  const [plotTop, plotBottom] = [frame.y + 40, frame.y + frame.height - 30];
  const xOf = scale(
    all.map(({ packages }) => packages),
    plotLeft,
    plotRight,
  );
  const yOf = scale(
    all.map(({ ms }) => ms),
    plotBottom,
    plotTop,
  );
  const title = "More packages, behind 80 ms round trips (both scales logarithmic)";
  return [
    text(frame.x, frame.y + 18, title, { class: "strong" }),
    ...powers(all.map(({ ms }) => ms)).flatMap((ms) => [
      element("line", { class: "grid", x1: plotLeft, x2: plotRight, y1: yOf(ms), y2: yOf(ms) }),
      text(plotLeft - 8, yOf(ms) + 4, `${ms / 1000} s`, { class: "quiet", "text-anchor": "end" }),
    ]),
    ...[...new Set(all.map(({ packages }) => packages))].flatMap((packages) => [
      element("line", { class: "grid", x1: xOf(packages), x2: xOf(packages), y1: plotTop, y2: plotBottom }),
      text(xOf(packages), plotBottom + 18, packages.toLocaleString("en"), { class: "quiet", "text-anchor": "middle" }),
    ]),
    // Slipway's line lies above the others.
    ...lines
      .toSorted((a, b) => Number(a.competitor === slipwayId) - Number(b.competitor === slipwayId))
      .flatMap(({ competitor, points }) => {
        const path = points.map(({ packages, ms }) => `${xOf(packages).toFixed(1)} ${yOf(ms).toFixed(1)}`);
        const kind = classOf(competitor);
        return [
          element("path", { class: `line${kind}`, d: `M ${path.join(" L ")}` }),
          ...points.map(({ packages, ms }) =>
            element("circle", { class: `dot${kind}`, cx: xOf(packages), cy: yOf(ms), r: 3 }),
          ),
        ];
      }),
    ...renderEnds(lines, xOf, yOf),
  ];
}

interface LineEnd {
  readonly competitor: string;
  readonly ms: number;
}

function wordsOf({ competitor, ms }: LineEnd): string {
  return `${names[competitor] ?? competitor} ${seconds(ms)} s`;
}

function kindOf({ competitor }: LineEnd): { readonly class?: string } {
  return competitor === slipwayId ? { class: "strong slipway" } : {};
}

/** A name at the end of each line; where two would lie on each other they move apart. */
function renderEnds(
  lines: readonly Line[],
  xOf: (packages: number) => number,
  yOf: (ms: number) => number,
): readonly string[] {
  const ends = lines.flatMap(({ competitor, points }) => {
    const last = points.at(-1);
    return last === undefined ? [] : [{ competitor, ...last, x: xOf(last.packages), y: yOf(last.ms) }];
  });
  const right = Math.max(...ends.map(({ x }) => x));
  const atEdge = ends.filter(({ x }) => x === right).toSorted((a, b) => a.y - b.y);
  const tops = spread(
    atEdge.map(({ y }) => y),
    15,
  );
  return [
    ...atEdge.map((end, index) => text(right + 10, (tops[index] ?? end.y) + 4, wordsOf(end), kindOf(end))),
    // A line that ends early has others behind it: its name stands above its end.
    ...ends
      .filter(({ x }) => x !== right)
      .map((end) => text(end.x, end.y - 9, wordsOf(end), { "text-anchor": "middle", ...kindOf(end) })),
  ];
}

/** Moves sorted places apart until they are `gap` from each other, each group around where it was. */
export function spread(places: readonly number[], gap: number): readonly number[] {
  // Groups of neighbours that touch; a group that grows into the one above becomes one with it.
  const groups: { middle: number; size: number }[] = [];
  for (const place of places) {
    let group = { middle: place, size: 1 };
    for (let above = groups.at(-1); above !== undefined; above = groups.at(-1)) {
      const room = ((above.size + group.size) / 2) * gap;
      if (group.middle - above.middle >= room) break;
      groups.pop();
      const size = above.size + group.size;
      group = { middle: (above.middle * above.size + group.middle * group.size) / size, size };
    }
    groups.push(group);
  }
  return groups.flatMap(({ middle, size }) =>
    Array.from({ length: size }, (_, index) => middle + (index - (size - 1) / 2) * gap),
  );
}

function scale(values: readonly number[], from: number, to: number): (value: number) => number {
  const [low, high] = [Math.log(Math.min(...values)), Math.log(Math.max(...values))];
  return (value) => (high === low ? (from + to) / 2 : from + ((Math.log(value) - low) / (high - low)) * (to - from));
}

/** Powers of ten, in milliseconds, among the values. */
function powers(values: readonly number[]): readonly number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return [100, 1000, 10_000, 100_000, 1_000_000].filter((power) => power >= low && power <= high);
}
