/**
 * Records what reaches a registry, so that a test can prove that a run wrote nothing. It only watches: it must never
 * change a request or an answer.
 */
import type { Server } from "node:http";

export interface AccessLogEntry {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  /** Undefined while there is no answer, and for ever when the connection broke before one. */
  readonly status: number | undefined;
  /** When the request arrived, in milliseconds since the epoch. */
  readonly at: number;
  /** When the answer was handed on; undefined like `status`. */
  readonly answeredAt: number | undefined;
  /** True when the request can change packages: neither a read nor a log-in. */
  readonly isWrite: boolean;
}

/** One line of a log file: an arrival, or the answer to an earlier arrival. */
export type AccessLogLine =
  | { readonly id: number; readonly method: string; readonly url: string; readonly at: number }
  | { readonly id: number; readonly status: number; readonly answeredAt: number };

const readMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/** Log-ins and audits use PUT and POST without changing a package. */
export function isRegistryWrite(method: string, url: string): boolean {
  if (readMethods.has(method)) return false;
  return !url.startsWith("/-/user/") && !url.startsWith("/-/npm/v1/security/");
}

/** Reports arrivals and answers of a server to `record`, before the server's own listener sees them. */
export function recordAccess(server: Server, record: (line: AccessLogLine) => void): void {
  let lastId = 0;
  server.prependListener("request", (request, response) => {
    lastId += 1;
    const id = lastId;
    record({ id, method: request.method ?? "GET", url: request.url ?? "/", at: Date.now() });
    response.once("finish", () => record({ id, status: response.statusCode, answeredAt: Date.now() }));
  });
}

/** Folds lines into entries, in the order of arrival. */
export function foldAccessLog(lines: readonly AccessLogLine[]): readonly AccessLogEntry[] {
  const answers = new Map<number, { readonly status: number; readonly answeredAt: number }>();
  for (const line of lines) if ("status" in line) answers.set(line.id, line);
  const entries: AccessLogEntry[] = [];
  for (const line of lines) {
    if ("status" in line) continue;
    const { id, method, url, at } = line;
    const answer = answers.get(id);
    const { status, answeredAt } = answer ?? { status: undefined, answeredAt: undefined };
    entries.push({ method, url, at, status, answeredAt, isWrite: isRegistryWrite(method, url) });
  }
  return entries;
}

/** The requests of a log that can have changed packages. */
export function writesOf(entries: readonly AccessLogEntry[]): readonly AccessLogEntry[] {
  return entries.filter((entry) => entry.isWrite);
}
