import type { Api, ApiOptions } from "@hai3/api";
import type { I18n, I18nOptions } from "@hai3/i18n";
import type { ScreenMatch, Screenset, Screensets } from "@hai3/screensets";
import type { Store } from "@hai3/state";

// So that those who build on this package need to name no other.
export type { Api, ApiOptions, I18n, I18nOptions, ScreenMatch, Screenset, Screensets, Store };

export interface AppEvent {
  readonly type: string;
  readonly detail: unknown;
}

export interface Events {
  emit(type: string, detail?: unknown): void;
  /** `"*"` hears every event. Returns the function that ends it. */
  on(type: string, listener: (event: AppEvent) => void): () => void;
}

export function createEvents(): Events;

export interface Navigation {
  readonly current: Store<{ readonly path: string; readonly match: ScreenMatch | undefined }>;
  go(path: string): void;
}

/** What the standard plugins provide. Add yours by declaration merging. */
export interface Services {
  state: Store<Readonly<Record<string, unknown>>>;
  screensets: Screensets;
  navigation: Navigation;
  api: Api;
  i18n: I18n;
}

/** Throws when no plugin provides the service. */
export interface GetService {
  <N extends keyof Services>(name: N): Services[N];
  <T = unknown>(name: string): T;
}

export interface PluginContext {
  readonly events: Events;
  /** Offers a service under a name. Throws when the name is taken. */
  provide(name: string, service: unknown): void;
  readonly get: GetService;
  /** Called when the app stops, the last one first. */
  onStop(cleanup: () => unknown): void;
}

export interface Plugin {
  readonly name: string;
  /** Names of plugins that must be set up before. */
  readonly requires?: readonly string[];
  setup(context: PluginContext): void | Promise<void>;
}

export interface App {
  readonly events: Events;
  readonly status: "stopped" | "starting" | "started";
  /** In the order in which they are set up. */
  readonly plugins: readonly string[];
  services(): readonly string[];
  readonly get: GetService;
  /** Sets the plugins up; when one fails, those before it are taken down and the error says which it was. */
  start(): Promise<void>;
  /** Takes all plugins down, and throws an AggregateError when some could not be. */
  stop(): Promise<void>;
}

/** Throws when plugins share a name, require each other in a circle, or require what is not there. */
export function createApp(options?: { plugins?: readonly Plugin[] }): App;

export interface Hai3Options {
  readonly state?: Readonly<Record<string, unknown>>;
  readonly screensets?: readonly Screenset[];
  /** The path shown first. Default `/`. */
  readonly path?: string;
  /** Without it there is no `api`. */
  readonly api?: ApiOptions;
  readonly i18n?: I18nOptions;
  readonly plugins?: readonly Plugin[];
}

export function createHai3(options?: Hai3Options): App;

export function statePlugin(initial?: Readonly<Record<string, unknown>>): Plugin;
export function screensetsPlugin(screensets?: readonly Screenset[], options?: { path?: string }): Plugin;
export function apiPlugin(options: ApiOptions): Plugin;
export function i18nPlugin(options: I18nOptions): Plugin;
