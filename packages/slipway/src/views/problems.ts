/** Problems as a person reads them: what, where, and what to do; never a stack. */
import { exitCodeOf, type Problem } from "@slipway/core";
import { shorten } from "./lists.ts";
import type { Painter } from "./terminal.ts";
import { wrapTo } from "./text-width.ts";

/** Of one code and hint. */
const problemsShownMax = 20;

/** Lines at most as wide as the terminal; what follows the first is set in by two. */
export function wrapParagraph(text: string, { columns }: Painter): string {
  if (columns === undefined) return text;
  // The paragraph loses two columns to the indent; nothing is gained by wrapping to a handful of letters.
  return wrapTo(text, Math.max(40, columns - 2)).join("\n  ");
}

function formatHead(problem: Problem, painter: Painter): string {
  const head = wrapParagraph(`error[${problem.code}]: ${problem.message}`, painter);
  const label = `error[${problem.code}]`;
  const details = (problem.details ?? []).map((line) => `  ${line}`);
  // What may well be right in the end is not shown in red.
  const tone = exitCodeOf(problem.code) === 3 ? "warn" : "bad";
  return [`${painter.paint(tone, label)}${head.slice(label.length)}`, ...details].join("\n");
}

function formatHint(hint: string, painter: Painter): string {
  return `${painter.paint("busy", "hint")}${wrapParagraph(`hint: ${hint}`, painter).slice("hint".length)}`;
}

export function formatProblem(problem: Problem, painter: Painter): string {
  return [formatHead(problem, painter), "", formatHint(problem.hint, painter)].join("\n");
}

/** Problems of one code and hint are told together: twenty packages without credentials are one thing to mend. */
export function formatProblems(problems: readonly Problem[], painter: Painter): string {
  const groups = Map.groupBy(problems, (problem) => `${problem.code} ${problem.hint}`);
  return [...groups.values()]
    .map((group) => {
      const [first] = group;
      if (first === undefined) return "";
      const { shown, leftOut } = shorten(group, problemsShownMax);
      const more = leftOut > 0 ? [`and ${leftOut} more with ${first.code}: --json lists all of them`] : [];
      return [...shown.map((item) => formatHead(item, painter)), ...more, "", formatHint(first.hint, painter)].join(
        "\n",
      );
    })
    .join("\n\n");
}
