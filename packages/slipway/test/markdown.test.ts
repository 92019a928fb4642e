/** Hostile texts are only texts once a real renderer of GitHub's Markdown has had them. */
import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";
import { expect, test } from "vitest";
import { block, code, details, link, list, table, text } from "../src/views/markdown.ts";

/** With HTML let through, as GitHub lets through what its sanitiser knows: nothing may depend on the sanitiser. */
function render(markdown: string): string {
  return micromark(markdown, {
    allowDangerousHtml: true,
    allowDangerousProtocol: true,
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()],
  });
}

/** What a reader sees: tags gone, references resolved. */
function seen(html: string): string {
  return joinText(html).replaceAll("\u2060", "").trim();
}

/** The text that a program finds that looks through what is rendered. */
function joinText(html: string): string {
  return html
    .replaceAll(/<[^>]*>/g, "")
    .replaceAll(/&#(\d+);/g, (_, number: string) => String.fromCodePoint(Number(number)))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");
}

const hostile = [
  "@everyone and @acme/team",
  "fixes #1, GH-2, acme/shop#3",
  "<img src=x onerror=alert(1)>",
  "</details></td></table><h1>x</h1>",
  "<!-- slipway -->",
  "[click](javascript:alert(1))",
  "![x](https://evil.example/p.png)",
  "https://evil.example www.evil.example me@evil.example",
  "`code` ``two`` ```three",
  "a | b | c",
  "# heading",
  "- item",
  "1. item",
  "> quote",
  "---",
  "**bold** _it_ ~~gone~~",
  "&lt;b&gt; &#60;b>",
  "\\ backslash \\` \\|",
  "$x$ and $$y$$",
  ":tada: [^1]",
  "==mark== ^up^",
  "| --- |",
  "${{ github.token }}",
  "closes https://github.com/acme/shop/issues/1",
  "0123456789abcdef0123456789abcdef01234567 and 0123abc",
  "- [ ] task",
  "[!WARNING]",
  "[a]: https://evil.example",
  "+ item",
  "* * *",
  "~~~",
  "= =",
  "<script>",
  "<?php ?>",
  "<![CDATA[x]]>",
  "ftp://evil.example mailto:me@evil.example xmpp:me@evil.example",
  "</code></summary></details>",
] as const;

const allowed = /^<p>[^<]*<\/p>$/;

test.each(hostile)("as text: %s", (value) => {
  const html = render(text(value));
  expect(html).toMatch(allowed);
  expect(seen(html)).toBe(value);
});

test.each(hostile)("as code: %s", (value) => {
  const html = render(`${code(value)} end`);
  expect(html).toMatch(/^<p><code>[^<]*<\/code> end<\/p>$/);
  expect(seen(html)).toBe(`${value} end`);
});

test.each(hostile)("in a table, a list and what can be unfolded: %s", (value) => {
  const html = render(
    `${table(["a", "b"], [[text(value), code(value)]])}\n\n${list([text(value)])}\n\n${details(text(value), text(value))}`,
  );
  expect(html.match(/<t[dh][ >]/g)).toHaveLength(4);
  expect(html.match(/<li>/g)).toHaveLength(1);
  expect(html.match(/<details>|<\/details>/g)).toHaveLength(2);
  expect(html).not.toMatch(/<(a|img|h1|strong|em|del|input|blockquote)\b/);
});

test.each(hostile)("in a block: %s", (value) => {
  const html = render(`${block(`one\n${value}`)}\n\nend`);
  expect(html).toMatch(/^<pre><code class="language-text">[^<]*<\/code><\/pre>\n<p>end<\/p>$/);
  expect(seen(html.replace("end", ""))).toBe(`one\n${value}`);
});

/** GitHub looks for these in what is rendered (docs.github.com, "Autolinked references and URLs", "Basic writing and formatting syntax"). */
const sought = /@[\w-]|#\d|\bGH-\d|\b[0-9a-f]{7,40}\b|:[\w+-]+:/i;

test.each(hostile)("nothing is left of it that GitHub turns into a link, a mention or a picture: %s", (value) => {
  expect(joinText(render(text(value)))).not.toMatch(sought);
});

test("a mention, a reference, a commit and an emoji are parted within", () => {
  expect(text("@acme #1 GH-1 0123abc :tada:")).toBe(
    "&#64;&#8288;acme &#35;&#8288;1 GH&#8288;&#45;1 0123ab&#8288;c &#58;&#8288;tada&#58;",
  );
});

test("blanks before a text make no code of it", () => {
  for (const value of ["    a", "\ta", "\n\n    a"]) {
    expect(render(text(value))).toBe("<p>a</p>");
    expect(render(list([text(value)]))).toBe("<ul>\n<li>a</li>\n</ul>");
  }
});

test.each([
  ["turned directions", "\u202E \u2066 \u200F"],
  ["blanks without width", "\u200B \u200D \uFEFF \u2060"],
  ["controls", "\u0000 \u001B \u0085"],
  ["fillers", "\u115F \u3164 \uFFA0 \u2800 \u034F"],
  ["selectors and tags", "a\uFE0F \u{E0041} \u{E0100}"],
  ["halves of pairs and private characters", "\uD800 \uE000"],
])("%s are seen", (_, value) => {
  const visible = /^(?:a?\\u[0-9a-f]{4,6} ?)+$/;
  expect(seen(render(text(value)))).toMatch(visible);
  expect(seen(render(code(value)))).toMatch(visible);
});

test("an emoji stays one", () => {
  expect(seen(render(text("\u267B\uFE0F build")))).toBe("\u267B\uFE0F build");
});

test("invisible characters and turned directions are shown, line breaks are blanks", () => {
  const value = "a\u202Eb\u200B\nc\td\u0000";
  expect(seen(render(text(value)))).toBe("a\\u202eb\\u200b c d\\u0000");
  expect(seen(render(code(value)))).toBe("a\\u202eb\\u200b c d\\u0000");
});

test("long texts are cut, and it shows", () => {
  expect(seen(render(text("x".repeat(400))))).toBe(`${"x".repeat(299)}…`);
  expect(block("y".repeat(5000)).length).toBeLessThan(4050);
});

test("a link leads to http and https only, and its address cannot end it", () => {
  expect(render(link("a", "https://h.example/(x)|y\"'"))).toBe(
    '<p><a href="https://h.example/%28x%29%7Cy%22%27">a</a></p>',
  );
  for (const url of ["javascript:alert(1)", "data:text/html,x", "https://u:p@h.example/", "nonsense"])
    expect(link("a", url)).toBe("a");
});
