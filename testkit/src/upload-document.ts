/** Reads what an upload's document would publish, so that a log can name it. It must not judge the document. */
import { createHash } from "node:crypto";

export interface SeenUpload {
  readonly name: string;
  readonly version: string;
  /** The dist-tags that the document would set, sorted. */
  readonly tags: readonly string[];
  /** `dist.integrity`, as the document claims. */
  readonly integrity: string | undefined;
  /** `sha512-…` of the attached bytes. */
  readonly attachedIntegrity: string;
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

export function integrityOf(bytes: Uint8Array): string {
  return `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
}

/** The version that a PUT's body would publish; undefined when the body is no publish document. */
export function parseUpload(body: Uint8Array): SeenUpload | undefined {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(body).toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const document = objectOf(json);
  const [version, manifest] = Object.entries(objectOf(document["versions"]))[0] ?? [];
  const attachment = Object.entries(objectOf(document["_attachments"])).find(([file]) => file.endsWith(".tgz"))?.[1];
  const { data } = objectOf(attachment);
  if (version === undefined || typeof document["name"] !== "string" || typeof data !== "string") return undefined;
  const { integrity } = objectOf(objectOf(manifest)["dist"]);
  return {
    name: document["name"],
    version,
    tags: Object.keys(objectOf(document["dist-tags"])).sort(),
    integrity: typeof integrity === "string" ? integrity : undefined,
    attachedIntegrity: integrityOf(Buffer.from(data, "base64")),
  };
}
