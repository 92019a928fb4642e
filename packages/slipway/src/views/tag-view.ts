/** Git tags and releases for people: a line as each is made, then how many there are. */
import { exitCodeOf, type GitTag } from "@slipway/core";
import type { ReleaseOutcome } from "../hosting/github-releases.ts";
import type { Tagging, TagOutcome } from "../tagging.ts";
import { shorten } from "./lists.ts";
import { formatProblems } from "./problems.ts";
import { count } from "./quantities.ts";
import { formatAside, formatRow, formatRows, type Row } from "./rows.ts";
import type { Painter, Terminal, Tone } from "./terminal.ts";

export interface TagProgress {
  tagged(tag: GitTag): void;
  released(outcome: ReleaseOutcome): void;
}

export function createTagProgress(terminal: Terminal): TagProgress {
  return {
    tagged: ({ tag, commit }) => terminal.line("good", "Tagged", tag, `commit ${commit.slice(0, 12)}`),
    released: ({ tag, result, url }) => {
      if (result === "created" || result === "completed") terminal.line("good", "Released", tag, url);
    },
  };
}

const rowsMax = 60;

const words: Readonly<Record<TagOutcome["result"], readonly [Tone, string]>> = {
  created: ["good", "Tagged"],
  there: ["quiet", "There"],
  planned: ["busy", "Would tag"],
  failed: ["bad", "Not tagged"],
};

export function formatTagging(data: Tagging, painter: Painter, dryRun: boolean): string {
  // What was made has been told as it was made; what was there already only counts.
  const listed = data.tags.filter(({ result }) => result === "planned" || result === "failed");
  const { shown, leftOut } = shorten(listed, rowsMax);
  const rows = shown.map(({ tag, commit, result }): Row => {
    const [tone, verb] = words[result];
    return { tone, verb, what: tag, note: `commit ${commit.slice(0, 12)}` };
  });
  if (dryRun)
    for (const { tag, result } of data.releases)
      if (result === "created" || result === "completed")
        rows.push({ tone: "busy", verb: "Would make", what: `release of ${tag}` });
  const lines = [...formatRows(rows, painter)];
  if (leftOut > 0) lines.push(formatAside(`and ${leftOut} more`, painter));
  for (const warning of data.warnings)
    lines.push(formatRow({ tone: "warn", verb: "Warning", what: warning }, painter, 0));
  if (data.problems.length > 0) lines.push("", formatProblems(data.problems, painter), "");
  lines.push(formatRow(summarize(data, dryRun), painter, 0));
  return lines.join("\n");
}

function summarize({ form, tags, releases, problems }: Tagging, dryRun: boolean): Row {
  if (form === "none") return { tone: "quiet", verb: "Done", what: "git tags are turned off (gitTags: none)" };
  const number = (result: TagOutcome["result"]): number => tags.filter((item) => item.result === result).length;
  const made = releases.filter(({ result }) => result === "created" || result === "completed").length;
  const parts = [
    `${count(number(dryRun ? "planned" : "created"), "git tag")} ${dryRun ? "to make" : "made"}`,
    `${number("there")} there already`,
    ...(releases.length === 0 ? [] : [`${count(made, "release")} ${dryRun ? "to make" : "made"}`]),
  ];
  const exitCode = exitCodeOfTagging({ problems });
  return {
    tone: exitCode === 0 ? "good" : exitCode === 3 ? "warn" : "bad",
    verb: exitCode === 0 ? "Done" : exitCode === 3 ? "Unfinished" : "Failed",
    what: parts.join(", "),
  };
}

export function exitCodeOfTagging({ problems }: Pick<Tagging, "problems">): 0 | 1 | 2 | 3 {
  const exits = problems.map(({ code }) => exitCodeOf(code));
  return exits.includes(1) ? 1 : exits.includes(2) ? 2 : exits.includes(3) ? 3 : 0;
}
