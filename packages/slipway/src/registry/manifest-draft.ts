/** A manifest while it is brought into npm's normal form, and the paths in it. */
import { posix } from "node:path";
import { isJsonObject } from "@slipway/core";

export type Draft = Record<string, unknown>;

export function isDraft(value: unknown): value is Draft {
  return isJsonObject(value);
}

function withSlashes(path: string): string {
  return path.replaceAll(/[\\:]/g, "/");
}

/** A path inside the package as npm writes it: with slashes, relative, and never above the package. Empty for none. */
export function insidePackage(path: string): string {
  const cleaned = withSlashes(posix.join(".", posix.join("/", withSlashes(path))));
  return cleaned.startsWith("./") ? "" : cleaned;
}
