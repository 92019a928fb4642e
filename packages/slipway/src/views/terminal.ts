/**
 * Writing to a terminal or a log: a twelve-column verb, the spec, where. stdout is data, stderr is talk. Texts from manifests and
 * registries lose their control characters here, so that no name can move the cursor or forge a line.
 */
import { createLiveLine, type LiveClock } from "./live-line.ts";
import { formatRow, lineWhatWidth } from "./rows.ts";

export type Tone = "good" | "busy" | "warn" | "bad" | "quiet";

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface TerminalOptions {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Colours, for each stream: one may be a terminal and the other a file. */
  readonly isStdoutColored: boolean;
  readonly isStderrColored: boolean;
  /** For one line that is rewritten; only where stderr is a terminal and nobody collects a log. */
  readonly live: LiveClock | undefined;
}

/** What a view needs to know of the place it is printed to. */
export interface Painter {
  /** Marks a piece of text; the stream it is written to makes a colour of the mark, or nothing. */
  paint(tone: Tone, text: string): string;
  /** Of the terminal that stdout is; undefined where it is none, and nothing is wrapped. */
  readonly columns?: number | undefined;
}

/** What the live line says: a verb, and how far it is. */
export interface LiveText {
  readonly verb: string;
  readonly text: string;
}

export interface Terminal extends Painter {
  /** There is a live line. */
  readonly isLive: boolean;
  /** A line of talk: verb, what, and a note. */
  line(tone: Tone, verb: string, what: string, note?: string): void;
  /** Replaces the live line, or takes it away; the text is not even made where there is none. */
  live(text: (() => LiveText) | undefined): void;
  /** A paragraph of talk. */
  talk(text: string): void;
  /** Data for people. */
  data(text: string): void;
  /** Data for machines, to the letter. */
  json(value: unknown, indent?: number): void;
  /** Keeps back what would be said, and the live line, while a person is asked; call what it returns to go on. */
  hold(): () => void;
  /** Takes the live line away for good. */
  close(): void;
}

const codes: Readonly<Record<Tone, string>> = { good: "32", busy: "36", warn: "33", bad: "31", quiet: "2" };
const tones: readonly Tone[] = ["good", "busy", "warn", "bad", "quiet"];
/** Marks are private-use characters: they survive `plain`, and forged ones can do no more than colour a word. */
const markBase = 0xe010;
const markEnd = "\ue01f";
const verbWidth = 12;
/** A terminal that does not say how wide it is. */
const columnsUnknown = 80;

/** Removes what a terminal would act on: C0, C1, DEL, and the marks that reorder text. */
function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");
}

/** Takes away what a terminal would act on, then turns marks into colours, or into nothing. */
function finish(text: string, isColored: boolean): string {
  return plain(text).replace(/[\ue010-\ue01f]/g, (mark) => {
    if (!isColored) return "";
    if (mark === markEnd) return "\u001b[0m";
    const tone = tones[(mark.codePointAt(0) ?? 0) - markBase];
    return tone === undefined ? "" : `\u001b[${codes[tone]}m`;
  });
}

function paint(tone: Tone, text: string): string {
  return text === "" ? "" : `${String.fromCodePoint(markBase + tones.indexOf(tone))}${text}${markEnd}`;
}

function oneLine(text: string): string {
  return plain(text).replace(/\s*\n\s*/g, " ");
}

function columnsOf(output: Output): number | undefined {
  if (output.isTTY !== true && output.columns === undefined) return undefined;
  return output.columns === undefined || output.columns < 1 ? columnsUnknown : output.columns;
}

export function createTerminal(options: TerminalOptions): Terminal {
  const { stdout, stderr, isStdoutColored, isStderrColored } = options;
  const live =
    options.live === undefined
      ? undefined
      : createLiveLine({
          write: (text) => stderr.write(text),
          columns: () => columnsOf(stderr) ?? columnsUnknown,
          clock: options.live,
          finish: (text) =>
            finish(`${paint("busy", text.slice(0, verbWidth))}${text.slice(verbWidth)}`, isStderrColored),
        });
  let held: string[] | undefined;
  const say = (text: string): void => {
    const line = `${finish(text, isStderrColored)}\n`;
    if (held !== undefined) held.push(line);
    else stderr.write(live === undefined ? line : live.above(line));
  };
  const give = (text: string): void => {
    // The live line is on the other stream: it goes, and comes back with its next frame.
    const restore = live?.hide();
    stdout.write(text.endsWith("\n") ? text : `${text}\n`);
    restore?.();
  };
  return {
    get columns() {
      return columnsOf(stdout);
    },
    isLive: live !== undefined,
    paint,
    line(tone, verb, what, note = "") {
      const row = { tone, verb, what: oneLine(what), note: oneLine(note) };
      const columns = columnsOf(stderr);
      say(formatRow(row, { paint, columns }, lineWhatWidth(columns)));
    },
    live: (make) =>
      held === undefined &&
      live?.set(
        make &&
          (() => {
            const { verb, text } = make();
            return oneLine(`${verb.padStart(verbWidth)}  ${text}`);
          }),
      ),
    talk: say,
    data: (text) => give(finish(text, isStdoutColored)),
    json: (value, indent) => give(JSON.stringify(value, undefined, indent)),
    hold() {
      live?.set(undefined);
      held ??= [];
      return () => {
        const lines = held ?? [];
        held = undefined;
        for (const line of lines) stderr.write(line);
      };
    },
    close: () => live?.close(),
  };
}
