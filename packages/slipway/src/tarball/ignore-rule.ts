/**
 * One line of an ignore file, matched as npm-packlist 11 matches it: minimatch 10 with `matchBase`, `dot`, `flipNegate`
 * and `nocase`. Plain shapes are matched here, because loading minimatch and asking it for every file takes longer
 * than the rest of packing; every other line goes to minimatch itself. Must not know which file a line came from.
 */

export interface IgnoreRule {
  /** True for `!line`: what matches is included again. */
  readonly isNegated: boolean;
  /** True for a line of one path portion (`foo`, `foo/`), which speaks of names at any depth. */
  readonly isName: boolean;
  /**
   * `portions` is a path split at its slashes: `/a/b/` is `["", "a", "b", ""]`. A partial match is also given for a
   * folder whose contents could match.
   */
  matches(portions: readonly string[], isPartial: boolean): boolean;
}

type Minimatch = typeof import("minimatch").Minimatch;

/** What one portion of a plain line has to look like. `**` is kept apart from the others. */
type PortionTest =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "any" }
  | { readonly kind: "suffix"; readonly suffix: string }
  | { readonly kind: "around"; readonly prefix: string; readonly suffix: string }
  /** `name{,.*[^~$]}`: the name alone or with an ending, but no backup of an editor. */
  | { readonly kind: "document"; readonly name: string }
  | { readonly kind: "globstar" };

const globstar: PortionTest = { kind: "globstar" };
const plainText = /^[A-Za-z0-9_ .,~@+-]*$/;
const plainSuffix = /^[A-Za-z0-9_ .,~-]*$/;

/** Lower case for A to Z alone: that is what the `i` flag of a regular expression of ASCII letters compares. */
function foldAscii(text: string): string {
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text;
}

function testPortion(test: PortionTest, portion: string): boolean {
  switch (test.kind) {
    case "literal":
      return portion.length === test.text.length && foldAscii(portion) === test.text;
    case "any":
      return portion !== "";
    case "suffix":
      return portion.toLowerCase().endsWith(test.suffix);
    case "around": {
      if (portion.length < test.prefix.length + test.suffix.length) return false;
      const folded = foldAscii(portion);
      return folded.startsWith(test.prefix) && folded.endsWith(test.suffix);
    }
    case "document": {
      const folded = foldAscii(portion);
      if (!folded.startsWith(test.name)) return false;
      const ending = folded.slice(test.name.length);
      return ending === "" || (ending.length > 1 && ending.startsWith(".") && !/[~$]$/.test(ending));
    }
    case "globstar":
      return false;
  }
}

function compilePortion(text: string): PortionTest | undefined {
  if (text === "**") return globstar;
  if (text === "*") return { kind: "any" };
  if (text === "." || text === "..") return undefined;
  const document = /^([A-Za-z]+)\{,\.\*\[\^~\$\]\}$/.exec(text);
  if (document?.[1] !== undefined) return { kind: "document", name: foldAscii(document[1]) };
  const star = text.indexOf("*");
  if (star === -1) return plainText.test(text) ? { kind: "literal", text: foldAscii(text) } : undefined;
  const prefix = text.slice(0, star);
  const suffix = text.slice(star + 1);
  if (!plainText.test(prefix) || !plainSuffix.test(suffix)) return undefined;
  return prefix === ""
    ? { kind: "suffix", suffix: suffix.toLowerCase() }
    : { kind: "around", prefix: foldAscii(prefix), suffix: foldAscii(suffix) };
}

/** Compares `tests` with `portions` from `from` on; a single empty portion may be left over (`a` matches `a/`). */
function matchRun(
  tests: readonly PortionTest[],
  portions: readonly string[],
  from: number,
  isPartial: boolean,
): boolean {
  let index = from;
  for (const test of tests) {
    const portion = portions[index];
    if (portion === undefined) return isPartial;
    if (!testPortion(test, portion)) return false;
    index++;
  }
  return index === portions.length || (index === portions.length - 1 && portions[index] === "");
}

function lastName(portions: readonly string[]): string {
  for (let index = portions.length - 1; index >= 0; index--) {
    const portion = portions[index];
    if (portion !== undefined && portion !== "") return portion;
  }
  return "";
}

type Matcher = IgnoreRule["matches"];

function matchPlain(tests: readonly PortionTest[]): Matcher | undefined {
  const at = tests.indexOf(globstar);
  const [only] = tests;
  if (tests.length === 1 && only !== undefined)
    return only === globstar ? () => true : (portions) => testPortion(only, lastName(portions));
  if (at === -1) return (portions, isPartial) => matchRun(tests, portions, 0, isPartial);
  const head = tests.slice(0, at);
  const tail = tests.slice(at + 1);
  const headMatches: Matcher = (portions, isPartial) =>
    head.length === 0 || matchRun(head, portions.slice(0, head.length), 0, isPartial);

  const [inner, closing] = tail;
  if (head.length === 0 && tail.length === 2 && closing === globstar && inner !== undefined && inner !== globstar)
    return (portions, isPartial) =>
      isPartial || portions.some((portion, index) => index < portions.length - 1 && testPortion(inner, portion));
  if (tail.includes(globstar)) return undefined;

  return (portions, isPartial) => {
    if (!headMatches(portions, isPartial)) return false;
    if (isPartial) return true;
    const start = portions.length - tail.length;
    if (tail.length === 0) return portions.length > head.length;
    if (start < head.length) return false;
    if (matchRun(tail, portions, start, false)) return true;
    // `a/**/b` also matches `a/b/`.
    return start > head.length && portions.at(-1) === "" && matchRun(tail, portions, start - 1, false);
  };
}

function compilePlain(line: string): IgnoreRule | undefined {
  const isNegated = line.startsWith("!");
  const pattern = isNegated ? line.slice(1) : line;
  if (pattern === "" || pattern.startsWith("!")) return undefined;
  const portions = pattern.split(/\/+/);
  const tests: PortionTest[] = [];
  for (const portion of portions) {
    const test = compilePortion(portion);
    if (test === undefined) return undefined;
    tests.push(test);
  }
  const matches = matchPlain(tests);
  if (matches === undefined) return undefined;
  return { isNegated, isName: portions.length <= (portions.at(-1) === "" ? 2 : 1), matches };
}

/** Compiles a line with minimatch itself. Exported so that tests can hold the plain shapes against it. */
export function compileWithMinimatch(line: string, Minimatch: Minimatch): IgnoreRule {
  const compiled = new Minimatch(line, { matchBase: true, dot: true, flipNegate: true, nocase: true });
  return {
    isNegated: compiled.negate,
    isName: compiled.globParts.some((portions) => portions.length <= (portions.at(-1) === "" ? 2 : 1)),
    matches: (portions, isPartial) => compiled.match(portions.join("/"), isPartial),
  };
}

/**
 * Compiles the text of an ignore file. minimatch is loaded only for a line that is not one of the plain shapes:
 * names, paths, and one `*` or `**` in them.
 */
export async function parseIgnoreRules(text: string): Promise<readonly IgnoreRule[]> {
  const rules: IgnoreRule[] = [];
  for (const line of text.split(/\r?\n/)) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#")) continue;
    rules.push(compilePlain(trimmed) ?? compileWithMinimatch(trimmed, (await import("minimatch")).Minimatch));
  }
  return rules;
}
