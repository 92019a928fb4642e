import { once } from "node:events";
import { createServer, Agent, request as startRequest } from "node:http";

import { afterEach, expect, test } from "vitest";

import { httpRequest, integrityOf, startFaultProxy, startProcess, startVerdaccio } from "@slipway/testkit";
import type { Fault, FaultProxy, FaultProxyOptions, HttpResponse, ProcessResult, Verdaccio } from "@slipway/testkit";

import { publishDocument } from "./publish-document.ts";

/** A machine with much else to do takes its time. */
const patient = { timeout: 15_000 };

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

function answer(status: number): Fault {
  return { kind: "answer", when: "before", status };
}

function latest(version: string): object {
  return { "dist-tags": { latest: version } };
}

interface World {
  readonly registry: Verdaccio;
  readonly proxy: FaultProxy;
  put(version: string, name?: string): Promise<HttpResponse>;
  get(path: string): Promise<HttpResponse>;
  /** Versions that the registry itself shows, without the proxy. */
  committed(name?: string): Promise<readonly string[]>;
}

async function startWorld(options: Partial<FaultProxyOptions> = {}): Promise<World> {
  const registry = await startVerdaccio();
  closers.push(() => registry.close());
  const proxy = await startFaultProxy({ target: registry.url, ...options });
  closers.push(() => proxy.close());
  return {
    registry,
    proxy,
    put: async (version, name = "one") =>
      await httpRequest(`${proxy.url}/${encodeURIComponent(name)}`, {
        method: "PUT",
        headers: { authorization: `Bearer ${registry.token}` },
        body: publishDocument(registry.url, name, version),
        timeoutMs: 15_000,
      }),
    get: async (path) => await httpRequest(`${proxy.url}${path}`, { timeoutMs: 15_000 }),
    committed: async (name = "one") => {
      const { json } = await httpRequest(`${registry.url}/${encodeURIComponent(name)}`);
      return typeof json === "object" && json !== null && "versions" in json ? Object.keys(json.versions ?? {}) : [];
    },
  };
}

test("without rules a publish and an install's reads pass through, and tarballs come through the proxy", async () => {
  const { proxy, put, get } = await startWorld();
  expect((await put("1.0.0", "@demo/one")).status).toBe(201);
  const packument = await get("/@demo%2fone");
  const tarball = `${proxy.url}/@demo/one/-/one-1.0.0.tgz`;
  expect(packument.json).toMatchObject({ versions: { "1.0.0": { dist: { tarball } } } });
  expect((await httpRequest(tarball)).text).toBe("bytes of @demo/one@1.0.0");
  const [upload, ...reads] = proxy.log();
  const integrity = integrityOf(Buffer.from("bytes of @demo/one@1.0.0"));
  expect(upload).toMatchObject({
    method: "PUT",
    url: "/@demo/one",
    isWrite: true,
    fault: undefined,
    upload: { name: "@demo/one", version: "1.0.0", integrity, attachedIntegrity: integrity },
    forwarded: true,
    registryStatus: 201,
    status: 201,
    outcome: "passed",
  });
  expect(reads.map((entry) => [entry.url, entry.status, entry.outcome])).toEqual([
    ["/@demo/one", 200, "passed"],
    ["/@demo/one/-/one-1.0.0.tgz", 200, "passed"],
  ]);
});

/** What a client sees of a PUT under a fault, and whether the registry has the version afterwards. */
const putFaults: readonly { fault: Fault; seen: number | RegExp; isCommitted: boolean; outcome: string }[] = [
  { fault: { kind: "reset", when: "head" }, seen: /ECONNRESET|EPIPE/, isCommitted: false, outcome: "reset" },
  { fault: { kind: "reset", when: "mid-body" }, seen: /ECONNRESET|EPIPE/, isCommitted: false, outcome: "reset" },
  { fault: { kind: "reset", when: "before" }, seen: /ECONNRESET/, isCommitted: false, outcome: "reset" },
  { fault: { kind: "reset", when: "after" }, seen: /ECONNRESET/, isCommitted: true, outcome: "reset" },
  { fault: { kind: "delay", when: "before", ms: 20 }, seen: 201, isCommitted: true, outcome: "passed" },
  { fault: { kind: "delay", when: "after", ms: 20 }, seen: 201, isCommitted: true, outcome: "passed" },
  { fault: { kind: "truncate" }, seen: /aborted|ECONNRESET/, isCommitted: true, outcome: "truncated" },
  { fault: { kind: "answer", when: "before", status: 201 }, seen: 201, isCommitted: false, outcome: "answered" },
  ...[409, 429, 500, 502, 503, 504].flatMap((status) => [
    {
      fault: { kind: "answer", when: "before", status } as const,
      seen: status,
      isCommitted: false,
      outcome: "answered",
    },
    { fault: { kind: "answer", when: "after", status } as const, seen: status, isCommitted: true, outcome: "answered" },
  ]),
];

test.for(putFaults)("a PUT under $fault", async ({ fault, seen, isCommitted, outcome }) => {
  const { proxy, put, committed } = await startWorld({ rules: [{ method: "PUT", fault }] });
  if (typeof seen === "number") expect((await put("1.0.0")).status).toBe(seen);
  else await expect(put("1.0.0")).rejects.toThrow(seen);
  expect(await committed()).toEqual(isCommitted ? ["1.0.0"] : []);
  const [entry] = proxy.log();
  expect(entry).toMatchObject({ outcome, forwarded: isCommitted, registryStatus: isCommitted ? 201 : undefined });
});

test("an answer has the headers and the body that were asked for, or a registry's words", async () => {
  const { proxy, put } = await startWorld();
  const headers = { "retry-after": "7", "npm-notice": "slow down" };
  proxy.setRules([{ fault: { kind: "answer", when: "before", status: 429, headers, body: { error: "later" } } }]);
  expect(await put("1.0.0")).toMatchObject({ status: 429, headers, json: { error: "later" } });
  proxy.setRules([{ fault: { kind: "answer", when: "before", status: 500, body: "<html>oops" } }]);
  expect(await put("1.0.0")).toMatchObject({ status: 500, text: "<html>oops", json: undefined });
  proxy.setRules([{ fault: { kind: "answer", when: "before", status: 503 } }]);
  expect((await put("1.0.0")).json).toEqual({ error: "resource temporarily unavailable" });
});

test("a delay delays", async () => {
  const { proxy, put } = await startWorld({ rules: [{ fault: { kind: "delay", when: "after", ms: 80 } }] });
  await put("1.0.0");
  const [entry] = proxy.log();
  expect((entry?.answeredAt ?? 0) - (entry?.committedAt ?? 0)).toBeGreaterThanOrEqual(78);
});

test.for([
  { when: "before", isCommitted: false },
  { when: "after", isCommitted: true },
] as const)("a hang $when the commit lasts until the proxy is closed", async ({ when, isCommitted }) => {
  const { proxy, put, committed } = await startWorld({ rules: [{ method: "PUT", fault: { kind: "hang", when } }] });
  const answer = put("1.0.0").then(
    () => "answered",
    (error: unknown) => String(error),
  );
  await expect.poll(() => proxy.log()[0]?.outcome, patient).toBe("hung");
  expect(await committed()).toEqual(isCommitted ? ["1.0.0"] : []);
  await proxy.close();
  expect(await answer).toMatch(/ECONNRESET|socket hang up/);
});

test("a stale read shows what the path showed before the write, a fresh one the truth", async () => {
  const { proxy, put, get } = await startWorld();
  await put("1.0.0");
  await get("/one");
  await put("1.1.0");
  proxy.setRules([{ method: "GET", path: /^\/one$/, times: 2, fault: { kind: "stale" } }]);
  expect((await get("/one")).json).toMatchObject(latest("1.0.0"));
  expect((await get("/one?write=true")).json).toMatchObject(latest("1.1.0"));
  expect((await get("/one")).headers["content-type"]).toMatch("json");
  expect((await get("/one")).json).toMatchObject(latest("1.1.0"));
  const outcomes = proxy.log().map((entry) => entry.outcome);
  expect(outcomes).toEqual(["passed", "passed", "passed", "stale", "passed", "stale", "passed"]);
});

test("a stale 404 is kept like any other answer", async () => {
  const { proxy, put, get } = await startWorld();
  expect((await get("/one")).status).toBe(404);
  await put("1.0.0");
  proxy.setRules([{ method: "GET", times: 1, fault: { kind: "stale" } }]);
  expect((await get("/one")).status).toBe(404);
  expect((await get("/one")).status).toBe(200);
});

test("a stale read of a path never read before is passed on", async () => {
  const { put, get } = await startWorld({ rules: [{ method: "GET", fault: { kind: "stale" } }] });
  await put("1.0.0");
  expect((await get("/one")).status).toBe(200);
});

test("a negative-cached read says 404 for so many reads of one path", async () => {
  const { proxy, put, get } = await startWorld();
  await put("1.0.0");
  proxy.setRules([{ method: "GET", path: "/one", times: 2, fault: { kind: "answer", when: "before", status: 404 } }]);
  const statuses = [];
  for (const path of ["/one", "/one/1.0.0", "/one", "/one"]) statuses.push((await get(path)).status);
  expect(statuses).toEqual([404, 200, 404, 200]);
});

test("a negative-cached read says 404 until its time has passed", async () => {
  const { proxy, put, get } = await startWorld();
  await put("1.0.0");
  proxy.setRules([{ path: "/one", forMs: 60, fault: { kind: "answer", when: "before", status: 404 } }]);
  expect((await get("/one")).status).toBe(404);
  await expect.poll(async () => (await get("/one")).status, { interval: 10, ...patient }).toBe(200);
});

test("a corrupt tarball has its length and other bytes; a truncated one ends early", async () => {
  const { proxy, put, get } = await startWorld();
  await put("1.0.0");
  const path = "/one/-/one-1.0.0.tgz";
  const { bytes } = await get(path);
  proxy.setRules([{ path, fault: { kind: "corrupt" } }]);
  const corrupt = await get(path);
  expect(corrupt.bytes.length).toBe(bytes.length);
  expect(corrupt.bytes.equals(bytes)).toBe(false);
  proxy.setRules([{ path, fault: { kind: "truncate" } }]);
  await expect(get(path)).rejects.toThrow(/aborted/);
});

test("rules strike the nth of those that match, the first that strikes wins, and each counts for itself", async () => {
  const { proxy, get } = await startWorld();
  proxy.setRules([
    { path: "/a", nth: 2, fault: answer(500) },
    { path: /^\/[ab]$/, nth: 3, times: 2, fault: answer(502) },
    { where: (request) => request.headers["accept"] === "x/y", fault: answer(503) },
    { method: "HEAD", label: "no heads", fault: answer(504) },
  ]);
  const statuses = [];
  for (const path of ["/a", "/a", "/b", "/a", "/b", "/c"]) statuses.push((await get(path)).status);
  expect(statuses).toEqual([404, 500, 502, 502, 404, 404]);
  expect((await httpRequest(`${proxy.url}/c`, { headers: { accept: "x/y" } })).status).toBe(503);
  expect((await httpRequest(`${proxy.url}/c`, { method: "HEAD" })).status).toBe(504);
  const faults = proxy.log().map((entry) => entry.fault ?? "");
  expect(faults.join()).toBe(",answer 500 before,answer 502 before,answer 502 before,,,answer 503 before,no heads");
});

test("hooks hold the exchange at each of its moments", async () => {
  const { registry, proxy, put, committed } = await startWorld();
  const moments: string[] = [];
  proxy.setHooks({
    onPutBodyComplete: async (entry) => {
      moments.push(`complete ${entry.upload?.version} ${(await committed()).length} ${entry.forwarded}`);
    },
    onCommitted: async (entry) => {
      moments.push(`committed ${entry.registryStatus} ${(await committed()).length} ${entry.status}`);
    },
    onAnswered: (entry) => {
      moments.push(`answered ${entry.status}`);
    },
  });
  await put("1.0.0");
  await expect.poll(() => moments.length, patient).toBe(3);
  expect(moments).toEqual(["complete 1.0.0 0 false", "committed 201 1 undefined", "answered 201"]);
  proxy.setHooks({ onPutBodyComplete: () => "drop" });
  await expect(put("1.1.0")).rejects.toThrow("ECONNRESET");
  expect(await committed()).toEqual(["1.0.0"]);
  expect(registry.accessLog().filter((entry) => entry.isWrite).length).toBe(1);
});

test("a failing hook is not lost: closing reports it", async () => {
  const { proxy, put } = await startWorld();
  proxy.setHooks({
    onCommitted: () => {
      throw new Error("the hook's own failure");
    },
  });
  await expect(put("1.0.0")).rejects.toThrow(/hang up|ECONNRESET/);
  const failure = await proxy.close().catch((error: unknown) => error);
  closers.splice(1);
  expect(failure).toMatchObject({ errors: [{ message: "the hook's own failure" }] });
});

test.for(["onPutBodyComplete", "onCommitted"] as const)(
  "a client that is gone at %s does not undo the upload, and the log says so",
  async (hook) => {
    const { registry, proxy, committed } = await startWorld();
    const body = JSON.stringify(publishDocument(registry.url, "one", "1.0.0"));
    const headers = { authorization: `Bearer ${registry.token}`, "content-type": "application/json" };
    const request = startRequest(`${proxy.url}/one`, { method: "PUT", headers, agent: false });
    const gone = once(request, "error");
    proxy.setHooks({
      [hook]: async () => {
        request.destroy(new Error("killed"));
        await gone;
      },
    });
    request.end(body);
    await expect.poll(() => proxy.log()[0]?.outcome, patient).toBe("client-gone");
    expect(await committed()).toEqual(["1.0.0"]);
    expect(proxy.log()[0]).toMatchObject({ registryStatus: 201, status: undefined });
  },
);

/** A client in a process of its own: sends its input with one PUT, then says that it has been answered. */
const putScript = `
import { request } from "node:http";
let body = "";
for await (const chunk of process.stdin) body += chunk;
const headers = { authorization: "Bearer " + process.argv[2], "content-type": "application/json" };
request(process.argv[1], { method: "PUT", headers }, (response) => {
  response.resume();
  response.on("end", () => setTimeout(() => console.log("answered"), 200));
}).end(body);
`;

test.for([
  { moment: "onPutBodyComplete", outcome: "client-gone", isDropped: false },
  { moment: "onPutBodyComplete", outcome: "client-gone", isDropped: true },
  { moment: "onCommitted", outcome: "client-gone", isDropped: false },
  { moment: "onAnswered", outcome: "passed", isDropped: false },
] as const)("a process killed with -9 at $moment (dropped: $isDropped)", async ({ moment, outcome, isDropped }) => {
  const { registry, proxy, committed } = await startWorld();
  const input = JSON.stringify(publishDocument(registry.url, "one", "1.0.0"));
  const { promise: killed, resolve } = Promise.withResolvers<ProcessResult>();
  const args = ["--input-type=module", "--eval", putScript, "--", `${proxy.url}/one`, registry.token];
  const child = startProcess(process.execPath, args, { input });
  proxy.setHooks({
    [moment]: async () => {
      resolve(await child.kill());
      return isDropped ? "drop" : undefined;
    },
  });
  expect(await killed).toMatchObject({ code: null, signal: "SIGKILL", stdout: "", stderr: "" });
  await expect.poll(() => proxy.log()[0]?.outcome, patient).toBe(outcome);
  expect(await committed()).toEqual(isDropped ? [] : ["1.0.0"]);
});

test("a client that ends inside its upload ends the registry's side too", async () => {
  const { registry, proxy, committed } = await startWorld();
  const headers = { authorization: `Bearer ${registry.token}`, "content-type": "application/json" };
  const request = startRequest(`${proxy.url}/one`, { method: "PUT", headers: { ...headers, "content-length": 5000 } });
  request.on("error", () => undefined);
  request.write("{");
  await expect.poll(() => registry.accessLog().some((entry) => entry.url === "/one"), patient).toBe(true);
  request.destroy();
  await expect.poll(() => proxy.log()[0]?.outcome, patient).toBe("client-gone");
  expect(await committed()).toEqual([]);
});

test("a registry that is gone looks like a reset connection", async () => {
  const { registry, proxy, get } = await startWorld();
  await get("/one");
  await registry.close();
  proxy.clearLog();
  await expect(get("/one")).rejects.toThrow("ECONNRESET");
  expect(proxy.log()[0]).toMatchObject({ forwarded: false, outcome: "reset", status: undefined });
});

async function startEcho(): Promise<string> {
  const server = createServer((request, response) => {
    response.setHeader("x-socket", request.socket.remotePort ?? 0);
    request.pipe(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no port");
  return `http://127.0.0.1:${address.port}`;
}

test("a body of 64 MiB streams both ways unharmed", async () => {
  const target = await startEcho();
  const proxy = await startFaultProxy({ target, inspect: false });
  closers.push(() => proxy.close());
  const body = Buffer.alloc(64 * 1024 * 1024, "0123456789abcdef-");
  const answer = await httpRequest(`${proxy.url}/big`, { method: "PUT", body });
  expect(answer.bytes.equals(body)).toBe(true);
  expect(proxy.log()[0]).toMatchObject({ bodySizeBytes: body.length, outcome: "passed" });
});

test("kept connections are used again, on both sides", async () => {
  const target = await startEcho();
  const proxy = await startFaultProxy({ target });
  closers.push(() => proxy.close());
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const sockets = new Set<unknown>();
  const upstreams = new Set<unknown>();
  for (let index = 0; index < 5; index += 1) {
    const request = startRequest(`${proxy.url}/${index}`, { method: "PUT", agent });
    request.end("body");
    const [response] = await once(request, "response");
    sockets.add(response.socket.localPort);
    upstreams.add(response.headers["x-socket"]);
    response.resume();
    await once(response, "end");
    // The socket goes back to the agent after `end`.
    await new Promise((resolve) => setImmediate(resolve));
  }
  agent.destroy();
  expect([sockets.size, upstreams.size]).toEqual([1, 1]);
});

test("latency is added to each request and shared by none", async () => {
  const target = await startEcho();
  const proxy = await startFaultProxy({ target, inspect: false, latencyMs: 100, connectLatencyMs: 50 });
  closers.push(() => proxy.close());
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: 100 }, (_, index) => httpRequest(`${proxy.url}/${index}`)));
  const elapsedMs = performance.now() - startedAt;
  expect(elapsedMs).toBeGreaterThanOrEqual(148);
  expect(elapsedMs).toBeLessThan(7000);
});
