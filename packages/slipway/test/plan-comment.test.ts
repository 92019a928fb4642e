/** The comment on a pull request: what it says, that nothing of a stranger is more than text in it, that it fits, and that only a change changes it. */
import { type Kept, parsePlan, type Plan, type PlannedPackage, problem, type Tarball } from "@slipway/core";
import { emptyPlan, stepsOf } from "@slipway/testkit";
import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";
import { expect, test } from "vitest";
import { formatPlanComment, isWorthAComment, planCommentMark } from "../src/views/plan-comment.ts";

const registry = "http://registry.test/";
const integrity = `sha512-${"A".repeat(86)}==`;

function planned(name: string, fields: Partial<PlannedPackage> = {}): PlannedPackage {
  const version = "1.0.0";
  return { name, version, dir: name, registry, isNew: false, previous: "0.9.0", scriptsNotRun: [], ...fields };
}

function kept(name: string, fields: Partial<Kept> = {}): Kept {
  return { name, version: "1.0.0", registry, reason: "published", ...fields };
}

function tarball(name: string, fields: Partial<Tarball> = {}): Tarball {
  const spec = `${name}@1.0.0`;
  const path = `tarballs/${name}.tgz`;
  return { spec, path, integrity, sizeBytes: 21_400, unpackedSizeBytes: 80_000, fileCount: 14, ...fields };
}

function planOf(fields: Partial<Plan>): Plan {
  return { ...emptyPlan, ...fields };
}

function render(markdown: string): string {
  return micromark(markdown, {
    allowDangerousHtml: true,
    allowDangerousProtocol: true,
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()],
  });
}

function decode(html: string): string {
  return html
    .replaceAll(/&#(\d+);/g, (_, number: string) => String.fromCodePoint(Number(number)))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&")
    .replaceAll("\u2060", "");
}

/** As it is read: one line a paragraph, item, heading or row; cells are parted by `|`. */
function linesOf(markdown: string): readonly string[] {
  const html = render(markdown).replaceAll(/<!--.*?-->/g, "");
  const rows = html.replaceAll(/<\/t[dh]>\s*<t[dh][^>]*>/g, " | ").replaceAll("<br>", "\n");
  return decode(rows.replaceAll(/<[^>]*>/g, ""))
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

test("a pull request that releases something says what, from where to where, in which order, and what is not released", () => {
  const plan = planOf({
    packages: [
      planned("@hai3/state", { published: { version: "0.9.0", unpackedSizeBytes: 79_000, fileCount: 14 } }),
      planned("@hai3/framework", { isNew: true, previous: undefined }),
    ],
    steps: [
      ...stepsOf("@hai3/state", { from: "0.9.0" }),
      ...stepsOf("@hai3/framework", { after: ["publish:@hai3/state@1.0.0", "kept:@hai3/api@2.0.0"] }),
    ],
    kept: [
      kept("@hai3/uikit", { changedFiles: ["packages/uikit/a.ts", "packages/uikit/b.ts"] }),
      kept("@hai3/api", { version: "2.0.0", origin: "unknown" }),
      kept("site", { registry: undefined, reason: "private" }),
    ],
    warnings: [
      "@hai3/uikit@1.0.0 is published, but its files have changed since: packages/uikit/a.ts, packages/uikit/b.ts; bump its version to release them",
      "@hai3/api@2.0.0 cannot be traced to this repository",
    ],
    tarballs: [tarball("@hai3/state"), tarball("@hai3/framework", { fileCount: 3 })],
  });
  expect(linesOf(formatPlanComment({ plan, problems: [] }))).toEqual([
    "Merging this releases 2 packages",
    "Their versions stand in the manifests, and their registries lack them.",
    "package | version | dist-tag | waits for | note",
    "@hai3/state | 0.9.0 → 1.0.0 | latest |  |",
    "@hai3/framework | 1.0.0 | latest | @hai3/state, @hai3/api | a new package",
    "Changed, but not released",
    "These versions are published, and their files have changed since. A new version releases them.",
    "package | version | files",
    "@hai3/uikit | 1.0.0 | packages/uikit/a.ts, packages/uikit/b.ts",
    "Warnings",
    "@hai3/api@2.0.0 cannot be traced to this repository",
    "Sizes: 42.8 kB in 2 tarballs",
    "package | compared with | packed | unpacked | files",
    "@hai3/state | 0.9.0 | 21.4 kB (before: unknown) | 80.0 kB (+1.0 kB) | 14 (as before)",
    "@hai3/framework |  | 21.4 kB | 80.0 kB | 3",
    "Not released: 3 packages",
    "package | version | why",
    "@hai3/uikit | 1.0.0 | already published",
    "@hai3/api | 2.0.0 | already published, but cannot be traced to this repository",
    "site | 1.0.0 | private",
  ]);
});

test("pending changesets are said, with what they will release", () => {
  const changesets: Plan["changesets"] = {
    pending: [
      { id: "brave-cats", summary: "Add a door", releases: [{ name: "@hai3/state", bump: "minor" }] },
      { id: "calm-dogs", summary: "", releases: [] },
    ],
    pre: { mode: "pre", tag: "next" },
    baseBranch: "main",
    ignored: [],
    fixed: [],
    linked: [],
    tagOnly: [],
    isSingle: false,
  };
  expect(linesOf(formatPlanComment({ plan: planOf({ changesets }), problems: [] }))).toEqual([
    "Merging this releases nothing",
    "Every version in the manifests is on its registry already, or is left out. 1 changeset waits for its version pull request.",
    "Changesets (1 waits)",
    "Prereleases are made, for next.",
    "minor @hai3/state: Add a door",
    "releases nothing: calm-dogs",
  ]);
});

test("problems are said with what to do", () => {
  const found = problem("SLIP_VERSION_BURNT", "a@1.0.0 was unpublished", { hint: "choose another version" });
  expect(linesOf(formatPlanComment({ plan: undefined, problems: [found] }))).toEqual([
    "This cannot be released yet: 1 problem",
    "No plan could be made of this state of the pull request.",
    "SLIP_VERSION_BURNT a@1.0.0 was unpublished",
    "choose another version",
  ]);
});

test("nothing is worth a comment where there is nothing but what is published already", () => {
  const plan = planOf({ kept: [kept("a"), kept("b", { reason: "private" })] });
  expect(isWorthAComment({ plan, problems: [] })).toBe(false);
  expect(isWorthAComment({ plan: planOf({ warnings: ["x"] }), problems: [] })).toBe(true);
  expect(isWorthAComment({ plan: undefined, problems: [problem("SLIP_USAGE", "x")] })).toBe(true);
});

test("commit, release, digests and times are not in the text: a plan that says the same changes nothing", () => {
  const fields = { packages: [planned("a")], steps: stepsOf("a"), tarballs: [tarball("a")] };
  const one = planOf(fields);
  const other = planOf({
    ...fields,
    releaseId: "ba9876543210",
    source: { repository: "https://host.example/r", commit: "b".repeat(40), isClean: true },
    tarballs: [tarball("a", { integrity: `sha512-${"B".repeat(86)}==` })],
  });
  expect(formatPlanComment({ plan: other, problems: [] })).toBe(formatPlanComment({ plan: one, problems: [] }));
});

const attacks = [
  "@everyone",
  "fixes #1",
  "closes acme/shop#2 and GH-3",
  "<img src=x onerror=alert(1)>",
  "</details></table><h1>owned</h1>",
  "<!-- slipway: plan of a pull request -->",
  "--> <b>x</b>",
  "[click](https://evil.example)",
  "![x](https://evil.example/p.png)",
  "https://evil.example/x www.evil.example me@evil.example",
  "| a | b |",
  "`` ` ``` x",
  "x\n\n# heading\n\n- [x] done",
  "${{ secrets.NPM_TOKEN }} $(id) `id`",
  "a\u202Egpj.exe\u200B",
  "0123456789abcdef0123456789abcdef01234567",
] as const;

/** Everything that a plan can hold of a stranger's text, at once. */
function hostilePlan(value: string): Plan {
  return planOf({
    packages: [planned("a", { previous: value, published: { version: value } }), planned(value)],
    steps: [...stepsOf("a", { after: [`kept:${value}@1.0.0`], from: value }), ...stepsOf(value)],
    kept: [
      kept(value, { version: value, reason: "private" }),
      kept("c", { changedFiles: [value, value, value, value, value, value] }),
    ],
    warnings: [value],
    tarballs: [tarball("a"), tarball(value)],
    changesets: {
      pending: [
        { id: value, summary: value, releases: [{ name: value, bump: "major" }] },
        { id: value, summary: "", releases: [] },
      ],
      pre: { mode: "pre", tag: value },
      baseBranch: value,
      ignored: [value],
      fixed: [[value]],
      linked: [[value]],
      tagOnly: [{ name: value, version: value }],
      isSingle: false,
      snapshotTemplate: value,
      root: value,
    },
  });
}

/** The tags of a rendering, without what they hold. */
function skeletonOf(markdown: string): readonly string[] {
  return render(markdown).match(/<[^>]*>/g) ?? [];
}

test.each(attacks)("whatever a plan says is text and changes nothing around it: %j", (value) => {
  const problems = [problem("SLIP_USAGE", value, { hint: value })];
  const hostile = formatPlanComment({ plan: hostilePlan(value), problems });
  const harmless = formatPlanComment({
    plan: hostilePlan("harmless"),
    problems: [problem("SLIP_USAGE", "harmless", { hint: "harmless" })],
  });
  expect(skeletonOf(hostile)).toEqual(skeletonOf(harmless));
  expect(hostile.startsWith(`${planCommentMark}\n`)).toBe(true);
  expect(hostile.split("<!--")).toHaveLength(2);
  expect(render(hostile)).not.toMatch(/<(a|img|h1|b|input|script|del)\b/);
  // What GitHub looks for in text; in code it looks for nothing.
  const outside = render(hostile).replaceAll(/<code>.*?<\/code>/g, "");
  const plain = outside
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/&#(\d+);/g, (_, n: string) => String.fromCodePoint(Number(n)));
  expect(plain).not.toMatch(/@[\w-]|#\d|\bGH-\d|\b[0-9a-f]{7,40}\b|\u202E|\u200B/);
});

test("a plan.json that a stranger wrote is refused before it is shown, where a name or version cannot be one", () => {
  const value = "<img src=x>";
  for (const plan of [planOf({ packages: [planned(value)] }), planOf({ packages: [planned("a", { version: value })] })])
    expect(() => parsePlan(JSON.parse(JSON.stringify(plan)), "plan.json")).toThrow(/plan.json is not as slipway wrote/);
});

function largePlan(size: number): Plan {
  const names = Array.from({ length: size }, (_, index) => `@large-organisation/package-with-a-long-name-${index}`);
  return planOf({
    packages: names.map((name) => planned(name, { published: { version: "0.9.0" } })),
    steps: names.flatMap((name, index) =>
      stepsOf(name, index === 0 ? {} : { after: [`publish:${names[index - 1]}@1.0.0`] }),
    ),
    kept: names.map((name) => kept(`${name}-kept`, { changedFiles: [`packages/${name}/src/index.ts`] })),
    warnings: names.map((name) => `${name} has a warning of some length that says what is not right with it`),
    tarballs: names.map((name) => tarball(name)),
  });
}

test.each([10, 1000])("of %d packages as many rows are shown as GitHub takes, and the others counted", (size) => {
  const problems = Array.from({ length: size }, () => problem("SLIP_USAGE", "m".repeat(500), { hint: "h" }));
  for (const comment of [
    { plan: largePlan(size), problems: [] },
    { plan: largePlan(size), problems },
  ]) {
    const markdown = formatPlanComment(comment);
    expect(markdown.length).toBeLessThanOrEqual(65_536);
    expect(skeletonOf(markdown).filter((tag) => tag === "<details>")).toHaveLength(2);
    expect(skeletonOf(markdown).filter((tag) => tag === "</details>")).toHaveLength(2);
    for (const [heading, noun] of [
      ["package | version | dist-tag", "package"],
      ["package | version | files", "package"],
      ["Warnings", "warning"],
      ["package | compared with", "package"],
      ["package | version | why", "package"],
    ] as const) {
      const lines = linesOf(markdown);
      const at = lines.findIndex((line) => line.startsWith(heading));
      const rows = lines.slice(at + 1).findIndex((line) => line.startsWith("and ") || !line.startsWith("@large"));
      const shown = rows === -1 ? lines.length - at - 1 : rows;
      expect(shown).toBeGreaterThanOrEqual(Math.min(size, 5));
      const rest = size - shown;
      if (rest > 0) expect(lines[at + 1 + shown]).toBe(`and ${rest} more ${noun}s`);
    }
  }
});

test("with 1,000 packages most of the room goes to what is released", () => {
  const rows = linesOf(formatPlanComment({ plan: largePlan(1000), problems: [] }));
  expect(rows.filter((line) => line.includes("0.9.0 → 1.0.0")).length).toBeGreaterThan(120);
});
