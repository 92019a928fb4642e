/**
 * What every request to a registry shares: its options, its address, its headers, and the phrases for having no answer.
 * Must not know what is read or written.
 */
import { escapeName, parseRetryAfter } from "@slipway/core";
import type { Clock, Limits, Problem, Reading } from "@slipway/core";
import type { OneTimePassword } from "../auth/one-time-password.ts";
import type { Redactor } from "../redact.ts";
import type { ConnectionSettings } from "./agents.ts";
import type { HttpOutcome, HttpRequest } from "./http.ts";
import type { HostReplacement } from "./tarball-url.ts";

export interface RegistryOptions {
  /** http or https; a slash at the end is added. */
  readonly url: string;
  /** Value of the Authorization header for a package, or undefined to ask without. */
  readonly credentials: (packageName?: string) => string | undefined;
  /** Credentials for the writes to a package, where they are others than those of its reads. */
  readonly writeCredentials?: WriteCredentials;
  /** Sent with writes, and renewed when the registry wants another. */
  readonly oneTimePassword?: OneTimePassword;
  readonly limits: Limits;
  /** Certificates, proxies, local address. */
  readonly connection?: Omit<ConnectionSettings, "concurrency" | "connectTimeoutMs">;
  /** Which hosts of announced tarball URLs are replaced by the registry's, as npm does. */
  readonly hostReplacement?: HostReplacement;
  readonly userAgent: string;
  readonly clock: Clock;
  /** Further secrets that must never come out of an answer. */
  readonly secrets?: readonly string[];
}

/** Value of the Authorization header, or why there is none: a problem is final, without one asking again later can help. */
export type Authorization =
  | { readonly kind: "header"; readonly value: string | undefined }
  | { readonly kind: "none"; readonly reason: string; readonly problem?: Problem };

export interface WriteCredentials {
  readonly find: (packageName: string) => Promise<Authorization>;
  /** Told that a registry did not take them. True when the next `find` gives others. */
  readonly renew: (packageName: string) => boolean;
}

export interface SentSecrets {
  readonly authorization: string | undefined;
  readonly otp: string | undefined;
}

const redirectsMax = 5;

export interface Context {
  readonly base: string;
  readonly options: RegistryOptions;
  readonly send: (request: HttpRequest) => Promise<HttpOutcome>;
  /** Knows the credentials that reads of the package carry, and those that a write carried. */
  readonly redactor: (packageName: string, sent?: SentSecrets) => Redactor;
}

export type Unavailable = Extract<Reading<never>, { kind: "unavailable" }>;

export function requestOf(context: Context, name: string, url: URL): HttpRequest {
  const { limits, userAgent, credentials } = context.options;
  return {
    method: "GET",
    url,
    headers: { "user-agent": userAgent, accept: "application/json", "accept-encoding": "gzip, br" },
    authorization: credentials(name),
    answerTimeoutMs: limits.readTimeoutMs,
    idleTimeoutMs: limits.readTimeoutMs,
    sizeMaxBytes: limits.packumentSizeMaxBytes,
    redirectsMax,
  };
}

export function packageUrl(context: Context, name: string, rest = ""): URL {
  return new URL(`${context.base}${escapeName(name)}${rest}`);
}

export function unavailable(context: Context, name: string, outcome: HttpOutcome, reason?: string): Unavailable {
  const at = context.options.clock.now();
  const text = reason ?? (outcome.kind === "response" ? `answered ${outcome.status}` : outcome.reason);
  const headers = outcome.kind === "response" && outcome.status === 429 ? outcome.headers : {};
  const retryAfterMs = parseRetryAfter(headers["retry-after"], headers["date"]);
  return {
    kind: "unavailable",
    at,
    ...(outcome.status === undefined ? {} : { status: outcome.status }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(outcome.kind === "no-response" && outcome.isUnknownHost ? { isUnknownHost: true as const } : {}),
    reason: context.redactor(name).text(text),
  };
}

export function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
