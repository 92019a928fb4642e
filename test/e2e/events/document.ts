/** The table of docs/events.md, made of what was measured. No I/O. */
export interface Measured {
  readonly event: string;
  readonly strategy: string;
  readonly planned: readonly string[];
  /** The code of a problem where it is a text. */
  readonly withBase: readonly string[] | string;
  readonly written: readonly string[];
  readonly mended: readonly string[];
}

function show(item: string): string {
  const [spec = "", rest] = item.split(" ");
  if (rest === undefined) return `\`${spec}\``;
  return `\`${spec}\` (${rest === "seen" ? "is there" : rest})`;
}

function cell(value: readonly string[] | string): string {
  if (typeof value === "string") return `error \`${value}\``;
  return value.length === 0 ? "nothing" : value.map(show).join(", ");
}

/** What has to be released, without what is there already and without tags. */
function specsOf(items: readonly string[]): string {
  return items
    .filter((item) => !item.endsWith(" seen"))
    .map((item) => item.split(" ")[0])
    .join();
}

/** How often a list of specs is what has to be released, with all of the dist-tags being `latest`. */
function countRight(measured: readonly Measured[], of: (item: Measured) => readonly string[]): number {
  return measured.filter((item) => {
    const isOtherTag = item.planned.some((entry) => entry.includes(" ") && !entry.endsWith(" seen"));
    return !isOtherTag && specsOf(of(item)) === specsOf(item.planned);
  }).length;
}

export function renderCount(measured: readonly Measured[]): string {
  const written = countRight(measured, (item) => item.written);
  const mended = countRight(measured, (item) => item.mended);
  const empty = measured.filter(({ planned }) => specsOf(planned) === "").length;
  return `As it was written, request 002 leads to the right release in ${written} of ${measured.length} rows: there is nothing to release in ${empty}. With its path mended it does in ${mended}. It ends with 0 in every row.`;
}

export function renderTable(measured: readonly Measured[]): string {
  const head = ["event", "what happened", "`slipway plan`", "`--base auto`", "request 002", "its path mended"];
  const rows = measured.map((item) =>
    [item.event, item.strategy, cell(item.planned), cell(item.withBase), cell(item.written), cell(item.mended)].join(
      " | ",
    ),
  );
  return [
    `| ${head.join(" | ")} |`,
    `| ${head.map(() => "---").join(" | ")} |`,
    ...rows.map((row) => `| ${row} |`),
  ].join("\n");
}
