import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { defaultTarballBounds, listTarball, readTarballManifest } from "../../src/tarball/list-tarball.ts";
import { makeArchive } from "../../src/tarball/tar-writer.ts";

interface Entry {
  readonly path: string;
  readonly contents?: string | Buffer;
  readonly type?: string;
  readonly mode?: number;
  readonly link?: string;
}

const integrityOf = (contents: string): string => `sha512-${createHash("sha512").update(contents).digest("base64")}`;

/** A tar header as any tool may write it, not only npm. */
function header(entry: Entry, size: number): Buffer {
  const block = Buffer.alloc(512);
  block.write(entry.path, 0, 100);
  block.write(`${(entry.mode ?? 0o644).toString(8).padStart(7, "0")}\0`, 100);
  block.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  block.write(entry.type ?? "0", 156);
  block.write(entry.link ?? "", 157, 100);
  block.write("ustar\u000000", 257);
  block.write("        ", 148);
  block.write(
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
    148,
  );
  return block;
}

function tar(entries: readonly Entry[]): Buffer {
  const pieces = entries.flatMap((entry) => {
    const contents = Buffer.from(entry.contents ?? "");
    return [header(entry, contents.length), contents, Buffer.alloc((512 - (contents.length % 512)) % 512)];
  });
  return Buffer.concat([...pieces, Buffer.alloc(1024)]);
}

const manifest: Entry = { path: "package/package.json", contents: '{"name":"x","version":"1.0.0"}' };

test("entries are listed by path, type, executable bit and digest", async () => {
  const bytes = gzipSync(
    tar([
      { path: "package/", type: "5" },
      manifest,
      { path: "package/lib/", type: "5" },
      { path: "package/lib/a.js", contents: "abc" },
      { path: "package/run.sh", contents: "#!", mode: 0o755 },
      { path: "package/link", type: "2", link: "lib/a.js" },
      { path: "package/hard", type: "1", link: "package/lib/a.js" },
      { path: "package/fifo", type: "6" },
    ]),
  );
  const contents = await listTarball(bytes);
  expect(contents.manifest).toEqual({ name: "x", version: "1.0.0" });
  expect(contents.entries).toEqual([
    { path: "package.json", type: "file", isExecutable: false, integrity: integrityOf(String(manifest.contents)) },
    { path: "lib", type: "directory", isExecutable: false, integrity: integrityOf("") },
    { path: "lib/a.js", type: "file", isExecutable: false, integrity: integrityOf("abc") },
    { path: "run.sh", type: "file", isExecutable: true, integrity: integrityOf("#!") },
    { path: "link", type: "symlink", isExecutable: false, integrity: integrityOf("lib/a.js") },
    { path: "hard", type: "other", isExecutable: false, integrity: integrityOf("package/lib/a.js") },
    { path: "fifo", type: "other", isExecutable: false, integrity: integrityOf("") },
  ]);
});

test("the first portion of a path is stripped, whatever it is called", async () => {
  const { path: _, ...rest } = manifest;
  const bytes = gzipSync(
    tar([
      { ...rest, path: "some-name/package.json" },
      { path: "other/a", contents: "x" },
      { path: "top", contents: "y" },
    ]),
  );
  expect((await listTarball(bytes)).entries.map((entry) => entry.path)).toEqual(["package.json", "a"]);
});

test("of two manifests the last counts, as in an install", async () => {
  const second = { ...manifest, contents: '{"name":"y"}' };
  const bytes = gzipSync(tar([manifest, second]));
  expect((await listTarball(bytes)).manifest).toEqual({ name: "y" });
  expect(await readTarballManifest(bytes)).toEqual({ name: "y" });
});

const good = makeArchive([
  { path: "package.json", mode: 0o644, contents: Buffer.from(String(manifest.contents)) },
  { path: "a.bin", mode: 0o644, contents: createHash("sha512").update("x").digest() },
]);

test.for<{ name: string; bytes: Buffer; says: RegExp }>([
  { name: "nothing", bytes: Buffer.alloc(0), says: /not gzip/ },
  { name: "a page of HTML", bytes: Buffer.from("<html>sign in</html>"), says: /not gzip/ },
  { name: "an archive that is not compressed", bytes: good, says: /not gzip/ },
  { name: "gzip of nothing", bytes: gzipSync(""), says: /damaged/ },
  { name: "gzip of text", bytes: gzipSync("hello ".repeat(1000)), says: /damaged/ },
  { name: "an archive compressed twice", bytes: gzipSync(gzipSync(good)), says: /compressed twice/ },
  { name: "cut gzip data", bytes: gzipSync(good).subarray(0, 100), says: /unexpected end/ },
  { name: "an archive cut inside a file", bytes: gzipSync(good.subarray(0, 512 + 20)), says: /damaged/ },
  { name: "an archive cut before a file", bytes: gzipSync(good.subarray(0, 512)), says: /damaged/ },
  {
    name: "a header with a wrong checksum",
    bytes: gzipSync(Buffer.concat([Buffer.from("z"), good.subarray(1)])),
    says: /checksum/,
  },
  { name: "no package.json", bytes: gzipSync(tar([{ path: "package/a", contents: "x" }])), says: /no package\.json/ },
  {
    name: "a package.json that is a symbolic link",
    bytes: gzipSync(tar([{ path: "package/package.json", type: "2", link: "a" }])),
    says: /no package\.json/,
  },
  { name: "a package.json that is no JSON", bytes: gzipSync(tar([{ ...manifest, contents: "{" }])), says: /not JSON/ },
  { name: "a package.json that is a list", bytes: gzipSync(tar([{ ...manifest, contents: "[]" }])), says: /an object/ },
  {
    name: "a path that leaves the package",
    bytes: gzipSync(tar([manifest, { path: "package/../../etc/x", contents: "x" }])),
    says: /leaves the package/,
  },
  {
    name: "megabytes of nothing",
    bytes: gzipSync(Buffer.concat([good, Buffer.alloc(100_000_000)])),
    says: /unpacks to more/,
  },
  {
    name: "a file of many more bytes than were sent",
    bytes: gzipSync(tar([manifest, { path: "package/zeros", contents: Buffer.alloc(60_000_000) }])),
    says: /unpacks to more/,
  },
])("a tarball that an install would refuse is an error: $name", async ({ bytes, says }) => {
  await expect(listTarball(bytes)).rejects.toThrow(says);
  await expect(readTarballManifest(bytes)).rejects.toThrow(says);
});

test("the bounds hold", async () => {
  const bytes = gzipSync(
    tar([manifest, { path: "package/a", contents: "12345" }, { path: "package/b", contents: "1" }]),
  );
  const size = String(manifest.contents).length + 6;
  const bounds = { unpackedSizeMaxBytes: size, entriesMax: 3, manifestSizeMaxBytes: 100 };
  expect((await listTarball(bytes, bounds)).entries).toHaveLength(3);
  await expect(listTarball(bytes, { ...bounds, unpackedSizeMaxBytes: size - 1 })).rejects.toThrow(/more than/);
  await expect(listTarball(bytes, { ...bounds, entriesMax: 2 })).rejects.toThrow(/more than 2 entries/);
  await expect(listTarball(bytes, { ...bounds, manifestSizeMaxBytes: 10 })).rejects.toThrow(/too large/);
});

test("any damage ends in an Error or in a list, and soon", async () => {
  const packed = gzipSync(good);
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      fc.nat(),
      async (isInside, changes, cut) => {
        const bytes = isInside ? Buffer.from(good) : Buffer.from(packed);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const damaged = isInside
          ? gzipSync(bytes.subarray(0, 1 + (cut % bytes.length)))
          : bytes.subarray(0, cut % bytes.length);
        const result: unknown = await listTarball(damaged).catch((cause: unknown) => cause);
        if (!(result instanceof Error)) expect(result).toHaveProperty("entries");
      },
    ),
    { numRuns: 500 },
  );
  expect(gunzipSync(packed)).toEqual(good);
  expect(defaultTarballBounds.entriesMax).toBeGreaterThan(100_000);
});
