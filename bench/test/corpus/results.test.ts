import { expect, test } from "vitest";

import { findDifferences } from "../../src/corpus/compare-documents.ts";
import { findFailures, renderResults } from "../../src/corpus/results.ts";
import type { CorpusFindings } from "../../src/corpus/results.ts";

const run = { exitCode: 0, wallMs: 1500, requests: 4, writes: 1, counts: { published: 1, failed: 0 }, stderr: "" };

const fine: CorpusFindings = {
  family: "letters",
  pinnedAt: "2026-11-21",
  packageCount: 1,
  edgeCount: 0,
  externalCount: 2,
  first: run,
  second: { ...run, writes: 0, counts: { kept: 1 } },
  packs: [{ packer: "npm 12.2.0", same: 1, different: [] }],
  entries: [
    {
      name: "a",
      differences: [{ field: "bin", isInstallField: true, rules: ["bin-map"] }],
      installDifferences: [],
    },
  ],
  documents: [{ name: "a", different: ["versions.gitHead"] }],
  install: { installed: 3, otherVersions: [], loads: [{ name: "a", how: "import", exports: 1, reason: undefined }] },
};

const failing: readonly (readonly [string, Partial<CorpusFindings>])[] = [
  ["the release ended with 1", { first: { ...run, exitCode: 1 } }],
  ["0 of 1 were published", { first: { ...run, counts: { published: 0 } } }],
  ["the second run ended with 3", { second: { ...fine.second, exitCode: 3 } }],
  ["the second run wrote 2 times", { second: { ...fine.second, writes: 2 } }],
  ["npm 12.2.0 packs a otherwise", { packs: [{ packer: "npm 12.2.0", same: 0, different: ["a"] }] }],
  ["npm 12.2.0 packs flatted otherwise", { packs: [{ packer: "npm 12.2.0", same: 0, different: ["flatted"] }] }],
  [
    "bin of a differs and nothing explains it",
    {
      entries: [
        { name: "a", differences: [{ field: "bin", isInstallField: true, rules: [] }], installDifferences: [] },
      ],
    },
  ],
  [
    "dependencies of a would be installed otherwise",
    { entries: [{ name: "a", differences: [], installDifferences: ["dependencies"] }] },
  ],
  ["access of a is not what npm's library sends", { documents: [{ name: "a", different: ["access"] }] }],
  ["npm installed a@0.9.0, which was not released", { install: { ...fine.install, otherVersions: ["a@0.9.0"] } }],
  [
    "a was installed and cannot be loaded: Error: no",
    { install: { ...fine.install, loads: [{ name: "a", how: "failed", exports: 0, reason: "Error: no" }] } },
  ],
];

test("nothing failed where nothing did, and what npm 11 is known to do otherwise is no failure", () => {
  expect(findFailures(fine)).toEqual([]);
  expect(findFailures({ ...fine, packs: [{ packer: "npm 11.19.1", same: 0, different: ["flatted"] }] })).toEqual([]);
});

test.each(failing)("%s", (expected, findings) => {
  const page = renderResults({ date: "2026-11-21", node: "24", slipway: "1", verdaccio: "6" }, [
    { ...fine, ...findings },
  ]);
  expect(findFailures({ ...fine, ...findings })).toEqual([expected]);
  expect(page).toContain(`- ${expected}`);
});

test("the page tells figures and rules", () => {
  const page = renderResults({ date: "2026-11-21", node: "24", slipway: "1", verdaccio: "6" }, [fine]);
  expect(page).toContain("| the same command again | exit code 0, 0 writes in 4 requests, 1.5 s |");
  expect(page).toContain("| `bin` | yes | 1 | npm writes bin as a map of names to paths inside the package |");
  expect(page).toContain("Nothing failed.");
});

function documentOf(manifest: object, more: object = {}): Readonly<Record<string, unknown>> {
  return {
    name: "a",
    access: null,
    versions: { "1.0.0": { name: "a", ...manifest } },
    _attachments: { "a-1.0.0.tgz": { data: "eA==" } },
    ...more,
  };
}

function distOf(host: string, shasum = "1"): object {
  return {
    dist: { shasum, tarball: `http://${host}/a/-/a-1.0.0.tgz` },
  };
}

test("two publish documents are compared whole, but for the host of the tarball", () => {
  expect(findDifferences(documentOf(distOf("x.test")), documentOf(distOf("y.test:1")))).toEqual([]);
  expect(findDifferences(documentOf(distOf("x.test", "2")), documentOf(distOf("x.test")))).toEqual([
    "versions.dist.shasum",
  ]);
  expect(findDifferences(documentOf({ gitHead: "c" }), documentOf({}))).toEqual(["versions.gitHead"]);
  const other = { access: "public", _attachments: { "a-1.0.0.tgz": { data: "eQ==" } } };
  expect(findDifferences(documentOf({}), documentOf({}, other))).toEqual(["access", "_attachments"]);
});
