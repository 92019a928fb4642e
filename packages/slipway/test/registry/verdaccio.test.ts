import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { httpRequest, startVerdaccio } from "@slipway/testkit";
import type { Verdaccio } from "@slipway/testkit";
import type { ClosableRegistry } from "../../src/registry/registry.ts";
import { integrityOf, makeTarball, uploadOf } from "./fixture-tarball.ts";
import { openRegistry } from "./open-registry.ts";

let verdaccio: Verdaccio;
let registry: ClosableRegistry;

beforeAll(async () => {
  verdaccio = await startVerdaccio({ privatePatterns: ["@private/*"] });
  registry = openRegistry(verdaccio.url, verdaccio.token);
});

afterAll(async () => {
  registry.close();
  await verdaccio.close();
});

async function publish(name: string, version: string, tag = "latest"): Promise<Buffer> {
  const manifest = { name, version, main: "index.js" };
  const bytes = makeTarball(manifest, { "index.js": `module.exports = "${version}";\n` });
  const answer = await registry.upload(uploadOf(manifest, bytes, tag));
  expect(answer).toMatchObject({ kind: "response", status: 201 });
  return bytes;
}

test.each(["plain-name", "@scope/scoped-name"])("an upload of %s can be read back byte for byte", async (name) => {
  expect(await registry.readPackument(name, "fresh")).toMatchObject({ kind: "absent", fresh: true });
  const bytes = await publish(name, "1.0.0");
  for (const kind of ["fresh", "plain", "full"] as const) {
    const reading = await registry.readPackument(name, kind);
    if (reading.kind !== "shown") throw new Error(`${kind}: ${JSON.stringify(reading)}`);
    expect(reading.value.versions.get("1.0.0")?.integrity).toBe(integrityOf(bytes));
    expect(reading.value.distTags.get("latest")).toBe("1.0.0");
    expect(reading.value.rev === undefined).toBe(kind === "plain");
  }
  const shown = await registry.readPackument(name, "plain");
  const tarball = shown.kind === "shown" ? shown.value.versions.get("1.0.0")?.tarball : undefined;
  expect(tarball).toContain(verdaccio.url);
  const kept = await registry.readTarball(name, "1.0.0", tarball, true);
  if (kept.kind !== "shown") throw new Error(JSON.stringify(kept));
  expect(kept.value.integrity).toBe(integrityOf(bytes));
  expect(kept.value.sizeBytes).toBe(bytes.length);
  expect(Buffer.from(kept.value.bytes ?? []).equals(bytes)).toBe(true);
  const hashed = await registry.readTarball(name, "1.0.0", undefined, false);
  expect(hashed).toMatchObject({ kind: "shown", value: { integrity: integrityOf(bytes), bytes: undefined } });
  expect(await registry.readVersion(name, "1.0.0")).toMatchObject({ kind: "shown", value: true });
  expect(await registry.readVersion(name, "9.9.9")).toMatchObject({ kind: "absent" });
  expect(await registry.readTarball(name, "9.9.9", undefined, false)).toMatchObject({ kind: "absent" });
});

test("a second upload of a version is answered with 409 and the registry's own words", async () => {
  const bytes = await publish("twice", "1.0.0");
  const answer = await registry.upload(uploadOf({ name: "twice", version: "1.0.0" }, bytes));
  expect(answer).toMatchObject({ kind: "response", status: 409, body: { error: "this package is already present" } });
});

test("a dist-tag is set, moved and removed", async () => {
  const name = "@scope/tagged";
  await publish(name, "1.0.0");
  await publish(name, "2.0.0-beta.1", "beta");
  const tags = async (): Promise<Record<string, string>> => {
    const reading = await registry.readPackument(name, "fresh");
    return reading.kind === "shown" ? Object.fromEntries(reading.value.distTags) : {};
  };
  expect(await tags()).toEqual({ latest: "1.0.0", beta: "2.0.0-beta.1" });
  expect(await registry.setDistTag(name, "next", "1.0.0")).toMatchObject({ kind: "response", status: 201 });
  expect(await registry.setDistTag(name, "next", "2.0.0-beta.1")).toMatchObject({ kind: "response", status: 201 });
  expect(await tags()).toEqual({ latest: "1.0.0", beta: "2.0.0-beta.1", next: "2.0.0-beta.1" });
  expect(await registry.removeDistTag(name, "next")).toMatchObject({ kind: "response", status: 201 });
  expect(await tags()).toEqual({ latest: "1.0.0", beta: "2.0.0-beta.1" });
});

test("a deprecation keeps every other version, and an empty message takes it back", async () => {
  const name = "@scope/deprecated";
  await publish(name, "1.0.0");
  const second = await publish(name, "1.1.0");
  const read = async (): Promise<Record<string, string | undefined>> => {
    const reading = await registry.readPackument(name, "fresh");
    if (reading.kind !== "shown") throw new Error(JSON.stringify(reading));
    return Object.fromEntries([...reading.value.versions].map(([version, entry]) => [version, entry.deprecated]));
  };
  expect(await registry.deprecate(name, "1.0.0", "use 1.1")).toMatchObject({ kind: "response", status: 201 });
  expect(await read()).toEqual({ "1.0.0": "use 1.1", "1.1.0": undefined });
  expect(await registry.readTarball(name, "1.1.0", undefined, false)).toMatchObject({
    value: { integrity: integrityOf(second) },
  });
  expect(await registry.deprecate(name, "1.0.0", "")).toMatchObject({ kind: "response", status: 201 });
  expect(await read()).toEqual({ "1.0.0": undefined, "1.1.0": undefined });
  expect(await registry.deprecate(name, "7.0.0", "never was")).toEqual({
    kind: "no-response",
    reason: "the registry does not show @scope/deprecated@7.0.0",
    maybeSent: false,
  });
});

test("a wedged version is freed by removing its tarball", async () => {
  const name = "@scope/wedged";
  const manifest = { name, version: "1.0.0" };
  const bytes = makeTarball(manifest);
  const upload = uploadOf(manifest, bytes);
  // A wrong shasum is refused by Verdaccio after it has stored the tarball: the version is stuck.
  const document = {
    _id: name,
    name,
    "dist-tags": { latest: "1.0.0" },
    versions: {
      "1.0.0": {
        ...manifest,
        dist: { shasum: "0".repeat(40), tarball: `${verdaccio.url}/${name}/-/${name}-1.0.0.tgz` },
      },
    },
    _attachments: {
      [`${name}-1.0.0.tgz`]: { content_type: "application/octet-stream", data: bytes.toString("base64"), length: 1 },
    },
  };
  const refused = await httpRequest(`${verdaccio.url}/@scope%2fwedged`, {
    method: "PUT",
    headers: { authorization: `Bearer ${verdaccio.token}`, "content-type": "application/json" },
    body: JSON.stringify(document),
  });
  expect(refused.status).toBe(400);
  expect(await registry.upload(upload)).toMatchObject({ kind: "response", status: 409 });
  expect(await registry.removeTarball(name, "1.0.0")).toMatchObject({ kind: "response", status: 201 });
  expect(await registry.upload(upload)).toMatchObject({ kind: "response", status: 201 });
  expect(await registry.readTarball(name, "1.0.0", undefined, false)).toMatchObject({
    value: { integrity: integrityOf(bytes) },
  });
});

test("without credentials writes are refused, and a private package is unavailable, not absent", async () => {
  const name = "@private/secret";
  await publish(name, "1.0.0");
  const anonymous = openRegistry(verdaccio.url, undefined);
  const answer = await anonymous.upload(uploadOf({ name, version: "1.1.0" }, makeTarball({ name, version: "1.1.0" })));
  expect(answer).toMatchObject({ kind: "response", status: 401 });
  expect(await anonymous.readPackument(name, "fresh")).toMatchObject({ kind: "unavailable", status: 401 });
  expect(await anonymous.readPackument(name, "plain")).toMatchObject({ kind: "unavailable", status: 401 });
  anonymous.close();
});

test("an empty document is shown with no versions", async () => {
  const name = "empty-document";
  const manifest = { name, version: "1.0.0" };
  const bytes = makeTarball(manifest);
  const attachment = { content_type: "application/octet-stream", data: bytes.toString("base64"), length: bytes.length };
  // A second attachment is refused by Verdaccio and leaves a package without versions behind.
  await httpRequest(`${verdaccio.url}/${name}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${verdaccio.token}`, "content-type": "application/json" },
    body: JSON.stringify({
      _id: name,
      name,
      "dist-tags": { latest: "1.0.0" },
      versions: { "1.0.0": { ...manifest, dist: {} } },
      _attachments: { [`${name}-1.0.0.tgz`]: attachment, [`${name}-1.0.0.sigstore`]: attachment },
    }),
  });
  for (const kind of ["fresh", "plain", "full"] as const) {
    const reading = await registry.readPackument(name, kind);
    if (reading.kind !== "shown") throw new Error(JSON.stringify(reading));
    expect(reading.value.versions.size).toBe(0);
  }
});

test("a document that is too large for the registry is answered with 413, also when it is much too large", async () => {
  const small = await startVerdaccio({ maxBodySize: "20kb" });
  const port = openRegistry(small.url, small.token);
  const manifest = { name: "large", version: "1.0.0" };
  for (const sizeBytes of [30_000, 10_000_000]) {
    const bytes = makeTarball(manifest, { "x.bin": randomBytes(sizeBytes) });
    expect(await port.upload(uploadOf(manifest, bytes))).toMatchObject({ kind: "response", status: 413 });
  }
  port.close();
  await small.close();
});
