/** Draws what a terminal shows, as captured with its colours, as an SVG of text. Pure; it knows only the colours that slipway uses. */

export interface Screen {
  /** Lines with SGR sequences, as `tmux capture-pane -e` gives them. */
  readonly lines: readonly string[];
  readonly columns: number;
  readonly title: string;
}

interface Style {
  readonly colour: string;
  readonly isDim: boolean;
  readonly isBold: boolean;
}

interface Run {
  readonly text: string;
  readonly style: Style;
  readonly column: number;
}

const cellWidth = 8.4;
const lineHeight = 19;
const margin = 14;
const barHeight = 26;
const plain: Style = { colour: "#d6deeb", isDim: false, isBold: false };
const colours: Readonly<Record<number, string>> = {
  31: "#ff6b6b",
  32: "#7fdb8a",
  33: "#ffcb6b",
  36: "#6fc3df",
  39: plain.colour,
};

function applySgr(style: Style, code: number): Style {
  if (code === 0) return plain;
  if (code === 1) return { ...style, isBold: true };
  if (code === 2) return { ...style, isDim: true };
  if (code === 22) return { ...style, isDim: false, isBold: false };
  return { ...style, colour: colours[code] ?? style.colour };
}

/** Terminals give these two columns; nothing wider is on the screens. */
function columnsOf(text: string): number {
  return [...text].reduce(
    (sum, letter) => sum + (/[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uff00-\uff60]/.test(letter) ? 2 : 1),
    0,
  );
}

/** What a line shows, and the style in which the next one goes on: tmux says only what changes. */
function splitRuns(line: string, before: Style): { readonly runs: readonly Run[]; readonly style: Style } {
  const runs: Run[] = [];
  let style = before;
  let column = 0;
  // oxlint-disable-next-line no-control-regex
  for (const part of line.split(/(\u001b\[[0-9;]*m)/)) {
    // oxlint-disable-next-line no-control-regex
    const codes = /^\u001b\[([0-9;]*)m$/.exec(part)?.[1];
    if (codes !== undefined) {
      for (const code of codes.split(";")) style = applySgr(style, Number(code));
    } else if (part !== "") {
      runs.push({ text: part, style, column });
      column += columnsOf(part);
    }
  }
  return { runs, style };
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** A text element for each piece between wide gaps: viewers disagree on what several blanks in a row are. */
function drawRun({ text, style, column }: Run, y: number): readonly string[] {
  let at = column;
  return text.split(/( {2,}|^ +| +$)/).flatMap((piece) => {
    const width = columnsOf(piece);
    const x = margin + at * cellWidth;
    at += width;
    if (piece.trim() === "") return [];
    const attributes = [
      `x="${x.toFixed(1)}" y="${y}" textLength="${(width * cellWidth).toFixed(1)}" fill="${style.colour}"`,
      ...(style.isDim ? ['opacity="0.6"'] : []),
      ...(style.isBold ? ['font-weight="bold"'] : []),
    ];
    return [`<text ${attributes.join(" ")}>${escapeXml(piece)}</text>`];
  });
}

export function drawScreen({ lines, columns, title }: Screen): string {
  const width = Math.ceil(columns * cellWidth + 2 * margin);
  const height = lines.length * lineHeight + barHeight + 2 * margin;
  const dots = ["#ff5f57", "#febc2e", "#28c840"].map(
    (colour, at) => `<circle cx="${18 + at * 18}" cy="14" r="5.5" fill="${colour}"/>`,
  );
  let style = plain;
  const rows = lines.flatMap((line, at) => {
    const y = barHeight + margin + at * lineHeight + 13;
    const split = splitRuns(line, style);
    style = split.style;
    return split.runs.flatMap((run) => drawRun(run, y));
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escapeXml(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="#151b26"/>`,
    ...dots,
    `<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">`,
    ...rows,
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}
