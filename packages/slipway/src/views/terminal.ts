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
  readonly isColor: boolean;
  /** One line that is rewritten; only where stderr is a terminal and nobody collects a log. */
  readonly isLive: boolean;
}

export interface Terminal {
  /** A line of talk: verb, what, and a note. */
  line(tone: Tone, verb: string, what: string, note?: string): void;
  /** Replaces the live line; the text is not even made where there is none. */
  live(text: () => string): void;
  /** A paragraph of talk, as it is. */
  talk(text: string): void;
  /** Data. */
  data(text: string): void;
  paint(tone: Tone, text: string): string;
  readonly columns: number;
}

const codes: Readonly<Record<Tone, string>> = { good: "32", busy: "36", warn: "33", bad: "31", quiet: "2" };
const verbWidth = 12;
const whatWidth = 34;

/** Removes what a terminal would act on: C0, C1, DEL, and the marks that reorder text. */
export function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");
}

function oneLine(text: string): string {
  return plain(text).replace(/\s*\n\s*/g, " ");
}

export function createTerminal(options: TerminalOptions): Terminal {
  const { stdout, stderr, isColor, isLive } = options;
  let liveText = "";
  const columns = stderr.columns ?? 100;
  const paint = (tone: Tone, text: string): string =>
    isColor && text !== "" ? `\u001b[${codes[tone]}m${text}\u001b[0m` : text;
  const clear = (): void => {
    if (liveText !== "") stderr.write("\r\u001b[2K");
  };
  const show = (): void => {
    if (liveText !== "") stderr.write(liveText);
  };
  const say = (text: string): void => {
    clear();
    stderr.write(`${text}\n`);
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
    talk: (text) => say(plain(text)),
    data: (text) => {
      clear();
      stdout.write(text.endsWith("\n") ? text : `${text}\n`);
      show();
    },
  };
}
