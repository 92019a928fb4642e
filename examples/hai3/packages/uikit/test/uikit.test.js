import assert from "node:assert/strict";
import { test } from "node:test";
import { alert, badge, button, card, field, html, page, raw, render, table, themeCss } from "@hai3/uikit";

test("values are escaped, markup is not, and nothing is nothing", () => {
  const name = `<b>"Ada" & 'co'</b>`;
  assert.equal(render(html`<p>${name}</p>`), "<p>&lt;b&gt;&quot;Ada&quot; &amp; &#39;co&#39;&lt;/b&gt;</p>");
  assert.equal(render(html`${[html`<i>1</i>`, 2, null, undefined, false]}${raw("<hr>")}`), "<i>1</i>2<hr>");
});

test("something that only looks like markup is escaped", () => {
  assert.equal(render(/** @type {any} */ ({ text: "<b>", toString: () => "<b>" })), "&lt;b&gt;");
});

test("a button is a link where it leads somewhere safe", () => {
  assert.equal(render(button({ label: "Save" })), '<button type="button" class="h3-button h3-button-primary">Save</button>');
  assert.match(render(button({ label: "Go", href: "/orders?a=1&b=2" })), /^<a [^>]*href="\/orders\?a=1&amp;b=2"/);
  for (const href of ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x"])
    assert.match(render(button({ label: "Go", href })), /href="#"/);
  assert.match(render(button({ label: "Go", href: "/x", isDisabled: true })), /^<button [^>]* disabled>/);
});

test("components hold each other", () => {
  const shown = render(card({ title: "Order 7", body: badge({ text: "new" }), actions: [button({ label: "Pay" })] }));
  assert.match(shown, /<h2>Order 7<\/h2><div><span class="h3-badge">new<\/span><\/div><footer><button /);
  assert.doesNotMatch(render(card({ title: "Empty", body: "" })), /<footer>/);
});

test("an error is announced, and a field says what is wrong with it", () => {
  assert.match(render(alert({ message: "Lost", level: "error" })), /role="alert"/);
  assert.match(render(alert({ message: "Saved" })), /role="status"/);
  const shown = render(field({ name: "age", label: "Age", value: 7, type: "number", error: "too young" }));
  assert.match(shown, /value="7" aria-invalid="true" aria-describedby="field-age-error"><small id="field-age-error">too young/);
});

test("a table has a row for each item, and one that says there is none", () => {
  const columns = [{ title: "Name", cell: (/** @type {{ name: string }} */ row) => row.name }];
  assert.match(render(table({ columns, rows: [{ name: "Tea" }, { name: "<Rum>" }] })), /<td>Tea<\/td><\/tr><tr><td>&lt;Rum&gt;/);
  assert.match(render(table({ columns, rows: [] })), /<td colspan="1">Nothing here/);
});

test("a page carries the theme, and a theme cannot carry anything else", () => {
  assert.match(render(page({ title: "Shop", body: "hi", theme: { accent: "#000" } })), /--h3-accent:#000;/);
  assert.throws(() => themeCss({ accent: "red}</style><script>" }), /accent is no single CSS value/);
});
