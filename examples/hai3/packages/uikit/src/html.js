/** Text that is HTML already. Only `html` and `raw` make it, so whatever else is written is escaped. */
class Markup {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }

  toString() {
    return this.text;
  }
}

/** @type {Readonly<Record<string, string>>} */
const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/**
 * A template whose values are escaped; markup is taken as it is, lists are joined, and undefined, null and false
 * are nothing.
 *
 * @param {TemplateStringsArray} strings
 * @param {unknown[]} values
 * @returns {import("../types/index.js").Markup}
 */
export function html(strings, ...values) {
  return new Markup(strings.map((string, index) => string + write(values[index])).join(""));
}

/**
 * Takes text as HTML without escaping it. Never for what a user wrote.
 *
 * @param {string} text
 * @returns {import("../types/index.js").Markup}
 */
export function raw(text) {
  return new Markup(text);
}

/**
 * @param {import("../types/index.js").Content} content
 * @returns {string}
 */
export function render(content) {
  return write(content);
}

/** @param {unknown} value @returns {string} */
function write(value) {
  if (value === undefined || value === null || value === false) return "";
  if (value instanceof Markup) return value.text;
  if (Array.isArray(value)) return value.map(write).join("");
  return String(value).replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
