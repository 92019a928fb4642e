/** Turns samples into medians, ratios, tables and the judgement of the targets. Pure. */

export type Phase = "publish" | "again";

/** One measured run. */
export interface Sample {
  readonly scenario: string;
  readonly phase: Phase;
  readonly competitor: string;
  readonly wallMs: number;
  readonly cpuMs: number | undefined;
  readonly peakBytes: number | undefined;
  readonly exitCode: number;
  /** Packages that the registry shows afterwards, of `expected`. */
  readonly published: number;
  readonly expected: number;
  /** Edges whose dependent was uploaded before its dependency was answered. */
  readonly earlyEdges: number;
  /** Writes that the registry saw in this run. */
  readonly writes: number;
}

export interface Summary {
  readonly competitor: string;
  readonly runs: number;
  readonly wallMs: number;
  readonly wallMinMs: number;
  readonly wallMaxMs: number;
  readonly cpuMs: number | undefined;
  readonly peakBytes: number | undefined;
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

/** One row a competitor, in the order of its first sample. */
export function summarize(samples: readonly Sample[]): readonly Summary[] {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) groups.set(sample.competitor, [...(groups.get(sample.competitor) ?? []), sample]);
  return [...groups].map(([competitor, runs]) => {
    const walls = runs.map((run) => run.wallMs);
    return {
      competitor,
      runs: runs.length,
      wallMs: median(walls),
      wallMinMs: Math.min(...walls),
      wallMaxMs: Math.max(...walls),
      cpuMs: medianOf(runs.map((run) => run.cpuMs)),
      peakBytes: medianOf(runs.map((run) => run.peakBytes)),
      published: Math.min(...runs.map((run) => run.published)),
      expected: Math.max(...runs.map((run) => run.expected)),
      earlyEdges: Math.max(...runs.map((run) => run.earlyEdges)),
      writes: Math.max(...runs.map((run) => run.writes)),
      exitCodes: [...new Set(runs.map((run) => run.exitCode))].sort((a, b) => a - b),
    };
  });
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(2);
}

/** A run that left packages out has no ratio: it is not fast, it is not done. */
function ratio(row: Summary, floorMs: number | undefined): string {
  if (floorMs === undefined || row.published < row.expected) return "–";
  return `${(row.wallMs / floorMs).toFixed(2)} x`;
}

export interface TableOptions {
  readonly phase: Phase;
  readonly labels: ReadonlyMap<string, string>;
  readonly floor: string;
  readonly orderedFloor: string;
}

/** A Markdown table that can also be read on a terminal. */
export function renderSummaries(summaries: readonly Summary[], options: TableOptions): string {
  const wallOf = (id: string): number | undefined => summaries.find((row) => row.competitor === id)?.wallMs;
  const [floorMs, orderedMs] = [wallOf(options.floor), wallOf(options.orderedFloor)];
  const isPublish = options.phase === "publish";
  const header = [
    "",
    "wall s",
    "min – max",
    "x floor",
    ...(isPublish ? ["x ordered floor"] : []),
    "CPU s",
    "peak MB",
    "on the registry",
    ...(isPublish ? ["sent too early"] : ["writes"]),
    "exit",
  ];
  const rows = summaries.map((row) => [
    options.labels.get(row.competitor) ?? row.competitor,
    seconds(row.wallMs),
    `${seconds(row.wallMinMs)} – ${seconds(row.wallMaxMs)}`,
    ratio(row, floorMs),
    ...(isPublish ? [ratio(row, orderedMs)] : []),
    row.cpuMs === undefined ? "–" : seconds(row.cpuMs),
    row.peakBytes === undefined ? "–" : (row.peakBytes / 1e6).toFixed(0),
    row.published === row.expected ? `all ${row.expected}` : `**${row.published} of ${row.expected}**`,
    String(isPublish ? row.earlyEdges : row.writes),
    row.exitCodes.join(", "),
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
