import { button, card, html } from "@hai3/uikit";

/** @param {import("@hai3/framework").App} app */
export function showHome(app) {
  const { t } = app.get("i18n");
  const href = app.get("screensets").href("main/about");
  return card({ title: t("home.title"), body: t("home.body"), actions: [button({ label: t("home.more"), href })] });
}

/** @param {import("@hai3/framework").App} app */
export function showAbout(app) {
  const { t } = app.get("i18n");
  return html`<h1>${t("about.title")}</h1><p>${app.plugins.join(", ")}</p>`;
}
