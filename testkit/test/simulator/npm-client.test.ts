/**
 * The real npm as a client of the simulated npm registry: each documented answer reaches it as the registry's own would. It is the npm of
 * PATH: 11.19 here; 12.2 has been seen to pass too.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { npm as runNpm } from "@slipway/testkit";
import type { Account, Token } from "../../src/simulator/accounts.ts";
import { type HttpFace, type HttpFaceOptions, startHttpFace } from "../../src/simulator/http-face.ts";
import { npm } from "../../src/simulator/npm-profile.ts";
import { type Profile, respond } from "../../src/simulator/profile.ts";
import { packSim } from "../../src/simulator/sim-tarball.ts";
import { allAfter } from "../../src/simulator/visibility.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const steady: Profile = { ...npm, visibility: allAfter(2 * minuteMs), race: { chance: 0, landsChance: 0 } };
const person: Account = { name: "slipway", scopes: ["demo"] };
const other: Account = { name: "other", scopes: ["other"] };

const openFaces: HttpFace[] = [];
let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "slipway-npm-client-"));
});

afterEach(async () => {
  await Promise.all(openFaces.splice(0).map((face) => face.close()));
  await rm(dir, { recursive: true, force: true, maxRetries: 5 });
});

async function open(options: Partial<HttpFaceOptions> = {}): Promise<HttpFace> {
  const face = await startHttpFace({ profile: steady, accounts: [person, other], ...options });
  openFaces.push(face);
  return face;
}

interface Ran {
  /** 0, or npm's own code such as `E409`. */
  readonly code: string | number;
  /** What the registry said, as npm repeats it. */
  readonly summary: string;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(face: HttpFace, args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { token = face.token, manifest = { name: "a", version: "1.0.0" }, env } = options;
  await writeFile(join(dir, "package.json"), JSON.stringify(manifest));
  const { code, stdout, stderr } = await runNpm([...args, "--json", "--fetch-retries=0"], {
    cwd: dir,
    registry: face.url,
    ...(token === "" ? {} : { token }),
    ...(env === undefined ? {} : { env }),
  });
  if (code === 0) return { code, summary: "", stdout, stderr };
  const { error } = JSON.parse(stdout) as { error: { code: string; summary: string } };
  return { code: error.code, summary: error.summary, stdout, stderr };
}

interface RunOptions {
  readonly token?: string;
  readonly manifest?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** A version that has been there since before. */
function past(face: HttpFace, name: string, version: string, account = "slipway"): void {
  const { manifest, bytes, integrity } = packSim({ name, version }, []);
  face.world.submit(
    { kind: "upload", request: { name, version, tag: "latest", access: undefined, manifest, bytes, integrity } },
    account,
    -1,
  );
  face.accounts.own(account, name);
  face.pass(24 * hourMs);
}

test("npm publish ends with 0 and a notice while the version is still missing from every read", async () => {
  const face = await open();
  const { code, stderr } = await run(face, ["publish"]);
  expect([code, stderr]).toEqual([0, expect.stringContaining("Your package is being processed")]);
  expect(await run(face, ["view", "a"])).toMatchObject({ code: "E404" });
  expect(face.accessLog().filter(({ method }) => method === "PUT")).toEqual([expect.objectContaining({ status: 202 })]);
  // Longer than the cache keeps the 404 that npm's own looks have planted.
  face.pass(8 * minuteMs);
  const { code: found, stdout } = await run(face, ["view", "a", "version"]);
  // npm 12 prints a list.
  expect([found, [JSON.parse(stdout)].flat()]).toEqual([0, ["1.0.0"]]);
});

const refusals: readonly {
  readonly what: string;
  readonly code: string;
  readonly says: RegExp;
  readonly prepare?: (face: HttpFace) => void;
  readonly options?: Partial<HttpFaceOptions>;
  readonly token?: (face: HttpFace) => string;
  readonly args?: readonly string[];
  readonly manifest?: Readonly<Record<string, unknown>>;
}[] = [
  {
    what: "a version that is there",
    code: "E403",
    says: /You cannot publish over the previously published versions: 1\.0\.0/,
    prepare: (face) => past(face, "a", "1.0.0"),
  },
  {
    what: "a version that is being scanned",
    code: "E409",
    says: /Cannot publish over previously staged version "1\.0\.0"/,
    prepare: (face) => {
      const { manifest, bytes, integrity } = packSim({ name: "a", version: "1.0.0" }, []);
      const request = { name: "a", version: "1.0.0", tag: "latest", access: undefined, manifest, bytes, integrity };
      face.world.submit({ kind: "upload", request }, "slipway", -1);
    },
  },
  {
    what: "a number that was unpublished",
    code: "E400",
    says: /Cannot publish over previously published version "1\.0\.0"/,
    prepare: (face) => {
      past(face, "a", "0.9.0");
      past(face, "a", "1.0.0");
      face.world.submit({ kind: "unpublish", name: "a", version: "1.0.0" }, "slipway", -1);
    },
  },
  {
    what: "a name whose last version was unpublished less than a day ago",
    code: "E403",
    says: /a cannot be republished until 24 hours have passed/,
    prepare: (face) => {
      past(face, "a", "0.9.0");
      face.world.submit({ kind: "unpublish", name: "a", version: "0.9.0" }, "slipway", -1);
    },
  },
  {
    what: "somebody else's package: 404, not 403",
    code: "E404",
    says: /Not Found|not found/,
    prepare: (face) => past(face, "a", "0.9.0", "other"),
  },
  {
    what: "a scope that the account does not have",
    code: "E404",
    says: /Scope not found/,
    manifest: { name: "@nobody/a", version: "1.0.0" },
    args: ["--access=public"],
  },
  {
    what: "a token that it does not know",
    code: "E401",
    says: /401 Unauthorized/,
    token: () => "npm_wrongwrongwrongwrongwrongwrongwron",
  },
  {
    what: "a token that has expired",
    code: "E401",
    says: /401 Unauthorized/,
    token: (face) => face.accounts.issue({ account: "slipway", kind: "granular", expiresAt: face.clock.now() }),
  },
  {
    what: "a token that may only read",
    code: "E403",
    says: /You may not perform that action with these credentials/,
    token: (face) => face.accounts.issue({ account: "slipway", kind: "granular", isReadOnly: true }),
  },
  {
    what: "a token for other packages",
    code: "E404",
    says: /Not Found|not found/,
    token: (face) => face.accounts.issue({ account: "slipway", kind: "granular", packages: ["@demo/*"] }),
  },
  {
    what: "an account whose e-mail address is not verified",
    code: "E403",
    says: /verify your email/,
    options: { accounts: [{ ...person, isEmailVerified: false }] },
  },
  {
    what: "a name that looks like spam",
    code: "E403",
    says: /spam/,
    manifest: { name: "free-robux", version: "1.0.0" },
  },
  {
    what: "a private package of an account that does not pay",
    code: "E402",
    says: /You must sign up for private packages/,
    manifest: { name: "@demo/a", version: "1.0.0" },
    args: ["--access=restricted"],
  },
  {
    what: "a person's token without a one-time password",
    code: "EOTP",
    says: /one-time password|one-time pass/,
    options: { accounts: [{ ...person, otp: "123456" }] },
    token: (face) => face.accounts.issue({ account: "slipway", kind: "session" }),
  },
  {
    what: "a document that is too large",
    code: "E413",
    says: /request entity too large/,
    options: { maxBodyBytes: 400 },
  },
  {
    what: "too many new packages today",
    code: "E429",
    says: /too many new packages/,
    options: { profile: { ...steady, caps: { newPackages: { max: 0, windowMs: 24 * hourMs, form: "seconds" } } } },
  },
  {
    what: "too many requests",
    code: "E429",
    says: /Too Many Requests/,
    options: { profile: { ...steady, caps: { rate: { max: 0, windowMs: hourMs, form: "date" } } } },
  },
  {
    what: "a packument that another request was writing",
    code: "E409",
    says: /Failed to save packument/,
    options: { profile: { ...steady, race: { chance: 1, landsChance: 1 } } },
  },
  {
    what: "provenance that it cannot check just now",
    code: "E422",
    says: /error refreshing TUF metadata/,
    prepare: (face) =>
      face.interrupt({
        method: "PUT",
        path: /^\/a$/,
        when: "before",
        answer: respond(422, { error: "error refreshing TUF metadata" }),
      }),
  },
];

test.for(refusals)("npm publish is refused $code for $what", async (row) => {
  const face = await open(row.options);
  row.prepare?.(face);
  const { code, summary } = await run(face, ["publish", "--force", ...(row.args ?? [])], {
    ...(row.token === undefined ? {} : { token: row.token(face) }),
    ...(row.manifest === undefined ? {} : { manifest: row.manifest }),
  });
  expect(code).toBe(row.code);
  expect(summary).toMatch(row.says);
});

test("a write race whose upload has landed shows the version later, although npm publish has failed", async () => {
  const face = await open({ profile: { ...steady, race: { chance: 1, landsChance: 1 } } });
  expect((await run(face, ["publish"])).code).toBe("E409");
  face.pass(3 * minuteMs);
  expect(face.world.stateOf("a")?.versions.has("1.0.0")).toBe(true);
});

test("a one-time password opens what it protects", async () => {
  const face = await open({ accounts: [{ ...person, otp: "123456" }] });
  const token = face.accounts.issue({ account: "slipway", kind: "session" });
  expect((await run(face, ["publish", "--otp=123456"], { token })).code).toBe(0);
});

test("npm deprecate, dist-tag and unpublish work once the version is shown, and not before", async () => {
  const face = await open();
  past(face, "a", "0.9.0");
  await run(face, ["publish"]);
  expect((await run(face, ["dist-tag", "add", "a@1.0.0", "next"])).code).toBe("E404");
  await run(face, ["deprecate", "a@1.0.0", "too early"]);
  face.pass(10 * minuteMs);
  expect(face.world.stateOf("a")?.versions.get("1.0.0")?.deprecated).toBeUndefined();
  expect((await run(face, ["deprecate", "a@1.0.0", "old"])).code).toBe(0);
  expect((await run(face, ["dist-tag", "add", "a@1.0.0", "next"])).code).toBe(0);
  expect((await run(face, ["dist-tag", "rm", "a", "latest"])).code).toBe("E400");
  const shown = face.world.stateOf("a");
  expect(shown?.versions.get("1.0.0")?.deprecated).toBe("old");
  expect(Object.fromEntries(shown?.distTags ?? [])).toEqual({ latest: "1.0.0", next: "1.0.0" });
  expect((await run(face, ["unpublish", "a@1.0.0", "--force"])).code).toBe(0);
  const left = face.world.stateOf("a");
  expect([[...(left?.versions.keys() ?? [])], left?.tombstones.has("1.0.0")]).toEqual([["0.9.0"], true]);
});

function uuidIn(text: string): string {
  return /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(text)?.[0] ?? "";
}

test("npm stage publishes nothing until a person approves, with a one-time password, after the scan", async () => {
  const face = await open({ accounts: [{ ...person, otp: "123456" }] });
  const token = face.accounts.issue({ account: "slipway", kind: "session" } satisfies Token);
  const staged = await run(face, ["stage", "publish", "--tag=next"], { token });
  expect(staged.code).toBe(0);
  const id = uuidIn(staged.stdout + staged.stderr);
  expect(id).not.toBe("");
  const listed = JSON.parse((await run(face, ["stage", "list"], { token })).stdout);
  expect(listed).toEqual([expect.objectContaining({ id, packageName: "a", version: "1.0.0", tag: "next" })]);
  expect(face.world.statusOf("a", "1.0.0")).toBe("staged");
  // Staging created the package, with a placeholder that is no release.
  expect([...(face.world.stateOf("a")?.versions.keys() ?? [])]).toEqual(["0.0.0-stage"]);
  expect(await run(face, ["publish", "--force"], { token: face.token })).toMatchObject({ code: "E409" });
  expect((await run(face, ["stage", "approve", id], { token })).code).toBe("EOTP");
  expect((await run(face, ["stage", "approve", id, "--otp=123456"], { token })).code).toBe("E409");
  face.pass(3 * minuteMs);
  expect((await run(face, ["stage", "approve", id, "--otp=123456"], { token })).code).toBe(0);
  const state = face.world.stateOf("a");
  expect([state?.versions.has("1.0.0"), state?.distTags.get("next")]).toEqual([true, "1.0.0"]);
  expect(JSON.parse((await run(face, ["stage", "list"], { token })).stdout)).toEqual([]);
});

test("npm stage reject frees the number again", async () => {
  const face = await open({ accounts: [{ ...person, otp: "123456" }] });
  const token = face.accounts.issue({ account: "slipway", kind: "session" });
  const { stdout, stderr } = await run(face, ["stage", "publish"], { token });
  expect((await run(face, ["stage", "reject", uuidIn(stdout + stderr), "--otp=123456"], { token })).code).toBe(0);
  expect(face.world.statusOf("a", "1.0.0")).toBeUndefined();
  expect((await run(face, ["stage", "publish"], { token })).code).toBe(0);
});
