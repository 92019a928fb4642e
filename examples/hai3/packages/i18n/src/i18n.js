import { formatMessage } from "./message.js";

/**
 * Translations and Intl formats of one locale at a time, which can be another later.
 *
 * @param {import("../types/index.js").I18nOptions} options
 * @returns {import("../types/index.js").I18n}
 */
export function createI18n({ locale: first, fallback = first, messages = {} }) {
  let locale = canonical(first);
  const fallbackLocale = canonical(fallback);
  /** @type {Map<string, Map<string, import("../types/index.js").Message>>} */
  const catalogues = new Map();
  /** @type {Set<(locale: string) => void>} */
  const listeners = new Set();

  /** @param {string} of @param {import("../types/index.js").Messages} tree */
  function add(of, tree) {
    const key = canonical(of);
    const catalogue = catalogues.get(key) ?? new Map();
    for (const [path, message] of flatten(tree, "")) catalogue.set(path, message);
    catalogues.set(key, catalogue);
  }

  /** @param {string} key */
  function find(key) {
    for (const candidate of [...parents(locale), ...parents(fallbackLocale)]) {
      const message = catalogues.get(candidate)?.get(key);
      if (message !== undefined) return { message, locale: candidate };
    }
    return undefined;
  }

  for (const [of, tree] of Object.entries(messages)) add(of, tree);

  return {
    get locale() {
      return locale;
    },
    setLocale(next) {
      const chosen = canonical(next);
      if (chosen === locale) return;
      locale = chosen;
      for (const listener of [...listeners]) listener(locale);
    },
    add,
    has: (key) => find(key) !== undefined,
    t(key, params = {}) {
      const found = find(key);
      return found === undefined ? key : formatMessage(found.message, params, found.locale);
    },
    number: (value, options) => new Intl.NumberFormat(locale, options).format(value),
    date: (value, options) => new Intl.DateTimeFormat(locale, options).format(value),
    list: (items, options) => new Intl.ListFormat(locale, options).format(items),
    relative: (value, unit, options) => new Intl.RelativeTimeFormat(locale, { numeric: "auto", ...options }).format(value, unit),
    subscribe(listener) {
      const entry = (/** @type {string} */ next) => listener(next);
      listeners.add(entry);
      return () => void listeners.delete(entry);
    },
  };
}

/** @param {string} locale */
function canonical(locale) {
  const [found] = Intl.getCanonicalLocales(locale);
  if (found === undefined) throw new RangeError("the locale is empty");
  return found;
}

/**
 * `de-AT-1996` is looked up as itself, then as `de-AT`, then as `de`.
 *
 * @param {string} locale
 */
function parents(locale) {
  const parts = locale.split("-");
  return parts.map((_, index) => parts.slice(0, parts.length - index).join("-"));
}

/**
 * @param {import("../types/index.js").Messages} tree
 * @param {string} prefix
 * @returns {[string, import("../types/index.js").Message][]}
 */
function flatten(tree, prefix) {
  return Object.entries(tree).flatMap(([key, value]) => {
    const path = `${prefix}${key}`;
    return typeof value === "string" || isPlural(value) ? [[path, value]] : flatten(value, `${path}.`);
  });
}

/**
 * @param {import("../types/index.js").Plural | import("../types/index.js").Messages} value
 * @returns {value is import("../types/index.js").Plural}
 */
function isPlural(value) {
  return typeof value["other"] === "string" && Object.keys(value).every((key) => /^(zero|one|two|few|many|other)$/.test(key));
}
