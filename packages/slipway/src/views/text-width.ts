/** How many columns a text takes on a terminal, and cutting and wrapping by columns. Pure; marks of `paint` take none. */
import { eastAsianWidth } from "get-east-asian-width";

interface Measures {
  readonly segmenter: Intl.Segmenter;
  readonly emoji: RegExp;
  readonly invisible: RegExp;
}

let made: Measures | undefined;

/** Made when first needed: they take 20 ms (literals would be compiled with the file), and most texts are as wide as they are long. */
function measures(): Measures {
  return (made ??= {
    segmenter: new Intl.Segmenter(undefined, { granularity: "grapheme" }),
    emoji: new RegExp(String.raw`^\p{RGI_Emoji}$`, "v"),
    invisible: new RegExp(String.raw`^[\p{Control}\p{Mark}\p{Default_Ignorable_Code_Point}]+$`, "v"),
  });
}

/** Private-use characters that `paint` puts around a piece of text; they never reach a terminal. */
const marks = /[\ue010-\ue01f]/g;
/** Latin, dashes, quotation marks, the ellipsis and arrows: one column each. */
// oxlint-disable-next-line no-control-regex
const narrowOnly = /^[\u0000-\u02ff\u2010-\u2027\u2190-\u2193]*$/;

/** Columns of one grapheme: an emoji of many code points is as wide as one. */
function graphemeWidth(grapheme: string): number {
  const { emoji, invisible } = measures();
  if (emoji.test(grapheme)) return 2;
  const first = grapheme.codePointAt(0) ?? 0;
  if (invisible.test(grapheme)) return 0;
  return eastAsianWidth(first);
}

export function textWidth(text: string): number {
  const bare = text.replace(marks, "");
  if (narrowOnly.test(bare)) return bare.length;
  let width = 0;
  for (const { segment } of measures().segmenter.segment(bare)) width += graphemeWidth(segment);
  return width;
}

export function padEndTo(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - textWidth(text)));
}

/** The text cut to `width` columns with `…` where something is left out. Takes no marks: a cut could lose one. */
export function cutTo(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  if (width < 1) return "";
  if (narrowOnly.test(text)) return `${text.slice(0, width - 1)}…`;
  let cut = "";
  let used = 0;
  for (const { segment } of measures().segmenter.segment(text)) {
    used += graphemeWidth(segment);
    if (used > width - 1) break;
    cut += segment;
  }
  return `${cut}…`;
}

/**
 * Lines of at most `width` columns, broken at blanks; a word that is longer than a line stays whole, because a terminal
 * breaks it anyway and whoever copies it wants it in one piece.
 */
export function wrapTo(text: string, width: number): readonly string[] {
  if (textWidth(text) <= width) return [text];
  const lines: string[] = [];
  let line: string | undefined;
  for (const word of text.split(" ")) {
    const longer = line === undefined ? word : `${line} ${word}`;
    if (line !== undefined && textWidth(longer) > width) {
      lines.push(line.trimEnd());
      line = word;
    } else line = longer;
  }
  return line === undefined ? lines : [...lines, line.trimEnd()];
}
