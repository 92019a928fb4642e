/** Writes SVG as text: elements, escaping, and colours that follow the reader's light or dark theme. Pure. */

type Attributes = Readonly<Record<string, string | number>>;

export function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** Numbers are rounded to a tenth of a pixel: two runs differ only where the drawing does. */
export function element(name: string, attributes: Attributes, content?: string): string {
  const written = Object.entries(attributes)
    .map(
      ([key, value]) =>
        ` ${key}="${typeof value === "number" ? String(Math.round(value * 10) / 10) : escapeText(value)}"`,
    )
    .join("");
  return content === undefined ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`;
}

export function text(x: number, y: number, words: string, attributes: Attributes = {}): string {
  return element("text", { x, y, ...attributes }, escapeText(words));
}

export interface Drawing {
  readonly width: number;
  readonly height: number;
  /** Read aloud, and shown by browsers beside the pointer. */
  readonly title: string;
  readonly description: string;
  readonly style: string;
  readonly content: readonly string[];
}

export function renderSvg({ width, height, title, description, style, content }: Drawing): string {
  const attributes = {
    xmlns: "http://www.w3.org/2000/svg",
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: "img",
    "aria-labelledby": "title description",
  };
  const lines = [
    element("title", { id: "title" }, escapeText(title)),
    element("desc", { id: "description" }, escapeText(description)),
    `<style>\n${style}\n</style>`,
    element("rect", { class: "page", x: 0, y: 0, width, height }),
    ...content,
  ];
  return `${element("svg", attributes, `\n${lines.join("\n")}\n`)}\n`;
}
