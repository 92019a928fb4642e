/** What a verb of the command line is: it returns data; printing is the views' business. */
import type { Clock, Event, JournalPort, Plan, RunState } from "@slipway/core";
import type { Terminal } from "../views/terminal.ts";

export type ExitCode = 0 | 1 | 2 | 3 | 4;

/** Flags as the command line gave them, by camel-case name; a verb reads only those that its usage names. */
export type Flags = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** Everything a verb touches besides files and registries. */
export interface VerbContext {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly terminal: Terminal;
  readonly clock: Clock;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** A person can be asked. */
  readonly isInteractive: boolean;
  /** Asks a yes-or-no question on the terminal. */
  readonly confirm: (question: string) => Promise<boolean>;
  /** Asks for a line of text on the terminal; undefined when nobody answers. */
  readonly ask: (question: string) => Promise<string | undefined>;
  /** Called with each event where `--json=events` was asked for. */
  readonly onJsonEvent: ((event: unknown) => void) | undefined;
  /** Called with each event of a release that is carried out, and the state that it led to. */
  readonly onReleaseEvent?: (plan: Plan, event: Event, state: RunState) => void;
  /** Called with each secret that is made while the verb runs, so that it can be kept out of a log. */
  readonly onSecret?: (secret: string) => void;
  /** Puts a port in front of the journal; tests kill the process between its lines. */
  readonly wrapJournal?: (journal: JournalPort) => JournalPort;
}

export interface Verb<Data> {
  command(args: readonly string[], flags: Flags, context: VerbContext): Promise<Data>;
  readonly views: {
    /** What goes to stdout for people; empty prints nothing. */
    human(data: Data, terminal: Terminal): string;
    /** What goes to stdout with `--json`. */
    json(data: Data): unknown;
  };
  exitCode(data: Data): ExitCode;
}

export function textFlag(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === "string" ? value : undefined;
}

export function listFlag(flags: Flags, name: string): readonly string[] {
  const value = flags[name];
  return Array.isArray(value)
    ? value.filter((item): item is string => typeof item === "string")
    : typeof value === "string"
      ? [value]
      : [];
}

export function isFlagSet(flags: Flags, name: string): boolean {
  return flags[name] === true;
}
