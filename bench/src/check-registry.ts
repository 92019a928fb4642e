/** Looks, after a run, at what the registry really shows, and in which order it was asked. It trusts no competitor. */
import { httpRequest } from "@slipway/testkit";
import type { AccessLogEntry } from "@slipway/testkit";

import type { BenchPackage } from "./generate.ts";

/** How many of the packages are on the registry: in the packument, and with a tarball that can be downloaded. */
export async function countPublished(registry: string, packages: readonly BenchPackage[]): Promise<number> {
  let count = 0;
  const left = packages.values();
  async function countSome(): Promise<void> {
    for (const { name, version } of left) {
      const answer = await httpRequest(`${registry}/${name.replace("/", "%2f")}`);
      const tarball = findTarball(answer.json, version);
      // The path only: a registry behind a proxy names the proxy.
      if (tarball !== undefined && (await httpRequest(registry + new URL(tarball).pathname)).status === 200) count += 1;
    }
  }
  await Promise.all(Array.from({ length: 8 }, countSome));
  return count;
}

function findTarball(packument: unknown, version: string): string | undefined {
  const entry = field(field(field(field(packument, "versions"), version), "dist"), "tarball");
  return typeof entry === "string" ? entry : undefined;
}

function field(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : undefined;
}

/** Dependencies that were not yet answered when their dependent's upload arrived: for a while, installs of it break. */
export function countEarlyEdges(log: readonly AccessLogEntry[], packages: readonly BenchPackage[]): number {
  const uploads = new Map<string, AccessLogEntry>();
  for (const entry of log)
    if (entry.method === "PUT" && entry.isWrite) uploads.set(decodeURIComponent(entry.url.slice(1)), entry);
  let early = 0;
  for (const item of packages) {
    const upload = uploads.get(item.name);
    if (upload === undefined) continue;
    for (const name of item.dependencies) {
      const answeredAt = uploads.get(name)?.answeredAt;
      if (answeredAt === undefined || answeredAt > upload.at) early += 1;
    }
  }
  return early;
}

/** Writes that reached the registry. */
export function countWrites(log: readonly AccessLogEntry[]): number {
  return log.filter((entry) => entry.isWrite).length;
}
