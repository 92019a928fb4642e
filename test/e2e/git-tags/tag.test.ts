/** git tags and releases follow what the registry shows, are made once, and converge whatever happened before. */
import { randomBytes } from "node:crypto";
import { startVerdaccio, type Verdaccio } from "@slipway/testkit";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Surroundings, surround } from "./surroundings.ts";

let verdaccio: Verdaccio;
let around: Surroundings | undefined;

beforeAll(async () => {
  verdaccio = await startVerdaccio();
});
afterEach(() => around?.close());
afterAll(() => verdaccio.close());

interface TagJson {
  readonly tags: readonly { readonly tag: string; readonly result: string }[];
  readonly releases: readonly { readonly tag: string; readonly result: string; readonly url?: string }[];
  readonly problems: readonly { readonly code: string }[];
}

async function open(
  ...[spec, options]: [Parameters<typeof surround>[1], Parameters<typeof surround>[2]?]
): Promise<Surroundings> {
  around = await surround(verdaccio, spec, options);
  return around;
}

function pushes({ github }: Surroundings): number {
  return github.requests.filter(({ method, path }) => method === "POST" && path.endsWith("/git-receive-pack")).length;
}

function resultsOf(stdout: string): readonly string[] {
  const { tags, releases } = JSON.parse(stdout) as TagJson;
  return [
    ...tags.map(({ tag, result }) => `${tag} ${result}`),
    ...releases.map(({ tag, result }) => `release ${tag} ${result}`),
  ];
}

test("before everything is shown nothing is tagged; afterwards each version is, three a push; a second run makes nothing", async () => {
  const names = ["tagged-a", "@tagged/b", "tagged-c", "tagged-d"];
  const a = await open({
    packages: names.map((name) => ({ name, manifest: { publishConfig: { access: "public" } } })),
  });
  expect((await a.slipway(["publish", "--only", "tagged-a"])).code).toBe(0);
  const early = await a.slipway(["tag", "--json"]);
  expect(early.code).toBe(1);
  expect((JSON.parse(early.stdout) as TagJson).problems.map(({ code }) => code)).toEqual(
    Array(3).fill("SLIP_TAG_TOO_EARLY"),
  );
  expect(a.tags()).toEqual({});
  expect((await a.slipway(["publish"])).code).toBe(0);
  const dry = await a.slipway(["tag", "--dry-run", "--releases", "github"]);
  expect(dry.stdout).toContain("4 git tags to make, 0 there already, 4 releases to make");
  expect(dry.stderr).not.toContain("Released");
  expect(dry.stdout).toMatch(/^ +Would make {2}release of tagged-a@1\.0\.0/m);
  expect(dry.stdout).toMatch(/^ +Would tag {2}tagged-a@1\.0\.0/m);
  expect(a.tags()).toEqual({});
  const made = await a.slipway(["tag"]);
  expect(made.code, made.stderr).toBe(0);
  expect(made.stdout).toContain("4 git tags made, 0 there already");
  expect(a.tags()).toEqual(Object.fromEntries(names.map((name) => [`${name}@1.0.0`, a.workspace.commit()])));
  expect(pushes(a)).toBe(2);
  const again = await a.slipway(["tag", "--json"]);
  expect(resultsOf(again.stdout).toSorted()).toEqual(names.map((name) => `${name}@1.0.0 there`).toSorted());
  expect(pushes(a)).toBe(2);
});

test("a version of an earlier commit is tagged there, from a shallow clone and with nobody configured", async () => {
  const a = await open({ packages: [{ name: "older-a" }, { name: "older-b" }] });
  expect((await a.slipway(["publish"])).code).toBe(0);
  const first = a.workspace.commit();
  await a.workspace.edit("packages/older-b", (manifest) => ({ ...manifest, version: "1.1.0" }));
  const second = await a.workspace.commitAll("bump");
  await a.push();
  expect((await a.slipway(["publish"])).code).toBe(0);
  const clone = await a.workspace.clone({ depth: 1 });
  await clone.git("remote", "set-url", "origin", `${a.github.url}/acme/shop.git`);
  const tagged = await a.slipway(["tag", "--cwd", clone.root]);
  expect(tagged.code, tagged.stderr).toBe(0);
  expect(a.tags()).toEqual({ "older-a@1.0.0": first, "older-b@1.1.0": second });
  await clone.dispose();
});

test("a tag that is there at another commit is not moved, and the rest is not made", async () => {
  const a = await open({ packages: [{ name: "moved-a" }, { name: "moved-b" }] });
  expect((await a.slipway(["publish"])).code).toBe(0);
  await a.workspace.git("commit", "-q", "--allow-empty", "-m", "other");
  await a.workspace.git("tag", "moved-a@1.0.0");
  await a.workspace.git("push", "-q", a.github.state.gitDir, "moved-a@1.0.0");
  const before = a.tags();
  await a.workspace.git("reset", "-q", "--hard", "HEAD~1");
  const { code, stderr } = await a.slipway(["tag"]);
  expect(code).toBe(1);
  expect(stderr + (await a.slipway(["tag"])).stdout).toContain("SLIP_TAG_CONFLICT");
  expect(a.tags()).toEqual(before);
});

const withNotes = {
  packages: [
    {
      name: "noted-a",
      files: { "CHANGELOG.md": "# noted-a\n\n## 1.0.0\n\n- The first one @everyone\n\n## 0.9.0\n\n- Old\n" },
    },
  ],
  files: { "slipway.config.json": JSON.stringify({ gitTags: "version", releases: "github" }) },
};

test("publish makes the configured tag and release at its end, with notes, tarball and report, and freezes nothing too early", async () => {
  const a = await open(withNotes, { hasImmutableReleases: true });
  const published = await a.slipway(["publish"]);
  expect(published.code, published.stderr).toBe(0);
  expect(published.stdout).toContain("1 git tag made, 0 there already, 1 release made");
  expect(a.tags()).toEqual({ "v1.0.0": a.workspace.commit() });
  const [release, ...others] = a.github.state.releases;
  expect(others).toEqual([]);
  expect(release).toMatchObject({ tagName: "v1.0.0", isDraft: false, isImmutable: true, isPrerelease: false });
  expect(release?.body).toMatch(/^- The first one @everyone\n/);
  expect(release?.body).not.toContain("Old");
  expect(release?.assets.map(({ name }) => name)).toEqual(["noted-a-1.0.0.tgz", "slipway-report.json"]);
  const served = await fetch(`${verdaccio.url}/noted-a/-/noted-a-1.0.0.tgz`);
  expect(Buffer.from(await served.arrayBuffer()).equals(release?.assets[0]?.bytes ?? Buffer.alloc(0))).toBe(true);
  const writes = a.github.requests.length;
  const again = await a.slipway(["publish", "--json"]);
  expect(again.code, again.stderr).toBe(0);
  const reads = /\/git-upload-pack$/;
  const later = a.github.requests.slice(writes);
  expect(later.filter(({ method, path }) => method !== "GET" && !reads.test(path))).toEqual([]);
});

test.each([
  ["the draft is made and its answer is lost", "POST", /\/releases$/, "after"],
  ["the draft is refused in passing", "POST", /\/releases$/, "before"],
  ["an asset arrives and its answer is lost", "POST", /\/assets$/, "after"],
  ["the release is published and the answer is lost", "PATCH", /\/releases\/\d+$/, "after"],
  ["the push lands and its answer is lost", "POST", /\/git-receive-pack$/, "after"],
  ["the push is cut off before it lands", "POST", /\/git-receive-pack$/, "before"],
  ["the list of releases fails", "GET", /\/releases$/, "before"],
] as const)("%s: the same command again ends well, and everything is there once", async (_, method, path, when) => {
  const name = `lost-${path.source.replaceAll(/\W/g, "")}-${when}-${method.toLowerCase()}`;
  const a = await open({ ...withNotes, packages: [{ name }] });
  a.github.strike({ method, path, when, answer: "cut" });
  const first = await a.slipway(["publish"]);
  expect([0, 3], first.stderr + first.stdout).toContain(first.code);
  const second = await a.slipway(["tag", await a.folder()]);
  expect(second.code, second.stderr + second.stdout).toBe(0);
  expect(a.tags()).toEqual({ "v1.0.0": a.workspace.commit() });
  expect(a.github.state.releases.map(({ tagName, isDraft, assets }) => [tagName, isDraft, assets.length])).toEqual([
    ["v1.0.0", false, 2],
  ]);
});

test("a draft of somebody else is left to them, and said", async () => {
  const a = await open({ ...withNotes, packages: [{ name: "drafted-a" }] });
  const api = `${a.github.apiUrl}/repos/acme/shop/releases`;
  const headers = { authorization: `Bearer ${a.token}` };
  await fetch(api, {
    method: "POST",
    headers,
    body: JSON.stringify({ tag_name: "v1.0.0", body: "mine", draft: true }),
  });
  const { code, stdout } = await a.slipway(["publish"]);
  expect(code).toBe(0);
  expect(stdout).toContain("somebody has drafted a release of v1.0.0");
  expect(a.github.state.releases).toMatchObject([{ body: "mine", isDraft: true }]);
});

test("a token that may not write is told so, and shown nowhere", async () => {
  const a = await open({ packages: [{ name: "refused-a" }] });
  expect((await a.slipway(["publish"])).code).toBe(0);
  const reader = a.github.issueToken({ contents: "read" });
  const { code, stdout, stderr } = await a.slipway(["tag"], { GITHUB_TOKEN: reader });
  expect(code).toBe(1);
  expect(stdout + stderr).toContain("SLIP_GIT_REFUSED");
  expect(stdout + stderr).not.toContain(reader);
  expect(stdout + stderr).not.toContain(Buffer.from(`x-access-token:${reader}`).toString("base64"));
  expect(a.tags()).toEqual({});
});

test("where tags are wanted and there is no remote for them, nothing is sent", async () => {
  const a = await open({ ...withNotes, packages: [{ name: "remoteless-a" }] });
  await a.workspace.git("remote", "remove", "origin");
  const { code, stderr } = await a.slipway(["publish"]);
  expect([code, stderr]).toEqual([2, expect.stringContaining("no remote called origin")]);
  expect(verdaccio.accessLog().filter(({ method, url }) => method === "PUT" && url.includes("remoteless"))).toEqual([]);
});

test("a release of which one package is refused makes no tag, also where tags are configured", async () => {
  const small = await startVerdaccio({ maxBodySize: "20kb" });
  const large = { "noise.bin": randomBytes(40_000) };
  around = await surround(small, { ...withNotes, packages: [{ name: "small-a" }, { name: "large-a", files: large }] });
  const { code, stdout } = await around.slipway(["publish"]);
  expect(code, stdout).toBe(1);
  expect(stdout).toContain("SLIP_UPLOAD_TOO_LARGE");
  expect(around.tags()).toEqual({});
  expect(around.github.state.releases).toEqual([]);
  await small.close();
});
