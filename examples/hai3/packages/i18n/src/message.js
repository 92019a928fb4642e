/**
 * Writes one message: picks the plural form by `params.count`, then fills in `{name}`; `{{` and `}}` are braces.
 * Numbers are written as the locale writes them. A parameter that is not given stays as it is, to be seen.
 *
 * @param {import("../types/index.js").Message} message
 * @param {import("../types/index.js").Params} params
 * @param {string} locale
 */
export function formatMessage(message, params, locale) {
  const text = typeof message === "string" ? message : pickPlural(message, params["count"], locale);
  return text.replace(/\{\{|\}\}|\{(\w+)\}/g, (found, name) => {
    if (found === "{{") return "{";
    if (found === "}}") return "}";
    const value = params[name];
    if (value === undefined) return found;
    return typeof value === "number" ? new Intl.NumberFormat(locale).format(value) : String(value);
  });
}

/**
 * @param {import("../types/index.js").Plural} message
 * @param {unknown} count
 * @param {string} locale
 */
function pickPlural(message, count, locale) {
  if (typeof count !== "number") return message.other;
  if (count === 0 && message.zero !== undefined) return message.zero;
  return message[new Intl.PluralRules(locale).select(count)] ?? message.other;
}
