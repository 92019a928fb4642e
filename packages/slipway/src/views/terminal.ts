/**
 * Writing to a terminal or a log: a twelve-column verb, the spec, where. stdout is data, stderr is talk. Texts from manifests and
 * registries lose their control characters here, so that no name can move the cursor or forge a line.
 */

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
  /** One line that is rewritten; only where stderr is a terminal and nobody collects a log. */
  readonly isLive: boolean;
}

export interface Terminal {
  /** A line of talk: verb, what, and a note. */
  line(tone: Tone, verb: string, what: string, note?: string): void;
  /** Replaces the live line; the text is not even made where there is none. */
  live(text: () => string): void;
  /** A paragraph of talk. */
  talk(text: string): void;
  /** Data for people. */
  data(text: string): void;
  /** Data for machines, to the letter. */
  json(value: unknown, indent?: number): void;
  /** Marks a piece of text; the stream it is written to makes a colour of the mark, or nothing. */
  paint(tone: Tone, text: string): string;
  readonly columns: number;
}

const codes: Readonly<Record<Tone, string>> = { good: "32", busy: "36", warn: "33", bad: "31", quiet: "2" };
const tones: readonly Tone[] = ["good", "busy", "warn", "bad", "quiet"];
/** Marks are private-use characters: they survive `plain`, and forged ones can do no more than colour a word. */
const markBase = 0xe010;
const markEnd = "\ue01f";
const verbWidth = 12;
const whatWidth = 34;

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

export function createTerminal(options: TerminalOptions): Terminal {
  const { stdout, stderr, isStdoutColored, isStderrColored, isLive } = options;
  let liveText = "";
  const columns = stderr.columns ?? 100;
  const clear = (): void => {
    if (liveText !== "") stderr.write("\r\u001b[2K");
  };
  const show = (): void => {
    if (liveText !== "") stderr.write(liveText);
  };
  const say = (text: string): void => {
    clear();
    stderr.write(`${finish(text, isStderrColored)}\n`);
    show();
  };
  const give = (text: string): void => {
    clear();
    stdout.write(text.endsWith("\n") ? text : `${text}\n`);
    show();
  };
  return {
    columns,
    paint,
    line(tone, verb, what, note = "") {
      const label = paint(tone, verb.padStart(verbWidth));
      const subject = oneLine(what);
      say(
        note === ""
          ? `${label}  ${subject}`
          : `${label}  ${subject.padEnd(whatWidth)}  ${paint("quiet", oneLine(note))}`,
      );
    },
    live(text) {
      if (!isLive) return;
      clear();
      liveText = oneLine(text()).slice(0, columns - 1);
      show();
    },
    talk: say,
    data: (text) => give(finish(text, isStdoutColored)),
    json: (value, indent) => give(JSON.stringify(value, undefined, indent)),
  };
}
