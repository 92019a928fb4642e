/** What a run over a corpus found, what of it is a failure, and the page that tells it. Pure. */
import { meantDifferences } from "./compare-documents.ts";
import type { DocumentComparison } from "./compare-documents.ts";
import type { EntryComparison } from "./compare-entries.ts";
import type { PackComparison } from "./compare-tarballs.ts";
import type { InstallResult } from "./install.ts";
import { rules } from "./npm-rules.ts";
import type { ReleaseRun } from "./release.ts";

export interface CorpusFindings {
  readonly family: string;
  readonly pinnedAt: string;
  readonly packageCount: number;
  /** Dependencies between packages of the workspace. */
  readonly edgeCount: number;
  readonly externalCount: number;
  readonly first: ReleaseRun;
  readonly second: ReleaseRun;
  readonly packs: readonly PackComparison[];
  readonly entries: readonly EntryComparison[];
  readonly documents: readonly DocumentComparison[];
  readonly install: InstallResult;
}

export interface RunFacts {
  /** The day, `2026-11-21`. */
  readonly date: string;
  readonly node: string;
  readonly slipway: string;
  readonly verdaccio: string;
}

/** Bytes that npm 11 makes otherwise than npm 12, whose rules Slipway follows. */
const unlikeNpm11: Readonly<Record<string, string>> = {
  leaflet: "`!*.leafdoc` in `files` takes names out at every depth in npm 11, and at the top only since npm 12",
  yargs: "npm 11 keeps `browser.d.ts`, which `files` names first and `!*.d.ts` takes out later",
  flatted: "npm 11 also packs the README of a folder from which `files` names only a file deeper down",
};

const notLoaded: ReadonlySet<string> = new Set(["script", "platform", "browser", "failed"]);

/** Everything that should not be, one line each; empty when all is well. */
export function findFailures(findings: CorpusFindings): readonly string[] {
  const { first, second, packs, entries, documents, install, packageCount } = findings;
  const failures: string[] = [];
  if (first.exitCode !== 0) failures.push(`the release ended with ${first.exitCode}`);
  if (first.counts["published"] !== packageCount)
    failures.push(`${first.counts["published"]} of ${packageCount} were published`);
  if (second.exitCode !== 0) failures.push(`the second run ended with ${second.exitCode}`);
  if (second.writes !== 0) failures.push(`the second run wrote ${second.writes} times`);
  for (const { packer, different } of packs)
    for (const name of different)
      if (!(packer.startsWith("npm 11.") && name in unlikeNpm11)) failures.push(`${packer} packs ${name} otherwise`);
  for (const { name, differences, installDifferences } of entries) {
    for (const { field, rules } of differences)
      if (rules.length === 0) failures.push(`${field} of ${name} differs and nothing explains it`);
    for (const field of installDifferences) failures.push(`${field} of ${name} would be installed otherwise`);
  }
  for (const { name, different } of documents)
    for (const place of different)
      if (!(place in meantDifferences)) failures.push(`${place} of ${name} is not what npm's library sends`);
  for (const spec of install.otherVersions) failures.push(`npm installed ${spec}, which was not released`);
  for (const { name, how, reason } of install.loads)
    if (how === "failed") failures.push(`${name} was installed and cannot be loaded: ${reason}`);
  return failures;
}

function count(items: readonly unknown[]): string {
  return items.length === 0 ? "none" : String(items.length);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** How often each rule explained which field, most often first. */
function tallyRules(entries: readonly EntryComparison[]): readonly string[] {
  const tally = new Map<string, number>();
  for (const { differences } of entries)
    for (const { field, isInstallField, rules } of differences)
      for (const rule of rules) {
        const key = JSON.stringify([rule, field, isInstallField]);
        tally.set(key, (tally.get(key) ?? 0) + 1);
      }
  return [...tally]
    .toSorted(([, a], [, b]) => b - a)
    .map(([key, times]) => {
      const [id, field, isInstallField]: readonly [string, string, boolean] = JSON.parse(key);
      const text = rules.find((rule) => rule.id === id)?.text ?? id;
      return `| \`${field}\` | ${isInstallField ? "yes" : ""} | ${times} | ${text} |`;
    });
}

function tallyDocuments(documents: readonly DocumentComparison[]): readonly string[] {
  const places = [...new Set(documents.flatMap(({ different }) => different))];
  return places.map((place) => {
    const times = documents.filter(({ different }) => different.includes(place)).length;
    return `- \`${place}\`, ${times} times: ${meantDifferences[place] ?? "**not meant**"}`;
  });
}

function describeLoads({ loads }: InstallResult): readonly string[] {
  const texts = {
    import: "was imported",
    require: "was loaded by `require`",
    subpath: "exports no main file; the first file that it exports was imported",
    command: "is a command; it ran with `--version`",
    types: "holds types only",
    script: "waits for its install script, which was not run",
    platform: "is for another platform, and was not asked for",
    browser: "asks for a browser",
    failed: "**could not be loaded**",
  };
  return loads
    .filter(({ how }) => how !== "import")
    .map(
      ({ name, how, reason }) =>
        `- \`${name}\` ${texts[how]}${["failed", "script", "browser"].includes(how) ? `: ${reason}` : ""}`,
    );
}

function renderFamily(findings: CorpusFindings): readonly string[] {
  const { family, first, second, packs, entries, documents, install, packageCount } = findings;
  const failures = findFailures(findings);
  const differences = entries.flatMap((entry) => entry.differences);
  const unexplained = differences.filter(({ rules }) => rules.length === 0);
  return [
    `## ${family}`,
    "",
    `${packageCount} packages with ${findings.edgeCount} dependencies on each other, pinned ${findings.pinnedAt}; ${findings.externalCount} tarballs from outside were there beforehand.`,
    "",
    failures.length === 0 ? "Nothing failed." : `**Failed:** ${failures.length}`,
    ...failures.map((failure) => `- ${failure}`),
    "",
    "| | |",
    "|---|---|",
    `| release | exit code ${first.exitCode}, ${first.counts["published"]} published, ${first.counts["failed"]} failed, ${seconds(first.wallMs)} |`,
    `| the same command again | exit code ${second.exitCode}, ${second.writes} writes in ${second.requests} requests, ${seconds(second.wallMs)} |`,
    ...packs.map(
      ({ packer, same, different }) =>
        `| tarballs, byte for byte as ${packer} makes them | ${same} of ${packageCount}${different.length === 0 ? "" : `; not ${different.join(", ")}`} |`,
    ),
    `| fields in which registry and package.json differ | ${differences.length}, unexplained ${count(unexplained)} |`,
    `| of them by which an install goes (I3) | ${differences.filter(({ isInstallField }) => isInstallField).length}, different in effect ${count(entries.flatMap((entry) => entry.installDifferences))} |`,
    `| publish documents as libnpmpublish sends them | ${documents.filter(({ different }) => different.every((place) => place in meantDifferences)).length} of ${packageCount} |`,
    `| installed by npm | ${install.loads.length} top packages, ${install.installed} with what they need |`,
    `| loaded | ${install.loads.filter(({ how }) => !notLoaded.has(how)).length} of ${install.loads.length} |`,
    "",
    ...packs.flatMap(({ different }) =>
      different.filter((name) => name in unlikeNpm11).map((name) => `\`${name}\`: ${unlikeNpm11[name]}.\n`),
    ),
    "Loaded otherwise than by `import`:",
    "",
    ...describeLoads(install),
    "",
    "Where the publish documents differ:",
    "",
    ...tallyDocuments(documents),
    "",
    "| field | installs go by it | packages | why the registry shows it otherwise than package.json |",
    "|---|---|---:|---|",
    ...tallyRules(entries),
    "",
  ];
}

/** The page bench/corpus/RESULTS.md. */
export function renderResults(facts: RunFacts, all: readonly CorpusFindings[]): string {
  return [
    "# Really published packages, released again",
    "",
    `Written by \`npm run corpus\` on ${facts.date}: slipway ${facts.slipway}, Verdaccio ${facts.verdaccio}, Node ${facts.node}. Times are no benchmark: other work ran beside it. [How it is done](README.md).`,
    "",
    ...all.flatMap(renderFamily),
  ].join("\n");
}
