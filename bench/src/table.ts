/** Turns samples into medians, ratios, tables and the judgement of the targets. Pure. */

import { floorId, orderedFloorId } from "./competitors.ts";
import type { Phase, Sample } from "./results.ts";

export interface Summary {
  readonly competitor: string;
  readonly runs: number;
  readonly wallMs: number;
  readonly wallMinMs: number;
  readonly wallMaxMs: number;
  /** The floors in the same session of the bench. */
  readonly floorMs: number | undefined;
  readonly orderedFloorMs: number | undefined;
  readonly cpuMs: number | undefined;
  readonly peakBytes: number | undefined;
  readonly serverCpuMs: number | undefined;
  readonly serverPeakBytes: number | undefined;
  /** The fewest of all runs. */
  readonly published: number;
  readonly expected: number;
  /** The most of all runs. */
  readonly earlyEdges: number;
  readonly writes: number;
  /** Each code that a run ended with. */
  readonly exitCodes: readonly number[];
}

/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  if (low === undefined || high === undefined) throw new RangeError("there is no median of nothing");
  return (low + high) / 2;
}

function medianOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : median(known);
}

/**
 * One row a competitor, in the order of `order`. The samples are of one input, scenario and phase. Where sessions differ, a
 * competitor's newest counts.
 */
export function summarize(samples: readonly Sample[], order: readonly string[]): readonly Summary[] {
  return order.flatMap((competitor) => {
    const own = samples.filter((sample) => sample.competitor === competitor);
    const session = own
      .map((sample) => sample.session)
      .toSorted()
      .at(-1);
    const runs = own.filter((sample) => sample.session === session);
    if (runs.length === 0) return [];
    const floorOf = (id: string): number | undefined =>
      medianOf(
        samples.filter((sample) => sample.competitor === id && sample.session === session).map(({ wallMs }) => wallMs),
      );
    const walls = runs.map((run) => run.wallMs);
    const row: Summary = {
      competitor,
      runs: runs.length,
      wallMs: median(walls),
      wallMinMs: Math.min(...walls),
      wallMaxMs: Math.max(...walls),
      floorMs: floorOf(floorId),
      orderedFloorMs: floorOf(orderedFloorId),
      cpuMs: medianOf(runs.map((run) => run.cpuMs)),
      peakBytes: medianOf(runs.map((run) => run.peakBytes)),
      serverCpuMs: medianOf(runs.map((run) => run.serverCpuMs)),
      serverPeakBytes: medianOf(runs.map((run) => run.serverPeakBytes)),
      published: Math.min(...runs.map((run) => run.published)),
      expected: Math.max(...runs.map((run) => run.expected)),
      earlyEdges: Math.max(...runs.map((run) => run.earlyEdges)),
      writes: Math.max(...runs.map((run) => run.writes)),
      exitCodes: [...new Set(runs.map((run) => run.exitCode))].sort((a, b) => a - b),
    };
    return [row];
  });
}

/** All packages are on the registry. An exit code says only what the tool believes. */
export function isDone(row: Summary): boolean {
  return row.published === row.expected;
}

export function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}

export function megabytes(bytes: number | undefined): string {
  return bytes === undefined ? "–" : (bytes / 1e6).toFixed(0);
}

/** A run that left packages out has no ratio: it is not fast, it is not done. */
function ratio(row: Summary, floorMs: number | undefined): string {
  if (floorMs === undefined || !isDone(row)) return "–";
  return `${(row.wallMs / floorMs).toFixed(2)} x`;
}

export interface TableOptions {
  readonly phase: Phase;
  readonly labels: ReadonlyMap<string, string>;
}

/** A Markdown table that can also be read on a terminal. */
export function renderSummaries(summaries: readonly Summary[], options: TableOptions): string {
  const isPublish = options.phase === "publish";
  const header = [
    "",
    "wall s",
    "min – max",
    "x floor",
    ...(isPublish ? ["x ordered floor"] : []),
    "CPU s",
    "peak MB",
    "registry's CPU s",
    "its peak MB",
    "on the registry",
    ...(isPublish ? ["sent too early"] : ["writes"]),
    "exit",
    "rounds",
  ];
  const rows = summaries.map((row) => [
    options.labels.get(row.competitor) ?? row.competitor,
    seconds(row.wallMs),
    `${seconds(row.wallMinMs)} – ${seconds(row.wallMaxMs)}`,
    ratio(row, row.floorMs),
    ...(isPublish ? [ratio(row, row.orderedFloorMs)] : []),
    row.cpuMs === undefined ? "–" : seconds(row.cpuMs),
    megabytes(row.peakBytes),
    row.serverCpuMs === undefined ? "–" : seconds(row.serverCpuMs),
    megabytes(row.serverPeakBytes),
    row.published === row.expected ? `all ${row.expected}` : `**${row.published} of ${row.expected}**`,
    String(isPublish ? row.earlyEdges : row.writes),
    row.exitCodes.join(", "),
    String(row.runs),
  ]);
  return renderTable(header, rows);
}

/** Columns are padded; the first is left-aligned, the others are right-aligned. */
export function renderTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, 3, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(" | ")} |`;
  const rule = widths.map((width, column) => (column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [line(header), line(rule), ...rows.map(line)].join("\n");
}
