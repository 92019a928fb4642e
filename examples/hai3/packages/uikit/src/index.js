export { html, raw, render } from "./html.js";
export { alert, badge, button, card, field, page, table } from "./components.js";
export { defaultTheme, themeCss } from "./theme.js";
