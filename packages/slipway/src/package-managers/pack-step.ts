/** What the three package managers have in common when they pack: the packages, and one run of the tool. No I/O. */

/** A package that has to be packed. */
export interface PackItem {
  readonly name: string;
  readonly version: string;
  /** Posix path relative to the workspace root; `.` for the root. */
  readonly dir: string;
  readonly scripts: Readonly<Record<string, string>>;
}

export interface PackOptions {
  readonly root: string;
  /** Folder for the tarballs: absolute, outside every package. */
  readonly into: string;
  readonly ignoreScripts: boolean;
  /** The root is the only package. */
  readonly isAlone: boolean;
}

/** One run of the tool. */
export interface PackStep {
  /** Packages that it is about. */
  readonly items: readonly PackItem[];
  readonly args: readonly string[];
  /** Relative to the workspace root. */
  readonly dir: string;
  /** Where its tarballs go, absolute; undefined when it only runs scripts. */
  readonly into: string | undefined;
  /** Other steps may run meanwhile. */
  readonly isConcurrent: boolean;
}

/** What one package manager's way of packing is. */
export interface PackWay {
  /** The steps, in order; concurrent ones come last. `items` come dependencies first. */
  listSteps(items: readonly PackItem[], options: PackOptions): readonly PackStep[];
  /** Further variables of the environment. */
  environment(
    options: PackOptions,
    env: Readonly<Record<string, string | undefined>>,
  ): Readonly<Record<string, string>>;
  /** Files that it needs, by absolute path. */
  files(options: PackOptions): Readonly<Record<string, string>>;
  /** Says of each line that the tool prints, in order, whether somebody wants to read it. Made anew for each step. */
  createFilter(): (line: string) => boolean;
}

/** Windows takes 32,767 characters in all. */
const argumentsMaxChars = 20_000;

/**
 * Divides the packages into runs: each command line stays short enough, and no two packages of a run get the same file name
 * (`@a/b-c` and `@a-b/c` do).
 */
export function divide(
  items: readonly PackItem[],
  fileNameOf: (item: PackItem) => string,
): readonly (readonly PackItem[])[] {
  const batches: { readonly items: PackItem[]; readonly names: Set<string>; chars: number }[] = [];
  for (const item of items) {
    let batch = batches.at(-1);
    const name = fileNameOf(item);
    const chars = item.name.length + "--include  ".length;
    if (batch === undefined || batch.names.has(name) || batch.chars + chars > argumentsMaxChars) {
      batch = { items: [], names: new Set(), chars: 0 };
      batches.push(batch);
    }
    batch.items.push(item);
    batch.names.add(name);
    batch.chars += chars;
  }
  return batches.map((batch) => batch.items);
}

export function hasScript(item: PackItem, event: string): boolean {
  return (item.scripts[event] ?? "") !== "";
}

/** Where a run puts its tarballs. */
export function folderOfRun(into: string, index: number): string {
  return `${into}/${index}`;
}
