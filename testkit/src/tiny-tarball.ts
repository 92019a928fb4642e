/** The smallest tarball that is one: package.json and a text file. It must not grow into a packer. */
import { gzipSync } from "node:zlib";

const blockBytes = 512;

function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, "0")}\0`;
}

/** A ustar header; paths are shorter than 100 bytes. */
function header(path: string, sizeBytes: number): Buffer {
  const block = Buffer.alloc(blockBytes);
  block.write(path, 0);
  block.write(octal(0o644, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(sizeBytes, 12), 124);
  block.write(octal(0, 12), 136);
  block.write("0", 156);
  block.write("ustar\0", 257);
  block.write("00", 263);
  // The checksum is taken with spaces in its own place.
  block.fill(" ", 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

function entry(path: string, text: string): readonly Buffer[] {
  const contents = Buffer.from(text);
  const rest = (blockBytes - (contents.length % blockBytes)) % blockBytes;
  return [header(path, contents.length), contents, Buffer.alloc(rest)];
}

/** A gzipped tarball of `manifest` and of `contents.txt`; the same arguments give the same bytes. */
export function tinyTarball(manifest: Readonly<Record<string, unknown>>, contents: string): Buffer {
  const entries = [
    ...entry("package/package.json", JSON.stringify(manifest)),
    ...entry("package/contents.txt", contents),
    Buffer.alloc(2 * blockBytes),
  ];
  return gzipSync(Buffer.concat(entries));
}
