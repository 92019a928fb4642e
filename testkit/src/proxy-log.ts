/** What a fault proxy remembers of each request, for tests to read. */
import { isRegistryWrite } from "./access-log.ts";
import type { RuleRequest } from "./fault-rules.ts";
import type { SeenUpload } from "./upload-document.ts";

/** How an exchange ended, as the client saw it. `client-gone`: nobody was left to see it. */
export type ProxyOutcome =
  | "passed"
  | "answered"
  | "reset"
  | "truncated"
  | "hung"
  | "stale"
  | "corrupted"
  | "client-gone";

/** One request through the proxy. All instants are milliseconds since the epoch. */
export interface ProxyLogEntry {
  readonly method: string;
  /** Decoded, with the query. */
  readonly url: string;
  readonly isWrite: boolean;
  readonly at: number;
  /** Label of the rule that struck it. */
  readonly fault: string | undefined;
  readonly bodySizeBytes: number;
  /** `sha512-…` of a write's body; undefined for reads and while the body is under way. */
  readonly bodyIntegrity: string | undefined;
  /** What a publish document would publish. */
  readonly upload: SeenUpload | undefined;
  readonly bodyCompleteAt: number | undefined;
  /** True once a byte of it has gone to the registry. */
  readonly forwarded: boolean;
  /** The registry's status, whatever the client was told. */
  readonly registryStatus: number | undefined;
  /** When the registry's answer was complete. */
  readonly committedAt: number | undefined;
  /** What the client was told. */
  readonly status: number | undefined;
  readonly answeredAt: number | undefined;
  readonly outcome: ProxyOutcome | undefined;
}

/** An entry while its exchange is under way. */
export type ProxyLogDraft = { -readonly [Key in keyof ProxyLogEntry]: ProxyLogEntry[Key] };

export function newDraft(seen: RuleRequest, fault: string | undefined): ProxyLogDraft {
  return {
    method: seen.method,
    url: seen.url,
    isWrite: isRegistryWrite(seen.method, seen.path),
    at: Date.now(),
    fault,
    bodySizeBytes: 0,
    bodyIntegrity: undefined,
    upload: undefined,
    bodyCompleteAt: undefined,
    forwarded: false,
    registryStatus: undefined,
    committedAt: undefined,
    status: undefined,
    answeredAt: undefined,
    outcome: undefined,
  };
}
