import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildPublishDocument } from "../../src/registry/publish-document.ts";
import { readPackedFiles } from "../../src/registry/packed-files.ts";
import { normalizeManifest } from "../../src/registry/publish-manifest.ts";
import { makeTarball, uploadOf } from "./fixture-tarball.ts";
import type { FixtureManifest } from "./fixture-tarball.ts";
import { startHttp } from "./test-servers.ts";
import { openRegistry } from "./open-registry.ts";
import { startOracle } from "./publish-oracle.ts";
import type { Oracle } from "./publish-oracle.ts";

let oracle: Oracle;

beforeAll(async () => {
  oracle = await startOracle();
});

afterAll(async () => {
  await oracle.close();
});

const files = { "README.md": "# Title\n\nSays “hello” \u2028 in any alphabet.\n", "bin/a.js": "#!/usr/bin/env node\n" };

const packages: readonly (readonly [string, FixtureManifest])[] = [
  ["a plain name", { name: "plain", version: "1.2.3", description: 'quotes " and \\ and ü' }],
  ["a scoped name", { name: "@scope/a", version: "0.1.0-beta.2", bin: "./bin/a.js", repository: "u/r" }],
  ["build metadata", { name: "meta", version: "1.0.0-rc.1", dependencies: { b: "^1.0.0" } }],
];

for (const [title, packageJson] of packages)
  for (const access of packageJson.name.startsWith("@")
    ? (["public", "restricted", undefined] as const)
    : (["public", undefined] as const))
    test(`${title} with access ${access} makes the document that libnpmpublish sends`, async () => {
      const bytes = makeTarball(packageJson, files);
      const theirs = await oracle.document(bytes, {
        defaultTag: "next",
        ...(access === undefined ? {} : { access }),
      });
      const manifest = normalizeManifest(packageJson, { files: await readPackedFiles(bytes) });
      const request = { ...uploadOf(packageJson, bytes, "next"), access, manifest };
      const pieces = buildPublishDocument(request, oracle.registryUrl, process.versions.node);
      expect(JSON.parse(Buffer.concat(pieces).toString("utf8"))).toEqual(theirs.body);
      const server = await startHttp((_, response) => response.writeHead(201).end("{}"));
      const registry = openRegistry(server.url, "token-of-test");
      await registry.upload({ ...request, manifest: normalizeManifest(packageJson) });
      registry.close();
      await server.close();
      const sent = (server.seen[0]?.body ?? "").replaceAll(server.url, oracle.registryUrl.slice(0, -1));
      expect(JSON.parse(sent)).toEqual(theirs.body);
      expect(server.seen[0]?.path).toBe(theirs.path);
      expect(server.seen[0]?.headers["content-length"]).toBe(String(Buffer.byteLength(server.seen[0]?.body ?? "")));
    });

test("a tarball that is larger than one piece is encoded as a whole", () => {
  const manifest = { name: "large", version: "1.0.0" };
  for (const sizeBytes of [0, 1, 2, 3 * 1024 * 1024 - 1, 3 * 1024 * 1024, 7 * 1024 * 1024 + 1]) {
    // A view into a larger buffer, as a read from a pool is.
    const bytes = randomBytes(sizeBytes + 8).subarray(8);
    const text = Buffer.concat(buildPublishDocument(uploadOf(manifest, bytes), "http://r.test/", "24.0.0")).toString();
    const attachment: { data: string; length: number } = JSON.parse(text)["_attachments"]["large-1.0.0.tgz"];
    expect(attachment.length).toBe(sizeBytes);
    expect(Buffer.from(attachment.data, "base64").equals(bytes)).toBe(true);
  }
});

test("the address announced is below the registry's own path, and http as npm announces it", () => {
  const manifest = { name: "@s/a", version: "1.0.0" };
  const text = Buffer.concat(
    buildPublishDocument(uploadOf(manifest, Buffer.from("x")), "https://r.test/npm/", "24.0.0"),
  ).toString();
  expect(JSON.parse(text).versions["1.0.0"].dist.tarball).toBe("http://r.test/npm/@s/a/-/@s/a-1.0.0.tgz");
});
