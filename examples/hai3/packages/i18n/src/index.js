export { createI18n } from "./i18n.js";
export { formatMessage } from "./message.js";
