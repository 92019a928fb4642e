/** Sections of rows, as many as fit into a text of limited length: whole rows are left out, the last ones first, and counted. Pure. */

export interface CommentSection {
  /** What a row is, in the singular. */
  readonly noun: string;
  /** Heading and head of the table; nothing of a section without rows is shown. */
  readonly before: string;
  /** One line each. */
  readonly rows: readonly string[];
  readonly after: string;
}

/** Kept free for each section that follows, so that a long one does not push the others out. */
const reserveMax = 2000;

/** For the line that counts what is left out. */
const countMax = 80;

/** The text is at most `max` long where `head` and the first lines of the sections are not longer by themselves. */
export function fitSections(head: string, sections: readonly CommentSection[], max: number): string {
  const shown = sections.filter(({ rows }) => rows.length > 0);
  const shells = shown.map(({ before, after }) => before.length + after.length + countMax);
  let left = max - head.length - 1 - sum(shells);
  const parts = shown.map(({ noun, before, rows, after }, index) => {
    const reserved = sum(shown.slice(index + 1).map((later) => Math.min(lengthOf(later.rows), reserveMax)));
    const fitting = takeFitting(rows, left - reserved);
    left -= lengthOf(fitting);
    const hidden = rows.length - fitting.length;
    // Behind an empty line, or it would be a row of the table.
    const rest = hidden === 0 ? "" : `\n\nand ${hidden} more ${noun}${hidden === 1 ? "" : "s"}`;
    return `${[before, ...fitting].filter((line) => line !== "").join("\n")}${rest}${after}`;
  });
  return `${[head, ...parts].join("\n\n")}\n`;
}

function takeFitting(rows: readonly string[], room: number): readonly string[] {
  let length = 0;
  const end = rows.findIndex((row) => (length += row.length + 1) > room);
  return end === -1 ? rows : rows.slice(0, end);
}

function lengthOf(rows: readonly string[]): number {
  return sum(rows.map((row) => row.length + 1));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
