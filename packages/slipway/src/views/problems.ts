/** Problems as a person reads them: what, where, and what to do; never a stack. */
import type { Problem } from "@slipway/core";
import type { Terminal } from "./terminal.ts";

export function formatProblem(problem: Problem, terminal: Pick<Terminal, "paint">): string {
  const head = `${terminal.paint("bad", `error[${problem.code}]`)}: ${problem.message}`;
  const details = (problem.details ?? []).map((line) => `  ${line}`);
  return [head, ...details, "", `${terminal.paint("busy", "hint")}: ${problem.hint}`].join("\n");
}

/** Problems of one code and hint are told together: twenty packages without credentials are one thing to mend. */
export function formatProblems(problems: readonly Problem[], terminal: Pick<Terminal, "paint">): string {
  const groups = Map.groupBy(problems, (problem) => `${problem.code} ${problem.hint}`);
  return [...groups.values()]
    .map((group) => {
      const [first] = group;
      if (first === undefined) return "";
      if (group.length === 1) return formatProblem(first, terminal);
      const heads = group.map((problem) =>
        [
          `${terminal.paint("bad", `error[${problem.code}]`)}: ${problem.message}`,
          ...(problem.details ?? []).map((line) => `  ${line}`),
        ].join("\n"),
      );
      return [...heads, "", `${terminal.paint("busy", "hint")}: ${first.hint}`].join("\n");
    })
    .join("\n\n");
}
