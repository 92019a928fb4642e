export { createApp } from "./app.js";
export { createEvents } from "./events.js";
export { apiPlugin, i18nPlugin, screensetsPlugin, statePlugin } from "./plugins.js";
export { createHai3 } from "./hai3.js";
