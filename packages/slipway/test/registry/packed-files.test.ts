import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, list } from "tar";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readPackedFiles } from "../../src/registry/packed-files.ts";
import { makeTarball } from "./fixture-tarball.ts";

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "slipway-packed-"));
});

afterEach(async () => {
  await rm(dir, { recursive: true });
});

async function pack(files: Readonly<Record<string, string>>): Promise<Buffer> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(dir, path, ".."), { recursive: true });
    await writeFile(join(dir, path), text);
  }
  const pieces: Buffer[] = [];
  const stream = create({ cwd: dir, prefix: "package/", portable: true, gzip: true }, Object.keys(files));
  for await (const piece of stream) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

test("the paths are those that node-tar lists, short, long, very long and in any alphabet", async () => {
  const files = {
    "package.json": "{}",
    [`${"a".repeat(60)}/${"b".repeat(80)}.js`]: "1",
    [`${"c".repeat(200)}/${"d".repeat(120)}.js`]: "2",
    [`${"e".repeat(99)}.js`]: "3",
    "ü/日本.js": "4",
    "empty.js": "",
    "README.md": "# Titel mit ü\n",
    "lib/README.md": "not this one",
    AUTHORS: "Me",
  };
  const bytes = await pack(files);
  const listed: string[] = [];
  const parser = list({ onReadEntry: (entry) => void listed.push(entry.path.replace("package/", "")) });
  parser.end(bytes);
  const packed = await readPackedFiles(bytes);
  expect(packed.paths).toEqual(listed);
  expect(packed.paths.toSorted()).toEqual(Object.keys(files).toSorted());
  expect(packed.readme).toEqual({ path: "README.md", text: "# Titel mit ü\n" });
  expect(packed.authors).toBe("Me");
});

test("a readme larger than one piece of the stream is read as a whole", async () => {
  const text = `# Title\n${"ünï".repeat(100_000)}\n`;
  const packed = await readPackedFiles(makeTarball({ name: "a" }, { "README.md": text, "z.js": "z".repeat(200_000) }));
  expect(packed.readme?.text).toBe(text);
  expect(packed.paths).toEqual(["package.json", "README.md", "z.js"]);
});

test("bytes that are no tarball are an error", async () => {
  await expect(readPackedFiles(Buffer.from("no"))).rejects.toThrow();
  const whole = makeTarball({ name: "a" }, { "x.js": "x".repeat(5000) });
  await expect(readPackedFiles(whole.subarray(0, -20))).rejects.toThrow();
});
