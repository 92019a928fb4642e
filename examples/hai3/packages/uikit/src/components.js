import { html, raw } from "./html.js";
import { themeCss } from "./theme.js";

/** @param {import("../types/index.js").ButtonProps} props */
export function button({ label, kind = "primary", href, isDisabled = false }) {
  if (href !== undefined && !isDisabled) return html`<a class="h3-button h3-button-${kind}" href="${safeHref(href)}">${label}</a>`;
  return html`<button type="button" class="h3-button h3-button-${kind}"${isDisabled && raw(" disabled")}>${label}</button>`;
}

/** @param {import("../types/index.js").CardProps} props */
export function card({ title, body, actions = [] }) {
  return html`<section class="h3-card"><h2>${title}</h2><div>${body}</div>${actions.length > 0 && html`<footer>${actions}</footer>`}</section>`;
}

/** @param {import("../types/index.js").AlertProps} props */
export function alert({ message, level = "info" }) {
  return html`<p class="h3-alert h3-alert-${level}" role="${level === "error" ? "alert" : "status"}">${message}</p>`;
}

/** @param {{ text: import("../types/index.js").Content }} props */
export function badge({ text }) {
  return html`<span class="h3-badge">${text}</span>`;
}

/** @param {import("../types/index.js").FieldProps} props */
export function field({ name, label, value = "", type = "text", error }) {
  const id = `field-${name}`;
  return html`<div class="h3-field"><label for="${id}">${label}</label><input id="${id}" name="${name}" type="${type}" value="${value}"${error !== undefined && html` aria-invalid="true" aria-describedby="${id}-error"`}>${error !== undefined && html`<small id="${id}-error">${error}</small>`}</div>`;
}

/**
 * @template Row
 * @param {import("../types/index.js").TableProps<Row>} props
 */
export function table({ columns, rows, empty = "Nothing here" }) {
  const body =
    rows.length === 0
      ? html`<tr><td colspan="${columns.length}">${empty}</td></tr>`
      : rows.map((row) => html`<tr>${columns.map((column) => html`<td>${column.cell(row)}</td>`)}</tr>`);
  return html`<table class="h3-table"><thead><tr>${columns.map((column) => html`<th scope="col">${column.title}</th>`)}</tr></thead><tbody>${body}</tbody></table>`;
}

/** @param {import("../types/index.js").PageProps} props */
export function page({ title, body, lang = "en", theme }) {
  return html`<!doctype html><html lang="${lang}"><head><meta charset="utf-8"><title>${title}</title><style>${raw(themeCss(theme))}</style></head><body><main>${body}</main></body></html>`;
}

/**
 * A link that runs script is no link.
 *
 * @param {string} href
 */
function safeHref(href) {
  const scheme = /^[\s\u0000-\u001f]*([a-z][a-z0-9+.-]*):/i.exec(href)?.[1]?.toLowerCase();
  return scheme === undefined || ["http", "https", "mailto"].includes(scheme) ? href : "#";
}
