/**
 * Rows as all views write them: a twelve-column verb, what it is about, and a note. Where a terminal is too narrow for a
 * row, the note wraps under its own column or stands on lines of its own. Pure: it is told how wide the terminal is.
 */
import type { Painter, Tone } from "./terminal.ts";
import { padEndTo, textWidth, wrapTo } from "./text-width.ts";

export interface Row {
  readonly tone: Tone;
  readonly verb: string;
  readonly what: string;
  readonly note?: string;
  /** The note brings tones of its own. */
  readonly isNotePainted?: boolean;
}

const verbWidth = 12;
const indent = " ".repeat(verbWidth + 2);
/** A column of notes that is narrower than this is no column. */
const noteWidthMin = 22;
/** What takes more room than this does not move the notes of all other rows. */
const whatWidthMax = 48;

/** How wide the column of specs is in lines that come one by one; it gives way to notes where the terminal is narrow. */
export function lineWhatWidth(columns: number | undefined): number {
  const wanted = 34;
  /** A note such as `12 files, 40.2 kB`. */
  const shortNote = 17;
  return columns === undefined ? wanted : Math.min(wanted, Math.max(20, columns - indent.length - 2 - shortNote));
}

/** Rows below each other, with their notes in one column; without `columns` nothing is wrapped. */
export function formatRows(rows: readonly Row[], painter: Painter, whatWidthMin = 20): readonly string[] {
  const widths = rows.map((row) => textWidth(row.what)).filter((width) => width <= whatWidthMax);
  const whatWidth = Math.max(whatWidthMin, ...widths);
  return rows.map((row) => formatRow(row, painter, whatWidth));
}

export function formatRow(row: Row, { paint, columns }: Painter, whatWidth: number): string {
  const { tone, verb, what, note = "", isNotePainted = false } = row;
  const quieten = (text: string): string => (isNotePainted ? text : paint("quiet", text));
  const head = `${paint(tone, verb.padStart(verbWidth))}  `;
  if (columns === undefined)
    return note === "" ? `${head}${what}` : `${head}${padEndTo(what, whatWidth)}  ${quieten(note)}`;
  const room = Math.max(noteWidthMin, columns - indent.length);
  const whatLines = wrapTo(what, room);
  const body = `${head}${whatLines.join(`\n${indent}`)}`;
  if (note === "") return body;
  const noteAt = indent.length + Math.max(whatWidth, textWidth(what)) + 2;
  const quiet = (lines: readonly string[], at: number): string => lines.map(quieten).join(`\n${" ".repeat(at)}`);
  // Beside it where there is a column for it, else below: a note that is cut to shreds is not read.
  const noteRoom = columns - noteAt;
  if (whatLines.length === 1 && (textWidth(note) <= noteRoom || noteRoom >= noteWidthMin))
    return `${head}${padEndTo(what, whatWidth)}  ${quiet(wrapTo(note, noteRoom), noteAt)}`;
  const below = indent.length + 2;
  return `${body}\n${" ".repeat(below)}${quiet(wrapTo(note, room - 2), below)}`;
}

/** A sentence below rows, wrapped under the column of what they are about. */
export function formatAside(text: string, { columns }: Painter): string {
  const lines = columns === undefined ? [text] : wrapTo(text, Math.max(noteWidthMin, columns - indent.length));
  return lines.map((line) => `${indent}${line}`).join("\n");
}
