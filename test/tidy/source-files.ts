/**
 * What the tidy tests know about the repository's files: which there are, what a module imports, which globals it names and how
 * long its functions are. Reads and parses only; it judges nothing.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { type Node, parseSync, Visitor } from "oxc-parser";

export const root: string = join(dirname(fileURLToPath(import.meta.url)), "../..");

/** Paths of all files that git tracks or would track, relative to the root, posix. */
export function listFiles(): readonly string[] {
  const output = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  // A file that was deleted and not yet committed is still listed.
  return [...new Set(output.split("\0"))].filter((path) => path !== "" && existsSync(join(root, path))).sort();
}

export function readText(path: string): string {
  return readFileSync(join(root, path), "utf8");
}

export interface Import {
  readonly specifier: string;
  /** Nothing of it is left at run time. */
  readonly isType: boolean;
}

export interface NamedFunction {
  readonly name: string;
  readonly line: number;
  readonly lineCount: number;
  /** Without the lines of the functions inside it. */
  readonly ownLineCount: number;
}

export interface SourceFile {
  readonly path: string;
  readonly imports: readonly Import[];
  /** Names of all identifiers that are read as variables, wherever they come from. */
  readonly identifiers: ReadonlySet<string>;
  readonly functions: readonly NamedFunction[];
}

export function readSource(path: string): SourceFile {
  return parseSource(path, readText(path));
}

export function parseSource(path: string, text: string): SourceFile {
  const { program, module, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors.map((error) => error.message).join("; ")}`);
  const imports: Import[] = module.staticImports.map((statement) => ({
    specifier: statement.moduleRequest.value,
    isType: statement.entries.length > 0 && statement.entries.every((entry) => entry.isType),
  }));
  for (const { entries } of module.staticExports) {
    const [first] = entries;
    if (first?.moduleRequest)
      imports.push({ specifier: first.moduleRequest.value, isType: entries.every((entry) => entry.isType) });
  }
  const found: Span[] = [];
  const lineOf = (offset: number): number => text.slice(0, offset).split("\n").length;
  const note = (name: string, node: Node): void => {
    found.push({ name, first: lineOf(node.start), last: lineOf(node.end) });
  };
  new Visitor({
    ImportExpression: ({ source }) => {
      if (source.type === "Literal" && typeof source.value === "string")
        imports.push({ specifier: source.value, isType: false });
    },
    FunctionDeclaration: (node) => note(node.id?.name ?? "default", node),
    FunctionExpression: (node) => note(node.id?.name ?? "a function", node),
    ArrowFunctionExpression: (node) => note("an arrow function", node),
  }).visit(program);
  const identifiers = new Set<string>();
  collectIdentifiers(program, identifiers);
  return { path, imports, identifiers, functions: found.map((item) => measure(item, found)) };
}

interface Span {
  readonly name: string;
  readonly first: number;
  readonly last: number;
}

function measure(span: Span, all: readonly Span[]): NamedFunction {
  const lineCount = span.last - span.first + 1;
  const inner = all.filter((item) => item !== span && item.first >= span.first && item.last <= span.last);
  const isInner = (line: number): boolean => inner.some((item) => line > item.first && line < item.last);
  const lines = Array.from({ length: lineCount }, (_, index) => span.first + index);
  return { name: span.name, line: span.first, lineCount, ownLineCount: lines.filter((line) => !isInner(line)).length };
}

/** Fields that hold names, not variables, unless they are computed. */
const nameFields: Readonly<Record<string, string>> = {
  MemberExpression: "property",
  Property: "key",
  PropertyDefinition: "key",
  MethodDefinition: "key",
};

function collectIdentifiers(value: unknown, found: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) collectIdentifiers(item, found);
    return;
  }
  if (typeof value !== "object" || value === null || !("type" in value) || typeof value.type !== "string") return;
  const { type } = value;
  if (type === "Identifier" && "name" in value && typeof value.name === "string") {
    found.add(value.name);
    return;
  }
  if (type === "ImportDeclaration" || type === "ExportAllDeclaration") return;
  const isComputed = "computed" in value && value.computed === true;
  for (const [field, child] of Object.entries(value)) {
    if (!isComputed && nameFields[type] === field) continue;
    // Types say nothing about what runs; of `x as T`, `x satisfies T` and `x!` only the expression does.
    if (type.startsWith("TS") && field !== "expression") continue;
    collectIdentifiers(child, found);
  }
}

/** Path of the repository's file that an import means, or undefined for a package or a built-in module. */
export function resolveRelative(from: string, specifier: string): string | undefined {
  return specifier.startsWith(".") ? posix.normalize(posix.join(posix.dirname(from), specifier)) : undefined;
}

/** Name of the package that a bare specifier means: `semver/functions/lt.js` is of `semver`. */
export function packageOf(specifier: string): string {
  const parts = specifier.split("/");
  return specifier.startsWith("@") ? parts.slice(0, 2).join("/") : (parts[0] ?? specifier);
}
