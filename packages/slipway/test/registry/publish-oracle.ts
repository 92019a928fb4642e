/** The reference: what pacote 22 and libnpmpublish 12 make of a tarball, as `npm publish <tarball>` does. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import npm from "libnpmpublish";
import pacote from "pacote";
import { startHttp } from "./test-servers.ts";

export interface Oracle {
  /** The manifest that npm reads out of a tarball. */
  manifest(bytes: Buffer): Promise<Record<string, unknown>>;
  /** The document that npm sends, and the request it sends it with. */
  document(
    bytes: Buffer,
    options?: { readonly access?: "public" | "restricted"; readonly defaultTag?: string },
  ): Promise<{ readonly path: string; readonly body: Record<string, unknown> }>;
  readonly registryUrl: string;
  close(): Promise<void>;
}

export async function startOracle(): Promise<Oracle> {
  const dir = await mkdtemp(join(tmpdir(), "slipway-oracle-"));
  const server = await startHttp((_, response) => response.writeHead(201).end("{}"));
  let count = 0;
  const manifest = async (bytes: Buffer): Promise<Record<string, unknown>> => {
    const file = join(dir, `${++count}.tgz`);
    await writeFile(file, bytes);
    const { _integrity, _resolved, _from, ...rest } = await pacote.manifest(`file:${file}`, {
      fullMetadata: true,
      fullReadJson: true,
      cache: join(dir, "cache"),
    });
    return rest;
  };
  return {
    registryUrl: `${server.url}/`,
    manifest,
    async document(bytes, options = {}) {
      await npm.publish(await manifest(bytes), bytes, {
        ...options,
        registry: `${server.url}/`,
        forceAuth: { token: "token-of-test" },
      });
      const request = server.seen.at(-1);
      if (request === undefined) throw new Error("npm sent nothing");
      return { path: request.path, body: JSON.parse(request.body) };
    },
    async close() {
      await server.close();
      await rm(dir, { recursive: true });
    },
  };
}
