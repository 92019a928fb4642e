/** Registries that cannot be reached or written to, or that are none. */
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { createWorkspace } from "@slipway/testkit";
import type { BadInput, Run } from "./case.ts";

/** A server that is no registry. */
async function serve(
  listener: RequestListener,
): Promise<{ readonly url: string; readonly close: () => Promise<void> }> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server listens on no TCP port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A port on which nobody listens. */
async function closedPort(): Promise<string> {
  const server = createTcpServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server listens on no TCP port");
  server.close();
  await once(server, "close");
  return `http://127.0.0.1:${address.port}`;
}

function served(listener: RequestListener): () => Promise<Run> {
  return async () => {
    const { url, close } = await serve(listener);
    return { registry: url, cleanUp: close };
  };
}

const unreachable = { exit: 3, codes: ["SLIP_REGISTRY_UNREACHABLE"] } as const;

export const registryCases: readonly BadInput[] = [
  {
    what: "no credentials",
    exit: 2,
    codes: ["SLIP_CREDENTIALS_MISSING"],
    says: [/:_authToken=\$\{NPM_TOKEN\}/, /export NPM_TOKEN/],
    prepare: async () => ({ token: undefined }),
  },
  {
    what: "no credentials for scoped packages that may be private",
    exit: 2,
    codes: ["SLIP_READ_ANONYMOUS"],
    says: [/not visible/, /^hint: .*credentials.*publishConfig\.access/m],
    packages: (scope) => [{ name: `@${scope}/a` }, { name: `@${scope}/b`, dependencies: [`@${scope}/a`] }],
    prepare: async () => ({ token: undefined }),
  },
  {
    what: "a dependency whose version on the registry is of another repository",
    exit: 1,
    codes: ["SLIP_VERSION_TAKEN"],
    says: [/\/a@1\.0\.0/, /--accept/],
    prepare: async ({ slipway, scope }) => {
      const stranger = await createWorkspace({ packages: [{ name: `@${scope}/a`, files: { "other.js": "" } }] });
      await slipway(["publish", "--cwd", stranger.root]);
      await stranger.dispose();
    },
  },
  {
    what: "credentials in a variable that is not set",
    exit: 2,
    codes: ["SLIP_CREDENTIALS_MISSING"],
    says: [/RELEASE_TOKEN, which is unset or empty/, /export RELEASE_TOKEN/],
    prepare: async ({ verdaccio }) => ({
      token: undefined,
      npmrc: `${verdaccio.url.replace("http:", "")}/:_authToken=\${RELEASE_TOKEN}\n`,
    }),
  },
  {
    what: "a token that the registry does not know",
    exit: 1,
    codes: ["SLIP_UPLOAD_UNAUTHORISED"],
    says: [
      /401/,
      /check that the token is valid.*; used was \/\/127.*:_authToken in .*\.npmrc/,
      /not published because of that: @[\w-]+\/b@1\.0\.0/,
    ],
    prepare: async () => ({ token: "npm_wrongwrongwrongwrongwrongwrongwron" }),
  },
  {
    what: "a token in a variable, which the registry does not know",
    exit: 1,
    codes: ["SLIP_UPLOAD_UNAUTHORISED"],
    says: [/401/, /used was .*:_authToken in .*, from the variable RELEASE_TOKEN/],
    prepare: async ({ verdaccio }) => ({
      token: undefined,
      npmrc: `${verdaccio.url.replace("http:", "")}/:_authToken=\${RELEASE_TOKEN}\n`,
      env: { RELEASE_TOKEN: "npm_wrongwrongwrongwrongwrongwrongwron" },
    }),
  },
  {
    what: "a token without the right to publish",
    exit: 1,
    codes: ["SLIP_UPLOAD_UNAUTHORISED"],
    says: [/403/, /token/],
    prepare: async ({ verdaccio }) => {
      // The registry itself would take it: what refuses is in front of it, as in a company.
      const { url, close } = await serve((request, response) => {
        if (request.method === "GET") {
          response.writeHead(404, { "content-type": "application/json" }).end('{"error":"no such package available"}');
          return;
        }
        request.resume().on("end", () => {
          response.writeHead(403, { "content-type": "application/json" }).end('{"error":"you may only read"}');
        });
      });
      return { registry: url, token: verdaccio.token, cleanUp: close };
    },
  },
  {
    what: "a registry whose host does not exist",
    exit: 2,
    codes: ["SLIP_REGISTRY_INVALID"],
    says: [/registry\.invalid/, /unknown host/],
    prepare: async () => ({ registry: "http://registry.invalid" }),
  },
  {
    what: "a registry that is no URL",
    exit: 2,
    codes: ["SLIP_REGISTRY_INVALID"],
    says: [/--registry is "registry"/],
    args: ["publish", "--registry", "registry"],
  },
  {
    what: "a registry with a password in its URL",
    exit: 2,
    codes: ["SLIP_REGISTRY_INVALID"],
    says: [/holds a user name or a password/],
    args: ["publish", "--registry", "http://someone:hunter2@127.0.0.1:1/"],
  },
  {
    what: "a registry that is down",
    ...unreachable,
    says: [/connection refused/, /run the same command again/],
    prepare: async () => ({ registry: await closedPort() }),
  },
  {
    what: "a registry that answers every read with 503",
    ...unreachable,
    says: [/503/],
    prepare: served((_, response) => {
      response.writeHead(503).end("down for maintenance");
    }),
  },
  {
    what: "a web server that is no registry",
    ...unreachable,
    says: [/JSON/],
    prepare: served((_, response) => {
      response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>Welcome</title>");
    }),
  },
  {
    what: "a registry whose answers would move the cursor",
    exit: 1,
    codes: ["SLIP_READ_REFUSED"],
    says: [/403/],
    prepare: served((_, response) => {
      const body = JSON.stringify({
        error: "go away\u001b[2J\u001b]0;title\u0007\nerror[SLIP_FORGED]: everything is fine",
      });
      response.writeHead(403, { "content-type": "application/json" }).end(body);
    }),
  },
  {
    what: "a registry that asks for its password in an answer",
    exit: 1,
    codes: ["SLIP_READ_REFUSED"],
    says: [/401/],
    prepare: served((request, response) => {
      const body = JSON.stringify({ error: `unknown ${request.headers.authorization}` });
      response.writeHead(401, { "content-type": "application/json" }).end(body);
    }),
  },
];
