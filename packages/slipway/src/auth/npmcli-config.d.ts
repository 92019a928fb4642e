/** The part of @npmcli/config that is used here; the package has no types. */
declare module "@npmcli/config" {
  export interface ConfigLayer {
    /** Path of the file, or a phrase for a layer that is no file. */
    readonly source: string | null;
    /** Values before `${VAR}` is replaced. */
    readonly raw: Readonly<Record<string, unknown>>;
    readonly loadError?: Error;
  }

  export interface ConfigOptions {
    readonly definitions: object;
    readonly shorthands: object;
    readonly flatten: object;
    readonly nerfDarts: readonly string[];
    readonly npmPath: string;
    readonly env: Record<string, string | undefined>;
    readonly argv: readonly string[];
    readonly cwd: string;
    readonly warn: boolean;
  }

  export default class Config {
    constructor(options: ConfigOptions);
    load(): Promise<void>;
    get(key: string): unknown;
    find(key: string): string | null;
    readonly flat: Readonly<Record<string, unknown>>;
    readonly data: ReadonlyMap<string, ConfigLayer>;
  }
}

declare module "@npmcli/config/lib/definitions/index.js" {
  const all: {
    readonly definitions: Readonly<Record<string, { readonly default: unknown }>>;
    readonly shorthands: object;
    readonly flatten: object;
    readonly nerfDarts: readonly string[];
  };
  export default all;
}
