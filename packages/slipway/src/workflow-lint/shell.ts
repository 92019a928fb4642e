/**
 * The commands of a shell script, as far as a linter needs them: words without quotes, assignments, what joins them. It is no shell:
 * what it does not understand becomes a word, never an error.
 */

export interface Command {
  /** Without assignments and keywords such as `if` and `do`. Empty for a command that only assigns. */
  readonly words: readonly string[];
  readonly assignments: readonly { readonly name: string; readonly value: string }[];
  /** Of its first character in the script. */
  readonly offset: number;
  /** What follows it. */
  readonly joinedBy: "||" | "&&" | "|" | "&" | "end";
}

const keywords: ReadonlySet<string> = new Set([
  "if",
  "then",
  "elif",
  "else",
  "do",
  "while",
  "until",
  "!",
  "time",
  "{",
  "}",
]);
const nestingMax = 8;

export function parseCommands(script: string): readonly Command[] {
  return scan(script, 0, nestingMax).toSorted((a, b) => a.offset - b.offset);
}

interface Cursor {
  readonly text: string;
  at: number;
  readonly base: number;
  readonly depth: number;
  words: { readonly text: string; readonly offset: number }[];
  word: string | undefined;
  wordAt: number;
  readonly found: Command[];
  /** Ends of the here-documents whose text begins on the next line. */
  hereEnds: string[];
}

function scan(text: string, base: number, depth: number): readonly Command[] {
  const cursor: Cursor = { text, at: 0, base, depth, words: [], word: undefined, wordAt: 0, found: [], hereEnds: [] };
  while (cursor.at < text.length) step(cursor);
  endCommand(cursor, "end");
  return cursor.found;
}

function step(cursor: Cursor): void {
  const { text, at } = cursor;
  const char = text.charAt(at);
  if (text.startsWith("\\\n", at)) return skip(cursor, 2);
  if (char === "\\") return take(cursor, text.charAt(at + 1), 2);
  if (char === "'") return takeSingleQuoted(cursor);
  if (char === '"') return takeDoubleQuoted(cursor);
  if (char === "$" || char === "`") return takeExpansion(cursor);
  if (char === "#" && cursor.word === undefined) return skip(cursor, lengthUntil(text, at, "\n"));
  if (char === "\n") return endLine(cursor);
  if (char === " " || char === "\t" || char === "\r") {
    endWord(cursor);
    return skip(cursor, 1);
  }
  if (char === ">" || char === "<") return takeRedirection(cursor);
  if (text.startsWith("||", at) || text.startsWith("&&", at)) {
    endCommand(cursor, char === "|" ? "||" : "&&");
    return skip(cursor, 2);
  }
  if (char === "|" || char === "&") {
    endCommand(cursor, char);
    return skip(cursor, 1);
  }
  if (char === ";" || char === "(" || char === ")") {
    endCommand(cursor, "end");
    return skip(cursor, 1);
  }
  take(cursor, char, 1);
}

function skip(cursor: Cursor, length: number): void {
  cursor.at += length;
}

function take(cursor: Cursor, text: string, length: number): void {
  if (cursor.word === undefined) cursor.wordAt = cursor.at;
  cursor.word = (cursor.word ?? "") + text;
  cursor.at += length;
}

/** Up to the first `mark` after `from`, without it; to the end where there is none. */
function lengthUntil(text: string, from: number, mark: string): number {
  const end = text.indexOf(mark, from);
  return (end === -1 ? text.length : end) - from;
}

function takeSingleQuoted(cursor: Cursor): void {
  const length = lengthUntil(cursor.text, cursor.at + 1, "'");
  take(cursor, cursor.text.slice(cursor.at + 1, cursor.at + 1 + length), length + 2);
}

function takeDoubleQuoted(cursor: Cursor): void {
  take(cursor, "", 1);
  while (cursor.at < cursor.text.length) {
    const char = cursor.text.charAt(cursor.at);
    if (char === '"') return skip(cursor, 1);
    if (char === "\\") take(cursor, cursor.text.charAt(cursor.at + 1), 2);
    else if (char === "$" || char === "`") takeExpansion(cursor);
    else take(cursor, char, 1);
  }
}

/** `${{ … }}`, `${…}`, `$(…)`, `` `…` `` or `$name`, taken whole; commands inside it are commands too. */
function takeExpansion(cursor: Cursor): void {
  const { text, at } = cursor;
  const takeTo = (mark: string): void => {
    const length = lengthUntil(text, at, mark) + mark.length;
    take(cursor, text.slice(at, at + length), length);
  };
  if (text.startsWith("${{", at)) return takeTo("}}");
  if (text.startsWith("${", at)) return takeTo("}");
  if (text.startsWith("$((", at)) return takeTo("))");
  if (text.charAt(at) === "`") {
    const length = lengthUntil(text, at + 1, "`");
    nest(cursor, at + 1, length);
    return take(cursor, text.slice(at, at + length + 2), length + 2);
  }
  if (!text.startsWith("$(", at)) return take(cursor, "$", 1);
  const length = findClosing(text, at + 2) - (at + 2);
  nest(cursor, at + 2, length);
  take(cursor, text.slice(at, at + length + 3), length + 3);
}

function nest(cursor: Cursor, from: number, length: number): void {
  if (cursor.depth > 0)
    cursor.found.push(...scan(cursor.text.slice(from, from + length), cursor.base + from, cursor.depth - 1));
}

/** Of the bracket that closes what is open at `from`; brackets in quotes do not count. */
function findClosing(text: string, from: number): number {
  let open = 1;
  for (let at = from; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === "\\") at += 1;
    else if (char === "'") at += lengthUntil(text, at + 1, "'") + 1;
    else if (char === "(") open += 1;
    else if (char === ")" && (open -= 1) === 0) return at;
  }
  return text.length;
}

function takeRedirection(cursor: Cursor): void {
  const { text, at } = cursor;
  if (cursor.word !== undefined && /^\d+$/.test(cursor.word)) cursor.word = undefined;
  endWord(cursor);
  const here = /^<<-?\s*(["']?)(\w+)\1/.exec(text.slice(at, at + 80));
  if (here !== null) {
    cursor.hereEnds.push(here[2] ?? "");
    return skip(cursor, here[0].length);
  }
  const operator = /^[<>]+[&|]?/.exec(text.slice(at))?.[0] ?? ">";
  take(cursor, operator.replace(/[&|]$/, ""), operator.length);
  endWord(cursor);
}

function endLine(cursor: Cursor): void {
  endCommand(cursor, "end");
  skip(cursor, 1);
  for (const end of cursor.hereEnds) {
    const rest = cursor.text.slice(cursor.at);
    const found = new RegExp(String.raw`^[\t ]*${end}[\t ]*$`, "m").exec(rest);
    skip(cursor, found === null ? rest.length : found.index + found[0].length);
  }
  cursor.hereEnds = [];
}

function endWord(cursor: Cursor): void {
  if (cursor.word !== undefined) cursor.words.push({ text: cursor.word, offset: cursor.wordAt });
  cursor.word = undefined;
}

function endCommand(cursor: Cursor, joinedBy: Command["joinedBy"]): void {
  endWord(cursor);
  const { words } = cursor;
  cursor.words = [];
  let rest = words;
  while (rest[0] !== undefined && keywords.has(rest[0].text)) rest = rest.slice(1);
  const [first] = rest;
  if (first === undefined) return;
  const assignments: { name: string; value: string }[] = [];
  while (rest[0] !== undefined) {
    const [, name, value] = /^([A-Za-z_]\w*)\+?=(.*)$/s.exec(rest[0].text) ?? [];
    if (name === undefined || value === undefined) break;
    assignments.push({ name, value });
    rest = rest.slice(1);
  }
  cursor.found.push({
    words: rest.map(({ text }) => text),
    assignments,
    offset: cursor.base + first.offset,
    joinedBy,
  });
}
