/** Publish documents for tests of the testkit itself. The tarball's bytes are a sentence: Verdaccio does not open them. */
import { createHash } from "node:crypto";

/** `claims` replaces what the document says of the tarball. */
export function publishDocument(
  registry: string,
  name: string,
  version: string,
  claims: { readonly shasum?: string; readonly integrity?: string } = {},
): Record<string, unknown> {
  const bytes = Buffer.from(`bytes of ${name}@${version}`);
  const file = `${name.split("/").at(-1)}-${version}.tgz`;
  const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  const shasum = createHash("sha1").update(bytes).digest("hex");
  const dist = { integrity, shasum, tarball: `${registry}/${name}/-/${file}`, ...claims };
  return {
    _id: name,
    name,
    access: "public",
    "dist-tags": { latest: version },
    versions: { [version]: { _id: `${name}@${version}`, name, version, dist } },
    _attachments: {
      [file]: { content_type: "application/octet-stream", data: bytes.toString("base64"), length: bytes.length },
    },
  };
}
