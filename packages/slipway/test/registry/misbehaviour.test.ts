import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import type { ClosableRegistry } from "../../src/registry/registry.ts";
import { integrityOf, makeTarball, uploadOf } from "./fixture-tarball.ts";
import { createHttpClient } from "../../src/registry/http.ts";
import { openRegistry } from "./open-registry.ts";
import { closedPort, startHttp, startRaw } from "./test-servers.ts";
import type { Handler, TestServer } from "./test-servers.ts";

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const item of open.splice(0).toReversed()) await item.close();
});

async function http(handler: Handler): Promise<TestServer> {
  const server = await startHttp(handler);
  open.push(server);
  return server;
}

async function raw(onData: (socket: Socket, data: Buffer, count: number) => void): Promise<TestServer> {
  const server = await startRaw(onData);
  open.push(server);
  return server;
}

function registryAt(url: string, options: Parameters<typeof openRegistry>[2] = {}): ClosableRegistry {
  const registry = openRegistry(url, "npm-token-of-test", options);
  open.push(registry);
  return registry;
}

const manifest = { name: "a", version: "1.0.0" };
const upload = uploadOf(manifest, makeTarball(manifest));
const packument = JSON.stringify({ name: "a", versions: { "1.0.0": manifest }, "dist-tags": { latest: "1.0.0" } });

function okResponse(body: string | Buffer, headers = "", lengthBytes = Buffer.byteLength(body)): Buffer {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${headers}Content-Length: ${lengthBytes}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(body)]);
}

test("a refused connection has certainly sent nothing", async () => {
  const registry = registryAt(`http://127.0.0.1:${await closedPort()}`);
  expect(await registry.upload(upload)).toEqual({
    kind: "no-response",
    reason: "connection refused",
    maybeSent: false,
  });
  expect(await registry.readPackument("a", "fresh")).toMatchObject({
    kind: "unavailable",
    reason: "connection refused",
  });
});

test("an unknown host has certainly sent nothing", async () => {
  const answer = await registryAt("http://no-such-host.invalid").upload(upload);
  expect(answer).toMatchObject({ kind: "no-response", maybeSent: false });
});

test("a connection reset before the body was read may have sent the upload", async () => {
  const server = await raw((socket) => socket.resetAndDestroy());
  expect(await registryAt(server.url).upload(upload)).toMatchObject({ kind: "no-response", maybeSent: true });
});

test("a connection closed after the whole body may have sent the upload, and nothing is sent again", async () => {
  const server = await http((_, response) => response.destroy());
  const answer = await registryAt(server.url).upload(upload);
  expect(answer).toEqual({ kind: "no-response", reason: "connection closed without an answer", maybeSent: true });
  expect(server.seen).toHaveLength(1);
});

test("a kept connection that the server closes under a PUT is ambiguous and not tried again", async () => {
  const requests: string[] = [];
  const server = await raw((socket, data) => {
    const isRead = data.toString().startsWith("GET");
    requests.push(isRead ? "GET" : "other");
    if (isRead) socket.write(okResponse(packument));
    else socket.resetAndDestroy();
  });
  const registry = registryAt(server.url);
  expect(await registry.readPackument("a", "fresh")).toMatchObject({ kind: "shown" });
  expect(await registry.setDistTag("a", "latest", "1.0.0")).toMatchObject({ kind: "no-response", maybeSent: true });
  expect(requests).toEqual(["GET", "other"]);
  expect(server.connections()).toBe(1);
});

const truncations: readonly (readonly [string, (socket: Socket) => void])[] = [
  ["content-length", (socket) => socket.end(okResponse(packument, "", packument.length + 10))],
  [
    "a chunked body",
    (socket) => {
      const size = packument.length.toString(16);
      socket.end(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${size}\r\n${packument}\r\n`);
    },
  ],
  [
    "a compressed body",
    (socket) => socket.end(okResponse(gzipSync(packument).subarray(0, -9), "Content-Encoding: gzip\r\n")),
  ],
  [
    "content-length of a compressed body",
    (socket) => {
      const body = gzipSync(packument);
      socket.end(okResponse(body.subarray(0, 20), "Content-Encoding: gzip\r\n", body.length));
    },
  ],
];

test.each(truncations)("an answer that ends before %s does is truncated, never a short body", async (_, end) => {
  const server = await raw((socket) => end(socket));
  const registry = registryAt(server.url);
  expect(await registry.readPackument("a", "plain")).toMatchObject({ kind: "unavailable", reason: "truncated" });
  expect(await registry.upload(upload)).toEqual({ kind: "no-response", reason: "truncated", maybeSent: true });
});

test("a tarball that ends early is unavailable, with no hash of the part that came", async () => {
  const server = await raw((socket) => socket.end(okResponse("0123456789", "", 20)));
  expect(await registryAt(server.url).readTarball("a", "1.0.0", undefined, true)).toMatchObject({
    kind: "unavailable",
    reason: "truncated",
  });
});

test("an answer that is not HTTP is no answer", async () => {
  const server = await raw((socket) => socket.end("220 mail.test ESMTP\r\n"));
  const reading = await registryAt(server.url).readPackument("a", "plain");
  expect(reading).toMatchObject({ kind: "unavailable", reason: "the answer is not HTTP" });
});

test("an answer that comes before the upload was read to its end is the answer", async () => {
  const server = await raw((socket, _, count) => {
    if (count === 1 && !socket.writableEnded)
      socket.end("HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}");
  });
  const bytes = makeTarball(manifest, { "x.bin": randomBytes(8_000_000) });
  const answer = await registryAt(server.url).upload(uploadOf(manifest, bytes));
  expect(answer).toMatchObject({ kind: "response", status: 413, body: {} });
});

test("a server that never answers is given up on in time", async () => {
  const server = await http(() => undefined);
  const registry = registryAt(server.url, { limits: { readTimeoutMs: 60, uploadTimeoutMs: 90 } });
  expect(await registry.readPackument("a", "fresh")).toMatchObject({
    kind: "unavailable",
    reason: "no answer in 0.06 s",
  });
  expect(await registry.upload(upload)).toEqual({
    kind: "no-response",
    reason: "no answer in 0.09 s",
    maybeSent: true,
  });
});

test("a body that stops coming is given up on, a slow one that goes on is not", async () => {
  const halves = [packument.slice(0, 10), packument.slice(10, 20), packument.slice(20, 30), packument.slice(30)];
  const server = await http((request, response) => {
    response.writeHead(200, { "content-length": packument.length });
    response.write(halves[0]);
    if (request.path.includes("stuck")) return;
    for (const [index, half] of halves.slice(1).entries())
      setTimeout(() => (index === 2 ? response.end(half) : response.write(half)), 250 * (index + 1));
  });
  const registry = registryAt(server.url, { limits: { readTimeoutMs: 500 } });
  const [slow, stuck] = await Promise.all([
    registry.readPackument("a", "plain"),
    registry.readPackument("stuck", "plain"),
  ]);
  expect(slow).toMatchObject({ kind: "shown" });
  expect(stuck).toMatchObject({ kind: "unavailable", reason: "no further piece of the body in 0.5 s", status: 200 });
});

test("a body over the limit is not kept, compressed or not", async () => {
  const bomb = gzipSync(Buffer.alloc(200_000, 32));
  const server = await http((request, response) =>
    request.path.includes("bomb")
      ? response.writeHead(200, { "content-encoding": "gzip" }).end(bomb)
      : response.end(Buffer.alloc(200_000)),
  );
  const registry = registryAt(server.url, { limits: { packumentSizeMaxBytes: 1000, tarballSizeMaxBytes: 100_000 } });
  for (const name of ["bomb", "plain"])
    expect(await registry.readPackument(name, "plain")).toMatchObject({
      kind: "unavailable",
      reason: "body is larger than 1000 bytes",
    });
  expect(await registry.readTarball("a", "1.0.0", undefined, false)).toMatchObject({
    kind: "unavailable",
    reason: "body is larger than 100000 bytes",
  });
});

test("a body that trickles for ever is given up", async () => {
  const server = await http((_, response) => {
    const trickle = setInterval(() => response.write(" "), 5);
    response.on("close", () => clearInterval(trickle));
  });
  const client = createHttpClient(new URL(server.url), { concurrency: 1, connectTimeoutMs: 5_000 });
  const url = new URL(server.url);
  const limits = { answerTimeoutMs: 5_000, idleTimeoutMs: 5_000, bodyTimeoutMs: 300, sizeMaxBytes: 1_000_000 };
  const outcome = await client.request({ method: "GET", url, headers: {}, authorization: undefined, ...limits });
  client.close();
  expect(outcome).toMatchObject({ kind: "no-response", reason: "the body did not end in 0.3 s", maybeSent: true });
});

test.each([
  ["201 of no length", 201, { "content-length": "0" }],
  ["204", 204, {}],
] as const)("%s that names an encoding and has no body is an answer", async (_what, status, headers) => {
  const server = await http((_, response) =>
    response.writeHead(status, { "content-encoding": "gzip", ...headers }).end(),
  );
  expect(await registryAt(server.url).setDistTag("a", "next", "1.0.0")).toMatchObject({ kind: "response", status });
});

test.each([
  ["gzip", gzipSync],
  ["br", brotliCompressSync],
  ["deflate", deflateSync],
])("a packument in %s is decoded", async (encoding, compress) => {
  const server = await http((_, response) =>
    response.writeHead(200, { "content-encoding": encoding }).end(compress(packument)),
  );
  expect(await registryAt(server.url).readPackument("a", "plain")).toMatchObject({ kind: "shown" });
  expect(server.seen[0]?.headers["accept-encoding"]).toBe("gzip, br");
});

test.each([
  ["not JSON", "<html>please log in</html>", "the body is not JSON"],
  ["another package", JSON.stringify({ name: "b", versions: {} }), "the body is not this package's packument"],
  ["a JSON error", JSON.stringify({ ok: false }), "the body is not this package's packument"],
  ["empty", "", "the body is not JSON"],
])("a packument that is %s is unavailable, not absent", async (_, body, reason) => {
  const server = await http((__, response) => response.end(body));
  expect(await registryAt(server.url).readPackument("a", "plain")).toMatchObject({ kind: "unavailable", reason });
});

test.each([401, 403, 429, 500, 502, 503])("a read answered %i is unavailable, not absent", async (status) => {
  const server = await http((_, response) => response.writeHead(status).end("<h1>sorry</h1>"));
  const registry = registryAt(server.url);
  const expected = { kind: "unavailable", status, reason: `answered ${status}` };
  expect(await registry.readPackument("a", "fresh")).toMatchObject(expected);
  expect(await registry.readVersion("a", "1.0.0")).toMatchObject(expected);
  expect(await registry.readTarball("a", "1.0.0", undefined, false)).toMatchObject(expected);
});

test("a read answered 429 says for how long the registry wants a pause", async () => {
  const server = await http((_, response) => response.writeHead(429, { "retry-after": "1934" }).end());
  const reading = await registryAt(server.url).readPackument("a", "fresh");
  expect(reading).toMatchObject({ kind: "unavailable", status: 429, retryAfterMs: 1_934_000 });
});

test.each([
  ["429 in seconds", 429, { "retry-after": "1934" }],
  ["429 with a date", 429, { "retry-after": "Sat, 21 Nov 2026 05:00:00 GMT" }],
  ["202 with a notice", 202, { "npm-notice": "Your package is being processed" }],
])("an upload answered %s keeps status and headers", async (_, status, headers) => {
  const server = await http((__, response) => response.writeHead(status, headers).end('{"ok":true}'));
  expect(await registryAt(server.url).upload(upload)).toMatchObject({
    kind: "response",
    status,
    headers,
    body: { ok: true },
  });
});

test("a 503 with a page keeps its text, an empty answer has no body", async () => {
  const server = await http((request, response) =>
    request.method === "DELETE" ? response.writeHead(204).end() : response.writeHead(503).end("<h1>sorry</h1>"),
  );
  const registry = registryAt(server.url);
  expect(await registry.upload(upload)).toMatchObject({ status: 503, body: "<h1>sorry</h1>" });
  expect(await registry.removeDistTag("a", "next")).toMatchObject({ status: 204, body: undefined });
});

test.each([
  ["no header of a cache", {}, true, true],
  ["age", { age: "12" }, true, false],
  ["cf-cache-status", { "cf-cache-status": "DYNAMIC" }, true, false],
  ["x-cache", { "x-cache": "HIT" }, true, false],
  ["via", { via: "1.1 proxy" }, true, false],
])("with %s a fresh reading is fresh, and a plain one accordingly", async (_, headers, fresh, plain) => {
  const server = await http((request, response) =>
    request.path.startsWith("/missing")
      ? response.writeHead(404, headers).end("{}")
      : response.writeHead(200, headers).end(packument),
  );
  const registry = registryAt(server.url);
  expect(await registry.readPackument("a", "fresh")).toMatchObject({ kind: "shown", fresh });
  expect(await registry.readPackument("a", "plain")).toMatchObject({ kind: "shown", fresh: plain });
  expect(await registry.readPackument("missing", "fresh")).toMatchObject({ kind: "absent", fresh });
  expect(await registry.readPackument("missing", "plain")).toMatchObject({ kind: "absent", fresh: plain });
});

test("a redirect on the registry's origin keeps the credentials, one to another host never carries them", async () => {
  const other = await http((_, response) => response.end(packument));
  const server = await http((request, response) => {
    if (request.path === "/a") response.writeHead(301, { location: "/moved" }).end();
    else if (request.path === "/moved") response.writeHead(302, { location: `${other.url}/there` }).end();
    else response.writeHead(404).end();
  });
  expect(await registryAt(server.url).readPackument("a", "plain")).toMatchObject({ kind: "shown" });
  expect(server.seen.map((request) => request.headers.authorization)).toEqual([
    "Bearer npm-token-of-test",
    "Bearer npm-token-of-test",
  ]);
  expect(other.seen).toHaveLength(1);
  expect(other.seen[0]?.headers).not.toHaveProperty("authorization");
});

test("a redirect away and back does not get the credentials back", async () => {
  const other = await http((_, response) => response.writeHead(302, { location: `${server.url}/back` }).end());
  const server: TestServer = await http((request, response) =>
    request.path === "/a"
      ? response.writeHead(302, { location: `${other.url}/x` }).end()
      : response.writeHead(200).end(packument),
  );
  await registryAt(server.url).readPackument("a", "plain");
  expect(server.seen.map((request) => request.headers.authorization)).toEqual(["Bearer npm-token-of-test", undefined]);
});

test("redirects end after five, and a PUT is never redirected", async () => {
  const server = await http((_, response) => response.writeHead(307, { location: "/again" }).end());
  const registry = registryAt(server.url);
  expect(await registry.readPackument("a", "plain")).toMatchObject({
    kind: "unavailable",
    reason: "more than 5 redirects",
  });
  expect(server.seen).toHaveLength(6);
  expect(await registry.upload(upload)).toMatchObject({ kind: "response", status: 307 });
  expect(server.seen).toHaveLength(7);
});

test("a tarball on another host is fetched without credentials, one on the registry's with them", async () => {
  const bytes = makeTarball(manifest);
  const other = await http((_, response) => response.end(bytes));
  const server = await http((_, response) => response.end(bytes));
  const registry = registryAt(`${server.url}/npm`);
  for (const url of [`${other.url}/x/a-1.0.0.tgz`, `${server.url}/elsewhere/a-1.0.0.tgz`, undefined])
    expect(await registry.readTarball("a", "1.0.0", url, false)).toMatchObject({
      value: { integrity: integrityOf(bytes) },
    });
  expect(other.seen[0]?.headers).not.toHaveProperty("authorization");
  expect(server.seen.map(({ path, headers }) => [path, headers.authorization])).toEqual([
    ["/elsewhere/a-1.0.0.tgz", "Bearer npm-token-of-test"],
    ["/npm/a/-/a-1.0.0.tgz", "Bearer npm-token-of-test"],
  ]);
});

test("an announced address that is no web address is not fetched", async () => {
  const registry = registryAt("http://127.0.0.1:9");
  expect(await registry.readTarball("a", "1.0.0", "file:///etc/passwd", true)).toMatchObject({ kind: "unavailable" });
});

test("no more connections are open at once than the limit says", async () => {
  let now = 0;
  let most = 0;
  const server = await http((_, response) => {
    most = Math.max(most, ++now);
    setTimeout(() => {
      now--;
      response.end(packument);
    }, 5);
  });
  const registry = registryAt(server.url, { limits: { concurrency: 3, planConcurrency: 2 } });
  const readings = await Promise.all(Array.from({ length: 12 }, () => registry.readPackument("a", "plain")));
  expect(readings.every((reading) => reading.kind === "shown")).toBe(true);
  expect(most).toBe(3);
  expect(server.connections()).toBe(3);
});

test("closing ends requests under way", async () => {
  const server = await http(() => undefined);
  const registry = openRegistry(server.url, undefined);
  const reading = registry.readPackument("a", "plain");
  while (server.seen.length === 0) await new Promise((resolve) => setImmediate(resolve));
  registry.close();
  expect(await reading).toMatchObject({ kind: "unavailable" });
});

test("a deprecation whose document cannot be read has written nothing", async () => {
  let status = 503;
  const server = await http((_, response) => response.writeHead(status, { "retry-after": "7" }).end("{}"));
  const registry = registryAt(server.url);
  expect(await registry.deprecate("a", "1.0.0", "old")).toMatchObject({ kind: "no-response", maybeSent: false });
  status = 429;
  expect(await registry.deprecate("a", "1.0.0", "old")).toMatchObject({
    kind: "response",
    status: 429,
    headers: { "retry-after": "7" },
  });
  expect(server.seen.map((request) => request.method)).toEqual(["GET", "GET"]);
});
