/**
 * A real registry behind the port that the loop uses: one request a method (two where the protocol needs a document
 * first), every outcome a value, every text redacted. Must not retry, decide, or follow a packument's host with
 * credentials.
 */
import { createHash } from "node:crypto";
import { escapeName, isJsonObject, parsePackument } from "@slipway/core";
import type {
  Answer,
  Clock,
  Limits,
  Packument,
  Reading,
  RegistryPort,
  ServedTarball,
  UploadRequest,
} from "@slipway/core";
import { createRedactor, secretsOfHeader } from "../redact.ts";
import type { Redactor } from "../redact.ts";
import type { ConnectionSettings } from "./agents.ts";
import { createHttpClient } from "./http.ts";
import type { HttpOutcome, HttpRequest, HttpResponse } from "./http.ts";
import { buildPublishDocument, tarballFileName } from "./publish-document.ts";
import { findTarballUrl } from "./tarball-url.ts";
import type { HostReplacement } from "./tarball-url.ts";

export interface RegistryOptions {
  /** http or https; a slash at the end is added. */
  readonly url: string;
  /** Value of the Authorization header for a package, or undefined to ask without. */
  readonly credentials: (packageName?: string) => string | undefined;
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

export interface ClosableRegistry extends RegistryPort {
  /** Closes its connections. Requests under way end as no-response. */
  close(): void;
}

const abbreviatedAccept = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*";
const redirectsMax = 5;
/** Headers that only a shared cache adds. */
const cacheEvidence = ["age", "cf-cache-status", "x-cache", "via"] as const;
/** A document without `_rev` is deleted from with this: Verdaccio wants the path, but never compares it. */
const revUnknown = "0-0";

interface Context {
  readonly base: string;
  readonly options: RegistryOptions;
  readonly send: (request: HttpRequest) => Promise<HttpOutcome>;
  readonly redactor: (packageName: string) => Redactor;
}

type Unavailable = Extract<Reading<never>, { kind: "unavailable" }>;

function requestOf(context: Context, name: string, url: URL): HttpRequest {
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

function packageUrl(context: Context, name: string, rest = ""): URL {
  return new URL(`${context.base}${escapeName(name)}${rest}`);
}

function isUncached(response: HttpResponse): boolean {
  return cacheEvidence.every((header) => response.headers[header] === undefined);
}

function unavailable(context: Context, name: string, outcome: HttpOutcome, reason?: string): Unavailable {
  const at = context.options.clock.now();
  const text = reason ?? (outcome.kind === "response" ? `answered ${outcome.status}` : outcome.reason);
  return {
    kind: "unavailable",
    at,
    ...(outcome.status === undefined ? {} : { status: outcome.status }),
    reason: context.redactor(name).text(text),
  };
}

function parseJson(body: Buffer): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(body.toString("utf8")) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * JSON of a document that is compared later, so only known secrets are taken out of it: a dependency's URL that
 * merely looks like a credential has to stay what it is.
 */
function parseDocument(context: Context, name: string, body: Buffer): unknown {
  const parsed = parseJson(body);
  const redactor = context.redactor(name);
  return redactor.holdsKnown(body.toString("utf8")) ? redactor.knownInJson(parsed?.value) : parsed?.value;
}

/** A package whose versions were all unpublished, or never finished, may be shown without `versions`. */
function withVersions(json: unknown): unknown {
  return isJsonObject(json) && json["versions"] === undefined && (isJsonObject(json["time"]) || "dist-tags" in json)
    ? { ...json, versions: {} }
    : json;
}

async function readPackument(
  context: Context,
  name: string,
  kind: "fresh" | "plain" | "full",
): Promise<Reading<Packument>> {
  const request = requestOf(context, name, packageUrl(context, name, kind === "fresh" ? "?write=true" : ""));
  const outcome = await context.send({
    ...request,
    headers: {
      ...request.headers,
      ...(kind === "plain" ? { accept: abbreviatedAccept } : {}),
      ...(kind === "fresh" ? { "cache-control": "no-cache" } : {}),
    },
  });
  if (outcome.kind === "no-response") return unavailable(context, name, outcome);
  const at = context.options.clock.now();
  const fresh = kind === "fresh" || isUncached(outcome);
  if (outcome.status === 404) return { kind: "absent", at, fresh };
  if (outcome.status !== 200) return unavailable(context, name, outcome);
  const json = parseDocument(context, name, outcome.body);
  if (json === undefined) return unavailable(context, name, outcome, "the body is not JSON");
  const packument = parsePackument(withVersions(json), name);
  if (packument === undefined) return unavailable(context, name, outcome, "the body is not this package's packument");
  return { kind: "shown", value: packument, at, fresh };
}

async function readVersion(context: Context, name: string, version: string): Promise<Reading<true>> {
  const url = packageUrl(context, name, `/${encodeURIComponent(version)}`);
  const outcome = await context.send(requestOf(context, name, url));
  if (outcome.kind === "no-response") return unavailable(context, name, outcome);
  const at = context.options.clock.now();
  const fresh = isUncached(outcome);
  if (outcome.status === 404) return { kind: "absent", at, fresh };
  if (outcome.status !== 200) return unavailable(context, name, outcome);
  const json = parseJson(outcome.body)?.value;
  if (!isJsonObject(json) || json["name"] !== name || json["version"] !== version)
    return unavailable(context, name, outcome, "the body is not this version's document");
  return { kind: "shown", value: true, at, fresh };
}

async function readTarball(
  context: Context,
  name: string,
  version: string,
  announced: string | undefined,
  keepBytes: boolean,
): Promise<Reading<ServedTarball>> {
  const fallback = packageUrl(context, name, `/-/${tarballFileName(name, version)}`);
  const url = findTarballUrl(announced, fallback, new URL(context.base), context.options.hostReplacement ?? {});
  if (url === undefined)
    return {
      kind: "unavailable",
      at: context.options.clock.now(),
      reason: "the tarball's address is not an http or https URL",
    };
  const hash = createHash("sha512");
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  const outcome = await context.send({
    ...requestOf(context, name, url),
    headers: { "user-agent": context.options.userAgent, accept: "*/*", "accept-encoding": "identity" },
    sizeMaxBytes: context.options.limits.tarballSizeMaxBytes,
    onPiece: (piece) => {
      hash.update(piece);
      sizeBytes += piece.byteLength;
      if (keepBytes) pieces.push(piece);
    },
  });
  if (outcome.kind === "no-response") return unavailable(context, name, outcome);
  const at = context.options.clock.now();
  const fresh = isUncached(outcome);
  if (outcome.status === 404) return { kind: "absent", at, fresh };
  if (outcome.status !== 200) return unavailable(context, name, outcome);
  const integrity = `sha512-${hash.digest("base64")}`;
  return {
    kind: "shown",
    value: { integrity, sizeBytes, bytes: keepBytes ? Buffer.concat(pieces) : undefined },
    at,
    fresh,
  };
}

function answerOf(context: Context, name: string, outcome: HttpOutcome): Answer {
  const redactor = context.redactor(name);
  if (outcome.kind === "no-response")
    return { kind: "no-response", reason: redactor.text(outcome.reason), maybeSent: outcome.maybeSent };
  const parsed = parseJson(outcome.body);
  const text = outcome.body.toString("utf8");
  return {
    kind: "response",
    status: outcome.status,
    headers: Object.fromEntries(Object.entries(outcome.headers).map(([key, value]) => [key, redactor.text(value)])),
    body: parsed === undefined ? (text === "" ? undefined : redactor.text(text)) : redactor.json(parsed.value),
  };
}

interface Write {
  readonly method: "PUT" | "DELETE";
  readonly url: URL;
  readonly body?: readonly Uint8Array[];
}

async function write(context: Context, name: string, { method, url, body }: Write): Promise<Answer> {
  const { redirectsMax: _, ...request } = requestOf(context, name, url);
  const outcome = await context.send({
    ...request,
    method,
    headers: {
      ...request.headers,
      "npm-command": "publish",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body }),
    answerTimeoutMs: context.options.limits.uploadTimeoutMs,
  });
  return answerOf(context, name, outcome);
}

/** The raw full document that a change is made in, or the answer that stands for the whole write without it. */
async function fetchDocument(
  context: Context,
  name: string,
): Promise<{ readonly document: Readonly<Record<string, unknown>> } | { readonly answer: Answer }> {
  const request = requestOf(context, name, packageUrl(context, name, "?write=true"));
  const outcome = await context.send({ ...request, headers: { ...request.headers, "cache-control": "no-cache" } });
  const nothingWritten = (reason: string): { readonly answer: Answer } => ({
    answer: { kind: "no-response", reason: context.redactor(name).text(reason), maybeSent: false },
  });
  if (outcome.kind === "no-response") return nothingWritten(`reading the document to change: ${outcome.reason}`);
  // A refusal or a request to slow down means for the write what it means for the read.
  if (outcome.status === 401 || outcome.status === 403 || outcome.status === 429)
    return { answer: answerOf(context, name, outcome) };
  const json = outcome.status === 200 ? parseJson(outcome.body)?.value : undefined;
  if (!isJsonObject(json) || json["name"] !== name)
    return nothingWritten(`reading the document to change: answered ${outcome.status}`);
  return { document: json };
}

async function deprecate(context: Context, name: string, version: string, message: string): Promise<Answer> {
  const fetched = await fetchDocument(context, name);
  if ("answer" in fetched) return fetched.answer;
  const { document } = fetched;
  const versions = isJsonObject(document["versions"]) ? document["versions"] : {};
  const manifest = versions[version];
  if (!isJsonObject(manifest))
    return { kind: "no-response", reason: `the registry does not show ${name}@${version}`, maybeSent: false };
  // The whole document goes back with its _rev: Verdaccio 6 unpublishes every version that the body lacks.
  const changed = { ...document, versions: { ...versions, [version]: { ...manifest, deprecated: message } } };
  return write(context, name, {
    method: "PUT",
    url: packageUrl(context, name),
    body: [Buffer.from(JSON.stringify(changed))],
  });
}

async function removeTarball(context: Context, name: string, version: string): Promise<Answer> {
  const fetched = await fetchDocument(context, name);
  // A package that is wedged from its first version on has no document, yet its tarball can be removed.
  const rev = "document" in fetched ? fetched.document["_rev"] : undefined;
  const revision = typeof rev === "string" && rev !== "" ? rev : revUnknown;
  return write(context, name, {
    method: "DELETE",
    url: packageUrl(context, name, `/-/${tarballFileName(name, version)}/-rev/${encodeURIComponent(revision)}`),
  });
}

function tagUrl(context: Context, name: string, tag: string): URL {
  return new URL(`${context.base}-/package/${escapeName(name)}/dist-tags/${encodeURIComponent(tag)}`);
}

function upload(context: Context, request: UploadRequest): Promise<Answer> {
  const body = buildPublishDocument(request, context.base, process.versions.node);
  return write(context, request.name, { method: "PUT", url: packageUrl(context, request.name), body });
}

/** Redactors by the credentials they know, made once each. */
function redactors(options: RegistryOptions): (packageName: string) => Redactor {
  const made = new Map<string, Redactor>();
  return (packageName) => {
    const header = options.credentials(packageName) ?? "";
    const known = made.get(header);
    if (known) return known;
    const redactor = createRedactor([...(options.secrets ?? []), ...(header === "" ? [] : secretsOfHeader(header))]);
    made.set(header, redactor);
    return redactor;
  };
}

export function createRegistry(options: RegistryOptions): ClosableRegistry {
  const base = new URL(options.url.endsWith("/") ? options.url : `${options.url}/`);
  const client = createHttpClient(base, {
    ...options.connection,
    concurrency: options.limits.concurrency,
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
    readTarball: (name, version, url, keepBytes) => readTarball(context, name, version, url, keepBytes),
    upload: (request) => upload(context, request),
    setDistTag: (name, tag, version) =>
      write(context, name, {
        method: "PUT",
        url: tagUrl(context, name, tag),
        body: [Buffer.from(JSON.stringify(version))],
      }),
    removeDistTag: (name, tag) => write(context, name, { method: "DELETE", url: tagUrl(context, name, tag) }),
    deprecate: (name, version, message) => deprecate(context, name, version, message),
    removeTarball: (name, version) => removeTarball(context, name, version),
    close: () => client.close(),
  };
}
