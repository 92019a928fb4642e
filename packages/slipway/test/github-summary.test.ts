/** The job summary: what it says of each ending, that nothing of a stranger is more than text in it, and that it fits. */
import { problem, type Report, type ReportedVersion } from "@slipway/core";
import { planOf } from "@slipway/testkit";
import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";
import { expect, test } from "vitest";
import { formatGithubSummary } from "../src/views/github-summary.ts";

const registry = "http://registry.test/npm/";

function version(name: string, fields: Partial<ReportedVersion> = {}): ReportedVersion {
  const integrity = `sha512-${"a".repeat(86)}==`;
  return { name, version: "1.0.0", registry, status: "done", how: "published", integrity, problems: [], ...fields };
}

function report(fields: Partial<Report>): Report {
  return {
    schema: 1,
    releaseId: "0123456789ab",
    commit: "c".repeat(40),
    isComplete: true,
    exitCode: 0,
    attempt: 1,
    startedAt: 1_000,
    endedAt: 73_000,
    versions: [],
    kept: [],
    warnings: [],
    counts: { published: 0, already: 0, failed: 0, blocked: 0, unconfirmed: 0, kept: 0 },
    ...fields,
  };
}

const counts = { published: 1, already: 0, failed: 0, blocked: 0, unconfirmed: 0, kept: 0 };

/** As it is read: rendered, without tags, one line a cell, paragraph or item. */
function linesOf(markdown: string): readonly string[] {
  const html = micromark(markdown, { allowDangerousHtml: true, extensions: [gfm()], htmlExtensions: [gfmHtml()] });
  const text = html.replaceAll(/<(?!\/?(?:code|strong|em|a)[ >])[^>]*>/g, "\n").replaceAll(/<[^>]*>/g, "");
  return text
    .replaceAll(/&#(\d+);/g, (_, number: string) => String.fromCodePoint(Number(number)))
    .replaceAll("\u2060", "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

test("a release that was published says what, under which tag, and what was skipped and why", () => {
  const lines = linesOf(
    formatGithubSummary({
      report: report({
        attempt: 2,
        counts,
        versions: [
          version("@hai3/state", { sizeBytes: 21_400, fileCount: 14, tag: { tag: "latest", status: "done" } }),
          version("@hai3/api", { how: "bound", evidence: "gitHead" }),
        ],
        kept: [
          { name: "@hai3/uikit", version: "2.0.0", registry, reason: "published", changedFiles: ["a", "b"] },
          { name: "root", version: "0.0.0", registry: undefined, reason: "private" },
        ],
        warnings: ["@hai3/uikit has changed"],
      }),
      problems: [],
      repositoryUrl: "https://git.test/acme/shop",
    }),
  );
  expect(lines).toContain("Released: 1 published");
  expect(lines).toContain("commit cccccccccccc · release 0123456789ab · attempt 2 · 1 m 12 s");
  const at = lines.indexOf("@hai3/state");
  expect(lines.slice(at, at + 6)).toEqual([
    "@hai3/state",
    "1.0.0",
    "latest",
    "21.4 kB, 14 files",
    "sha512-aaaaaaaa…",
    "registry.test/npm",
  ]);
  expect(lines).toContain("published by an earlier attempt of this commit (gitHead)");
  expect(lines).toContain("already published; 2 files changed since without a new version");
  expect(lines).toContain("@hai3/uikit has changed");
});

test("a release that failed says what, why and what next, and what was not tried", () => {
  const refused = problem("SLIP_UPLOAD_REFUSED", "a@1.0.0 was refused", { details: ["403 no"] });
  const lines = linesOf(
    formatGithubSummary({
      report: report({
        isComplete: false,
        exitCode: 1,
        counts: { ...counts, failed: 1, blocked: 1, unconfirmed: 1 },
        versions: [
          { ...version("a"), status: "failed", problems: [refused] },
          { ...version("b"), status: "blocked", problems: [problem("SLIP_DEPENDENCY_FAILED", "a")] },
          { ...version("c"), status: "ready" },
        ],
      }),
      problems: [],
    }),
  );
  expect(lines[0]).toBe("Release failed: 1 published, 1 failed, 1 not tried, 1 unconfirmed");
  expect(lines).toContain("SLIP_UPLOAD_REFUSED a@1.0.0 was refused");
  expect(lines).toContain("403 no");
  expect(lines).toContain("Hint: see the registry's message");
  expect(lines).toContain("Not tried, because of the problems above (1)");
  expect(lines).toContain("not sent yet");
  expect(lines.join(" ")).toContain("choose Re-run failed jobs");
});

test.each([
  { exitCode: 3, counts: { ...counts, unconfirmed: 2 }, says: "Release unconfirmed: 1 published, 2 unconfirmed" },
  { exitCode: 0, counts, says: "Nothing to release" },
] as const)("$says", ({ says, ...fields }) => {
  const versions = fields.exitCode === 3 ? [version("a")] : [];
  expect(formatGithubSummary({ report: report({ ...fields, versions }), problems: [] })).toContain(`## ${says}\n`);
});

test("what is written while the release goes on says so", () => {
  const markdown = formatGithubSummary({
    report: report({ exitCode: 3, versions: [version("a")], counts: { ...counts, unconfirmed: 2 } }),
    problems: [],
    isRunning: true,
  });
  expect(markdown).toContain("## Publishing: 1 published, 2 to go\n");
  expect(markdown).toContain("it goes on from here");
});

test("a plan is told with tags, and once it is packed with sizes", () => {
  const packages = ["a", "b"].map((name) => ({
    name,
    version: "1.0.0",
    dir: name,
    registry,
    isNew: true,
    previous: undefined,
    scriptsNotRun: [],
  }));
  const plan = { ...planOf("a", "b"), packages };
  expect(formatGithubSummary({ plan: { ...plan, tarballs: undefined }, problems: [] })).toContain("### To release (2)");
  const packed = formatGithubSummary({ plan, planDigest: "d".repeat(64), problems: [] });
  expect(packed).toContain("### Packed (2)");
  expect(packed).toContain("d".repeat(64));
});

const hostile = [
  "x|y](javascript:alert(1))",
  "</details><script>alert(1)</script>",
  "@acme/everyone #1 <img src=x onerror=y>",
  "a\n## Heading\n| b | c |",
];

test.each(hostile)("%j makes no link, tag, heading or cell, wherever it stands", (name) => {
  const markdown = formatGithubSummary({
    report: report({
      exitCode: 1,
      counts,
      versions: [
        version(name, { version: name, tag: { tag: name, status: "stale", shown: name } }),
        {
          ...version(name),
          status: "failed",
          problems: [problem("SLIP_UPLOAD_REFUSED", name, { hint: name, details: [name] })],
        },
      ],
      kept: [{ name, version: name, registry, reason: "published" }],
      warnings: [name],
    }),
    problems: [problem("SLIP_USAGE", name)],
    repositoryUrl: name,
    compareUrl: name,
  });
  const html = micromark(markdown, {
    allowDangerousHtml: true,
    allowDangerousProtocol: true,
    extensions: [gfm()],
    htmlExtensions: [gfmHtml()],
  });
  const tags = new Set([...html.matchAll(/<\/?([a-z0-9]+)/gi)].map(([, tag = ""]) => tag.toLowerCase()));
  const own = ["h2", "h3", "p", "ul", "li", "code", "strong", "br", "table", "thead", "tbody", "tr", "th", "td"];
  expect([...tags].filter((tag) => !own.includes(tag))).toEqual([]);
  expect(
    [...html.matchAll(/<tr>(.*?)<\/tr>/gs)].every(([, cells = ""]) => (cells.match(/<t[dh]>/g) ?? []).length <= 6),
  ).toBe(true);
  expect(html).not.toContain("Heading</h2>");
});

test("thousands of packages fit, and what is left out is counted", () => {
  const versions = Array.from({ length: 5_000 }, (_, index) => version(`@scope/${"long".repeat(40)}-${index}`));
  const markdown = formatGithubSummary({
    report: report({ versions, counts: { ...counts, published: 5_000 } }),
    problems: [],
  });
  expect(Buffer.byteLength(markdown)).toBeLessThanOrEqual(1_000_000);
  expect(markdown).toContain("### Published (5000)");
  expect(markdown).toMatch(/and \d+ more: the release folder/);
  const short = formatGithubSummary({ report: report({ versions, counts }), problems: [] }, 2_000);
  expect(Buffer.byteLength(short)).toBeLessThanOrEqual(2_000);
});
