/** Findings that a comment accepts with a reason: `# slipway-ignore <rule>: <reason>`, on the line or alone on the line above. */
import type { Finding, Severity } from "./rule.ts";

interface Comment {
  readonly rule: string;
  readonly hasReason: boolean;
  readonly line: number;
  readonly column: number;
  /** The line whose findings it accepts. */
  readonly about: number;
}

function findComments(text: string): readonly Comment[] {
  const lines = text.split("\n");
  return lines.flatMap((line, index) => {
    const found = /(^|\s)#\s*slipway-ignore\s+([\w-]+)(?::[ \t]*([^#\s].*))?/.exec(line);
    if (found === null) return [];
    const column = found.index + (found[1] ?? "").length;
    const isAlone = line.slice(0, column).trim() === "";
    const next = lines.findIndex((other, at) => at > index && !/^\s*(#|$)/.test(other));
    return [
      {
        rule: found[2] ?? "",
        hasReason: found[3] !== undefined,
        line: index + 1,
        column: column + 1,
        about: (isAlone ? next : index) + 1,
      },
    ];
  });
}

/**
 * What is left of the findings in the file at `path`, and what is wrong with the comments: one without a reason accepts nothing, and one
 * that accepts nothing is of no use.
 */
export function applyComments(
  path: string,
  text: string,
  findings: readonly Finding[],
  report: { readonly rule: string; readonly severity: Severity; readonly fix: string },
): readonly Finding[] {
  const comments = findComments(text);
  const isMet = (comment: Comment, { rule, place }: Finding): boolean =>
    place.path === path && rule === comment.rule && place.line === comment.about;
  const faults = comments.flatMap((comment): readonly Finding[] => {
    const place = { path, line: comment.line, column: comment.column };
    if (!comment.hasReason) return [{ ...report, place, message: `${comment.rule} is accepted here without a reason` }];
    return findings.some((finding) => isMet(comment, finding))
      ? []
      : [{ ...report, place, message: `${comment.rule} is accepted here, and finds nothing` }];
  });
  const accepting = comments.filter(({ hasReason }) => hasReason);
  return [...findings.filter((finding) => !accepting.some((comment) => isMet(comment, finding))), ...faults];
}
