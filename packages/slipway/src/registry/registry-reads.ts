/** The reads of a registry: what it shows, as readings. Must not write, retry or decide. */
import { createHash } from "node:crypto";
import { escapeName, isJsonObject, parsePackument } from "@slipway/core";
import type { Packument, Reading, ServedTarball, VersionStatus } from "@slipway/core";
import type { HttpResponse } from "./http.ts";
import { tarballFileName } from "./publish-document.ts";
import { packageUrl, parseJson, requestOf, unavailable } from "./registry-request.ts";
import type { Context } from "./registry-request.ts";
import { findTarballUrl } from "./tarball-url.ts";

const abbreviatedAccept = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*";
/** Headers that only a shared cache adds. */
const cacheEvidence = ["age", "cf-cache-status", "x-cache", "via"] as const;

function isUncached(response: HttpResponse): boolean {
  return cacheEvidence.every((header) => response.headers[header] === undefined);
}

/**
 * JSON of a document that is compared later, so only known secrets are taken out of it: a dependency's URL that
 * merely looks like a credential has to stay what it is.
 */
function parseDocument(context: Context, name: string, body: Buffer): unknown {
  const text = body.toString("utf8");
  const parsed = parseJson(text);
  const redactor = context.redactor(name);
  return redactor.holdsKnown(text) ? redactor.knownInJson(parsed?.value) : parsed?.value;
}

/** A package whose versions were all unpublished, or never finished, may be shown without `versions`. */
function withVersions(json: unknown): unknown {
  return isJsonObject(json) && json["versions"] === undefined && (isJsonObject(json["time"]) || "dist-tags" in json)
    ? { ...json, versions: {} }
    : json;
}

export async function readPackument(
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

export async function readVersion(context: Context, name: string, version: string): Promise<Reading<true>> {
  const url = packageUrl(context, name, `/${encodeURIComponent(version)}`);
  const outcome = await context.send(requestOf(context, name, url));
  if (outcome.kind === "no-response") return unavailable(context, name, outcome);
  const at = context.options.clock.now();
  const fresh = isUncached(outcome);
  if (outcome.status === 404) return { kind: "absent", at, fresh };
  if (outcome.status !== 200) return unavailable(context, name, outcome);
  const json = parseJson(outcome.body.toString("utf8"))?.value;
  if (!isJsonObject(json) || json["name"] !== name || json["version"] !== version)
    return unavailable(context, name, outcome, "the body is not this version's document");
  return { kind: "shown", value: true, at, fresh };
}

const statuses: readonly VersionStatus[] = ["published", "validating", "staged", "blocked", "deleted"];

/** npm tells only who may publish the package, so the credentials of writes are used where reads have none. */
export async function readStatus(context: Context, name: string, version: string): Promise<VersionStatus | undefined> {
  const path = `-/package/${escapeName(name)}/version/${encodeURIComponent(version)}/status`;
  const request = requestOf(context, name, new URL(`${context.base}${path}`));
  const found = request.authorization === undefined ? await context.options.writeCredentials?.find(name) : undefined;
  const authorization = found?.kind === "header" ? found.value : request.authorization;
  if (authorization === undefined) return undefined;
  const outcome = await context.send({ ...request, authorization });
  if (outcome.kind === "no-response" || outcome.status !== 200) return undefined;
  const json = parseJson(outcome.body.toString("utf8"))?.value;
  return isJsonObject(json) ? statuses.find((status) => status === json["status"]) : undefined;
}

/** Where a version's tarball is fetched from; without an announced URL, where registries keep it by convention. */
export function tarballUrl(
  context: Context,
  name: string,
  version: string,
  announced: string | undefined,
): URL | undefined {
  const fallback = new URL(`${context.base}${name}/-/${tarballFileName(name, version)}`);
  return findTarballUrl(announced, fallback, new URL(context.base), context.options.hostReplacement ?? {});
}

export async function readTarball(
  context: Context,
  name: string,
  version: string,
  announced: string | undefined,
  keepBytes: boolean,
): Promise<Reading<ServedTarball>> {
  const url = tarballUrl(context, name, version, announced);
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
