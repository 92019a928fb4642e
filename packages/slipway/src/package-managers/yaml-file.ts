/**
 * Reads the few keys of a YAML file that Slipway goes by, with the lines they stand in. Knows nothing of what they mean; loads the
 * parser only when there is such a file.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fail } from "@slipway/core";
import type { Document, LineCounter, Node } from "yaml";

/** A value with the line it begins in. Numbers and booleans are the text that was written. */
export type YamlValue =
  | { readonly kind: "text"; readonly text: string; readonly line: number }
  | { readonly kind: "list"; readonly items: readonly YamlValue[]; readonly line: number }
  | { readonly kind: "map"; readonly entries: ReadonlyMap<string, YamlValue>; readonly line: number }
  | { readonly kind: "nothing"; readonly line: number };

/** Deeper than anything that is asked for; it ends a circle of aliases. */
const depthMax = 5;

/**
 * The values of the `keys` that the file at `root`/`path` has. Undefined when there is no such file; throws SLIP_WORKSPACE_INVALID
 * naming line and column when it is not YAML or not a map, and when it cannot be read.
 */
export async function readYamlFile(
  root: string,
  path: string,
  keys: readonly string[],
): Promise<ReadonlyMap<string, YamlValue> | undefined> {
  let text: string;
  try {
    text = readFileSync(join(root, path), "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    if (code === "EACCES" || code === "EISDIR" || code === "ELOOP" || code === "EPERM")
      return fail("SLIP_WORKSPACE_INVALID", `${path} cannot be read (${code})`, { cause });
    throw cause;
  }
  return parseYaml(text, path, keys);
}

/** The same for the text of a file that `path` names in messages. */
export async function parseYaml(
  text: string,
  path: string,
  keys: readonly string[],
): Promise<ReadonlyMap<string, YamlValue>> {
  const yaml = await import("yaml");
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text.replace(/^\uFEFF/, ""), {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: "silent",
  });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line, col } = lines.linePos(error.pos[0]);
    const what = `${error.message.charAt(0).toLowerCase()}${error.message.slice(1)}`;
    return fail("SLIP_WORKSPACE_INVALID", `${path}:${line}:${col} is not YAML: ${what.split("\n")[0]}`, {
      cause: error,
    });
  }
  const values = new Map<string, YamlValue>();
  const { contents } = document;
  if (contents === null || (yaml.isScalar(contents) && contents.value === null)) return values;
  if (!yaml.isMap(contents)) return fail("SLIP_WORKSPACE_INVALID", `${path}:1 does not hold a map`);
  for (const key of keys) {
    const node = contents.get(key, true);
    if (contents.has(key)) values.set(key, convert({ yaml, document, lines }, node, depthMax));
  }
  return values;
}

interface Source {
  readonly yaml: typeof import("yaml");
  readonly document: Document;
  readonly lines: LineCounter;
}

function convert(source: Source, given: unknown, depth: number): YamlValue {
  const { yaml, document, lines } = source;
  const line = yaml.isNode(given) ? lineOf(lines, given) : 0;
  const node: unknown = yaml.isAlias(given) ? given.resolve(document) : given;
  if (depth === 0) return { kind: "nothing", line };
  if (yaml.isScalar(node)) {
    if (node.value === null) return { kind: "nothing", line };
    return { kind: "text", text: node.source ?? String(node.value), line };
  }
  if (yaml.isSeq(node))
    return { kind: "list", items: node.items.map((item) => convert(source, item, depth - 1)), line };
  if (!yaml.isMap(node)) return { kind: "nothing", line };
  const entries = new Map<string, YamlValue>();
  for (const { key, value } of node.items) {
    const name = yaml.isScalar(key) ? String(key.value) : String(key);
    const converted = convert(source, value, depth - 1);
    entries.set(
      name,
      converted.line === 0 && yaml.isNode(key) ? { ...converted, line: lineOf(lines, key) } : converted,
    );
  }
  return { kind: "map", entries, line };
}

function lineOf(lines: LineCounter, node: Node): number {
  return node.range === undefined || node.range === null ? 0 : lines.linePos(node.range[0]).line;
}
