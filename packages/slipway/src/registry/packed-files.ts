/**
 * Reads from one of our own tarballs what npm looks at beside package.json when it publishes: the paths, the readme, the
 * authors. Only for bytes that pack made and that were hashed again: it does not defend itself against a hostile
 * archive. Reading the headers alone takes a tenth of the time of a whole unpacking.
 */
import { createGunzip, gunzipSync } from "node:zlib";
import type { PackedFiles } from "@slipway/core";

const blockBytes = 512;
const markdown = /\.m?a?r?k?d?o?w?n?$/i;
const wantedText = /^(?:readme(?:\.[^/]*)?|AUTHORS)$/i;

/** What the scanner wants next: so many bytes, handed over when `keep`, else passed over. */
interface Need {
  readonly bytes: number;
  readonly keep: boolean;
}

function textAt(block: Buffer, from: number, length: number): string {
  const field = block.subarray(from, from + length);
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end === -1 ? length : end);
}

/** The path of an extended header (`24 path=package/lib/a.js\n`), which npm writes for paths that fit no other way. */
function extendedPath(body: Buffer): string | undefined {
  for (let at = 0; at < body.length;) {
    const space = body.indexOf(" ", at);
    const length = Number.parseInt(body.toString("latin1", at, space), 10);
    if (space === -1 || !(length > 0)) return undefined;
    const record = body.toString("utf8", space + 1, at + length - 1);
    if (record.startsWith("path=")) return record.slice("path=".length);
    at += length;
  }
  return undefined;
}

function* scan(files: Map<string, string | undefined>): Generator<Need, void, Buffer> {
  let extended: string | undefined;
  for (;;) {
    const header = yield { bytes: blockBytes, keep: true };
    if (header[0] === 0) return;
    const sizeBytes = Number.parseInt(textAt(header, 124, 12).trim(), 8);
    const type = String.fromCharCode(header[156] ?? 0);
    const prefix = textAt(header, 345, 155);
    const short = `${prefix === "" ? "" : `${prefix}/`}${textAt(header, 0, 100)}`;
    const path = (extended ?? short).replace(/^[^/]*\//, "");
    const isFile = type === "0" || type === "\0";
    const keep = type === "x" || (isFile && wantedText.test(path));
    const body = yield { bytes: Math.ceil(sizeBytes / blockBytes) * blockBytes, keep };
    extended = type === "x" ? extendedPath(body.subarray(0, sizeBytes)) : undefined;
    if (isFile) files.set(path, keep ? body.toString("utf8", 0, sizeBytes) : undefined);
  }
}

/** Tarballs up to this size are unzipped at once: a stream and its turns on the thread pool cost more than the work. */
const atOnceMaxBytes = 256 * 1024;

function unzip(bytes: Uint8Array): Iterable<unknown> | AsyncIterable<unknown> {
  if (bytes.length <= atOnceMaxBytes) return [gunzipSync(bytes)];
  const gunzip = createGunzip();
  gunzip.end(bytes);
  return gunzip;
}

/** Paths of the files, with the text of those that are wanted. Ends at the archive's end mark. */
async function scanTarball(bytes: Uint8Array): Promise<ReadonlyMap<string, string | undefined>> {
  const files = new Map<string, string | undefined>();
  const scanner = scan(files);
  let need = scanner.next();
  let missing = need.done ? 0 : need.value.bytes;
  let kept: Buffer[] = [];
  for await (const piece of unzip(bytes)) {
    if (!Buffer.isBuffer(piece)) throw new TypeError("gunzip gave something but a Buffer");
    let rest: Buffer = piece;
    while (!need.done) {
      const part = rest.subarray(0, missing);
      if (need.value.keep && part.length > 0) kept.push(part);
      missing -= part.length;
      rest = rest.subarray(part.length);
      if (missing > 0) break;
      need = scanner.next(Buffer.concat(kept));
      kept = [];
      missing = need.done ? 0 : need.value.bytes;
    }
    if (need.done) break;
  }
  if (!need.done) throw new Error("the tarball ends before its end mark");
  return files;
}

/** The readme that npm takes: the first written in markdown, else one called README. */
function chooseReadme(paths: readonly string[]): string | undefined {
  const candidates = paths.filter((path) => /^readme(\.[^/]*)?$/i.test(path));
  return candidates.find((path) => markdown.test(path)) ?? candidates.findLast((path) => path.endsWith("README"));
}

/** Throws an Error for bytes that are no tarball. */
export async function readPackedFiles(bytes: Uint8Array): Promise<PackedFiles> {
  const files = await scanTarball(bytes);
  return choosePackedFiles([...files.keys()], (path) => files.get(path) ?? "");
}

/** The same of files that are still at hand, in the order of the tarball; `textOf` is asked for the few that matter. */
export function choosePackedFiles(paths: readonly string[], textOf: (path: string) => string): PackedFiles {
  const readme = chooseReadme(paths);
  return {
    paths,
    readme: readme === undefined ? undefined : { path: readme, text: textOf(readme) },
    authors: paths.includes("AUTHORS") ? textOf("AUTHORS") : undefined,
  };
}
