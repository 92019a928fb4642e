/** Logs as lines of JSON, each with its correlation and without secrets. Nothing that is logged makes it throw: a log line is not worth a request. */
import { currentCorrelation } from "./correlation.ts";

/** `silent` writes nothing. */
export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "silent";

const levels: Readonly<Record<LogLevel, number>> = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, silent: 60 };

export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  readonly level: LogLevel;
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose lines have these fields too. */
  child(fields: LogFields): Logger;
  /** True when lines of this level are written: asked before fields that are expensive to make. */
  isWritten(level: LogLevel): boolean;
}

export interface LoggerOptions {
  /** Lowest level that is written. Default `info`. */
  readonly level?: LogLevel;
  /** In every line. */
  readonly fields?: LogFields;
  /** Keys whose values are replaced at any depth, without regard to case. Added to the usual names of secrets. */
  readonly redact?: readonly string[];
  /** Receives each line without its line break. Default standard output. */
  readonly write?: (line: string) => void;
  /** Default now. */
  readonly now?: () => Date;
}

const secretKeys = ["authorization", "cookie", "password", "secret", "token", "apikey", "api_key", "set-cookie"];
const depthMax = 8;

export function createLogger(options: LoggerOptions = {}): Logger {
  const { level = "info", write = (line) => process.stdout.write(`${line}\n`), now = () => new Date() } = options;
  const redacted = new Set([...secretKeys, ...(options.redact ?? [])].map((key) => key.toLowerCase()));
  const make = (bound: LogFields): Logger => {
    const isWritten = (asked: LogLevel): boolean => levels[asked] >= levels[level] && asked !== "silent";
    const log =
      (own: LogLevel) =>
      (message: string, fields: LogFields = {}): void => {
        if (!isWritten(own)) return;
        // What describes the line itself stands last, so that no field can pass for it.
        const line = { ...bound, ...fields, ...currentCorrelation(), time: now().toISOString(), level: own, message };
        write(formatLine(line, redacted));
      };
    return {
      level,
      trace: log("trace"),
      debug: log("debug"),
      info: log("info"),
      warn: log("warn"),
      error: log("error"),
      child: (fields) => make({ ...bound, ...fields }),
      isWritten,
    };
  };
  return make(options.fields ?? {});
}

/** One value as one line of JSON, whatever it holds. */
function formatLine(line: LogFields, redacted: ReadonlySet<string>): string {
  try {
    return JSON.stringify(toPlain(line, redacted, []));
  } catch (thrown) {
    // A getter or toJSON of a field threw.
    const { time, level, message } = line;
    return JSON.stringify({ time, level, message, unwritable: String(thrown) });
  }
}

/** What JSON can hold: errors with their causes, bigints and dates as texts, cycles and great depths cut off. */
function toPlain(value: unknown, redacted: ReadonlySet<string>, parents: readonly object[]): unknown {
  if (typeof value === "bigint" || typeof value === "symbol") return value.toString();
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (typeof value !== "object" || value === null) return value;
  if (parents.includes(value)) return "(circular)";
  if (parents.length >= depthMax) return "(too deep)";
  const inner = [...parents, value];
  const toInner = (entry: unknown): unknown => toPlain(entry, redacted, inner);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "(no date)" : value.toISOString();
  if (value instanceof Map) return toInner(Object.fromEntries([...value].map(([key, entry]) => [String(key), entry])));
  if (Array.isArray(value) || value instanceof Set) return [...value].map(toInner);
  if (!(value instanceof Error) && "toJSON" in value && typeof value.toJSON === "function")
    return toInner(value.toJSON());
  const entries = value instanceof Error ? errorEntries(value) : Object.entries(value);
  return Object.fromEntries(
    entries.map(([key, entry]) => [key, redacted.has(key.toLowerCase()) ? "(redacted)" : toInner(entry)]),
  );
}

function errorEntries(error: Error): readonly [string, unknown][] {
  const { name, message, stack } = error;
  const own = Object.entries(error).filter(([key]) => key !== "name");
  return [
    ["name", name],
    ["message", message],
    ...own,
    ["stack", stack],
    ...("cause" in error ? [["cause", error.cause] as [string, unknown]] : []),
  ];
}
