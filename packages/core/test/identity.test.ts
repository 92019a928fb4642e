import { expect, test } from "vitest";
import { type IdentityInput, judge, type TarballContents, type Verdict } from "../src/index.ts";

const manifest = { name: "a", version: "1.0.0", dependencies: { b: "^1.0.0" } };
const commit = "1f3c2aa0".repeat(5);

function contents(
  files: Readonly<Record<string, string>>,
  own: object = manifest,
  executable: readonly string[] = [],
): TarballContents {
  return {
    manifest: { ...own },
    entries: Object.entries(files).map(([path, text]) => ({
      path,
      type: "file",
      isExecutable: executable.includes(path),
      integrity: `sha512-${text}`,
    })),
  };
}

const ours = contents({ "package.json": "manifest", "index.js": "one" });
const stamped = contents({ "package.json": "manifest", "index.js": "two" });

const base: IdentityInput = {
  level: "source",
  shownIntegrity: "sha512-served",
  servedIntegrity: "sha512-served",
  ourIntegrity: "sha512-ours",
  served: stamped,
  ours,
  writtenIntegrities: new Set(),
  attestedIntegrity: undefined,
  asksProvenance: false,
  gitHead: undefined,
  planCommit: commit,
  isPlanClean: true,
  acceptedIntegrity: undefined,
};

interface Case {
  readonly what: string;
  readonly input: Partial<IdentityInput>;
  readonly verdict: Verdict;
  readonly files?: readonly string[];
}

const cases: readonly Case[] = [
  { what: "the same bytes", input: { shownIntegrity: "sha512-ours", servedIntegrity: "sha512-ours" }, verdict: "same" },
  {
    what: "the same bytes where the registry shows no integrity",
    input: { shownIntegrity: undefined, servedIntegrity: "sha512-ours" },
    verdict: "same",
  },
  {
    what: "a tarball that does not hash to its integrity",
    input: { servedIntegrity: "sha512-other" },
    verdict: "corrupt",
  },
  { what: "our bytes under another integrity", input: { servedIntegrity: "sha512-ours" }, verdict: "corrupt" },
  { what: "bytes that are no tarball", input: { served: undefined }, verdict: "corrupt" },
  { what: "the same files in another archive", input: { served: ours }, verdict: "same-files" },
  { what: "the same files where bytes are asked for", input: { served: ours, level: "bytes" }, verdict: "refused" },
  { what: "the same files where files are asked for", input: { served: ours, level: "files" }, verdict: "same-files" },
  {
    what: "the bytes that were bound before",
    input: { servedIntegrity: "sha512-bound", shownIntegrity: "sha512-bound", boundIntegrity: "sha512-bound" },
    verdict: "same",
  },
  {
    what: "another build of this commit where one was bound before",
    input: { gitHead: commit, boundIntegrity: "sha512-bound" },
    verdict: "foreign",
    files: ["index.js"],
  },
  {
    what: "our build where another was bound before",
    input: {
      served: ours,
      servedIntegrity: "sha512-ours",
      shownIntegrity: "sha512-ours",
      boundIntegrity: "sha512-bound",
    },
    verdict: "foreign",
  },
  {
    what: "another build that a person accepts where one was bound before",
    input: { acceptedIntegrity: "sha512-served", boundIntegrity: "sha512-bound" },
    verdict: "same-source",
    files: ["index.js"],
  },
  {
    what: "an executable bit",
    input: { served: contents({ "package.json": "manifest", "index.js": "one" }, manifest, ["index.js"]) },
    verdict: "foreign",
    files: ["index.js"],
  },
  { what: "another build of nobody knows what", input: {}, verdict: "foreign", files: ["index.js"] },
  { what: "another build of this commit", input: { gitHead: commit }, verdict: "same-source", files: ["index.js"] },
  {
    what: "another build of this commit from changed files",
    input: { gitHead: commit, isPlanClean: false },
    verdict: "foreign",
  },
  {
    what: "another build of this commit where files are asked for",
    input: { gitHead: commit, level: "files" },
    verdict: "refused",
  },
  {
    what: "another build of this commit where bytes are asked for",
    input: { gitHead: commit, level: "bytes" },
    verdict: "refused",
  },
  {
    what: "another build of this commit where provenance is asked for",
    input: { gitHead: commit, asksProvenance: true },
    verdict: "foreign",
  },
  { what: "a build of another commit", input: { gitHead: "0".repeat(40) }, verdict: "foreign" },
  {
    what: "bytes that our journal says we sent",
    input: { writtenIntegrities: new Set(["sha512-served"]) },
    verdict: "same-source",
  },
  {
    what: "other bytes than our journal says we sent",
    input: { writtenIntegrities: new Set(["sha512-first"]) },
    verdict: "foreign",
  },
  {
    what: "bytes with a verified attestation",
    input: { attestedIntegrity: "sha512-served", asksProvenance: true },
    verdict: "same-source",
  },
  { what: "an attestation of other bytes", input: { attestedIntegrity: "sha512-elsewhere" }, verdict: "foreign" },
  {
    what: "this commit with one more dependency",
    input: {
      gitHead: commit,
      served: contents(
        { "package.json": "m2", "index.js": "two" },
        { ...manifest, dependencies: { b: "^1.0.0", c: "1" } },
      ),
    },
    verdict: "foreign",
  },
  {
    what: "this commit with an install script",
    input: {
      gitHead: commit,
      served: contents(
        { "package.json": "m2", "index.js": "two" },
        { ...manifest, scripts: { postinstall: "node x.js" } },
      ),
    },
    verdict: "foreign",
  },
  {
    what: "this commit with a binding.gyp, which npm runs at install",
    input: { gitHead: commit, served: contents({ "package.json": "manifest", "index.js": "one", "binding.gyp": "g" }) },
    verdict: "foreign",
  },
  {
    what: "this commit with another entry point",
    input: {
      gitHead: commit,
      served: contents({ "package.json": "m2", "index.js": "two" }, { ...manifest, main: "other.js" }),
    },
    verdict: "foreign",
  },
  {
    what: "anything that a person accepted",
    input: { acceptedIntegrity: "sha512-served", served: contents({ "package.json": "m2" }, { name: "a" }) },
    verdict: "same-source",
  },
  {
    what: "something else than a person accepted",
    input: { acceptedIntegrity: "sha512-elsewhere" },
    verdict: "foreign",
  },
];

test.each(cases)("$what is judged $verdict", ({ input, verdict, files }) => {
  const judgement = judge({ ...base, ...input });
  expect(judgement.verdict).toBe(verdict);
  if (files !== undefined) expect(judgement.files).toEqual(files);
  expect(judgement.evidence).not.toBe("");
});
