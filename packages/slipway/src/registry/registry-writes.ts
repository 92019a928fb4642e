/**
 * The writes of a registry: one request each, two where the protocol needs the document first. Each outcome is an
 * answer, redacted. Must not retry or judge.
 */
import { escapeName, isJsonObject } from "@slipway/core";
import { wantsOneTimePassword } from "@slipway/core";
import type { Answer, UploadRequest } from "@slipway/core";
import type { HttpOutcome } from "./http.ts";
import { readPackedFiles } from "./packed-files.ts";
import { buildPublishDocument, tarballFileName } from "./publish-document.ts";
import { normalizeManifest } from "./publish-manifest.ts";
import { packageUrl, parseJson, requestOf } from "./registry-request.ts";
import type { Context, SentSecrets } from "./registry-request.ts";

/** A document without `_rev` is deleted from with this: Verdaccio wants the path, but never compares it. */
const revUnknown = "0-0";

function answerOf(context: Context, name: string, outcome: HttpOutcome, sent?: SentSecrets): Answer {
  const redactor = context.redactor(name, sent);
  if (outcome.kind === "no-response")
    return { kind: "no-response", reason: redactor.text(outcome.reason), maybeSent: outcome.maybeSent };
  const text = outcome.body.toString("utf8");
  const parsed = parseJson(text);
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
  const { writeCredentials, oneTimePassword } = context.options;
  const found = await writeCredentials?.find(name);
  if (found?.kind === "none") {
    const { reason, problem } = found;
    return { kind: "no-response", reason, maybeSent: false, ...(problem === undefined ? {} : { problem }) };
  }
  const authorization = found === undefined ? request.authorization : found.value;
  const otp = oneTimePassword?.current();
  const outcome = await context.send({
    ...request,
    authorization,
    method,
    headers: {
      ...request.headers,
      "npm-command": "publish",
      ...(otp === undefined ? {} : { "npm-otp": otp }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body }),
    answerTimeoutMs: context.options.limits.uploadTimeoutMs,
  });
  const answer = answerOf(context, name, outcome, { authorization, otp });
  if (answer.kind !== "response") return answer;
  if (otp !== undefined && answer.status < 300) oneTimePassword?.accepted();
  if (answer.status !== 401) return answer;
  const isRenewed = wantsOneTimePassword(answer)
    ? (await oneTimePassword?.renew(otp)) === true
    : writeCredentials?.renew(name) === true;
  return isRenewed ? { ...answer, isRenewed } : answer;
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
  const json = outcome.status === 200 ? parseJson(outcome.body.toString("utf8"))?.value : undefined;
  if (!isJsonObject(json) || json["name"] !== name)
    return nothingWritten(`reading the document to change: answered ${outcome.status}`);
  return { document: json };
}

export async function deprecate(context: Context, name: string, version: string, message: string): Promise<Answer> {
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

export async function removeTarball(context: Context, name: string, version: string): Promise<Answer> {
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

export async function upload(context: Context, request: UploadRequest): Promise<Answer> {
  // The readme, types beside main and a binding.gyp's install script are in the tarball only.
  const manifest = normalizeManifest(request.manifest, {
    files: request.files ?? (await readPackedFiles(request.bytes)),
  });
  const body = buildPublishDocument({ ...request, manifest }, context.base, process.versions.node);
  return write(context, request.name, { method: "PUT", url: packageUrl(context, request.name), body });
}

export function setDistTag(context: Context, name: string, tag: string, version: string): Promise<Answer> {
  return write(context, name, {
    method: "PUT",
    url: tagUrl(context, name, tag),
    body: [Buffer.from(JSON.stringify(version))],
  });
}

export function removeDistTag(context: Context, name: string, tag: string): Promise<Answer> {
  return write(context, name, { method: "DELETE", url: tagUrl(context, name, tag) });
}
