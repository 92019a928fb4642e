/**
 * What a registry of the `verdaccio` kind answers on the wire, where no method of RegistryPort asks: one list, held against the real
 * Verdaccio 6.10 and against the simulator's HTTP face. It must not depend on time or on a package of another expectation.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";

import { type HttpRequest, type HttpResponse, httpRequest } from "./http-request.ts";
import { tinyTarball } from "./tiny-tarball.ts";

export interface ProtocolSubject {
  /** Without a slash at its end. Larger documents than `maxBodyBytes` are refused. */
  readonly url: string;
  readonly token: string;
  readonly userName: string;
  /** A package name that nobody has used there. */
  readonly name: string;
  readonly maxBodyBytes: number;
}

export interface ProtocolExpectation {
  readonly title: string;
  /** Rejects with an AssertionError when the registry does otherwise. */
  readonly check: (subject: ProtocolSubject) => Promise<void>;
}

type JsonObject = Readonly<Record<string, unknown>>;

function call(
  { url, token }: ProtocolSubject,
  path: string,
  request: HttpRequest & { readonly isAnonymous?: boolean } = {},
): Promise<HttpResponse> {
  const { isAnonymous = false, headers, ...rest } = request;
  return httpRequest(`${url}${path}`, {
    ...rest,
    headers: { ...(isAnonymous ? {} : { authorization: `Bearer ${token}` }), ...headers },
  });
}

function pathOf({ name }: ProtocolSubject): string {
  return `/${name.replace("/", "%2f")}`;
}

interface DocumentOptions {
  readonly contents?: string;
  readonly shasum?: string;
  readonly attachments?: JsonObject;
}

function documentOf({ url, name }: ProtocolSubject, version: string, options: DocumentOptions = {}): JsonObject {
  const bytes = tinyTarball({ name, version }, options.contents ?? `contents of ${version}`);
  const file = `${name.split("/").at(-1)}-${version}.tgz`;
  const dist = {
    integrity: `sha512-${createHash("sha512").update(bytes).digest("base64")}`,
    shasum: options.shasum ?? createHash("sha1").update(bytes).digest("hex"),
    tarball: `${url}/${name}/-/${file}`,
  };
  const data = { content_type: "application/octet-stream", data: bytes.toString("base64"), length: bytes.length };
  return {
    _id: name,
    name,
    access: "public",
    "dist-tags": { latest: version },
    versions: { [version]: { _id: `${name}@${version}`, name, version, dist } },
    _attachments: { [`${name}-${version}.tgz`]: data, ...options.attachments },
  };
}

function put(subject: ProtocolSubject, version: string, options: DocumentOptions = {}): Promise<HttpResponse> {
  return call(subject, pathOf(subject), { method: "PUT", body: documentOf(subject, version, options) });
}

async function publish(subject: ProtocolSubject, version: string, options: DocumentOptions = {}): Promise<void> {
  const { status, text } = await put(subject, version, options);
  assert.equal(status, 201, text);
}

async function packument(subject: ProtocolSubject): Promise<JsonObject> {
  const { status, json } = await call(subject, `${pathOf(subject)}?write=true`);
  assert.equal(status, 200);
  return Object(json);
}

async function versions(subject: ProtocolSubject): Promise<readonly string[]> {
  return Object.keys(Object((await packument(subject))["versions"])).toSorted();
}

async function tarballStatus(subject: ProtocolSubject, version: string): Promise<number> {
  const { name } = subject;
  return (await call(subject, `/${name}/-/${name.split("/").at(-1)}-${version}.tgz`)).status;
}

const answering: readonly ProtocolExpectation[] = [
  {
    title: "a ping is answered",
    async check(subject) {
      assert.equal((await call(subject, "/-/ping", { isAnonymous: true })).status, 200);
    },
  },
  {
    title: "whoami names the account of a token, and answers a token that it does not know with 200 and no name",
    async check(subject) {
      const known = await call(subject, "/-/whoami");
      assert.deepEqual([known.status, Object(known.json).username], [200, subject.userName]);
      const unknown = await call(subject, "/-/whoami", { headers: { authorization: "Bearer wrong" } });
      assert.deepEqual([unknown.status, Object(unknown.json).username], [200, undefined]);
    },
  },
  {
    title: "a write without a token, or with one that it does not know, is refused with 401 and stores nothing",
    async check(subject) {
      const body = documentOf(subject, "1.0.0");
      const anonymous = await call(subject, pathOf(subject), { method: "PUT", body, isAnonymous: true });
      const headers = { authorization: "Bearer wrong" };
      const unknown = await call(subject, pathOf(subject), { method: "PUT", body, headers });
      assert.deepEqual([anonymous.status, unknown.status], [401, 401]);
      assert.equal((await call(subject, pathOf(subject))).status, 404);
    },
  },
  ...["/-/npm/v1/keys", "/-/stage", "/-/npm/v1/attestations/NAME@1.0.0", "/-/package/NAME/version/1.0.0/status"].map(
    (path) => ({
      title: `npm's ${path} is not there`,
      async check(subject: ProtocolSubject) {
        await publish(subject, "1.0.0");
        assert.equal((await call(subject, path.replace("NAME", pathOf(subject).slice(1)))).status, 404);
      },
    }),
  ),
  {
    title: "a document that is too large is refused with 413 and stores nothing",
    async check(subject) {
      const padding = { padding: { data: "x".repeat(subject.maxBodyBytes) } };
      assert.equal((await put(subject, "1.0.0", { attachments: padding })).status, 413);
      assert.equal((await call(subject, pathOf(subject))).status, 404);
      await publish(subject, "1.0.0");
    },
  },
];

const documents: readonly ProtocolExpectation[] = [
  {
    title: "the abbreviated packument has no readme, and both have times",
    async check(subject) {
      await publish(subject, "1.0.0");
      const accept = "application/vnd.npm.install-v1+json";
      const short: JsonObject = Object((await call(subject, pathOf(subject), { headers: { accept } })).json);
      const full = await packument(subject);
      assert.deepEqual(
        ["time" in short, "readme" in short, "time" in full, "readme" in full],
        [true, false, true, true],
      );
      assert.deepEqual(Object.keys(Object(short["versions"])), ["1.0.0"]);
    },
  },
  {
    title: "a packument that has not changed is answered 304 to who has it, the abbreviated one by an ETag of its own",
    async check(subject) {
      await publish(subject, "1.0.0");
      const accept = "application/vnd.npm.install-v1+json";
      const etagOf = async (headers: Readonly<Record<string, string>>): Promise<string> => {
        const { headers: answered } = await call(subject, pathOf(subject), { headers });
        return String(answered["etag"]);
      };
      const [full, short] = [await etagOf({}), await etagOf({ accept })];
      assert.notEqual(full, short);
      const ask = (headers: Readonly<Record<string, string>>): Promise<HttpResponse> =>
        call(subject, pathOf(subject), { headers });
      assert.equal((await ask({ "if-none-match": full })).status, 304);
      assert.equal((await ask({ accept, "if-none-match": short })).status, 304);
      assert.equal((await ask({ accept, "if-none-match": full })).status, 200);
      await publish(subject, "1.1.0");
      assert.equal((await ask({ "if-none-match": full })).status, 200);
    },
  },
  {
    title: "a version document is found by its version and by its dist-tag",
    async check(subject) {
      await publish(subject, "1.0.0");
      for (const asked of ["1.0.0", "latest"]) {
        const { status, json } = await call(subject, `${pathOf(subject)}/${asked}`);
        assert.deepEqual([status, Object(json).version], [200, "1.0.0"]);
      }
      assert.equal((await call(subject, `${pathOf(subject)}/9.9.9`)).status, 404);
    },
  },
  {
    title: "dist-tags are listed by themselves",
    async check(subject) {
      const path = `/-/package${pathOf(subject)}/dist-tags`;
      assert.equal((await call(subject, path)).status, 404);
      await publish(subject, "1.0.0");
      assert.deepEqual((await call(subject, path)).json, { latest: "1.0.0" });
    },
  },
];

const removing: readonly ProtocolExpectation[] = [
  {
    title: "a packument sent back without any deprecation is taken for an upload, and refused",
    async check(subject) {
      await publish(subject, "1.0.0");
      await publish(subject, "1.1.0");
      const body = { ...(await packument(subject)), _attachments: {} };
      assert.equal((await call(subject, pathOf(subject), { method: "PUT", body })).status, 409);
      assert.deepEqual(await versions(subject), ["1.0.0", "1.1.0"]);
    },
  },
  {
    title: "a packument sent back with a deprecation unpublishes every version that it lacks",
    async check(subject) {
      await publish(subject, "1.0.0");
      await publish(subject, "1.1.0");
      const document = await packument(subject);
      const kept = { ...Object(document["versions"])["1.1.0"], deprecated: "old" };
      const body = { ...document, versions: { "1.1.0": kept }, _attachments: {} };
      assert.equal((await call(subject, pathOf(subject), { method: "PUT", body })).status, 201);
      assert.deepEqual(await versions(subject), ["1.1.0"]);
    },
  },
  {
    title: "one version is unpublished as npm does it, and its number can be used again with other contents",
    async check(subject) {
      await publish(subject, "1.0.0");
      await publish(subject, "1.1.0");
      const document = await packument(subject);
      const { "1.1.0": gone, ...kept } = Object(document["versions"]);
      assert.ok(gone !== undefined);
      const body = { ...document, versions: kept, "dist-tags": { latest: "1.0.0" }, _attachments: {} };
      const changed = await call(subject, `${pathOf(subject)}/-rev/${String(document["_rev"])}`, {
        method: "PUT",
        body,
      });
      assert.equal(changed.status, 201);
      const file = `${subject.name.split("/").at(-1)}-1.1.0.tgz`;
      const removed = await call(subject, `${pathOf(subject)}/-/${file}/-rev/any`, { method: "DELETE" });
      assert.equal(removed.status, 201);
      assert.deepEqual(await versions(subject), ["1.0.0"]);
      assert.equal(await tarballStatus(subject, "1.1.0"), 404);
      await publish(subject, "1.1.0", { contents: "others" });
      assert.deepEqual(await versions(subject), ["1.0.0", "1.1.0"]);
    },
  },
  {
    title: "a whole package is unpublished, and can be published again at once",
    async check(subject) {
      await publish(subject, "1.0.0");
      const { _rev } = await packument(subject);
      const removed = await call(subject, `${pathOf(subject)}/-rev/${String(_rev)}`, { method: "DELETE" });
      assert.equal(removed.status, 201);
      assert.equal((await call(subject, pathOf(subject))).status, 404);
      assert.equal(await tarballStatus(subject, "1.0.0"), 404);
      await publish(subject, "1.0.0", { contents: "others" });
    },
  },
];

const refusing: readonly ProtocolExpectation[] = [
  {
    title: "a wrong shasum is refused with 400, and leaves the version stuck: present and never shown",
    async check(subject) {
      await publish(subject, "1.0.0");
      assert.equal((await put(subject, "1.1.0", { shasum: "0".repeat(40) })).status, 400);
      const again = await put(subject, "1.1.0");
      assert.deepEqual([again.status, again.json], [409, { error: "this package is already present" }]);
      assert.deepEqual(await versions(subject), ["1.0.0"]);
    },
  },
  {
    title: "a document with an attestation is refused with 400, and leaves a new package behind without versions",
    async check(subject) {
      const bundle = { content_type: "application/vnd.dev.sigstore.bundle+json", data: "{}", length: 2 };
      const { status, json } = await put(subject, "1.0.0", {
        attachments: { [`${subject.name}-1.0.0.sigstore`]: bundle },
      });
      assert.deepEqual([status, json], [400, { error: "unsupported registry call" }]);
      assert.deepEqual(await versions(subject), []);
    },
  },
];

export const protocolConformance: readonly ProtocolExpectation[] = [
  ...answering,
  ...documents,
  ...removing,
  ...refusing,
];
