/** What only npm has, over HTTP: trusted publishing with the real npm, libnpmpublish, attestations, signatures, status, caches. */
import { createHash, createPublicKey, createVerify } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultLimits } from "@slipway/core";
import libnpmpublish from "libnpmpublish";
import { afterEach, expect, test } from "vitest";
import {
  cleanEnvironment,
  createHome,
  httpRequest,
  npm as runNpm,
  type ProcessResult,
  runProcess,
} from "@slipway/testkit";
import { createRegistry } from "../../../packages/slipway/src/registry/registry.ts";
import { systemClock } from "../../../packages/slipway/src/system-clock.ts";
import { type HttpFace, type HttpFaceOptions, startHttpFace } from "../../src/simulator/http-face.ts";
import { githubPackages, npm, overwrite } from "../../src/simulator/npm-profile.ts";
import { type Profile, verdaccio } from "../../src/simulator/profile.ts";
import type { TrustedPublisher } from "../../src/simulator/trusted-publishing.ts";
import { allAfter, npmScan } from "../../src/simulator/visibility.ts";
import { tinyTarball } from "../../src/tiny-tarball.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const steady: Profile = { ...npm, visibility: allAfter(0), race: { chance: 0, landsChance: 0 } };

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function open(options: Partial<HttpFaceOptions> = {}): Promise<HttpFace> {
  const face = await startHttpFace({ profile: steady, ...options });
  closing.push(face.close);
  return face;
}

function past(face: HttpFace, name: string, version = "0.9.0"): void {
  const manifest = { name, version };
  const bytes = tinyTarball(manifest, "past");
  const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  const request = { name, version, tag: "latest", access: undefined, manifest, bytes, integrity };
  face.world.submit({ kind: "upload", request }, "slipway", -1);
}

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** An identity token as GitHub makes them; its signature is nobody's. */
function claims(more: Readonly<Record<string, unknown>> = {}): string {
  const body = {
    aud: "npm:127.0.0.1",
    repository: "demo/repository",
    workflow_ref: "demo/repository/.github/workflows/release.yml@refs/heads/main",
    event_name: "push",
    runner_environment: "github-hosted",
    ...more,
  };
  return `${part({ alg: "RS256" })}.${part(body)}.signature`;
}

const publisher: TrustedPublisher = {
  package: "a",
  repository: "demo/repository",
  workflow: "release.yml",
  actions: ["publish", "dist-tag"],
  account: "slipway",
};

/** GitHub's endpoint for identity tokens. */
async function startIssuer(jwt: string): Promise<string> {
  const server = createServer((_request, response) => response.end(JSON.stringify({ value: jwt })));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the issuer listens on no TCP port");
  return `http://127.0.0.1:${address.port}/token?api-version=2`;
}

async function publishFromActions(face: HttpFace, jwt: string): Promise<string | number | null> {
  const dir = await mkdtemp(join(tmpdir(), "slipway-oidc-"));
  closing.push(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));
  await writeFile(join(dir, "package.json"), JSON.stringify({ name: "a", version: "1.0.0" }));
  const { code, stdout } = await runNpm(["publish", "--json", "--fetch-retries=0", "--force"], {
    cwd: dir,
    registry: face.url,
    env: {
      GITHUB_ACTIONS: "true",
      CI: "true",
      ACTIONS_ID_TOKEN_REQUEST_URL: await startIssuer(jwt),
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "of-the-job",
    },
  });
  return code === 0 ? 0 : (JSON.parse(stdout) as { error: { code: string } }).error.code;
}

test("the real npm publishes from GitHub Actions with a token that it exchanged for this package", async () => {
  const face = await open({ trustedPublishers: [publisher] });
  past(face, "a");
  expect(await publishFromActions(face, claims())).toBe(0);
  expect(face.world.stateOf("a")?.versions.has("1.0.0")).toBe(true);
  expect(face.accessLog().map(({ method, url, status }) => `${method} ${url.replace(/\?.*/, "")} ${status}`)).toEqual(
    expect.arrayContaining(["POST /-/npm/v1/oidc/token/exchange/package/a 201", "PUT /a 200"]),
  );
});

test("npm says only that nobody is logged in when the exchange is refused", async () => {
  const face = await open({ trustedPublishers: [{ ...publisher, repository: "demo/other" }] });
  past(face, "a");
  expect(await publishFromActions(face, claims())).toBe("ENEEDAUTH");
});

test("an exchanged token that may only stage is refused to publish", async () => {
  const face = await open({ trustedPublishers: [{ ...publisher, actions: ["stage"] }] });
  past(face, "a");
  expect(await publishFromActions(face, claims())).toBe("E403");
});

async function exchange(face: HttpFace, name: string, jwt: string): Promise<readonly [number, unknown]> {
  const { status, json } = await httpRequest(`${face.url}/-/npm/v1/oidc/token/exchange/package/${name}`, {
    method: "POST",
    headers: { authorization: `Bearer ${jwt}` },
  });
  return [status, (json as { message?: string }).message?.replace(/^OIDC token exchange error - /, "")];
}

test.each([
  { what: "no trusted publisher", name: "b", jwt: claims(), answer: [404, "package not found"] },
  {
    what: "another audience",
    name: "a",
    jwt: claims({ aud: "npm:elsewhere" }),
    answer: [401, "audience is not npm:127.0.0.1"],
  },
  {
    what: "another repository",
    name: "a",
    jwt: claims({ repository: "x/y" }),
    answer: [404, "package not found"],
  },
  {
    what: "another workflow",
    name: "a",
    jwt: claims({ workflow_ref: "demo/repository/.github/workflows/ci.yml@main" }),
    answer: [404, "package not found"],
  },
  {
    what: "pull_request_target",
    name: "a",
    jwt: claims({ event_name: "pull_request_target" }),
    answer: [403, "event pull_request_target is not allowed"],
  },
  {
    what: "a self-hosted runner",
    name: "a",
    jwt: claims({ runner_environment: "self-hosted" }),
    answer: [403, "self-hosted runners are not supported"],
  },
  { what: "an expired identity", name: "a", jwt: claims({ exp: 1 }), answer: [401, "identity token has expired"] },
  { what: "no identity at all", name: "a", jwt: "npm_token", answer: [401, "unauthorized"] },
])("the exchange is refused for $what", async ({ name, jwt, answer }) => {
  const face = await open({ trustedPublishers: [publisher] });
  expect(await exchange(face, name, jwt)).toEqual(answer);
});

test("a trusted publisher lapses after 48 h without a publish, and an exchanged token after an hour", async () => {
  const face = await open({ trustedPublishers: [publisher] });
  const { status, json } = await httpRequest(`${face.url}/-/npm/v1/oidc/token/exchange/package/a`, {
    method: "POST",
    headers: { authorization: `Bearer ${claims()}` },
  });
  expect(status).toBe(201);
  const headers = { authorization: `Bearer ${(json as { token: string }).token}` };
  expect((await httpRequest(`${face.url}/-/whoami`, { headers })).status).toBe(200);
  face.pass(hourMs);
  expect((await httpRequest(`${face.url}/-/whoami`, { headers })).status).toBe(401);
  face.pass(48 * hourMs);
  expect(await exchange(face, "a", claims())).toEqual([403, "the trusted publisher has expired without a publish"]);
});

interface Options {
  readonly manifest?: Readonly<Record<string, unknown>>;
  readonly bundle?: object;
  readonly version?: string;
}

function tarballOf(manifest: Readonly<Record<string, unknown>>): Buffer {
  return tinyTarball(manifest, "contents");
}

/** A document as libnpmpublish sends it, with a provenance bundle. */
async function put(
  face: HttpFace,
  { version = "1.0.0", manifest = {}, bundle }: Options,
): Promise<readonly [number, string]> {
  const whole = { name: "a", version, ...manifest };
  const bytes = tarballOf(whole);
  const attached = bundle === undefined ? {} : { [`a-${version}.sigstore`]: { data: JSON.stringify(bundle) } };
  const { status, json } = await httpRequest(`${face.url}/a`, {
    method: "PUT",
    headers: { authorization: `Bearer ${face.token}` },
    body: {
      name: "a",
      "dist-tags": { latest: version },
      versions: { [version]: whole },
      _attachments: { [`a-${version}.tgz`]: { data: bytes.toString("base64") }, ...attached },
    },
  });
  return [status, String((json as { error?: string }).error ?? "")];
}

const repository = "https://github.com/demo/repository";

function bundleFor(version: string, bytes: Uint8Array, of = repository): object {
  const statement = {
    predicateType: "https://slsa.dev/provenance/v1",
    subject: [{ name: `pkg:npm/a@${version}`, digest: { sha512: createHash("sha512").update(bytes).digest("hex") } }],
    predicate: { buildDefinition: { externalParameters: { workflow: { repository: of } } } },
  };
  return { dsseEnvelope: { payload: Buffer.from(JSON.stringify(statement)).toString("base64") } };
}

const described = { repository: { type: "git", url: `git+${repository}.git` } };
const whole = { name: "a", version: "1.0.0", ...described };

test("an upload with provenance of its own tarball and repository is shown with its attestation", async () => {
  const face = await open();
  expect(await put(face, { manifest: described, bundle: bundleFor("1.0.0", tarballOf(whole)) })).toEqual([200, ""]);
  const { json } = await httpRequest(`${face.url}/-/npm/v1/attestations/a@1.0.0`);
  expect(json).toMatchObject({ attestations: [{ predicateType: "https://slsa.dev/provenance/v1" }] });
  const packument = await httpRequest(`${face.url}/a?write=true`);
  expect(packument.json).toMatchObject({
    versions: {
      "1.0.0": { dist: { attestations: { provenance: { predicateType: "https://slsa.dev/provenance/v1" } } } },
    },
  });
});

test.each([
  {
    what: "of another repository",
    bundle: bundleFor("1.0.0", tarballOf(whole), "https://github.com/demo/other"),
    says: /"repository.url" is .* expected to match/,
  },
  { what: "of other bytes", bundle: bundleFor("1.0.0", Buffer.from("other")), says: /Failed to validate subject/ },
  { what: "that is none", bundle: {}, says: /Unable to parse/ },
])("provenance $what is refused 422, and nothing is published", async ({ bundle, says }) => {
  const face = await open();
  const [status, error] = await put(face, { manifest: described, bundle });
  expect([status, error]).toEqual([422, expect.stringMatching(says)]);
  expect(face.world.stateOf("a")).toBeUndefined();
});

test("Verdaccio refuses an attestation, and leaves the package behind without a version", async () => {
  const face = await open({ profile: verdaccio });
  expect(await put(face, { bundle: {} })).toEqual([400, "unsupported registry call"]);
  expect((await httpRequest(`${face.url}/a`)).json).toMatchObject({ versions: {} });
});

test("every version is signed with a key that the registry shows", async () => {
  const face = await open();
  await put(face, {});
  const { json } = await httpRequest(`${face.url}/-/npm/v1/keys`);
  const [key] = (json as { keys: { keyid: string; key: string }[] }).keys;
  const { versions } = (await httpRequest(`${face.url}/a?write=true`)).json as {
    versions: Record<string, { dist: { integrity: string; signatures: { keyid: string; sig: string }[] } }>;
  };
  const { integrity = "", signatures = [] } = versions["1.0.0"]?.dist ?? {};
  expect(signatures[0]?.keyid).toBe(key?.keyid);
  const publicKey = createPublicKey({ key: Buffer.from(key?.key ?? "", "base64"), format: "der", type: "spki" });
  const verify = createVerify("SHA256").update(`a@1.0.0:${integrity}`);
  expect(verify.verify(publicKey, signatures[0]?.sig ?? "", "base64")).toBe(true);
});

test("the status of a version: unknown, validating, published, deleted; nobody without a token is told", async () => {
  const face = await open({ profile: { ...steady, visibility: allAfter(minuteMs) } });
  const url = `${face.url}/-/package/a/version/1.0.0/status`;
  const status = async (): Promise<unknown> => {
    const { json, status: code } = await httpRequest(url, { headers: { authorization: `Bearer ${face.token}` } });
    return code === 200 ? (json as { status: string }).status : code;
  };
  const seen = [await status()];
  await put(face, {});
  seen.push(await status());
  face.pass(minuteMs);
  seen.push(await status());
  face.world.submit({ kind: "unpublish", name: "a", version: "1.0.0" }, "slipway", -1);
  seen.push(await status());
  expect(seen).toEqual([404, "validating", "published", "deleted"]);
  expect((await httpRequest(url)).status).toBe(401);
});

test("a version that the scan blocks has the status blocked", async () => {
  const face = await open({ profile: { ...steady, visibility: npmScan({ blockedChance: 1 }) } });
  await put(face, {});
  face.pass(hourMs);
  const url = `${face.url}/-/package/a/version/1.0.0/status`;
  const { json } = await httpRequest(url, { headers: { authorization: `Bearer ${face.token}` } });
  expect(json).toEqual({ status: "blocked" });
});

test("a restricted package is a 404 for whoever is not logged in", async () => {
  const face = await open({ accounts: [{ name: "slipway", scopes: ["demo"], paysForPrivate: true }] });
  const manifest = { name: "@demo/a", version: "1.0.0" };
  await libnpmpublish.publish(manifest, tarballOf(manifest), {
    registry: `${face.url}/`,
    access: "restricted",
    forceAuth: { token: face.token },
  });
  const url = `${face.url}/@demo%2fa?write=true`;
  expect((await httpRequest(url)).status).toBe(404);
  expect((await httpRequest(url, { headers: { authorization: `Bearer ${face.token}` } })).status).toBe(200);
});

test("libnpmpublish publishes and stages, and slipway's own client reads the same contents back", async () => {
  const face = await open();
  const manifest = { name: "@demo/a", version: "1.0.0", dependencies: { b: "^1.0.0" } };
  const bytes = tarballOf(manifest);
  const options = { registry: `${face.url}/`, access: "public", forceAuth: { token: face.token } } as const;
  await libnpmpublish.publish(manifest, bytes, options);
  const next = { ...manifest, version: "1.1.0" };
  expect(await libnpmpublish.publish(next, tarballOf(next), { ...options, stage: true })).toMatchObject({
    stageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
  expect(face.world.statusOf("@demo/a", "1.1.0")).toBe("staged");
  // Until every replica has caught up.
  face.pass(minuteMs);
  const registry = createRegistry({
    url: face.url,
    credentials: () => undefined,
    limits: defaultLimits,
    userAgent: "slipway-test",
    clock: systemClock,
  });
  closing.push(async () => registry.close());
  const reading = await registry.readPackument("@demo/a", "plain");
  const entry = reading.kind === "shown" ? reading.value.versions.get("1.0.0") : undefined;
  const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
  // A cache stands before npm: such a reading is never taken for a fresh one.
  expect([reading.kind === "shown" && reading.fresh, entry?.integrity]).toEqual([false, integrity]);
  const served = await registry.readTarball("@demo/a", "1.0.0", entry?.tarball, false);
  expect(served.kind === "shown" && served.value.integrity).toBe(integrity);
});

test("pnpm publishes and is told as little as npm: it ends with 0 while the version is being scanned", async () => {
  const face = await open({ profile: { ...steady, visibility: allAfter(minuteMs) } });
  const dir = await mkdtemp(join(tmpdir(), "slipway-pnpm-"));
  closing.push(() => rm(dir, { recursive: true, force: true, maxRetries: 5 }));
  await writeFile(join(dir, "package.json"), JSON.stringify({ name: "a", version: "1.0.0" }));
  const home = await createHome({ registry: face.url, token: face.token });
  closing.push(home.remove);
  const run = (): Promise<ProcessResult> =>
    runProcess("pnpm", ["publish", "--no-git-checks"], { cwd: dir, env: cleanEnvironment(home.env) });
  const first = await run();
  expect(first.code, first.stdout + first.stderr).toBe(0);
  expect(face.world.statusOf("a", "1.0.0")).toBe("validating");
  const second = await run();
  expect(second.code).not.toBe(0);
  expect(second.stdout + second.stderr).toContain("previously staged version");
  face.pass(minuteMs);
  expect(face.world.stateOf("a")?.versions.has("1.0.0")).toBe(true);
});

test.each([
  { profile: githubPackages, again: [409, "Cannot publish over existing version 1.0.0"], latest: undefined },
  { profile: overwrite, again: [200, ""], latest: undefined },
  { profile: verdaccio, again: [409, "this package is already present"], latest: "1.0.0" },
])("$profile.name over HTTP: what is there already, and latest", async ({ profile, again, latest }) => {
  const face = await open({ profile });
  const manifest = { name: "a", version: "1.0.0" };
  await libnpmpublish.publish(manifest, tarballOf(manifest), {
    registry: `${face.url}/`,
    defaultTag: "next",
    forceAuth: { token: face.token },
  });
  expect(face.world.stateOf("a")?.distTags.get("latest")).toBe(latest);
  expect(await put(face, {})).toEqual(again);
});
