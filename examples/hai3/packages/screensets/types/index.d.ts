/** The names of the parameters of a path: `"/orders/:id"` has `"id"`. */
export type ParamNames<P extends string> = string extends P
  ? string
  : P extends `${infer Head}/${infer Tail}`
    ? ParamNames<Head> | ParamNames<Tail>
    : P extends `:${infer Name}` | `*${infer Name}`
      ? Name
      : never;

export type Params<P extends string> = { readonly [N in ParamNames<P>]: string };

export interface Route<P extends string> {
  readonly path: P;
  /** Routes with a greater rank, compared as text, are the more specific ones. */
  readonly rank: string;
  /** The parameters, decoded, or undefined when the path is another's. Query and fragment are ignored. */
  match(path: string): Params<P> | undefined;
  /** Makes a path. Throws a TypeError when a parameter is missing. */
  href(params?: { readonly [N in ParamNames<P>]: string | number }): string;
}

/** Compiles `/orders/:id` or `/files/*rest`. Throws a TypeError for a path that makes no sense. */
export function compileRoute<const P extends string>(path: P): Route<P>;

export interface Screen {
  readonly id: string;
  readonly path: string;
  readonly title?: string;
  /** Fetches what shows the screen; called by whoever shows it. */
  readonly load?: () => Promise<unknown>;
}

export interface Screenset {
  readonly id: string;
  readonly title?: string;
  readonly screens: readonly Screen[];
}

export interface ScreenMatch {
  readonly screenset: Screenset;
  readonly screen: Screen;
  readonly params: Readonly<Record<string, string>>;
}

export interface Screensets {
  /** Adds a screenset; returns the function that takes it away. Throws when its id or a path is taken. */
  register(screenset: Screenset): () => void;
  list(): readonly Screenset[];
  /** The most specific screen for a path. */
  match(path: string): ScreenMatch | undefined;
  /** The path of the screen `"<screenset>/<screen>"`. Throws when there is none or a parameter is missing. */
  href(id: string, params?: Readonly<Record<string, string | number>>): string;
  /** Calls `listener` after a screenset came or went. */
  subscribe(listener: () => void): () => void;
}

export function createScreensets(): Screensets;
