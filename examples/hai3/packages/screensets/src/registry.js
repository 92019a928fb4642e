import { compileRoute } from "./route.js";

/**
 * Holds what can be shown: screensets, each a group of screens with one path apiece.
 *
 * @returns {import("../types/index.js").Screensets}
 */
export function createScreensets() {
  /** @typedef {import("../types/index.js").Screenset} Screenset */
  /** @typedef {import("../types/index.js").Screen} Screen */
  /** @type {Map<string, Screenset>} */
  const screensets = new Map();
  /** @type {{ screenset: Screenset, screen: Screen, route: import("../types/index.js").Route<string> }[]} */
  let routes = [];
  /** @type {Set<() => void>} */
  const listeners = new Set();

  function tell() {
    for (const listener of [...listeners]) listener();
  }

  return {
    register(screenset) {
      if (screensets.has(screenset.id)) throw new Error(`the screenset ${screenset.id} is registered already`);
      const added = screenset.screens.map((screen) => ({ screenset, screen, route: compileRoute(screen.path) }));
      for (const { screen } of added) {
        const taken = [...routes, ...added].find((other) => other.screen !== screen && other.screen.path === screen.path);
        if (taken !== undefined)
          throw new Error(`${screenset.id}/${screen.id} and ${taken.screenset.id}/${taken.screen.id} share ${screen.path}`);
      }
      screensets.set(screenset.id, screenset);
      routes = [...routes, ...added].sort((a, b) => (a.route.rank < b.route.rank ? 1 : a.route.rank > b.route.rank ? -1 : 0));
      tell();
      return () => {
        if (screensets.get(screenset.id) !== screenset) return;
        screensets.delete(screenset.id);
        routes = routes.filter((entry) => entry.screenset !== screenset);
        tell();
      };
    },
    list: () => [...screensets.values()],
    match(path) {
      for (const { screenset, screen, route } of routes) {
        const params = route.match(path);
        if (params !== undefined) return { screenset, screen, params };
      }
      return undefined;
    },
    href(id, params) {
      const entry = routes.find(({ screenset, screen }) => `${screenset.id}/${screen.id}` === id);
      if (entry === undefined) throw new Error(`there is no screen ${id}`);
      return entry.route.href(params);
    },
    subscribe(listener) {
      const entry = () => listener();
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
  };
}
