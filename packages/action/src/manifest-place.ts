/** Where in the repository the manifest of a package is, and on which line its version: what an annotation points at. Reads, and never fails. */
import { readFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { formatSpec, type Plan } from "@slipway/core";
import { list } from "tar";
import { tarballPath } from "slipway";

export interface ManifestPlace {
  /** Relative to the repository's root. */
  readonly file: string;
  readonly line: number | undefined;
}

export interface Places {
  /** Checkout of the repository; it may be empty. */
  readonly workspace: string;
  /** Folder of the npm workspace below it, posix. */
  readonly prefix: string;
  /** A packed release folder: its tarballs have the manifests where there is no checkout. */
  readonly folder: string | undefined;
}

/** The place of a package that the plan releases; `spec` is `name@version`. */
export async function findManifest(plan: Plan, spec: string, places: Places): Promise<ManifestPlace | undefined> {
  const item = plan.packages.find(({ name, version }) => formatSpec(name, version) === spec || name === spec);
  if (item === undefined) return undefined;
  const file = posix.join(places.prefix, item.dir, "package.json");
  const text =
    (await readFile(join(places.workspace, file), "utf8").catch(() => undefined)) ??
    (places.folder === undefined
      ? undefined
      : await readPacked(join(places.folder, tarballPath(item.name, item.version))));
  return { file, line: text === undefined ? undefined : lineOfVersion(text) };
}

/** The line of `version`, else of `name`, else the first. */
function lineOfVersion(text: string): number {
  const lines = text.split(/\r?\n/);
  const at = (key: string): number =>
    lines.findIndex((line) => line.trimStart().startsWith(`"${key}":`) || line.trimStart().startsWith(`"${key}" :`));
  const found = [at("version"), at("name")].find((line) => line !== -1);
  return (found ?? 0) + 1;
}

const manifestMaxBytes = 1024 * 1024;

async function readPacked(path: string): Promise<string | undefined> {
  const pieces: Buffer[] = [];
  try {
    await list({
      file: path,
      onReadEntry: (entry) => {
        if (entry.path === "package/package.json" && entry.size <= manifestMaxBytes)
          entry.on("data", (piece) => pieces.push(Buffer.from(piece)));
      },
    });
  } catch {
    // No tarball, or a broken one, costs an annotation its line.
    return undefined;
  }
  return pieces.length === 0 ? undefined : Buffer.concat(pieces).toString("utf8");
}
