import assert from "node:assert/strict";
import { test } from "node:test";
import { createI18n, formatMessage } from "@hai3/i18n";

const messages = {
  en: {
    greeting: "Hello, {name}",
    cart: { items: { zero: "Nothing yet", one: "{count} thing", other: "{count} things" } },
  },
  de: { greeting: "Hallo, {name}" },
  ru: { cart: { items: { one: "{count} вещь", few: "{count} вещи", many: "{count} вещей", other: "{count} вещи" } } },
};

test("a message is looked up in the locale, its parents, and the fallback", () => {
  const i18n = createI18n({ locale: "de-AT", fallback: "en", messages });
  assert.equal(i18n.t("greeting", { name: "Ada" }), "Hallo, Ada");
  assert.equal(i18n.t("cart.items", { count: 1 }), "1 thing");
  assert.equal(i18n.t("not.there"), "not.there");
  assert.equal(i18n.has("cart.items"), true);
  assert.equal(i18n.has("cart"), false);
});

test("plural forms follow the language", () => {
  const i18n = createI18n({ locale: "ru", fallback: "en", messages });
  const forms = [1, 3, 5, 21].map((count) => i18n.t("cart.items", { count }));
  assert.deepEqual(forms, ["1 вещь", "3 вещи", "5 вещей", "21 вещь"]);
  i18n.setLocale("en");
  assert.equal(i18n.t("cart.items", { count: 0 }), "Nothing yet");
  assert.equal(i18n.t("cart.items", { count: 1200 }), "1,200 things");
});

test("braces can be written, and a missing parameter stays visible", () => {
  assert.equal(formatMessage("{{{name}}} {other}", { name: "x" }, "en"), "{x} {other}");
});

test("numbers, dates, lists and spans are written as the locale writes them", () => {
  const i18n = createI18n({ locale: "en" });
  assert.equal(i18n.number(0.256, { style: "percent" }), "26%");
  assert.equal(i18n.date(Date.UTC(2026, 10, 21), { timeZone: "UTC", dateStyle: "long" }), "November 21, 2026");
  assert.equal(i18n.list(["a", "b", "c"]), "a, b, and c");
  assert.equal(i18n.relative(-1, "day"), "yesterday");
  i18n.setLocale("de");
  assert.equal(i18n.number(1234.5), "1.234,5");
  assert.equal(i18n.list(["a", "b", "c"]), "a, b und c");
});

test("listeners hear of another locale once, and later messages replace earlier ones", () => {
  const i18n = createI18n({ locale: "en", messages });
  /** @type {string[]} */
  const heard = [];
  const stop = i18n.subscribe((locale) => void heard.push(locale));
  i18n.setLocale("DE-at");
  i18n.setLocale("de-AT");
  stop();
  i18n.setLocale("en");
  assert.deepEqual(heard, ["de-AT"]);
  i18n.add("en", { greeting: "Hi, {name}" });
  assert.equal(i18n.t("greeting", { name: "Ada" }), "Hi, Ada");
  assert.throws(() => i18n.setLocale("not a locale"), RangeError);
});
