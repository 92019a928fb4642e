import { once } from "node:events";
import { createServer, request as startRequest } from "node:http";
import type { Server } from "node:http";
import { connect } from "node:net";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { afterEach, expect, test } from "vitest";
import { makeTarball, uploadOf } from "./fixture-tarball.ts";
import { openRegistry } from "./open-registry.ts";
import { makeSelfSigned } from "./self-signed.ts";
import { closedPort, startHttp, startTls } from "./test-servers.ts";
import type { TestServer } from "./test-servers.ts";

const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const item of open.splice(0).toReversed()) await item.close();
});

function track<T extends { close(): unknown }>(item: T): T {
  open.push(item);
  return item;
}

const manifest = { name: "a", version: "1.0.0" };
const upload = uploadOf(manifest, makeTarball(manifest));
const packument = JSON.stringify({ name: "a", versions: { "1.0.0": manifest } });
const server = makeSelfSigned("server");
const client = makeSelfSigned("client");

test("a certificate that is not trusted stops the upload before a byte of it has left", async () => {
  const seen = track(await startTls(server, (_, response) => response.end(packument)));
  const registry = track(openRegistry(seen.url, "token-of-test"));
  expect(await registry.upload(upload)).toEqual({
    kind: "no-response",
    reason: "the server's certificate is self-signed",
    maybeSent: false,
  });
  expect(seen.seen).toHaveLength(0);
});

test("a server that speaks no TLS has been sent nothing", async () => {
  const plain = track(await startHttp((_, response) => response.end(packument)));
  const registry = track(openRegistry(plain.url.replace("http:", "https:"), "token-of-test"));
  expect(await registry.upload(upload)).toMatchObject({ kind: "no-response", maybeSent: false });
  expect(plain.seen).toHaveLength(0);
});

test.each([
  ["its authority is configured", { ca: [server.cert] }],
  ["strict-ssl is off", { strictSsl: false }],
])("a self-signed registry is used when %s", async (_, connection) => {
  const seen = track(await startTls(server, (__, response) => response.end(packument)));
  const registry = track(openRegistry(seen.url, "token-of-test", { connection }));
  expect(await registry.readPackument("a", "plain")).toMatchObject({ kind: "shown" });
  expect(await registry.upload(upload)).toMatchObject({ kind: "response", status: 200 });
});

test("the client certificate is shown to the registry and to nobody else", async () => {
  const names: (readonly [string, unknown])[] = [];
  const start = (place: string): Promise<TestServer> =>
    startTls({ ...server, requestCert: true, rejectUnauthorized: false }, (_, response, raw) => {
      names.push([place, (raw.socket as TLSSocket).getPeerCertificate().subject?.CN]);
      response.end(packument);
    });
  const [own, other] = [track(await start("own")), track(await start("other"))];
  const connection = { ca: [server.cert], cert: client.cert, key: client.key };
  const registry = track(openRegistry(own.url, undefined, { connection }));
  await registry.readPackument("a", "plain");
  await registry.readTarball("a", "1.0.0", `${other.url}/a-1.0.0.tgz`, false);
  expect(names).toEqual([
    ["own", "client"],
    ["other", undefined],
  ]);
});

interface Proxy {
  readonly url: string;
  /** `CONNECT host:port` and absolute URLs, in order. */
  readonly asked: readonly string[];
  readonly authorizations: readonly (string | undefined)[];
  close(): Promise<void>;
}

async function startProxy(): Promise<Proxy> {
  const asked: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const proxy: Server = createServer((request, response) => {
    asked.push(request.url ?? "");
    authorizations.push(request.headers["proxy-authorization"]);
    const onward = startRequest(request.url ?? "", { method: request.method ?? "GET", headers: request.headers });
    onward.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  proxy.on("connect", (request, socket) => {
    asked.push(`CONNECT ${request.url}`);
    authorizations.push(request.headers["proxy-authorization"]);
    const [host, port] = (request.url ?? "").split(":");
    const onward = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      onward.pipe(socket).pipe(onward);
    });
    onward.on("error", () => socket.destroy());
    socket.on("error", () => onward.destroy());
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  return {
    url: `http://me:proxy-password@127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    asked,
    authorizations,
    async close() {
      const closed = once(proxy, "close");
      proxy.close();
      proxy.closeAllConnections();
      await closed;
    },
  };
}

const proxyLogin = `Basic ${Buffer.from("me:proxy-password").toString("base64")}`;

test("an http registry is reached through the proxy, except where noproxy says otherwise", async () => {
  const seen = track(await startHttp((_, response) => response.end(packument)));
  const proxy = track(await startProxy());
  const connection = { httpProxy: proxy.url, httpsProxy: proxy.url };
  const registry = track(openRegistry(seen.url, "token-of-test", { connection }));
  expect(await registry.readPackument("a", "plain")).toMatchObject({ kind: "shown" });
  expect(await registry.upload(upload)).toMatchObject({ kind: "response", status: 200 });
  expect(proxy.asked).toEqual([`${seen.url}/a`, `${seen.url}/a`]);
  expect(proxy.authorizations).toEqual([proxyLogin, proxyLogin]);
  expect(seen.seen[1]?.headers.authorization).toBe("Bearer token-of-test");
  const direct = track(openRegistry(seen.url, undefined, { connection: { ...connection, noProxy: ["127.0.0.1"] } }));
  expect(await direct.readPackument("a", "plain")).toMatchObject({ kind: "shown" });
  expect(proxy.asked).toHaveLength(2);
});

test("an https registry is reached through a tunnel, and its certificate still counts", async () => {
  const seen = track(await startTls(server, (_, response) => response.end(packument)));
  // By name: through a tunnel https-proxy-agent 9 cannot check the certificate of a bare address.
  const url = seen.url.replace("127.0.0.1", "localhost");
  const proxy = track(await startProxy());
  const connection = { httpsProxy: proxy.url, ca: [server.cert] };
  const registry = track(openRegistry(url, "token-of-test", { connection }));
  expect(await registry.upload(upload)).toMatchObject({ kind: "response", status: 200 });
  expect(proxy.asked).toEqual([`CONNECT ${url.replace("https://", "")}`]);
  const distrustful = track(openRegistry(url, "token-of-test", { connection: { httpsProxy: proxy.url } }));
  expect(await distrustful.upload(upload)).toMatchObject({ kind: "no-response", maybeSent: false });
  expect(seen.seen).toHaveLength(1);
});

test.each([403, 404, 407, 502])(
  "a proxy that answers a tunnel with %i is no answer of the registry",
  async (status) => {
    const refusing = createServer();
    refusing.on("connect", (_, socket) => socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 2\r\n\r\n{}`));
    refusing.listen(0, "127.0.0.1");
    await once(refusing, "listening");
    track({ close: () => refusing.close() });
    const httpsProxy = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}`;
    const registry = track(openRegistry("https://registry.test/", "token-of-test", { connection: { httpsProxy } }));
    expect(await registry.readPackument("a", "fresh")).toMatchObject({
      kind: "unavailable",
      reason: `the proxy answered ${status}`,
    });
    expect(await registry.upload(upload)).toEqual({
      kind: "no-response",
      reason: `the proxy answered ${status}`,
      maybeSent: false,
    });
  },
);

test.each(["http", "https"])("a proxy that is down has been sent nothing for an %s registry", async (protocol) => {
  const proxy = `http://127.0.0.1:${await closedPort()}`;
  const connection = { httpProxy: proxy, httpsProxy: proxy };
  const registry = track(openRegistry(`${protocol}://registry.test/`, "token-of-test", { connection }));
  expect(await registry.upload(upload)).toMatchObject({ kind: "no-response", maybeSent: false });
});
