/**
 * Hooks over an app of @hai3/framework. React is passed in, so that this package works with the React, or the
 * look-alike, that the application has, and needs none of its own.
 *
 * @param {import("../types/index.js").ReactLike} React
 * @returns {import("../types/index.js").Hai3Hooks}
 */
export function createHai3Hooks(React) {
  const Context = React.createContext(/** @type {import("@hai3/framework").App | undefined} */ (undefined));

  function useApp() {
    const app = React.useContext(Context);
    if (app === undefined) throw new Error("there is no <Hai3Provider app={…}> above this component");
    return app;
  }

  /**
   * @template T, S
   * @param {import("../types/index.js").Observable<T>} store
   * @param {(value: T) => S} selector
   */
  function useStore(store, selector) {
    const read = () => selector(store.get());
    return React.useSyncExternalStore((listener) => store.subscribe(() => listener()), read, read);
  }

  return {
    Hai3Provider: ({ app, children }) => React.createElement(Context.Provider, { value: app }, children),
    useApp,
    useStore,
    useService: (/** @type {string} */ name) => useApp().get(name),
    useAppState: (selector) => useStore(useApp().get("state"), selector),
    useScreen: () => useStore(useApp().get("navigation").current, (current) => current.match),
    useNavigate() {
      const app = useApp();
      return (id, params) => app.get("navigation").go(app.get("screensets").href(id, params));
    },
    useTranslation() {
      const i18n = useApp().get("i18n");
      const read = () => i18n.locale;
      const locale = React.useSyncExternalStore((listener) => i18n.subscribe(() => listener()), read, read);
      return { locale, t: i18n.t, setLocale: i18n.setLocale };
    },
  };
}
