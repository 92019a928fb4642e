/**
 * The file list of packages that our own walk does not cover, made by npm-packlist with Arborist's reading of
 * node_modules. Loaded only for such packages: Arborist takes about 200 ms to load.
 */
import { resolve } from "node:path";
import { fail } from "@slipway/core";
import Arborist from "@npmcli/arborist";
import packlist from "npm-packlist";
import type { PackageManifest } from "./package-manifest.ts";
import type { WorkspacePlace } from "./package-rules.ts";

/** Lists the files npm would pack, in npm's order. Throws what npm-packlist and Arborist throw. */
export async function listFilesWithNpm(manifest: PackageManifest, place: WorkspacePlace): Promise<readonly string[]> {
  const tree = await new Arborist({ path: manifest.dir }).loadActual();
  const overrides = manifest.json["overrides"];
  if (manifest.bundled.length > 0 && typeof overrides === "object" && overrides !== null) {
    // An install of the package does not apply its overrides, so what was bundled under one would not fit there.
    const names = [...tree.inventory.values()]
      .filter((node) => !node.isRoot && node.inBundle && !node.inDepBundle && node.overridden)
      .map((node) => node.name);
    if (names.length > 0)
      fail(
        "SLIP_PACK_FAILED",
        `cannot pack ${manifest.spec}: overrides in package.json affect bundled packages: ${names.sort().join(", ")}`,
      );
  }
  const { workspaceRoot } = place;
  return packlist(tree, {
    path: manifest.dir,
    ...(workspaceRoot === undefined
      ? {}
      : {
          prefix: resolve(workspaceRoot),
          workspaces: (place.workspaceDirs ?? [manifest.dir]).map((dir) => resolve(dir)),
        }),
  });
}
