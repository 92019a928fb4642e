/** What a real Verdaccio holds and was sent, read directly and not through what is tested. It must not use slipway's own code. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type AccessLogEntry, httpRequest, type TestWorkspace, type Verdaccio } from "@slipway/testkit";

/** `sha512-…` of the tarball that the registry serves for a version; undefined where it lacks the version or the tarball. */
export async function servedIntegrity(
  verdaccio: Verdaccio,
  name: string,
  version: string,
): Promise<string | undefined> {
  const packument = await httpRequest(`${verdaccio.url}/${name.replace("/", "%2f")}?write=true`);
  const entry = (packument.json as { versions?: Record<string, { dist: { integrity: string } }> }).versions?.[version];
  if (packument.status !== 200 || entry === undefined) return undefined;
  const base = name.slice(name.indexOf("/") + 1);
  const tarball = await httpRequest(`${verdaccio.url}/${name}/-/${base}-${version}.tgz`);
  if (tarball.status !== 200) return undefined;
  const integrity = `sha512-${createHash("sha512").update(tarball.bytes).digest("base64")}`;
  return integrity === entry.dist.integrity ? integrity : undefined;
}

/** `sha512-…` of every tarball in the workspace's release folders, by file name. */
export async function packedIntegrities(workspace: TestWorkspace): Promise<ReadonlyMap<string, string>> {
  const packed = new Map<string, string>();
  const home = join(workspace.root, ".slipway");
  for (const id of await readdir(home)) {
    const tarballs = join(home, id, "tarballs");
    for (const file of await readdir(tarballs))
      packed.set(
        file,
        `sha512-${createHash("sha512")
          .update(await readFile(join(tarballs, file)))
          .digest("base64")}`,
      );
  }
  return packed;
}

/** Name of a package's tarball in a release folder. */
export function tarballFile(name: string, version: string): string {
  return `${name.replace("/", "+")}@${version}.tgz`;
}

/** The decoded path and query of a request. */
export function pathOf(entry: Pick<AccessLogEntry, "url">): string {
  return decodeURIComponent(entry.url);
}

/** The uploads of these packages that reached the registry. */
export function uploadsOf(verdaccio: Verdaccio, names: readonly string[]): readonly AccessLogEntry[] {
  const paths = new Set(names.map((name) => `/${name}`));
  return verdaccio.accessLog().filter((entry) => entry.method === "PUT" && paths.has(pathOf(entry)));
}
