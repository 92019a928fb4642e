/** Small servers on loopback for the tests of this folder: honest ones, raw ones and TLS ones. */
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createServer as createRawServer } from "node:net";
import type { AddressInfo, Server as RawServer, Socket } from "node:net";
import type { TlsOptions } from "node:tls";

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface TestServer {
  /** Without a slash at the end. */
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  /** Connections that were accepted. */
  connections(): number;
  close(): Promise<void>;
}

export type Handler = (request: SeenRequest, response: ServerResponse, raw: IncomingMessage) => void;

async function listen(server: RawServer | Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

async function serve(server: Server, protocol: string, seen: readonly SeenRequest[]): Promise<TestServer> {
  let connections = 0;
  server.on("connection", () => connections++);
  const port = await listen(server);
  return {
    url: `${protocol}://127.0.0.1:${port}`,
    seen,
    connections: () => connections,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Calls `handler` once the request's body is complete. */
function recording(seen: SeenRequest[], handler: Handler): RequestListener {
  return (request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const body = Buffer.concat(pieces).toString("utf8");
      const entry = { method: request.method ?? "", path: request.url ?? "", headers: request.headers, body };
      seen.push(entry);
      handler(entry, response, request);
    });
  };
}

export function startHttp(handler: Handler): Promise<TestServer> {
  const seen: SeenRequest[] = [];
  return serve(createHttpServer(recording(seen, handler)), "http", seen);
}

export function startTls(options: TlsOptions, handler: Handler): Promise<TestServer> {
  const seen: SeenRequest[] = [];
  return serve(createHttpsServer(options, recording(seen, handler)), "https", seen);
}

/** A server that is handed each connection and each piece of data as it comes; `count` is the connection's number. */
export async function startRaw(onData: (socket: Socket, data: Buffer, count: number) => void): Promise<TestServer> {
  let count = 0;
  const sockets = new Set<Socket>();
  const server = createRawServer((socket) => {
    const number = ++count;
    sockets.add(socket);
    socket.on("data", (data) => onData(socket, data, number));
    // Clients give up on these connections; that is what the tests are about.
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    seen: [],
    connections: () => count,
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const server = createRawServer();
  const port = await listen(server);
  server.close();
  await once(server, "close");
  return port;
}
