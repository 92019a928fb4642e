/** Writes a zip whose every field may lie: what hostile artifacts are made of. Entries are stored, not compressed. */
import { crc32 } from "node:zlib";

export interface ZipEntry {
  readonly name: string;
  readonly bytes: Buffer;
  /** Unix mode; default a plain file. */
  readonly mode?: number;
  /** Said to be so long; default the truth. */
  readonly sizeSaid?: number;
}

function header(signature: number, fields: readonly (readonly [size: 2 | 4, value: number])[]): Buffer {
  const all = [[4, signature] as const, ...fields];
  const buffer = Buffer.alloc(all.reduce((sum, [size]) => sum + size, 0));
  let at = 0;
  for (const [size, value] of all) at = buffer.writeUIntLE(value, at, size);
  return buffer;
}

export function zipBytes(entries: readonly ZipEntry[]): Buffer {
  const pieces: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes, mode = 0o100644, sizeSaid = bytes.length } of entries) {
    const label = Buffer.from(name);
    const sums = [
      [4, crc32(bytes)],
      [4, bytes.length],
      [4, sizeSaid],
      [2, label.length],
      [2, 0],
    ] as const;
    const common = [[2, 0], [2, 0], [2, 0], [2, 0], ...sums] as const;
    const local = header(0x04034b50, [[2, 20], ...common]);
    directory.push(
      header(0x02014b50, [[2, 0x0314], [2, 20], ...common, [2, 0], [2, 0], [2, 0], [4, mode * 0x10000], [4, offset]]),
      label,
    );
    pieces.push(local, label, bytes);
    offset += local.length + label.length + bytes.length;
  }
  const size = directory.reduce((sum, piece) => sum + piece.length, 0);
  const { length } = entries;
  const end = header(0x06054b50, [
    [2, 0],
    [2, 0],
    [2, length],
    [2, length],
    [4, size],
    [4, offset],
    [2, 0],
  ]);
  return Buffer.concat([...pieces, ...directory, end]);
}
