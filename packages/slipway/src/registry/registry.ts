/**
 * A real registry behind the port that the loop uses: one request a method (two where the protocol needs a document
 * first), every outcome a value, every text redacted. Must not retry, decide, or follow a packument's host with
 * credentials.
 */
import type { RegistryPort } from "@slipway/core";
import { createRedactor, secretsOfHeader } from "../redact.ts";
import type { Redactor } from "../redact.ts";
import { createHttpClient } from "./http.ts";
import { readPackument, readStatus, readTarball, readVersion, tarballUrl } from "./registry-reads.ts";
import type { Context, RegistryOptions } from "./registry-request.ts";
import { deprecate, removeDistTag, removeTarball, setDistTag, upload } from "./registry-writes.ts";

export type { RegistryOptions } from "./registry-request.ts";

export interface ClosableRegistry extends RegistryPort {
  /** Closes its connections. Requests under way end as no-response. */
  close(): void;
}

/** Redactors by the credentials they know, made once each. */
function redactors(options: RegistryOptions): Context["redactor"] {
  const made = new Map<string, Redactor>();
  return (packageName, sent) => {
    const headers = [options.credentials(packageName), sent?.authorization].flatMap((header) => header || []);
    const secrets = [...headers.flatMap(secretsOfHeader), ...(sent?.otp === undefined ? [] : [sent.otp])];
    const key = secrets.join("\n");
    const known = made.get(key);
    if (known) return known;
    const redactor = createRedactor([...(options.secrets ?? []), ...secrets]);
    made.set(key, redactor);
    return redactor;
  };
}

export function createRegistry(options: RegistryOptions): ClosableRegistry {
  const base = new URL(options.url.endsWith("/") ? options.url : `${options.url}/`);
  const client = createHttpClient(base, {
    ...options.connection,
    // Planning reads more at once than the loop, which bounds itself: 16 connections cost it three more round trips.
    concurrency: Math.max(options.limits.concurrency, options.limits.planConcurrency),
    connectTimeoutMs: options.limits.readTimeoutMs,
  });
  const context: Context = {
    base: base.href,
    options,
    send: (request) => client.request(request),
    redactor: redactors(options),
  };
  return {
    url: base.href,
    readPackument: (name, kind) => readPackument(context, name, kind),
    readVersion: (name, version) => readVersion(context, name, version),
    tarballUrl: (name, version, announced) => tarballUrl(context, name, version, announced)?.href,
    readTarball: (name, version, url, keepBytes) => readTarball(context, name, version, url, keepBytes),
    readStatus: (name, version) => readStatus(context, name, version),
    upload: (request) => upload(context, request),
    setDistTag: (name, tag, version) => setDistTag(context, name, tag, version),
    removeDistTag: (name, tag) => removeDistTag(context, name, tag),
    deprecate: (name, version, message) => deprecate(context, name, version, message),
    removeTarball: (name, version) => removeTarball(context, name, version),
    close: () => client.close(),
  };
}
