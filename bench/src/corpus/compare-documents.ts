/**
 * Holds the publish documents that the command line sent against those that npm's library sends of the same tarballs.
 * Everything is compared, the encoded tarball too.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { isDeepStrictEqual } from "node:util";

import { isJsonObject } from "@slipway/core";
import libnpmpublish from "libnpmpublish";

import type { Corpus } from "./corpus.ts";
import { readManifestAsNpm } from "./externals.ts";
import type { Release } from "./release.ts";

type Document = Readonly<Record<string, unknown>>;

export interface DocumentComparison {
  readonly name: string;
  /** Places that differ, such as `versions.gitHead`. */
  readonly different: readonly string[];
}

/** Where Slipway means to differ, and why. */
export const meantDifferences: Readonly<Record<string, string>> = {
  "versions.gitHead":
    "Slipway names the commit of the plan; npm given a tarball names what package.json says, or nothing",
};

export async function compareDocuments(corpus: Corpus, release: Release): Promise<readonly DocumentComparison[]> {
  const npm = await startNpmDocuments();
  try {
    const comparisons: DocumentComparison[] = [];
    for (const { name } of corpus.packages) {
      const tarball = release.tarballs.get(name);
      const ours = release.documents.get(name);
      if (tarball === undefined || ours === undefined) throw new Error(`slipway sent no document of ${name}`);
      const theirs = await npm.documentOf(tarball.path, tarball.bytes);
      comparisons.push({ name, different: findDifferences(ours, theirs) });
    }
    return comparisons;
  } finally {
    await npm.close();
  }
}

/** Places in which two publish documents of one version differ. Hosts of tarball addresses do not count. */
export function findDifferences(ours: Document, theirs: Document): readonly string[] {
  const split = ({ versions, ...rest }: Document): Document => {
    const manifest = Object.values(isJsonObject(versions) ? versions : {})[0];
    const { dist, ...fields }: Document = isJsonObject(manifest) ? manifest : {};
    const { tarball, ...hashes }: Document = isJsonObject(dist) ? dist : {};
    return Object.fromEntries([
      ...Object.entries(rest),
      ["versions", Object.keys(isJsonObject(versions) ? versions : {})],
      ...Object.entries(fields).map(([key, value]) => [`versions.${key}`, inOrder(key, value)] as const),
      ...Object.entries(hashes).map(([key, value]) => [`versions.dist.${key}`, value] as const),
      ["versions.dist.tarball", typeof tarball === "string" ? new URL(tarball).pathname : tarball],
    ]);
  };
  const [a, b] = [split(ours), split(theirs)];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => !isDeepStrictEqual(a[key], b[key]));
}

/** The pages of directories.man come to npm in the order of the file system, which is nobody's. */
function inOrder(key: string, value: unknown): unknown {
  return key === "man" && Array.isArray(value) ? value.toSorted() : value;
}

interface NpmDocuments {
  documentOf(path: string, bytes: Buffer): Promise<Document>;
  close(): Promise<void>;
}

/** A registry that takes everything, to see what npm's library sends. */
async function startNpmDocuments(): Promise<NpmDocuments> {
  let body = "";
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      body = Buffer.concat(chunks).toString("utf8");
      response.writeHead(201).end("{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server listens on no TCP port");
  const registry = `http://127.0.0.1:${address.port}/`;
  return {
    async documentOf(path, bytes) {
      const manifest = await readManifestAsNpm(path);
      const { publishConfig } = manifest;
      const { access, tag }: Document = isJsonObject(publishConfig) ? publishConfig : {};
      await libnpmpublish.publish(manifest, bytes, {
        registry,
        forceAuth: { token: "of-nobody" },
        // npm refuses a prerelease without a tag; what is given here is what Slipway's documentation says.
        defaultTag: tag ?? /-([a-z][\w-]*)/.exec(String(manifest["version"]))?.[1] ?? "latest",
        ...(access === undefined ? {} : { access }),
      });
      const document: unknown = JSON.parse(body);
      return isJsonObject(document) ? document : {};
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
