/** Headers against those of node-tar, which npm packs with, wherever a path has to be divided, cut or said twice. */
import * as fc from "fast-check";
import { Header, Pax } from "tar";
import { expect, test } from "vitest";
import { makeArchive } from "../../src/tarball/tar-writer.ts";

const mtime = new Date("1985-10-26T08:15:00.000Z");

/** What node-tar's WriteEntry puts before the contents of a file in portable mode. */
function headersByNodeTar(path: string, mode: number, size: number): Buffer {
  const header = new Header({ path, mode, size, mtime, type: "File" });
  const block = Buffer.alloc(512);
  const needsPax = header.encode(block);
  return needsPax ? Buffer.concat([new Pax({ path, mtime, size }).encode(), block]) : block;
}

function expectSameHeaders(path: string, mode: number, contents: Buffer): void {
  const expected = headersByNodeTar(`package/${path}`, mode, contents.length);
  const ours = makeArchive([{ path, mode, contents }]).subarray(0, expected.length);
  expect([path, ours.toString("latin1")]).toEqual([path, expected.toString("latin1")]);
}

test("paths of every length have node-tar's headers", () => {
  for (let length = 1; length <= 320; length++) {
    const name = "n".repeat(length);
    expectSameHeaders(name, 0o644, Buffer.alloc(0));
    expectSameHeaders(`${name}/x.js`, 0o755, Buffer.from("x"));
    expectSameHeaders(`${"f".repeat(160)}/${name}`, 0o644, Buffer.alloc(513));
  }
  for (let before = 40; before <= 160; before++)
    for (const after of [80, 98, 99, 100, 101])
      expectSameHeaders(`${"f".repeat(before)}/${"n".repeat(after)}`, 0o644, Buffer.alloc(0));
});

test("random paths, ASCII or not, have node-tar's headers", () => {
  const portion = fc.oneof(
    fc.string({ minLength: 1, maxLength: 60, unit: fc.constantFrom("a", "b", "-", ".", " ") }),
    fc.string({ minLength: 1, maxLength: 40, unit: fc.constantFrom("a", "é", "日", "😀") }),
  );
  fc.assert(
    fc.property(
      fc.array(portion, { minLength: 1, maxLength: 8 }),
      fc.constantFrom(0o644, 0o755, 0o600, 0o4755),
      fc.nat(20_000),
      (portions, mode, size) => {
        // Folders called . or .. do not occur; a path with one would be simplified on the way.
        fc.pre(!portions.some((text) => text === "." || text === ".."));
        expectSameHeaders(portions.join("/"), mode, Buffer.alloc(size));
      },
    ),
    { numRuns: 2000 },
  );
});
