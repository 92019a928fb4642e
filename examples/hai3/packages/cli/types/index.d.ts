export interface Terminal {
  readonly cwd: string;
  /** Standard output. */
  write(text: string): void;
  /** Standard error. */
  complain(text: string): void;
}

/** Runs one command and returns its exit code: 0 done, 1 could not be done, 2 not understood. */
export function run(args: readonly string[], terminal: Terminal): Promise<number>;

export interface CreateOptions {
  /** Relative to `cwd`; must be new or empty. */
  readonly folder: string;
  readonly cwd: string;
  /** Default `app`. */
  readonly template?: string | undefined;
  /** Default: the folder's name. */
  readonly name?: string | undefined;
}

export interface Created {
  readonly name: string;
  readonly template: string;
  /** Relative to the folder, sorted. */
  readonly files: readonly string[];
}

export function createProject(options: CreateOptions): Created;
export function listTemplates(): readonly { readonly name: string; readonly description: string }[];
