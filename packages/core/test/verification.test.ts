/** Verification, facet by facet: what a registry can get wrong alone, and what it may show without being wrong. */
import { expect, test } from "vitest";
import {
  type Facet,
  type Packument,
  parsePackument,
  type Reading,
  type VerificationInput,
  verifyVersion,
} from "../src/index.ts";

const integrity = "sha512-ours";

function packumentOf(
  name: string,
  versions: Readonly<Record<string, object>>,
  distTags: Readonly<Record<string, string>> = {},
): Reading<Packument> {
  const full = Object.fromEntries(
    Object.entries(versions).map(([version, rest]) => [version, { name, version, dist: { integrity }, ...rest }]),
  );
  const value = parsePackument({ name, versions: full, "dist-tags": distTags }, name);
  if (value === undefined) throw new Error("not a packument");
  return { kind: "shown", value, at: 0, fresh: true };
}

interface World {
  /** Further fields of the version's manifest. */
  readonly manifest?: object;
  readonly distTags?: Readonly<Record<string, string>>;
  readonly siblings?: Readonly<Record<string, Reading<Packument>>>;
  readonly input?: Partial<VerificationInput>;
}

function facetsOf({ manifest = {}, distTags = {}, siblings = {}, input = {} }: World): ReadonlyMap<Facet, string> {
  const shown = packumentOf("a", { "1.0.0": manifest }, distTags);
  const contents = { entries: [], manifest: { name: "a", version: "1.0.0", ...manifest } };
  const verification = verifyVersion({
    name: "a",
    version: "1.0.0",
    registry: "http://registry.test/",
    plain: shown,
    fresh: shown,
    tarball: { kind: "shown", value: { integrity, contents }, at: 0, fresh: true },
    expectedIntegrity: integrity,
    expectedTag: undefined,
    siblings: new Map(Object.entries(siblings)),
    siblingsAtOrigin: new Map(Object.entries(siblings)),
    isGitHeadHere: undefined,
    ...input,
  });
  return new Map(verification.checks.map((check) => [check.facet, check.result]));
}

const b = (versions: readonly string[], distTags: Readonly<Record<string, string>> = {}): Reading<Packument> =>
  packumentOf("b", Object.fromEntries(versions.map((version) => [version, {}])), distTags);

const absent: Reading<Packument> = { kind: "absent", at: 0, fresh: true };

test.each<readonly [what: string, world: World, result: string]>([
  [
    "a range that a version is in",
    { manifest: { dependencies: { b: "^1.0.0" } }, siblings: { b: b(["1.2.0"]) } },
    "ok",
  ],
  [
    "a range that only a prerelease is in, which no install takes",
    { manifest: { dependencies: { b: "^1.0.0" } }, siblings: { b: b(["1.2.0-beta.0"]) } },
    "failed",
  ],
  [
    "any version, where there are only prereleases",
    { manifest: { dependencies: { b: "*" } }, siblings: { b: b(["1.2.0-beta.0"]) } },
    "ok",
  ],
  [
    "a prerelease's own range",
    { manifest: { dependencies: { b: "^1.2.0-beta.0" } }, siblings: { b: b(["1.2.0-beta.1"]) } },
    "ok",
  ],
  [
    "a sibling that only the origin shows yet",
    {
      manifest: { dependencies: { b: "^1.2.0" } },
      siblings: { b: b(["1.0.0"]) },
      input: { siblingsAtOrigin: new Map([["b", b(["1.0.0", "1.2.0"])]]) },
    },
    "unknown",
  ],
  ["a sibling that is absent", { manifest: { dependencies: { b: "^1.0.0" } }, siblings: { b: absent } }, "failed"],
  [
    "a sibling that could not be read",
    {
      manifest: { dependencies: { b: "^1.0.0" } },
      siblings: { b: { kind: "unavailable", at: 0, reason: "answered 503" } },
    },
    "unknown",
  ],
  [
    "a dist-tag that is there",
    { manifest: { dependencies: { b: "next" } }, siblings: { b: b(["1.0.0"], { next: "1.0.0" }) } },
    "ok",
  ],
  ["a dist-tag that is not", { manifest: { dependencies: { b: "next" } }, siblings: { b: b(["1.0.0"]) } }, "failed"],
  [
    "an alias of a sibling that lacks the version",
    { manifest: { dependencies: { other: "npm:b@^2.0.0" } }, siblings: { b: b(["1.0.0"]) } },
    "failed",
  ],
  [
    "an alias that has a sibling's name and is about a stranger",
    { manifest: { dependencies: { b: "npm:@fork/b@^2.0.0" } }, siblings: { b: b(["1.0.0"]) } },
    "none",
  ],
  [
    "a sibling's name that comes from somewhere else than the registry",
    { manifest: { dependencies: { b: "https://example.test/b.tgz" } }, siblings: { b: b(["1.0.0"]) } },
    "none",
  ],
  [
    "a peer that may be missing",
    {
      manifest: { peerDependencies: { b: "^2.0.0" }, peerDependenciesMeta: { b: { optional: true } } },
      siblings: { b: b(["1.0.0"]) },
    },
    "none",
  ],
  ["a peer that may not", { manifest: { peerDependencies: { b: "^2.0.0" } }, siblings: { b: b(["1.0.0"]) } }, "failed"],
  ["what only development needs", { manifest: { devDependencies: { b: "^2.0.0" } }, siblings: { b: absent } }, "none"],
])("the closure of %s", (_what, world, result) => {
  expect(facetsOf(world).get("closure")).toBe(result);
});

test.each<readonly [what: string, shown: string | undefined, result: string]>([
  ["at the version", "1.0.0", "ok"],
  ["at a higher one", "1.1.0", "ok"],
  ["at a lower one", "0.9.0", "failed"],
  ["at something that is no version", "not-a-version", "failed"],
  ["missing", undefined, "failed"],
])("a dist-tag %s", (_what, shown, result) => {
  const distTags = shown === undefined ? {} : { latest: shown };
  expect(facetsOf({ distTags, input: { expectedTag: "latest" } }).get("tag")).toBe(result);
});

test("bytes that do not hash to the integrity shown, or to the release's, are failures of their own facets", () => {
  const other: VerificationInput["tarball"] = {
    kind: "shown",
    value: { integrity: "sha512-other", contents: undefined },
    at: 0,
    fresh: true,
  };
  expect(facetsOf({ input: { tarball: other } }).get("tarball")).toBe("failed");
  expect(facetsOf({ input: { expectedIntegrity: "sha512-other" } }).get("entry")).toBe("failed");
  expect(facetsOf({}).get("tarball")).toBe("ok");
  expect(facetsOf({}).get("manifest")).toBe("ok");
});
