import { join } from "node:path";
import libnpmpack from "libnpmpack";
import { expect, test } from "vitest";
import { readPackedFiles } from "../../src/registry/packed-files.ts";
import { listTarball } from "../../src/tarball/list-tarball.ts";
import { packPackage } from "../../src/tarball/pack.ts";
import { packageCases, type PackageCase } from "./package-cases.ts";
import { withTree } from "./package-tree.ts";

async function packWithNpm(root: string, dir: string, item: PackageCase): Promise<Buffer> {
  return libnpmpack(`file:${dir}`, {
    ignoreScripts: true,
    ...(item.isInWorkspace === true ? { prefix: root, workspaces: [dir] } : {}),
  });
}

test.for(packageCases)("npm's library packs the same bytes: $name", async (item) => {
  await withTree(item.tree, async (root) => {
    const dir = join(root, item.dir ?? ".");
    const ours = await packPackage(dir, item.isInWorkspace === true ? { workspaceRoot: root } : {});
    const theirs = await packWithNpm(root, dir, item);

    const contents = await listTarball(ours.bytes);
    expect(contents.entries).toEqual((await listTarball(theirs)).entries);
    expect(Buffer.compare(ours.bytes, theirs)).toBe(0);
    expect(ours.published, "what is said of the files is what is in the bytes").toEqual(
      await readPackedFiles(ours.bytes),
    );

    const paths = contents.entries.map((entry) => entry.path);
    expect(paths).toEqual(expect.arrayContaining([...item.packed, "package.json"]));
    for (const path of item.leftOut ?? []) expect(paths).not.toContain(path);
  });
});
