/** Writes that arrive over HTTP: publish documents, changed packuments, tags, unpublishing. Rights first, then the world decides. */
import { createHash } from "node:crypto";
import { type UploadRequest, formatSpec, isJsonObject } from "@slipway/core";
import { readAttestation } from "./attestations.ts";
import {
  type Call,
  type Permission,
  type Reply,
  type Service,
  authorise,
  parseBody,
  reply,
  replyOf,
} from "./http-service.ts";
import type { Write } from "./registry-world.ts";

type JsonObject = Readonly<Record<string, unknown>>;

/** What a publish document wants. */
interface Publication {
  readonly request: UploadRequest;
  /** Text of the provenance bundle. */
  readonly bundle: string | undefined;
  /** As the document claims. */
  readonly shasum: unknown;
}

function objectAt(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** Undefined when the document has no tarball with it, or not of the package that the URL names. */
function readPublication(document: JsonObject, name: string): Publication | undefined {
  const [version, manifest] = Object.entries(objectAt(document["versions"]))[0] ?? [];
  const attachments = Object.entries(objectAt(document["_attachments"]));
  const data = objectAt(attachments.find(([file]) => file.endsWith(".tgz"))?.[1])["data"];
  const bundle = objectAt(attachments.find(([file]) => file.endsWith(".sigstore"))?.[1])["data"];
  if (version === undefined || !isJsonObject(manifest) || typeof data !== "string" || document["name"] !== name)
    return undefined;
  const bytes = Buffer.from(data, "base64");
  const dist = objectAt(manifest["dist"]);
  const { access } = document;
  const claimed = dist["integrity"];
  const integrity =
    typeof claimed === "string" ? claimed : `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  return {
    request: {
      name,
      version,
      tag: Object.keys(objectAt(document["dist-tags"]))[0] ?? "latest",
      access: access === "restricted" || access === "public" ? access : undefined,
      manifest,
      bytes,
      integrity,
    },
    bundle: typeof bundle === "string" ? bundle : undefined,
    shasum: dist["shasum"],
  };
}

const unsupported = reply(400, { error: "unsupported registry call" });

function submit({ world }: Service, { account }: Permission, write: Write, wedges = false): Reply {
  return replyOf(world.submit(write, account, -1, { account, wedges }));
}

/** An upload, or `stage`: the same document to another address. */
export function publish(service: Service, call: Call, name: string, kind: "upload" | "stage"): Reply {
  const { world, profile, attestations, accounts, restricted, maxBodyBytes } = service;
  if (call.body.length > maxBodyBytes) return reply(413, { error: "request entity too large" });
  const document = parseBody(call.body);
  const publication = document === undefined ? undefined : readPublication(document, name);
  if (document === undefined) return reply(400, { error: "invalid package document" });
  const isRestricted = document["access"] === "restricted";
  const action = kind === "stage" ? "stage" : publication === undefined ? "deprecate" : "publish";
  const permission = authorise(service, call, action, name, isRestricted);
  if ("answer" in permission) return replyOf(permission.answer);
  if (publication === undefined) return changeDocument(service, permission, name, document);
  const { request, bundle, shasum } = publication;
  if (bundle !== undefined && !profile.takesAttestations) {
    // Measured on Verdaccio 6.10.4: refused, but by then the package exists.
    world.leaveEmpty(name);
    return unsupported;
  }
  const attestation =
    bundle === undefined ? undefined : readAttestation(bundle, name, request.version, request.manifest, request.bytes);
  if (attestation !== undefined && "answer" in attestation) return replyOf(attestation.answer);
  const isWrong = shasum !== undefined && shasum !== createHash("sha1").update(request.bytes).digest("hex");
  if (isWrong) {
    // Measured on Verdaccio 6.10.4: refused, but its tarball is stored by then, and the version stuck.
    if (profile.isVerdaccio) submit(service, permission, { kind: "upload", request }, true);
    return reply(400, { error: "shasum error" });
  }
  const { version } = request;
  const answer = submit(service, permission, kind === "stage" ? { kind, name, version, request } : { kind, request });
  if (answer.status >= 300) return answer;
  accounts.own(permission.account, name);
  service.trust.used(name);
  if (isRestricted) restricted.add(name);
  if (attestation !== undefined) attestations.set(formatSpec(name, version), attestation);
  if (kind === "upload") return answer;
  const actorType = accounts.find(call.headers["authorization"])?.kind === "oidc" ? "oidc" : "user";
  const { id } = service.stages.add(request, permission.account, actorType, service.now());
  return reply(answer.status, { stageId: id }, answer.headers);
}

/** A packument sent back with changes: deprecations, and on Verdaccio every version that it lacks is unpublished (measured). */
function changeDocument(service: Service, permission: Permission, name: string, document: JsonObject): Reply {
  const { world, profile } = service;
  const shown = world.stateOf(name)?.versions ?? new Map();
  const sent = objectAt(document["versions"]);
  // Measured on Verdaccio 6.10.4: without a `deprecated` anywhere it is taken for an upload.
  const [first] = Object.keys(sent);
  const isChange = Object.values(sent).some((version) => "deprecated" in objectAt(version));
  if (profile.isVerdaccio && !isChange && first !== undefined) return replyOf(profile.answers.alreadyPresent(first));
  const writes: Write[] = [];
  for (const [version, stored] of shown) {
    const wanted = sent[version];
    if (wanted === undefined) {
      if (profile.isVerdaccio) writes.push({ kind: "unpublish", name, version });
      continue;
    }
    const text = objectAt(wanted)["deprecated"];
    const message = typeof text === "string" ? text : "";
    if (message !== (stored.deprecated ?? "")) writes.push({ kind: "deprecate", name, version, message });
  }
  const unknown = Object.keys(sent).find((version) => !shown.has(version));
  if (unknown !== undefined) return replyOf(profile.answers.noSuchVersion(unknown));
  return submitAll(service, permission, writes);
}

/** The first refusal, else the last answer. */
function submitAll(service: Service, permission: Permission, writes: readonly Write[]): Reply {
  let last = replyOf(service.profile.answers.changed);
  for (const write of writes) {
    last = submit(service, permission, write);
    if (last.status >= 300) return last;
  }
  return last;
}

/** `PUT /<name>/-rev/<rev>`: the versions that the document lacks are unpublished. */
export function unpublishSome(service: Service, call: Call, name: string): Reply {
  const permission = authorise(service, call, "unpublish", name);
  if ("answer" in permission) return replyOf(permission.answer);
  const kept = objectAt(parseBody(call.body)?.["versions"]);
  const shown = [...(service.world.stateOf(name)?.versions.keys() ?? [])];
  const gone = shown.filter((version) => kept[version] === undefined);
  return submitAll(
    service,
    permission,
    gone.map((version) => ({ kind: "unpublish", name, version })),
  );
}

export function unpublishAll(service: Service, call: Call, name: string): Reply {
  const permission = authorise(service, call, "unpublish", name);
  if ("answer" in permission) return replyOf(permission.answer);
  const versions = [...(service.world.stateOf(name)?.versions.keys() ?? [])];
  const answer = submitAll(
    service,
    permission,
    versions.map((version) => ({ kind: "unpublish", name, version })),
  );
  if (answer.status < 300) service.world.forget(name);
  return answer;
}

/** After unpublishing, clients delete the tarball; on Verdaccio this alone takes it from under a version. */
export function removeTarball(service: Service, call: Call, name: string, version: string): Reply {
  const permission = authorise(service, call, "unpublish", name);
  if ("answer" in permission) return replyOf(permission.answer);
  const { world, profile } = service;
  if (world.stateOf(name)?.tombstones.has(version) === true) return replyOf(profile.answers.changed);
  if (!profile.isVerdaccio) return reply(405, { error: "Method Not Allowed" });
  return submit(service, permission, { kind: "remove-tarball", name, version });
}

/** Without a version the tag is removed. */
export function changeTag(service: Service, call: Call, name: string, tag: string): Reply {
  const permission = authorise(service, call, "dist-tag", name);
  if ("answer" in permission) return replyOf(permission.answer);
  if (call.method === "DELETE") return submit(service, permission, { kind: "remove-tag", name, tag });
  const version: unknown = JSON.parse(call.body.toString("utf8"));
  if (typeof version !== "string") return reply(400, { error: "invalid tag" });
  return submit(service, permission, { kind: "set-tag", name, tag, version });
}
