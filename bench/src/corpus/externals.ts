/**
 * Puts packages into a registry beforehand, so that what is released can be installed without an uplink. It sends what
 * npm would send of a ready tarball, with npm's own library, and must not use Slipway.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

import libnpmpublish from "libnpmpublish";
import pacote from "pacote";
import semver from "semver";

import type { ExternalPackage } from "./corpus.ts";

const uploadsAtOnce = 8;
/** Where pacote unpacks a tarball to look at it; it leaves nothing there. */
const scratchFolder = fileURLToPath(new URL("../../.cache/pacote", import.meta.url));

/**
 * Uploads all packages to an empty registry. Versions of one name go one after the other, lowest first, so that `latest` ends
 * at the highest. `registry` without a slash at its end. Throws when an upload is refused.
 */
export async function uploadExternals(
  registry: string,
  token: string,
  externals: readonly ExternalPackage[],
): Promise<void> {
  const queues = [...Map.groupBy(externals, ({ name }) => name).values()].map((versions) =>
    versions.toSorted((a, b) => semver.compare(a.version, b.version)),
  );
  async function work(): Promise<void> {
    for (let queue = queues.shift(); queue !== undefined; queue = queues.shift())
      for (const item of queue) await uploadOne(registry, token, item);
  }
  await Promise.all(Array.from({ length: uploadsAtOnce }, work));
}

async function uploadOne(registry: string, token: string, item: ExternalPackage): Promise<void> {
  const manifest = await readManifestAsNpm(item.tarball);
  await libnpmpublish.publish(withoutDestination(manifest), await readFile(item.tarball), {
    registry: `${registry}/`,
    forceAuth: { token },
    access: "public",
    defaultTag: "latest",
  });
}

/** A package may name the registry or the tag that its makers publish to; here it goes where it is told to. */
function withoutDestination(manifest: Record<string, unknown>): Record<string, unknown> {
  const { publishConfig: _, tag: __, ...rest } = manifest;
  return rest;
}

/** The manifest of a tarball as `npm publish <tarball>` reads it. */
export async function readManifestAsNpm(tarball: string): Promise<Record<string, unknown>> {
  const { _integrity, _resolved, _from, ...manifest } = await pacote.manifest(`file:${tarball}`, {
    fullMetadata: true,
    fullReadJson: true,
    cache: scratchFolder,
  });
  return manifest;
}
