/** What `init` has written or would write, for people: diffs, what they replace, and what is left to do by hand. */
import type { InitData } from "../commands/init.ts";
import type { FileState } from "../init/generated-file.ts";
import { formatAside, formatRow, type Row } from "./rows.ts";
import type { Painter, Tone } from "./terminal.ts";

const done: Readonly<Record<FileState, readonly [Tone, string]>> = {
  created: ["good", "Written"],
  updated: ["good", "Updated"],
  replaced: ["good", "Changed"],
  unchanged: ["quiet", "Unchanged"],
  edited: ["warn", "Left alone"],
};

const planned: Readonly<Record<FileState, readonly [Tone, string]>> = {
  ...done,
  created: ["busy", "Would write"],
  updated: ["busy", "Would update"],
  replaced: ["busy", "Would change"],
};

export function formatInit(data: InitData, painter: Painter): string {
  const { files, replaced, isWritten } = data;
  const lines: string[] = [];
  for (const { diff, state } of files) if (!isWritten || state === "edited") lines.push(...formatDiff(diff, painter));
  if (lines.length > 0) lines.push("");
  for (const { path, state } of files) {
    const [tone, verb] = (isWritten ? done : planned)[state];
    const note = state === "edited" ? "it is not as init would write it; --force takes what is shown above" : "";
    lines.push(formatRow({ tone, verb, what: path, note }, painter, 34));
  }
  for (const { text, where, guide } of replaced) {
    lines.push(
      "",
      formatRow({ tone: "quiet", verb: "Found", what: where.join(", ") }, painter, 0),
      formatAside(text, painter),
    );
    if (guide !== undefined) lines.push(formatAside(`see docs/guides/${guide}`, painter));
  }
  lines.push("", ...formatSteps(data, painter));
  const isIdle = files.every(({ state }) => state === "unchanged" || state === "edited");
  const isOwn = files.some(({ state }) => state === "edited");
  const isOpen = data.steps.some(({ id }) => id === "publish-line");
  lines.push("", formatRow(isOpen && isIdle ? notFound : summarize(isIdle, isOwn, isWritten), painter, 0));
  return lines.filter((line, index) => line !== "" || lines[index - 1] !== "").join("\n");
}

function formatSteps({ steps }: InitData, painter: Painter): readonly string[] {
  return steps.flatMap(({ text, values }, index) => [
    formatRow({ tone: "busy", verb: index === 0 ? "Still to do" : "", what: `${index + 1}. ${text}` }, painter, 0),
    ...values.map((value) => formatAside(`     ${value}`, painter)),
  ]);
}

const notFound: Row = {
  tone: "warn",
  verb: "Not written",
  what: "the line to change was not found; --workflow writes a whole workflow instead",
};

function summarize(isIdle: boolean, isOwn: boolean, isWritten: boolean): Row {
  if (isIdle && isOwn)
    return { tone: "good", verb: "Done", what: "what is not as init would write it is yours, nothing was written" };
  if (isIdle) return { tone: "good", verb: "Done", what: "everything is as init would write it, nothing was written" };
  return isWritten
    ? { tone: "good", verb: "Done", what: "written; `slipway doctor` looks at everything a release needs" }
    : { tone: "quiet", verb: "Not written", what: "this is what would be" };
}

function formatDiff(diff: string, { paint }: Painter): readonly string[] {
  if (diff === "") return [];
  return diff
    .trimEnd()
    .split("\n")
    .map((line) => {
      if (/^(---|\+\+\+|@@)/.test(line)) return paint("quiet", line);
      return line.startsWith("+") ? paint("good", line) : line.startsWith("-") ? paint("bad", line) : line;
    });
}
