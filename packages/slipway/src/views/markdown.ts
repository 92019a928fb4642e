/**
 * Pieces of GitHub-flavoured Markdown in which any text is only text. Names, versions, branches and messages come from strangers: they must not make links,
 * images, HTML, mentions, references to issues, headings or cells, nor look like something else by invisible characters. Pure.
 */

/** What has a meaning in Markdown or HTML, anywhere in a line. */
const special = /[\\`*_{}[\]()<>#+\-.!|~&:@/^$"'=]/g;

/**
 * Characters that show nothing, or turn the direction of what follows: text with them is not what it looks like. The selector that makes a sign an
 * emoji is let through behind one.
 */
const invisible = /[[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{DI}\p{Zl}\p{Zp}\u2800]--\uFE0F]|(?<!\p{ExtPict})\uFE0F/gv;

function reference(char: string): string {
  return `&#${char.charCodeAt(0)};`;
}

/** Control and format characters as `\u202e`, so that they are seen; line breaks and tabs become blanks. */
function makeVisible(value: string): string {
  return value
    .replaceAll(/[\r\n\t]+/g, " ")
    .replaceAll(invisible, (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`);
}

/** Cuts a text that is longer than `max` characters, and says so. */
function shortenText(value: string, max: number): string {
  const chars = [...value];
  return chars.length <= max ? value : `${chars.slice(0, max - 1).join("")}…`;
}

const textMax = 300;

/**
 * A text as it is, on one line. Every character with a meaning becomes a numeric reference: GitHub looks for mentions, issue numbers, commits, emoji and
 * addresses in what is rendered, so those are parted as well.
 */
export function text(value: string, max = textMax): string {
  // Blanks at its beginning would make code of it, at the beginning of a line.
  const shown = shortenText(makeVisible(value), max).trim();
  return shown
    .replaceAll(parted, `$&${wordJoiner}`)
    .replaceAll(special, reference)
    .replaceAll(wordJoiner, reference(wordJoiner));
}

/** What must not stand beside what follows it: `@` of a name, `#` of a number, `GH-1`, a commit, `:name:`. */
const parted = /[@#]|\bgh(?=-\d)|[0-9a-f]{6}(?=[0-9a-f])|:(?=[\w+-]+:)/gi;

/** Shows nothing. Written by us alone: what comes in has none. */
const wordJoiner = "\u2060";

/** A text in the fixed-width font, where GitHub looks for no mentions and references. `max` bounds it in characters. */
export function code(value: string, max = textMax): string {
  const shown = shortenText(makeVisible(value), max);
  if (shown === "") return "";
  return `<code>${shown.replaceAll(special, reference)}</code>`;
}

/** A link, if the address is http or https without credentials; else its label alone. The label is Markdown that was made here. */
export function link(label: string, url: string): string {
  if (!URL.canParse(url)) return label;
  const { protocol, username, password, href } = new URL(url);
  if (!/^https?:$/.test(protocol) || username !== "" || password !== "") return label;
  const address = href.replaceAll(/[()<>|\\`*_[\]"' ]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
  return `[${label}](${address})`;
}

/** One line of a table; cells are Markdown that was made here, on one line each. */
export function tableRow(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

export function tableHead(head: readonly string[]): string {
  return `${tableRow(head)}\n${tableRow(head.map(() => "---"))}`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [tableHead(head), ...rows.map(tableRow)].join("\n");
}

export function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join("\n");
}

/** What can be unfolded; its parts are Markdown that was made here. */
export function details(summary: string, body: string): string {
  return `<details><summary>${summary}</summary>\n\n${body}\n\n</details>`;
}

/** Lines as they are, in a block: for output of tools. */
export function block(value: string, max = 4000): string {
  const lines = value.split(/\r?\n/).map((line) => line.replaceAll(invisible, " "));
  const shown = shortenText(lines.join("\n"), max);
  const longest = Math.max(2, ...[...shown.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${shown}\n${fence}`;
}
