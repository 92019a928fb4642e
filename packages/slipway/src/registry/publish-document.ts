/**
 * The document that a PUT to a package's URL carries, as libnpmpublish 12 builds it. Pure: no I/O, no clock; what it
 * says about the version comes from the manifest it is given, which comes from the tarball.
 *
 * Differences from libnpmpublish, on purpose: `_npmVersion` and a manifest's own `tag` are not sent, because the
 * plan decides the tag and no npm is at work.
 */
import { createHash } from "node:crypto";
import type { UploadRequest } from "@slipway/core";

/** Base64 is made in pieces of this size; a multiple of 3, so that the pieces can be joined. */
const pieceBytes = 3 * 1024 * 1024;

/** File name of a version's tarball in the registry's own URLs: without the scope. */
export function tarballFileName(name: string, version: string): string {
  return `${name.slice(name.indexOf("/") + 1)}-${version}.tgz`;
}

/** The URL of a version's tarball that the document announces. Registries replace it by their own. */
function announcedTarballUrl(registryUrl: string, name: string, version: string): string {
  // npm announces http even for https registries, so that an http mirror can serve the document unchanged.
  return new URL(`${name}/-/${name}-${version}.tgz`, registryUrl).href.replace(/^https:\/\//, "http://");
}

function base64Pieces(bytes: Uint8Array): Buffer[] {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const pieces: Buffer[] = [];
  for (let at = 0; at < source.length; at += pieceBytes)
    pieces.push(Buffer.from(source.toString("base64", at, Math.min(at + pieceBytes, source.length)), "latin1"));
  return pieces;
}

/**
 * The document as the bytes to send, in pieces. The tarball is encoded beside the JSON and not inside it: escaping
 * 80 KB of base64 that needs no escape costs more than the rest.
 * `nodeVersion` without the `v`; `registryUrl` with a slash at its end.
 */
export function buildPublishDocument(
  request: UploadRequest,
  registryUrl: string,
  nodeVersion: string,
): readonly Uint8Array[] {
  const { name, version, manifest, bytes } = request;
  const dist = typeof manifest["dist"] === "object" && manifest["dist"] !== null ? manifest["dist"] : {};
  const document = {
    _id: name,
    name,
    description: manifest["description"],
    "dist-tags": { [request.tag]: version },
    versions: {
      [version]: {
        ...manifest,
        _nodeVersion: nodeVersion,
        _id: `${name}@${version}`,
        dist: {
          ...dist,
          integrity: request.integrity,
          shasum: createHash("sha1").update(bytes).digest("hex"),
          tarball: announcedTarballUrl(registryUrl, name, version),
        },
      },
    },
    access: request.access ?? null,
  };
  const attachment = JSON.stringify(`${name}-${version}.tgz`);
  const head = JSON.stringify(document).slice(0, -1);
  return [
    Buffer.from(`${head},"_attachments":{${attachment}:{"content_type":"application/octet-stream","data":"`),
    ...base64Pieces(bytes),
    Buffer.from(`","length":${bytes.byteLength}}}}`),
  ];
}
