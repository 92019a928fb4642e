/** Counters, gauges and histograms, kept in memory and written as Prometheus reads them (text format 0.0.4). */

export type Labels = Readonly<Record<string, string>>;

export interface Counter {
  /** Adds 1, or what is given, which must not be negative. */
  add(labels?: Labels, amount?: number): void;
  value(labels?: Labels): number;
}

export interface Gauge {
  set(value: number, labels?: Labels): void;
  add(amount: number, labels?: Labels): void;
  value(labels?: Labels): number;
}

export interface Histogram {
  observe(value: number, labels?: Labels): void;
  /** Runs something and observes how long it took, in seconds, whether it succeeds or fails. */
  time<T>(run: () => Promise<T>, labels?: Labels): Promise<T>;
  count(labels?: Labels): number;
  sum(labels?: Labels): number;
}

export interface MetricOptions {
  readonly name: string;
  readonly help: string;
  /** All label names; a value must be given for each, and for no other. */
  readonly labels?: readonly string[];
}

export interface HistogramOptions extends MetricOptions {
  /** Upper bounds, ascending, without infinity. Default suits seconds of requests. */
  readonly buckets?: readonly number[];
}

export interface Metrics {
  counter(options: MetricOptions): Counter;
  gauge(options: MetricOptions): Gauge;
  histogram(options: HistogramOptions): Histogram;
  /** All metrics, in the order in which they were made. */
  format(): string;
}

const defaultBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A set of metrics. Names are unique in it: the same name twice throws, as two meanings would be added up. */
export function createMetrics(nowMs: () => number = () => performance.now()): Metrics {
  const sections = new Map<string, () => readonly string[]>();
  const register = ({ name, help }: MetricOptions, type: string, lines: () => readonly string[]): void => {
    if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) throw new TypeError(`${name} is no name of a metric`);
    if (sections.has(name)) throw new TypeError(`there is a metric ${name} already`);
    const escaped = help.replace(/\\/g, "\\\\").replace(/\n/g, "\\n");
    sections.set(name, () => [`# HELP ${name} ${escaped}`, `# TYPE ${name} ${type}`, ...lines()]);
  };
  return {
    counter: (options) => {
      const series = createSeries(options, () => 0);
      register(options, "counter", () => series.map((labels, value) => [line(options.name, labels, value)]));
      return {
        add: (labels, amount = 1) => {
          if (!(amount >= 0)) throw new RangeError(`the counter ${options.name} cannot be changed by ${amount}`);
          series.change(labels, (value) => value + amount);
        },
        value: (labels) => series.read(labels),
      };
    },
    gauge: (options) => {
      const series = createSeries(options, () => 0);
      register(options, "gauge", () => series.map((labels, value) => [line(options.name, labels, value)]));
      return {
        set: (value, labels) => series.change(labels, () => value),
        add: (amount, labels) => series.change(labels, (value) => value + amount),
        value: (labels) => series.read(labels),
      };
    },
    histogram: (options) => {
      const bounds = checkBuckets(options);
      const series = createSeries(options, (): Distribution => ({ counts: bounds.map(() => 0), count: 0, sum: 0 }));
      register(options, "histogram", () =>
        series.map((labels, distribution) => formatDistribution(options.name, bounds, labels, distribution)),
      );
      const observe = (value: number, labels?: Labels): void =>
        series.change(labels, ({ counts, count, sum }) => ({
          counts: counts.map((entry, index) => (value <= (bounds[index] ?? Infinity) ? entry + 1 : entry)),
          count: count + 1,
          sum: sum + value,
        }));
      return {
        observe,
        time: async (run, labels) => {
          const startedAt = nowMs();
          try {
            return await run();
          } finally {
            observe((nowMs() - startedAt) / 1000, labels);
          }
        },
        count: (labels) => series.read(labels).count,
        sum: (labels) => series.read(labels).sum,
      };
    },
    format: () => [...sections.values()].flatMap((lines) => [...lines(), ""]).join("\n"),
  };
}

/** `counts` are cumulative: each holds all observations up to its bound. */
interface Distribution {
  readonly counts: readonly number[];
  readonly count: number;
  readonly sum: number;
}

function checkBuckets({ name, labels = [], buckets = defaultBuckets }: HistogramOptions): readonly number[] {
  const isAscending = buckets.every(
    (bound, index) => Number.isFinite(bound) && bound > (buckets[index - 1] ?? -Infinity),
  );
  if (!isAscending || buckets.length === 0) throw new RangeError(`the buckets of ${name} are not finite and ascending`);
  if (labels.includes("le")) throw new TypeError(`the histogram ${name} cannot have a label le`);
  return buckets;
}

function formatDistribution(
  name: string,
  bounds: readonly number[],
  labels: Labels,
  { counts, count, sum }: Distribution,
): readonly string[] {
  return [
    ...bounds.map((bound, index) => line(`${name}_bucket`, { ...labels, le: String(bound) }, counts[index] ?? 0)),
    line(`${name}_bucket`, { ...labels, le: "+Inf" }, count),
    line(`${name}_sum`, labels, sum),
    line(`${name}_count`, labels, count),
  ];
}

interface Series<T> {
  read(labels?: Labels): T;
  change(labels: Labels | undefined, next: (value: T) => T): void;
  map(format: (labels: Labels, value: T) => readonly string[]): readonly string[];
}

/** Values by labels. A series without labels exists from the start, so that it is seen before anything happens. */
function createSeries<T>({ name, labels: names = [] }: MetricOptions, initial: () => T): Series<T> {
  const wrong = names.find((label) => !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label));
  if (wrong !== undefined) throw new TypeError(`${wrong} is no name of a label`);
  const values = new Map<string, { readonly labels: Labels; readonly value: T }>();
  const find = (labels: Labels = {}): { readonly key: string; readonly labels: Labels; readonly value: T } => {
    const given = Object.keys(labels);
    if (given.length !== names.length || !names.every((label) => Object.hasOwn(labels, label)))
      throw new TypeError(
        `${name} has the labels ${names.join(", ") || "(none)"}, not ${given.join(", ") || "(none)"}`,
      );
    const ordered = Object.fromEntries(names.map((label) => [label, labels[label] ?? ""]));
    const key = JSON.stringify(Object.values(ordered));
    return { key, labels: ordered, value: values.get(key)?.value ?? initial() };
  };
  const change = (labels: Labels | undefined, next: (value: T) => T): void => {
    const { key, labels: ordered, value } = find(labels);
    values.set(key, { labels: ordered, value: next(value) });
  };
  if (names.length === 0) change(undefined, (value) => value);
  return {
    read: (labels) => find(labels).value,
    change,
    map: (format) => [...values.values()].flatMap(({ labels, value }) => format(labels, value)),
  };
}

function line(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${formatNumber(value)}`;
}

function escapeLabel(text: string): string {
  return text.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}

function formatNumber(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}
