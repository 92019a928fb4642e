/**
 * npm's own libraries in one process, run as a process of its own: reads each packument, packs with libnpmpack and sends
 * with libnpmpublish what is missing, in dependency order. It verifies nothing.
 * Usage: node libnpm-publish.mjs <list.json> [--ignore-scripts]. Exit code 1 when a request fails.
 */
import { readFile } from "node:fs/promises";

import libnpmpack from "libnpmpack";
import npm from "libnpmpublish";
import pacote from "pacote";

import { longestChainFirst, runInOrder } from "./in-order.ts";
import type { UploadItem, UploadList } from "./raw-upload.ts";

const atOnce = 16;

async function main(listFile: string, ignoreScripts: boolean): Promise<void> {
  const list: UploadList = JSON.parse(await readFile(listFile, "utf8"));
  const options = {
    registry: `${list.registry}/`,
    [`${list.registry.replace(/^https?:/, "")}/:_authToken`]: list.token,
    ignoreScripts,
  };
  async function isThere({ name, version }: UploadItem): Promise<boolean> {
    try {
      return (await pacote.packument(name, options)).versions[version] !== undefined;
    } catch (error) {
      if (error instanceof Error && "statusCode" in error && error.statusCode === 404) return false;
      throw error;
    }
  }
  await runInOrder(
    longestChainFirst(list.packages),
    atOnce,
    (item) => item.dependencies,
    async (item) => {
      if (await isThere(item)) return;
      const tarball = await libnpmpack(`file:${item.folder}`, options);
      const manifest = await pacote.manifest(`file:${item.folder}`, { ...options, fullMetadata: true });
      await npm.publish(manifest, tarball, { ...options, access: "public" });
    },
  );
}

const [listFile, flag] = process.argv.slice(2);
if (listFile !== undefined) await main(listFile, flag === "--ignore-scripts");
