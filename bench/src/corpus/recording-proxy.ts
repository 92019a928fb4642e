/** Stands before a registry and keeps the documents that are sent to it. It must not change a request or an answer. */
import { once } from "node:events";
import { Agent, createServer, request as startRequest } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";

export interface RecordingProxy {
  /** Without a slash at the end. */
  readonly url: string;
  /** Bodies of PUTs that were answered with 2xx, by path as sent; the last one of a path. */
  readonly documents: ReadonlyMap<string, Buffer>;
  close(): Promise<void>;
}

export async function startRecordingProxy(target: string): Promise<RecordingProxy> {
  const agent = new Agent({ keepAlive: true });
  const documents = new Map<string, Buffer>();
  const server = createServer((incoming, outgoing) => forward(incoming, outgoing, { target, agent, documents }));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy listens on no TCP port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    documents,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
      agent.destroy();
    },
  };
}

interface Forwarding {
  readonly target: string;
  readonly agent: Agent;
  readonly documents: Map<string, Buffer>;
}

/** The Host header goes on as it is, so that the registry names the proxy in its tarball URLs. */
function forward(incoming: IncomingMessage, outgoing: ServerResponse, { target, agent, documents }: Forwarding): void {
  const { method = "GET", url = "/", headers } = incoming;
  const chunks: Buffer[] = [];
  const request = startRequest(new URL(target).origin + url, { method, headers, agent }, (response) => {
    const { statusCode = 502 } = response;
    if (method === "PUT" && statusCode < 300) documents.set(url, Buffer.concat(chunks));
    outgoing.writeHead(statusCode, response.headers);
    response.pipe(outgoing);
  });
  // Either side that ends early takes the other with it: the client then sees a broken connection, as without a proxy.
  request.on("error", () => incoming.socket.destroy());
  if (method === "PUT") incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
  incoming.pipe(request);
}
