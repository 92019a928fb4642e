import type { App, GetService, I18n, ScreenMatch } from "@hai3/framework";

export type { App };

/** The part of React 18 or newer that is used. */
export interface ReactLike {
  createContext<T>(value: T): { Provider: any };
  useContext(context: any): any;
  createElement(type: any, props: any, ...children: any[]): any;
  useSyncExternalStore<T>(
    subscribe: (listener: () => void) => () => void,
    getSnapshot: () => T,
    getServerSnapshot?: () => T,
  ): T;
}

export interface Observable<T> {
  get(): T;
  subscribe(listener: () => void): () => void;
}

export interface Hai3Hooks {
  /** Makes an app known to the components below. */
  Hai3Provider(props: { app: App; children?: unknown }): any;
  /** Throws outside a provider. */
  useApp(): App;
  useService: GetService;
  /** What `selector` returns; renders again when that is another by `Object.is`, so return parts, not new objects. */
  useStore<T, S>(store: Observable<T>, selector: (value: T) => S): S;
  /** The same for the app's own state. */
  useAppState<S>(selector: (state: Readonly<Record<string, unknown>>) => S): S;
  /** The screen for the path shown. */
  useScreen(): ScreenMatch | undefined;
  /** Goes to the screen `"<screenset>/<screen>"`. */
  useNavigate(): (id: string, params?: Readonly<Record<string, string | number>>) => void;
  useTranslation(): { readonly locale: string; readonly t: I18n["t"]; readonly setLocale: I18n["setLocale"] };
}

export function createHai3Hooks(React: ReactLike): Hai3Hooks;
