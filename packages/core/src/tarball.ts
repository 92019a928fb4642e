/** What a package tarball holds, as far as it decides what an install gets. */

/** One entry of a tarball, as far as it decides what an install gets. */
export interface TarballEntry {
  readonly path: string;
  readonly type: "file" | "directory" | "symlink" | "other";
  readonly isExecutable: boolean;
  /** sha512 of the contents, `sha512-…`; for a symlink its target. */
  readonly integrity: string;
}

/** What a publish document says of a tarball's files, beside package.json. */
export interface PackedFiles {
  /** Paths of the files in the tarball, posix, relative to the package. */
  readonly paths: readonly string[];
  readonly readme: { readonly path: string; readonly text: string } | undefined;
  /** Text of the file AUTHORS. */
  readonly authors: string | undefined;
}

export interface TarballContents {
  readonly entries: readonly TarballEntry[];
  /** package.json of the tarball, parsed. */
  readonly manifest: Readonly<Record<string, unknown>>;
}
