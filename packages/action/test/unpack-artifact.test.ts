/** An artifact is hostile until checked: each trick is refused, and nothing is written outside of the folder. */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { unpackArtifact, type UnpackLimits } from "../src/unpack-artifact.ts";
import { type ZipEntry, zipBytes } from "./zip-bytes.ts";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "slipway-unpack-"));
});
afterAll(() => rm(dir, { recursive: true }));

const limits: UnpackLimits = { entriesMax: 5, fileMaxBytes: 1_000, totalMaxBytes: 2_000 };
let made = 0;

async function unpack(bytes: Buffer): Promise<string> {
  made += 1;
  const path = join(dir, `${made}.zip`);
  await writeFile(path, bytes);
  const folder = join(dir, `folder-${made}`);
  await unpackArtifact(path, folder, limits);
  return folder;
}

const file = (name: string, bytes: Buffer = Buffer.from("x"), more: Partial<ZipEntry> = {}): ZipEntry => ({
  name,
  bytes,
  ...more,
});

test("the files of a release folder are unpacked as plain files, whatever mode they have", async () => {
  const folder = await unpack(
    zipBytes([file("plan.json", Buffer.from("{}"), { mode: 0o104777 }), file("tarballs/@hai3+state@0.2.0.tgz")]),
  );
  expect(await readFile(join(folder, "plan.json"), "utf8")).toBe("{}");
  expect((await stat(join(folder, "plan.json"))).mode & 0o7777).toBe(0o600);
  expect(await readdir(join(folder, "tarballs"))).toEqual(["@hai3+state@0.2.0.tgz"]);
});

const rows: readonly (readonly [what: string, bytes: Buffer, why: string])[] = [
  ["another file", zipBytes([file("slipway.config.ts")]), "is no file of a release folder"],
  ["a folder in tarballs", zipBytes([file("tarballs/a/b.tgz")]), "is no file of a release folder"],
  ["a folder", zipBytes([file("tarballs/", Buffer.alloc(0))]), "is no file of a release folder"],
  ["a way up", zipBytes([file("../plan.json")]), "cannot be read"],
  ["a way up from tarballs", zipBytes([file("tarballs/../../a.tgz")]), "cannot be read"],
  ["a way up as a name", zipBytes([file("tarballs/..\\a.tgz")]), "cannot be read"],
  ["an absolute path", zipBytes([file("/plan.json")]), "cannot be read"],
  ["a link", zipBytes([file("plan.json", Buffer.from("/etc/passwd"), { mode: 0o120777 })]), "is no plain file"],
  ["a device", zipBytes([file("plan.json", Buffer.alloc(0), { mode: 0o020666 })]), "is no plain file"],
  ["a name twice", zipBytes([file("plan.json"), file("plan.json")]), "is in it twice"],
  ["a large file", zipBytes([file("plan.json", Buffer.alloc(1_001))]), "has 1001 bytes"],
  [
    "much in all",
    zipBytes(["a", "b", "c"].map((name) => file(`tarballs/${name}.tgz`, Buffer.alloc(900)))),
    "unpacks to more than 2000 bytes",
  ],
  ["many files", zipBytes(["a", "b", "c", "d", "e", "f"].map((name) => file(`tarballs/${name}.tgz`))), "has 6 entries"],
  ["no zip", Buffer.from("no zip"), "it is no zip"],
  ["contents longer than said", zipBytes([file("plan.json", Buffer.alloc(900), { sizeSaid: 10 })]), "cannot be"],
  ["contents shorter than said", zipBytes([file("plan.json", Buffer.alloc(10), { sizeSaid: 900 })]), "cannot be"],
];

test.each(rows)("%s is refused", async (_what, bytes, why) => {
  await expect(unpack(bytes)).rejects.toThrow(why);
});

test("a link that was planted where a file goes is not followed", async () => {
  const outside = join(dir, "outside.txt");
  await writeFile(outside, "untouched");
  const folder = join(dir, `folder-${made + 1}`);
  await mkdir(folder);
  await symlink(outside, join(folder, "plan.json"));
  await expect(unpack(zipBytes([file("plan.json")]))).rejects.toThrow("cannot be unpacked");
  expect(await readFile(outside, "utf8")).toBe("untouched");
});
