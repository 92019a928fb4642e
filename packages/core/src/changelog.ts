/** Finds what a changelog says of one version, in the forms that Changesets, Keep a Changelog and conventional-changelog write. Pure. */

const headingPattern = /^(#{1,4})[ \t]+(.+?)[ \t]*#*$/;

/** The text of the version's section without its heading; undefined where there is none, or nothing in it. */
export function findChangelogSection(changelog: string, version: string): string | undefined {
  const lines = changelog.split(/\r?\n/);
  const fenced = findFencedLines(lines);
  let from: number | undefined;
  let depth = 0;
  for (const [index, line] of lines.entries()) {
    const [, hashes = "", title = ""] = fenced.has(index) ? [] : (headingPattern.exec(line) ?? []);
    if (hashes === "") continue;
    if (from !== undefined && (hashes.length <= depth || isVersionHeading(title)))
      return trim(lines.slice(from, index));
    if (from === undefined && versionOf(title) === version) {
      from = index + 1;
      depth = hashes.length;
    }
  }
  return from === undefined ? undefined : trim(lines.slice(from));
}

function trim(lines: readonly string[]): string | undefined {
  const text = lines.join("\n").trim();
  return text === "" ? undefined : text;
}

/** `1.2.3`, `v1.2.3`, `[1.2.3] - 2026-11-28`, `[1.2.3](link) (2026-11-28)`, `name@1.2.3`. */
function versionOf(title: string): string | undefined {
  return /^(?:\S+@)?\[?v?(\d+\.\d+\.\d+(?:-[\w.-]+)?(?:\+[\w.-]+)?)\]?(?:[\s(:,]|$)/.exec(title)?.[1];
}

/** conventional-changelog writes minor versions with fewer `#` than patches, so depth alone does not end a section. */
function isVersionHeading(title: string): boolean {
  return versionOf(title) !== undefined;
}

/** Lines in code blocks, whose `#` begin no heading. */
function findFencedLines(lines: readonly string[]): ReadonlySet<number> {
  const found = new Set<number>();
  let fence: string | undefined;
  for (const [index, line] of lines.entries()) {
    const mark = /^ {0,3}(```+|~~~+)/.exec(line)?.[1];
    if (fence !== undefined || mark !== undefined) found.add(index);
    if (fence === undefined) fence = mark;
    else if (mark?.startsWith(fence) === true) fence = undefined;
  }
  return found;
}
