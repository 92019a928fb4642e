/** A registry for the demonstration: Verdaccio in this process, on loopback, with one user, gone when it is closed. */
import { once } from "node:events";
import type { Server } from "node:http";
import { join } from "node:path";
import { fail, isJsonObject } from "@slipway/core";

export interface DemoRegistry {
  readonly url: string;
  readonly token: string;
  /** PUT, POST and DELETE requests that arrived so far. */
  readonly writes: () => number;
  readonly close: () => Promise<void>;
}

async function importVerdaccio(): Promise<{ readonly runServer: (config: object) => Promise<Server> }> {
  try {
    return await import("verdaccio");
  } catch (cause) {
    return fail("SLIP_DEMO_FAILED", "the demonstration needs Verdaccio, which is not installed", {
      hint: "npm install --no-save verdaccio",
      cause,
    });
  }
}

function configure(dir: string): object {
  const self = join(dir, "config.yaml");
  const rights = { access: "$all", publish: "$authenticated", unpublish: "$authenticated" };
  return {
    storage: join(dir, "storage"),
    configPath: self,
    self_path: self,
    uplinks: {},
    packages: { "@*/*": rights, "**": rights },
    auth: { htpasswd: { file: join(dir, "htpasswd"), max_users: 1, algorithm: "bcrypt", rounds: 4 } },
    security: { api: { legacy: false, jwt: { sign: { expiresIn: "1d" } } } },
    web: { enable: false },
    log: { type: "stdout", format: "json", level: "silent" },
  };
}

export async function startDemoRegistry(dir: string): Promise<DemoRegistry> {
  const { runServer } = await importVerdaccio();
  const server: Server = await runServer(configure(dir));
  let writes = 0;
  server.prependListener("request", (request) => {
    if (request.method !== "GET" && request.method !== "HEAD") writes += 1;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the registry listens on no port");
  const url = `http://127.0.0.1:${address.port}/`;
  const token = await signUp(url);
  writes = 0;
  return {
    url,
    token,
    writes: () => writes,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Verdaccio takes the first user that asks, and gives a token. */
async function signUp(url: string): Promise<string> {
  const { request } = await import("node:http");
  const name = "demo";
  const body = JSON.stringify({ name, password: `${process.pid}-${process.hrtime.bigint()}` });
  const sent = request(`${url}-/user/org.couchdb.user:${name}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
  });
  sent.end(body);
  const [response] = (await once(sent, "response")) as [import("node:http").IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const answer: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  if (!isJsonObject(answer) || typeof answer["token"] !== "string")
    return fail("SLIP_DEMO_FAILED", `Verdaccio gave no token (${response.statusCode})`);
  return answer["token"];
}
