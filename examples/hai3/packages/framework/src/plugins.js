import { createApi } from "@hai3/api";
import { createI18n } from "@hai3/i18n";
import { createScreensets } from "@hai3/screensets";
import { createStore } from "@hai3/state";

/**
 * Provides `state`, and says `state:changed` after each change.
 *
 * @param {Readonly<Record<string, unknown>>} [initial]
 * @returns {import("../types/index.js").Plugin}
 */
export function statePlugin(initial = {}) {
  return {
    name: "state",
    setup({ provide, events, onStop }) {
      const store = createStore(initial);
      onStop(store.subscribe((value, previous) => events.emit("state:changed", { value, previous })));
      provide("state", store);
    },
  };
}

/**
 * Provides `screensets` and `navigation`: the path shown, its screen, and the way to another.
 *
 * @param {readonly import("@hai3/screensets").Screenset[]} [screensets]
 * @param {{ path?: string }} [options]
 * @returns {import("../types/index.js").Plugin}
 */
export function screensetsPlugin(screensets = [], { path = "/" } = {}) {
  return {
    name: "screensets",
    setup({ provide, events, onStop }) {
      const registry = createScreensets();
      for (const screenset of screensets) registry.register(screenset);
      const current = createStore({ path, match: registry.match(path) });
      onStop(registry.subscribe(() => current.update((now) => ({ ...now, match: registry.match(now.path) }))));
      onStop(
        current.subscribe((now) => events.emit("navigation:changed", { path: now.path, screen: now.match?.screen.id })),
      );
      provide("screensets", registry);
      provide("navigation", {
        current,
        go: (/** @type {string} */ to) => current.set({ path: to, match: registry.match(to) }),
      });
    },
  };
}

/**
 * Provides `api`, and says `api:request` and `api:response` as requests come and go.
 *
 * @param {import("@hai3/api").ApiOptions} options
 * @returns {import("../types/index.js").Plugin}
 */
export function apiPlugin(options) {
  return {
    name: "api",
    setup({ provide, events }) {
      const api = createApi(options);
      api.use(async (request, next) => {
        const about = { method: request.method, url: request.url };
        events.emit("api:request", about);
        const response = await next(request);
        events.emit("api:response", { ...about, status: response.status });
        return response;
      });
      provide("api", api);
    },
  };
}

/**
 * Provides `i18n`, and says `i18n:changed` after the locale became another.
 *
 * @param {import("@hai3/i18n").I18nOptions} options
 * @returns {import("../types/index.js").Plugin}
 */
export function i18nPlugin(options) {
  return {
    name: "i18n",
    setup({ provide, events, onStop }) {
      const i18n = createI18n(options);
      onStop(i18n.subscribe((locale) => events.emit("i18n:changed", { locale })));
      provide("i18n", i18n);
    },
  };
}
