/** Documents point at what is there: every relative link and anchor resolves, and every decision record is listed. */
import { existsSync, statSync } from "node:fs";
import { join, posix } from "node:path";
import { expect, test } from "vitest";
import { listFiles, readText, root } from "./source-files.ts";

const documents = listFiles().filter((path) => path.endsWith(".md"));

/** The text without code blocks and code spans, whose brackets are not links. */
function withoutCode(text: string): string {
  return text.replace(/^(```|~~~)[\s\S]*?^\1/gm, "").replace(/`[^`\n]*`/g, "");
}

function findLinks(text: string): readonly string[] {
  return [...withoutCode(text).matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g)].map(([, target = ""]) => target);
}

/** Anchors as GitHub makes them from headings; a repeated heading gets a number. */
function findAnchors(text: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading = ""] of text.replace(/^(```|~~~)[\s\S]*?^\1/gm, "").matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const slug = heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-");
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    anchors.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return anchors;
}

/** Why a link leads nowhere, or undefined. */
function findFault(from: string, link: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(link)) return undefined;
  const [file = "", anchor] = link.split("#", 2);
  const target = file === "" ? from : posix.normalize(posix.join(posix.dirname(from), decodeURIComponent(file)));
  if (target.startsWith("..")) return `${from}: ${link} leads out of the repository`;
  if (!existsSync(join(root, target))) return `${from}: ${link} is not there`;
  if (anchor === undefined || statSync(join(root, target)).isDirectory() || !target.endsWith(".md")) return undefined;
  return findAnchors(readText(target)).has(anchor) ? undefined : `${from}: ${link} names no heading`;
}

test("every relative link leads to a file and a heading that are there", () => {
  const links = documents.flatMap((path) => findLinks(readText(path)).map((link) => ({ path, link })));
  expect(links.length).toBeGreaterThan(0);
  expect(links.map(({ path, link }) => findFault(path, link)).filter((fault) => fault !== undefined)).toEqual([]);
});

test.each([
  ["docs/nowhere.md", "is not there"],
  ["docs/STYLE.md#no-such-heading", "names no heading"],
  ["../outside.md", "leads out of the repository"],
])("a link to %s is found out", (link, expected) => {
  expect(findFault("README.md", link)).toContain(expected);
});

test("links are found in text and not in code", () => {
  const text = '[a](x.md) and `[b](y.md)`\n```\n[c](z.md)\n```\n![d](<w.png> "title")\n';
  expect(findLinks(text)).toEqual(["x.md", "w.png"]);
});

test("docs/adr/README.md lists every decision record", () => {
  const records = documents.filter((path) => /^docs\/adr\/\d{4}-[a-z0-9-]+\.md$/.test(path));
  expect(records.length).toBeGreaterThan(0);
  expect(new Set(findLinks(readText("docs/adr/README.md")))).toEqual(
    new Set(records.map((path) => posix.basename(path))),
  );
});
