import { readFileSync } from "node:fs";

/**
 * This package's own manifest: its version, and the ranges that new projects get.
 *
 * @returns {{ version: string, dependencies: Readonly<Record<string, string>> }}
 */
export function ownManifest() {
  return JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
}
