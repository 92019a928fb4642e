/** Reads from a tarball what npm looks at beside package.json when it publishes. Our own tarballs only. */
import type { ReadEntry } from "tar";
import type { PackedFiles } from "./publish-manifest.ts";

const markdown = /\.m?a?r?k?d?o?w?n?$/i;

/** The readme that npm takes: the first written in markdown, else one called README. */
function chooseReadme(paths: readonly string[]): string | undefined {
  const candidates = paths.filter((path) => /^readme(\.[^/]*)?$/i.test(path));
  return candidates.find((path) => markdown.test(path)) ?? candidates.findLast((path) => path.endsWith("README"));
}

function pathInPackage(entry: ReadEntry): string {
  return entry.path.slice(entry.path.indexOf("/") + 1);
}

export async function readPackedFiles(bytes: Uint8Array): Promise<PackedFiles> {
  const { Parser } = await import("tar");
  const paths: string[] = [];
  const texts = new Map<string, Buffer[]>();
  await new Promise<void>((resolve, reject) => {
    const parser = new Parser({
      strict: true,
      onReadEntry(entry) {
        const path = pathInPackage(entry);
        if (entry.type !== "File" && entry.type !== "OldFile") return void entry.resume();
        paths.push(path);
        if (!/^(readme(\.[^/]*)?|AUTHORS)$/i.test(path)) return void entry.resume();
        const pieces: Buffer[] = [];
        texts.set(path, pieces);
        entry.on("data", (piece: Buffer) => pieces.push(piece));
      },
    });
    parser.on("end", resolve);
    parser.on("error", reject);
    parser.end(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  });
  const textOf = (path: string): string => Buffer.concat(texts.get(path) ?? []).toString("utf8");
  const readme = chooseReadme(paths);
  return {
    paths,
    readme: readme === undefined ? undefined : { path: readme, text: textOf(readme) },
    authors: texts.has("AUTHORS") ? textOf("AUTHORS") : undefined,
  };
}
