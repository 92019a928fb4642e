/** What a registry shows of a version, from registries that are older or stranger than npm's. */
import { expect, test } from "vitest";
import { findTagFault, readPublishedSize, parsePackument } from "../src/index.ts";

const sha512 = `sha512-${"A".repeat(86)}==`;

test.each<readonly [what: string, integrity: unknown, read: string | undefined]>([
  ["one sha512", sha512, sha512],
  ["a sha512 among other digests", `sha1-abc= ${sha512}`, sha512],
  ["a sha512 before another digest", `${sha512} sha384-abc`, sha512],
  ["a sha512 with an option", `${sha512}?foo`, sha512],
  ["only a weaker digest", "sha1-hvfkN/qlp/zhXR3cuerq6jd2Z7g=", undefined],
  ["no text", 5, undefined],
  ["nothing", undefined, undefined],
])("of an integrity with %s only the sha512 counts", (_what, integrity, read) => {
  const packument = parsePackument({ name: "a", versions: { "1.0.0": { dist: { integrity } } } }, "a");
  expect(packument?.versions.get("1.0.0")?.integrity).toBe(read);
});

test.each([
  [
    { unpackedSize: 2000, fileCount: 3 },
    { unpackedSizeBytes: 2000, fileCount: 3 },
  ],
  [
    { size: 900, unpackedSize: 2000, fileCount: 3 },
    { sizeBytes: 900, unpackedSizeBytes: 2000, fileCount: 3 },
  ],
  [{ size: "900", unpackedSize: -1, fileCount: 1.5 }, {}],
  [{}, {}],
  ["none", {}],
])("of a version whose dist is %j, the sizes %j are known", (dist, sizes) => {
  const version = parsePackument({ name: "a", versions: { "1.0.0": { dist } } }, "a")?.versions.get("1.0.0");
  expect(version === undefined ? undefined : readPublishedSize(version)).toEqual(sizes);
});

test("versions and dist-tags named like the parts of an object are nothing special", () => {
  const json: unknown = JSON.parse(
    '{"name":"constructor","versions":{"__proto__":{"dist":{}},"1.0.0":{}},"dist-tags":{"__proto__":"1.0.0","constructor":"1.0.0"}}',
  );
  const packument = parsePackument(json, "constructor");
  expect([...(packument?.versions.keys() ?? [])]).toEqual(["__proto__", "1.0.0"]);
  expect([...(packument?.distTags ?? [])]).toEqual([
    ["__proto__", "1.0.0"],
    ["constructor", "1.0.0"],
  ]);
});

test.each(["", ".", "..", "...", "__proto__", "a/b", "a b", "ä", "1.0.0", "^1", "v2", "x", "slipway-0123456789ab"])(
  "%j cannot be a dist-tag",
  (tag) => expect(findTagFault(tag)).toBeTypeOf("string"),
);

test.each(["latest", "next", "beta-6", "latest-6.1", "constructor", "a~b", "it's", "node(20)"])(
  "%j can be a dist-tag",
  (tag) => expect(findTagFault(tag)).toBeUndefined(),
);
