/** A YAML file as values that know their line and column. Knows nothing of workflows; loads the parser only when it is called. */
import type { Document, LineCounter, Range } from "yaml";

/** Lines and columns count from 1. */
export interface Place {
  readonly path: string;
  readonly line: number;
  readonly column: number;
}

export interface Text {
  readonly kind: "text";
  readonly text: string;
  readonly place: Place;
  /** Where the first line of the contents begins, and the column that all of its lines begin in. */
  readonly body: { readonly line: number; readonly column: number; readonly hasLines: boolean };
}

export interface List {
  readonly kind: "list";
  readonly items: readonly Value[];
  readonly place: Place;
}

export interface Entry {
  readonly key: string;
  readonly place: Place;
  readonly value: Value;
}

export interface Dictionary {
  readonly kind: "map";
  readonly entries: readonly Entry[];
  readonly place: Place;
}

export type Value = Text | List | Dictionary | { readonly kind: "nothing"; readonly place: Place };

export type Parsed =
  | { readonly kind: "value"; readonly value: Value }
  | { readonly kind: "fault"; readonly place: Place; readonly message: string };

/** Deeper than any workflow; it ends a circle of aliases. */
const depthMax = 24;

export async function parseDocument(path: string, given: string): Promise<Parsed> {
  const yaml = await import("yaml");
  const text = given.replace(/^\uFEFF/, "");
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "silent" });
  const [error] = document.errors;
  if (error !== undefined) {
    const place = placeOf({ path, lines }, error.pos[0]);
    return { kind: "fault", place, message: error.message.split("\n")[0] ?? "" };
  }
  const source: Source = { yaml, document, lines, path, text };
  return { kind: "value", value: convert(source, document.contents, depthMax, { path, line: 1, column: 1 }) };
}

interface Source {
  readonly yaml: typeof import("yaml");
  readonly document: Document;
  readonly lines: LineCounter;
  readonly path: string;
  readonly text: string;
}

function placeOf({ path, lines }: Pick<Source, "path" | "lines">, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { path, line, column: col };
}

function convert(source: Source, given: unknown, depth: number, parent: Place): Value {
  const { yaml, document } = source;
  const node: unknown = yaml.isAlias(given) ? given.resolve(document) : given;
  if (!yaml.isNode(node) || depth === 0) return { kind: "nothing", place: parent };
  const range: Range | null | undefined = node.range;
  const place = range === undefined || range === null ? parent : placeOf(source, range[0]);
  if (yaml.isSeq(node))
    return { kind: "list", items: node.items.map((item) => convert(source, item, depth - 1, place)), place };
  if (yaml.isMap(node)) {
    const entries = node.items.map(({ key, value }): Entry => {
      const at = yaml.isNode(key) && key.range ? placeOf(source, key.range[0]) : place;
      return {
        key: yaml.isScalar(key) ? String(key.value) : String(key),
        place: at,
        value: convert(source, value, depth - 1, at),
      };
    });
    return { kind: "map", entries, place };
  }
  if (!yaml.isScalar(node) || node.value === null) return { kind: "nothing", place };
  // Plain scalars as they were written: `on: true` and `node-version: 1.10` are not what YAML makes of them.
  const text = typeof node.value === "string" ? node.value : (node.source ?? String(node.value));
  return { kind: "text", text, place, body: findBody(source, node.type, place) };
}

function findBody({ yaml, text }: Source, type: string | undefined, place: Place): Text["body"] {
  if (type === yaml.Scalar.BLOCK_LITERAL) {
    const first =
      text
        .split("\n")
        .slice(place.line)
        .find((line) => line.trim() !== "") ?? "";
    return { line: place.line + 1, column: first.length - first.trimStart().length + 1, hasLines: true };
  }
  const isQuoted = type === yaml.Scalar.QUOTE_DOUBLE || type === yaml.Scalar.QUOTE_SINGLE;
  return { line: place.line, column: place.column + (isQuoted ? 1 : 0), hasLines: false };
}

/** Where the character at `offset` of a text stands in its file; of a folded text, where the text begins. */
export function placeIn({ text, place, body }: Text, offset: number): Place {
  const before = text.slice(0, offset).split("\n");
  const column = body.column + (before.at(-1) ?? "").length;
  if (body.hasLines) return { path: place.path, line: body.line + before.length - 1, column };
  return text.includes("\n") ? place : { path: place.path, line: body.line, column };
}

/** The entry of a map, or undefined, also when the value is no map. */
export function findEntry(value: Value | undefined, key: string): Entry | undefined {
  return value?.kind === "map" ? value.entries.find((entry) => entry.key === key) : undefined;
}

export function find(value: Value | undefined, ...keys: readonly string[]): Value | undefined {
  return keys.reduce<Value | undefined>((found, key) => findEntry(found, key)?.value, value);
}

export function findText(value: Value | undefined, ...keys: readonly string[]): Text | undefined {
  const found = find(value, ...keys);
  return found?.kind === "text" ? found : undefined;
}

export function entriesOf(value: Value | undefined): readonly Entry[] {
  return value?.kind === "map" ? value.entries : [];
}

/** The texts of a list, or the one text that stands instead of a list. */
export function textsOf(value: Value | undefined): readonly Text[] {
  if (value?.kind === "text") return [value];
  return value?.kind === "list" ? value.items.filter((item) => item.kind === "text") : [];
}

/** Every text in a value, however deep. */
export function allTexts(value: Value): readonly Text[] {
  if (value.kind === "text") return [value];
  if (value.kind === "list") return value.items.flatMap(allTexts);
  return value.kind === "map" ? value.entries.flatMap((entry) => allTexts(entry.value)) : [];
}
