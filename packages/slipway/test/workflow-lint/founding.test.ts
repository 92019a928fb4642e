/** The workflows that Slipway was made for: what is known to be wrong with them, which rule says it, and where. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { lintWorkflows } from "../../src/workflow-lint/lint.ts";

function fixture(name: string, path = `.github/workflows/${name}`) {
  return { path, text: readFileSync(new URL(`fixtures/${name}`, import.meta.url), "utf8") };
}

type Row = readonly [defect: string, rule: string, line: number, column: number];

const hai3: readonly Row[] = [
  ["triggered by the end of a pull request: forks and direct pushes release nothing", "publish-on-pull-request", 6, 3],
  ["`pull_request.base.sha` as base: a stale one ends in a green job without changes", "stale-base", 34, 24],
  ["no look at `private`", "private-not-filtered", 38, 11],
  ["`packages/*/` + `/package.json` never matches: the first bump published nothing", "doubled-slash", 40, 23],
  ["decided by a diff: bumps were reverted and applied again to be seen", "diff-decides", 42, 16],
  ["two merges in a row release at once", "missing-concurrency", 66, 3],
  ["the checkout's token stays beside `npm ci`", "persisted-credentials", 76, 15],
  ["actions by tag (detection)", "unpinned-action", 23, 15],
  ["actions by tag (publishing, checkout)", "unpinned-action", 76, 15],
  ["actions by tag (publishing, setup-node)", "unpinned-action", 79, 15],
  ["a cache in the job with the token", "cache-with-credential", 83, 18],
  ["a token of a year where the job's identity would do", "long-lived-token", 94, 28],
  ["the token without an environment", "secret-outside-environment", 94, 28],
  ["the token in the job that installs and builds", "secret-with-code", 94, 28],
  ["injection through a package's name or version beside the token", "output-injection", 96, 21],
  ["no `--tag` for prereleases", "prerelease-without-tag", 108, 18],
  ["sent again after a fixed pause, without a look", "fixed-wait", 114, 17],
  ["hand-kept table of layers", "hand-kept-order", 125, 46],
  ["a version that exists is taken for this release", "version-as-proof", 151, 16],
  ["outputs lost on failure", "lost-outputs", 177, 33],
  ["the same injection in the summary (published)", "output-injection", 205, 24],
  ["the same injection in the summary (skipped)", "output-injection", 215, 22],
];

/*
 * Not visible in the workflow, and so not said: six of eight packages have no `repository` (`slipway doctor` says it in its check
 * "repository"); the summary of a failed run says no more than that it failed (what it would say is lost with the outputs, which is
 * reported); `fetch-depth: 0` is there in the job that compares, and the other one compares nothing.
 */
test("HAI3: everything that is known to be wrong with its workflow and can be seen in it is reported, and nothing else", async () => {
  const findings = await lintWorkflows({
    workflows: [fixture("hai3-publish-packages.yml")],
    prereleases: ["@hai3/state@0.2.0-alpha.0", "@hai3/framework@0.2.0-alpha.1"],
  });
  const found = findings.map(({ rule, place }) => `${place.line}:${place.column} ${rule}`);
  expect(found.sort()).toEqual(hai3.map(([, rule, line, column]) => `${line}:${column} ${rule}`).sort());
});

test("the guide for who comes from such a workflow quotes what is said of it", async () => {
  const findings = await lintWorkflows({
    workflows: [fixture("hai3-publish-packages.yml", ".github/workflows/publish-packages.yml")],
    prereleases: ["@hai3/state@0.2.0-alpha.0"],
  });
  const guide = readFileSync(new URL("../../../../docs/guides/from-a-shell-workflow.md", import.meta.url), "utf8");
  const errors = findings.filter(({ severity }) => severity === "error");
  expect(guide).toContain(`1 file, ${errors.length} errors, ${findings.length - errors.length} warnings`);
  const [first] = errors;
  if (first === undefined) throw new Error("nothing was found");
  const { place, rule, message, fix } = first;
  expect(guide).toContain(`${place.path}:${place.line}:${place.column} ${rule}: ${message}\n\nhint: ${fix}\n`);
  // What its table links to is what was found.
  const linked = [...guide.matchAll(/workflow-rules\.md#([\w-]+)/g)].map(([, id]) => id);
  const found = new Set(findings.map((item) => item.rule));
  expect(linked.filter((id) => id !== undefined && !found.has(id))).toEqual(["masked-failure", "competing-publishers"]);
});

test("HAI3: without `fetch-depth: 0` the job that compares would lack what it compares with", async () => {
  const { path, text } = fixture("hai3-publish-packages.yml");
  const shallow = text.replace(/\n +with:\n +fetch-depth: 0.*/, "");
  expect(shallow).not.toBe(text);
  const findings = await lintWorkflows({ workflows: [{ path, text: shallow }] });
  expect(findings.filter(({ rule }) => rule === "missing-history").map(({ place }) => place.line)).toEqual([23]);
});

const delegator: readonly (readonly [defect: string, rule: string, at: string])[] = [
  ["a failed release does not fail", "masked-failure", ".github/workflows/release.yml:17:28"],
  ["the git tag is pushed before the publish", "tag-before-publish", ".github/workflows/release.yml:20:14"],
  ["the local version is looked up: red turns green", "version-as-proof", ".github/scripts/publish-with-retry.sh:10:6"],
  ["sixty seconds, where the registry takes minutes", "fixed-wait", ".github/scripts/publish-with-retry.sh:15:3"],
  ["runs beside each other", "missing-concurrency", ".github/workflows/release.yml:7:3"],
  ["an identity beside `npm ci`", "write-with-code", ".github/workflows/release.yml:11:7"],
  ["semantic-release in a clone of one commit", "missing-history", ".github/workflows/release.yml:13:15"],
  ["an action by tag", "unpinned-action", ".github/workflows/release.yml:13:15"],
];

test("mcp-delegator: what is wrong with its steps is reported, in its script too", async () => {
  const findings = await lintWorkflows({
    workflows: [fixture("mcp-delegator-release.yml", ".github/workflows/release.yml")],
    scripts: [fixture("publish-with-retry.sh", ".github/scripts/publish-with-retry.sh")],
  });
  const found = findings.map(({ rule, place }) => `${place.path}:${place.line}:${place.column} ${rule}`);
  expect(found.sort()).toEqual(delegator.map(([, rule, at]) => `${at} ${rule}`).sort());
});

const vextrus: readonly (readonly [defect: string, rule: string, file: string, line: number])[] = [
  ["the next push cuts a release off", "cancelled-release", "vextrus-release.yml", 8],
  ["two workflows release", "competing-publishers", "vextrus-release.yml", 10],
  ["two workflows release", "competing-publishers", "vextrus-publish.yml", 7],
  ["the administrator's password in git", "credential-in-file", "vextrus-release.yml", 22],
];

/*
 * Not visible in a workflow: an `.npmrc` or htpasswd file that is committed, the retired PGP signatures, and what was never built
 * (signing, SBOM, monitoring, retention). `npm pack --sign` runs: npm ignores flags that it does not know.
 */
test("vextrus: its known defects are among what is reported", async () => {
  const findings = await lintWorkflows({ workflows: [fixture("vextrus-release.yml"), fixture("vextrus-publish.yml")] });
  const found = findings.map(({ rule, place }) => `${place.path}:${place.line} ${rule}`);
  for (const [, rule, file, line] of vextrus) expect(found).toContain(`.github/workflows/${file}:${line} ${rule}`);
  expect(JSON.stringify(findings), "the password itself is not repeated").not.toContain("YWRtaW4");
});
