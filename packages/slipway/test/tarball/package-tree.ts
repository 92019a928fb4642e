/** Lays out package folders in temporary folders: modes and links would not survive being committed. */
import { chmod, link, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export type TreeEntry =
  | string
  | Buffer
  | { readonly contents: string | Buffer; readonly mode: number }
  /** A symbolic link to this target. */
  | { readonly symlinkTo: string }
  /** A second name for a file laid out earlier, by its path in the tree. */
  | { readonly hardlinkTo: string };

/** Path to entry; a path that ends in a slash is an empty folder. */
export type Tree = Readonly<Record<string, TreeEntry>>;

/** package.json with a name and a version and `fields`. */
export function manifestText(fields: Readonly<Record<string, unknown>> = {}): string {
  return `${JSON.stringify({ name: "fixture", version: "1.0.0", ...fields }, null, 2)}\n`;
}

async function layOut(root: string, path: string, entry: TreeEntry): Promise<void> {
  const absolute = join(root, path);
  if (path.endsWith("/")) return void (await mkdir(absolute, { recursive: true }));
  await mkdir(dirname(absolute), { recursive: true });
  if (typeof entry === "object" && "symlinkTo" in entry) return symlink(entry.symlinkTo, absolute);
  if (typeof entry === "object" && "hardlinkTo" in entry) return link(join(root, entry.hardlinkTo), absolute);
  const { contents, mode } =
    typeof entry === "string" || Buffer.isBuffer(entry) ? { contents: entry, mode: 0o644 } : entry;
  await writeFile(absolute, contents);
  await chmod(absolute, mode);
}

/** Lays `tree` out in a new temporary folder, gives its path to `use`, and removes it afterwards. */
export async function withTree<T>(tree: Tree, use: (dir: string) => Promise<T>): Promise<T> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "slipway-pack-")));
  try {
    for (const [path, entry] of Object.entries(tree)) await layOut(root, path, entry);
    return await use(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
