import { createApp } from "./app.js";
import { apiPlugin, i18nPlugin, screensetsPlugin, statePlugin } from "./plugins.js";

/**
 * An app with the four standard plugins, and yours after them.
 *
 * @param {import("../types/index.js").Hai3Options} [options]
 * @returns {import("../types/index.js").App}
 */
export function createHai3({ state, screensets, path, api, i18n = { locale: "en" }, plugins = [] } = {}) {
  return createApp({
    plugins: [
      statePlugin(state),
      screensetsPlugin(screensets, path === undefined ? {} : { path }),
      i18nPlugin(i18n),
      ...(api === undefined ? [] : [apiPlugin(api)]),
      ...plugins,
    ],
  });
}
