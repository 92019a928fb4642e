/** Tarballs for the tests of this folder, made of a manifest and some files. */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { Header } from "tar";
import type { UploadRequest } from "@slipway/core";

export type FixtureManifest = Readonly<Record<string, unknown>> & { readonly name: string; readonly version: string };

export function makeTarball(
  manifest: Readonly<Record<string, unknown>>,
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Buffer {
  const entries = { "package.json": JSON.stringify(manifest, null, 2), ...files };
  const blocks: Buffer[] = [];
  for (const [path, contents] of Object.entries(entries)) {
    const bytes = Buffer.from(contents);
    const header = new Header({ path: `package/${path}`, mode: 0o644, size: bytes.length, type: "File" });
    const block = Buffer.alloc(512);
    header.encode(block, 0);
    blocks.push(block, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512));
  }
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

export function integrityOf(bytes: Uint8Array): string {
  return `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
}

export function uploadOf(manifest: FixtureManifest, bytes: Uint8Array, tag = "latest"): UploadRequest {
  return {
    name: manifest.name,
    version: manifest.version,
    tag,
    access: undefined,
    manifest,
    bytes,
    integrity: integrityOf(bytes),
  };
}
