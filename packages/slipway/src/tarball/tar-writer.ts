/**
 * Writes a tar archive byte for byte as node-tar 7 writes one in portable mode for npm: ustar headers without owner,
 * one fixed time, and a pax record where a header cannot hold the path. Must not touch the file system.
 */
import { posix, win32 } from "node:path";

export interface ArchiveFile {
  /** Path in the package with forward slashes, as npm's file list gives it. */
  readonly path: string;
  /** Permissions as they are written. */
  readonly mode: number;
  readonly contents: Buffer;
}

const blockSize = 512;
const folderInArchive = "package";
/** 1985-10-26T08:15:00Z in seconds, the time npm gives every file. */
const modifiedAt = 499_162_500;

const field = {
  path: [0, 100],
  mode: [100, 8],
  size: [124, 12],
  modifiedAt: [136, 12],
  checksum: [148, 8],
  majorDevice: [329, 8],
  minorDevice: [337, 8],
  prefix: [345, 155],
} as const;
const typeOffset = 156;
const magicOffset = 257;
const magic = "ustar\u000000";
/** Characters of a path in a header when it has to be cut, and of the path of a pax record. */
const cutLength = 99;

type Field = readonly [offset: number, length: number];

/** Writes text that may be cut; true when the header then does not say all, or not in ASCII. */
function writeText(block: Buffer, [offset, length]: Field, text: string): boolean {
  block.write(text, offset, length, "utf8");
  return text.length !== Buffer.byteLength(text) || text.length > length;
}

/** Octal digits with leading zeros, then a space where there is room, then a NUL. */
function writeNumber(block: Buffer, [offset, length]: Field, value: number): void {
  const digits = value.toString(8);
  const padded = digits.length === length - 1 ? digits : `${digits.padStart(length - 2, "0")} `;
  block.write(`${padded}\0`, offset, length, "ascii");
}

interface SplitPath {
  readonly path: string;
  readonly prefix: string;
  readonly isCut: boolean;
}

/** Divides a path between the two fields of a header: as much as possible stays in `path`. */
function splitPath(full: string): SplitPath {
  const [, pathMax] = field.path;
  const [, prefixMax] = field.prefix;
  if (Buffer.byteLength(full) < pathMax) return { path: full, prefix: "", isCut: false };
  let path = posix.basename(full);
  let prefix = posix.dirname(full);
  while (prefix !== ".") {
    const prefixFits = Buffer.byteLength(prefix) <= prefixMax;
    const pathFits = Buffer.byteLength(path) <= pathMax;
    if (prefixFits)
      return pathFits ? { path, prefix, isCut: false } : { path: path.slice(0, cutLength), prefix, isCut: true };
    path = posix.join(posix.basename(prefix), path);
    prefix = posix.dirname(prefix);
  }
  return { path: full.slice(0, cutLength), prefix: "", isCut: true };
}

interface Header {
  readonly path: string;
  readonly mode: number;
  readonly size: number;
  readonly type: "0" | "x";
}

/** One header block; `isComplete` is false when a pax record has to say the rest. */
function makeHeader(header: Header): { readonly block: Buffer; readonly isComplete: boolean } {
  const block = Buffer.alloc(blockSize);
  const { path, prefix, isCut } = splitPath(header.path);
  const isPathCut = writeText(block, field.path, path);
  writeNumber(block, field.mode, header.mode);
  writeNumber(block, field.size, header.size);
  writeNumber(block, field.modifiedAt, modifiedAt);
  block.write(header.type, typeOffset, 1, "ascii");
  block.write(magic, magicOffset, "ascii");
  writeNumber(block, field.majorDevice, 0);
  writeNumber(block, field.minorDevice, 0);
  const isPrefixCut = writeText(block, field.prefix, prefix);
  const [, checksumLength] = field.checksum;
  let checksum = checksumLength * " ".charCodeAt(0);
  for (let offset = 0; offset < blockSize; offset += 1) checksum += block[offset] ?? 0;
  writeNumber(block, field.checksum, checksum);
  return { block, isComplete: !(isCut || isPathCut || isPrefixCut) };
}

/** `length key=value\n`, where the length counts itself; its number of digits is found as node-tar finds it. */
function paxLine(key: string, value: string | number): string {
  const rest = ` ${key}=${value}\n`;
  const byteLength = Buffer.byteLength(rest);
  let digits = Math.floor(Math.log(byteLength) / Math.log(10)) + 1;
  if (byteLength + digits >= 10 ** digits) digits += 1;
  return `${digits + byteLength}${rest}`;
}

function padding(size: number): Buffer {
  return Buffer.alloc((blockSize - (size % blockSize)) % blockSize);
}

function makePaxRecord(header: Header): readonly Buffer[] {
  const lines = [paxLine("path", header.path), paxLine("mtime", modifiedAt), paxLine("size", header.size)];
  const body = Buffer.from(lines.join(""), "utf8");
  const path = `PaxHeader/${posix.basename(header.path)}`.slice(0, cutLength);
  const { block } = makeHeader({ path, mode: 0o644, size: body.length, type: "x" });
  return [block, body, padding(body.length)];
}

/** node-tar takes away what would be a root on Windows, on every system: `c:x` is packed as `x`. */
function stripRoot(path: string): string {
  let stripped = path;
  for (let root = win32.parse(stripped).root; root !== ""; root = win32.parse(stripped).root) {
    const isSlash = stripped.startsWith("/") && !stripped.startsWith("//?/");
    stripped = stripped.slice(isSlash ? 1 : root.length);
  }
  return stripped;
}

/** The path of a file in the package, as who unpacks it sees it. */
export function pathInPackage(path: string): string {
  return stripRoot(path).replace(/^\.\//, "");
}

function inArchive(path: string): string {
  return `${folderInArchive}/${pathInPackage(path)}`;
}

/** The whole archive, not yet compressed. */
export function makeArchive(files: readonly ArchiveFile[]): Buffer {
  const pieces: Buffer[] = [];
  for (const file of files) {
    const header: Header = {
      path: inArchive(file.path),
      mode: file.mode,
      size: file.contents.length,
      type: "0",
    };
    const { block, isComplete } = makeHeader(header);
    if (!isComplete) pieces.push(...makePaxRecord(header));
    pieces.push(block);
    if (header.size > 0) pieces.push(file.contents, padding(header.size));
  }
  pieces.push(Buffer.alloc(2 * blockSize));
  return Buffer.concat(pieces);
}
