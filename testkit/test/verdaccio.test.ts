import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterEach, expect, test } from "vitest";

import { httpRequest, startNode, startVerdaccio, startVerdaccioProcess, writesOf } from "@slipway/testkit";
import type { Verdaccio } from "@slipway/testkit";

import { publishDocument } from "./publish-document.ts";

/** A machine with much else to do takes its time. */
const patient = { timeout: 15_000 };

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function closed<T extends { close(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  const started = await starting;
  closers.push(() => started.close());
  return started;
}

async function put(registry: Verdaccio, name: string, version: string, token = registry.token) {
  return await httpRequest(`${registry.url}/${encodeURIComponent(name)}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${token}` },
    body: publishDocument(registry.url, name, version),
  });
}

test("a package that was put is served again, byte for byte", async () => {
  const registry = await closed(startVerdaccio());
  expect((await put(registry, "@demo/one", "1.0.0")).status).toBe(201);
  const packument = await httpRequest(`${registry.url}/@demo%2fone`);
  expect(packument.json).toMatchObject({ "dist-tags": { latest: "1.0.0" } });
  const tarball = await httpRequest(`${registry.url}/@demo/one/-/one-1.0.0.tgz`);
  expect(tarball.text).toBe("bytes of @demo/one@1.0.0");
});

test("the access log tells writes from reads and log-ins", async () => {
  const registry = await closed(startVerdaccio());
  await registry.createUser("somebody");
  await put(registry, "one", "1.0.0");
  await httpRequest(`${registry.url}/one?write=true`);
  const log = registry.accessLog();
  expect(log.map(({ method, url, status }) => `${method} ${url} ${status}`)).toEqual([
    "PUT /-/user/org.couchdb.user:slipway 201",
    "PUT /-/user/org.couchdb.user:somebody 201",
    "PUT /one 201",
    "GET /one?write=true 200",
  ]);
  expect(writesOf(log).map((entry) => entry.url)).toEqual(["/one"]);
});

test("users get tokens that may publish, and nobody else may", async () => {
  const registry = await closed(startVerdaccio());
  const user = await registry.createUser("somebody");
  expect((await put(registry, "one", "1.0.0", "no-token")).status).toBe(401);
  expect((await put(registry, "one", "1.0.0", user.token)).status).toBe(201);
});

test("private patterns are shown to signed-in users only", async () => {
  const registry = await closed(startVerdaccio({ privatePatterns: ["@private/*"] }));
  await put(registry, "@private/one", "1.0.0");
  const url = `${registry.url}/@private%2fone`;
  expect((await httpRequest(url)).status).toBe(401);
  expect((await httpRequest(url, { headers: { authorization: `Bearer ${registry.token}` } })).status).toBe(200);
});

test("a body over the limit is refused with 413", async () => {
  const registry = await closed(startVerdaccio({ maxBodySize: "1kb" }));
  const document = { ...publishDocument(registry.url, "one", "1.0.0"), readme: "x".repeat(2000) };
  const headers = { authorization: `Bearer ${registry.token}` };
  const response = await httpRequest(`${registry.url}/one`, { method: "PUT", headers, body: document });
  expect(response.status).toBe(413);
});

test("a second Verdaccio on the same storage and port serves what the first was given, to the same tokens", async () => {
  const storageDir = await mkdtemp(join(tmpdir(), "slipway-storage-"));
  closers.push(() => rm(storageDir, { recursive: true, force: true }));
  const first = await startVerdaccio({ storageDir });
  await put(first, "one", "1.0.0");
  await first.close();
  const second = await closed(startVerdaccio({ storageDir, port: Number(new URL(first.url).port) }));
  expect(second.url).toBe(first.url);
  expect((await httpRequest(`${second.url}/one/1.0.0`)).status).toBe(200);
  expect((await put(second, "one", "1.0.1", first.token)).status).toBe(201);
});

test("closing ends kept connections, frees the port and removes the storage", async () => {
  const registry = await startVerdaccio();
  const { url, storageDir } = registry;
  await httpRequest(url, { headers: { connection: "keep-alive" } });
  await Promise.all([registry.close(), registry.close()]);
  expect(existsSync(storageDir)).toBe(false);
  await expect(httpRequest(url)).rejects.toThrow("ECONNREFUSED");
});

test("the access log of a process outlives its SIGKILL, and so does its storage", async () => {
  const registry = await closed(startVerdaccioProcess());
  expect((await put(registry, "one", "1.0.0")).status).toBe(201);
  // The other process notes an answer once it is sent, which may be after it was read here.
  await expect.poll(() => writesOf(registry.accessLog())[0]?.status, patient).toBe(201);
  await registry.kill("SIGKILL");
  await expect(httpRequest(registry.url)).rejects.toThrow("ECONNREFUSED");
  expect(writesOf(registry.accessLog()).map((entry) => [entry.url, entry.status])).toEqual([["/one", 201]]);
  const second = await closed(startVerdaccioProcess({ storageDir: registry.storageDir }));
  expect((await httpRequest(`${second.url}/one/1.0.0`)).status).toBe(200);
});

test("closed servers leave nothing that keeps a process alive", async () => {
  const script = fileURLToPath(new URL("leaves-nothing-open.ts", import.meta.url));
  const running = await startNode(script, [], { cwd: tmpdir(), timeoutMs: 30_000 });
  expect(await running.result).toMatchObject({ code: 0, stdout: "200 200 200 200 true\n", stderr: "" });
});
