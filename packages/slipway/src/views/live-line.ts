/**
 * The one line that is rewritten while something goes on. It decides when the line is drawn, and cuts it to the terminal; what it
 * says is made only when it is drawn, so that a thousand events a second cost nothing. It must not touch a clock: it is given one.
 */
import { cutTo, textWidth } from "./text-width.ts";

export interface LiveClock {
  /** Milliseconds. */
  readonly now: () => number;
  /** Calls `tick` again and again until the returned function is called; must not keep the process alive. */
  readonly every: (ms: number, tick: () => void) => () => void;
}

export interface LiveLine {
  /** Sets what the line says; undefined takes it away. Draws at most every `frameMs`. */
  set(text: (() => string) | undefined): void;
  /** What to write for `text` to stand above the line. */
  above(text: string): string;
  /** Takes the line away while another stream is written to; call what it returns to have it back. */
  hide(): () => void;
  /** Takes the line away for good, whatever is set later. */
  close(): void;
}

export interface LiveLineOptions {
  readonly write: (text: string) => unknown;
  readonly columns: () => number;
  readonly clock: LiveClock;
  /** Takes control characters away and gives colours; must not change how wide the text is. */
  readonly finish: (text: string) => string;
}

const frameMs = 100;
const marginColumns = 3;

export function createLiveLine({ write, columns, clock, finish }: LiveLineOptions): LiveLine {
  let make: (() => string) | undefined;
  /** Without colours. */
  let shown = "";
  let drawnAt = Number.NEGATIVE_INFINITY;
  let stopTicking: (() => void) | undefined;
  let isClosed = false;

  function render(): string {
    if (make === undefined) return "";
    drawnAt = clock.now();
    // Room is left for the `^C` that a terminal adds when it is interrupted, and for its cursor: what is broken onto a second
    // line could not be taken away.
    return cutTo(make().replace(/\s*\n\s*/g, " "), Math.max(1, columns() - marginColumns));
  }

  function erase(): string {
    if (shown === "") return "";
    // A window that was made narrower has broken the line: all its rows go.
    const rows = Math.ceil(textWidth(shown) / Math.max(1, columns()));
    return rows > 1 ? `\r\u001b[${rows - 1}A\u001b[J` : "\r\u001b[2K";
  }

  function draw(): void {
    const text = render();
    if (text === shown) return;
    write(`${erase()}${finish(text)}`);
    shown = text;
  }

  function stop(): void {
    stopTicking?.();
    stopTicking = undefined;
    make = undefined;
    if (shown !== "") write(erase());
    shown = "";
  }

  return {
    set(text) {
      if (isClosed) return;
      if (text === undefined) return stop();
      make = text;
      stopTicking ??= clock.every(frameMs, draw);
      if (clock.now() - drawnAt >= frameMs) draw();
    },
    above(text) {
      if (shown === "") return text;
      const before = erase();
      // A line about something that has just happened must not stand above a live line that does not know it.
      shown = render();
      return `${before}${text}${finish(shown)}`;
    },
    hide() {
      if (shown === "") return () => {};
      write(erase());
      shown = "";
      return draw;
    },
    close() {
      stop();
      isClosed = true;
    },
  };
}
