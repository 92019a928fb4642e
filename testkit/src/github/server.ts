/**
 * A fake GitHub on loopback, as far as a release needs one: REST for tags, releases and comments, and git itself over HTTP. Every route checks the
 * token and its permission as GitHub does for the token of a job. Shapes of requests, answers and errors: docs.github.com, "REST API" (version
 * 2022-11-28). It must not be kinder than GitHub.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { gitRoute } from "./git-http.ts";
import { commentRoutes } from "./comments.ts";
import { refRoutes } from "./refs.ts";
import { releaseRoutes } from "./releases.ts";
import {
  allows,
  githubError,
  type GithubRequest,
  type GithubResponse,
  type GithubToken,
  type Permissions,
  type Route,
} from "./route.ts";
import { createState, type GithubState } from "./state.ts";

/** Strikes the next request that matches, before or after GitHub has done what it asks. */
export interface GithubFault {
  readonly method: string;
  readonly path: RegExp;
  readonly when: "before" | "after";
  /** An answer in place of GitHub's; or the connection is cut, or left open without a word. */
  readonly answer: GithubResponse | "cut" | "hang";
}

/** Awaited while a request is held: before GitHub does what it asks, and before it says that it has done it. */
export interface GithubHooks {
  readonly onRequest?: (request: Pick<GithubRequest, "method" | "path">) => Promise<void>;
  readonly onDone?: (request: Pick<GithubRequest, "method" | "path">) => Promise<void>;
}

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  /** Of the answer; 0 where there was none. */
  readonly status: number;
  readonly actor: string | undefined;
}

export interface FakeGithubOptions {
  /** `owner/name`. */
  readonly repository: string;
  /** A bare repository, served at `<url>/<owner>/<name>.git`. */
  readonly gitDir: string;
  readonly isPublic?: boolean;
  /** Published releases are frozen, as the repository's setting "immutable releases" makes them. */
  readonly hasImmutableReleases?: boolean;
  /** Further families of routes. */
  readonly routes?: readonly Route[];
}

export interface FakeGithub {
  /** `GITHUB_SERVER_URL`, without a slash at its end. */
  readonly url: string;
  /** `GITHUB_API_URL`. */
  readonly apiUrl: string;
  readonly state: GithubState;
  readonly requests: readonly RecordedRequest[];
  issueToken(permissions: Permissions, actor?: string): string;
  revokeToken(token: string): void;
  strike(fault: GithubFault): void;
  setHooks(hooks: GithubHooks): void;
  close(): Promise<void>;
}

const apiPrefix = "/api/v3";
const uploadsPrefix = "/api/uploads";
const graphqlPath = "/api/graphql";

export async function startFakeGithub(options: FakeGithubOptions): Promise<FakeGithub> {
  const tokens = new Map<string, GithubToken>();
  const faults: GithubFault[] = [];
  const requests: RecordedRequest[] = [];
  let hooks: GithubHooks = {};
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the fake GitHub listens on no TCP port");
  const url = `http://127.0.0.1:${address.port}`;
  const apiUrl = `${url}${apiPrefix}`;
  const state = createState({ ...options, url, apiUrl, uploadsUrl: `${url}${uploadsPrefix}` });
  const routes = [...refRoutes, ...releaseRoutes, ...commentRoutes, ...(options.routes ?? [])];
  server.on("request", (request, response) => {
    void answer(request, { state, routes, tokens, faults, hooks: () => hooks }).then(
      ({ reply, path, actor }) => {
        requests.push({
          method: request.method ?? "GET",
          path,
          status: typeof reply === "string" ? 0 : reply.status,
          actor,
        });
        if (reply === "cut") request.socket.destroy();
        else if (reply !== "hang") send(response, reply);
      },
      (error: unknown) => send(response, githubError(500, `fake GitHub: ${String(error)}`)),
    );
  });
  let issued = 0;
  return {
    url,
    apiUrl,
    state,
    requests,
    issueToken(permissions, actor = "github-actions[bot]") {
      issued += 1;
      const token = `ghs_${String(issued).padStart(36, "0")}`;
      tokens.set(token, { permissions, actor });
      return token;
    },
    revokeToken: (token) => void tokens.delete(token),
    strike: (fault) => void faults.push(fault),
    setHooks: (next) => void (hooks = next),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

interface Surroundings {
  readonly state: GithubState;
  readonly routes: readonly Route[];
  readonly tokens: ReadonlyMap<string, GithubToken>;
  readonly faults: GithubFault[];
  readonly hooks: () => GithubHooks;
}

interface Answered {
  readonly reply: GithubResponse | "cut" | "hang";
  readonly path: string;
  readonly actor: string | undefined;
}

async function answer(incoming: IncomingMessage, surroundings: Surroundings): Promise<Answered> {
  const { state, tokens, faults, hooks } = surroundings;
  const pieces: Buffer[] = [];
  for await (const piece of incoming) pieces.push(piece);
  const url = new URL(incoming.url ?? "/", state.url);
  const headers = Object.fromEntries(Object.entries(incoming.headers).map(([key, value]) => [key, value?.toString()]));
  const credential = readCredential(headers["authorization"]);
  const request: GithubRequest = {
    method: incoming.method ?? "GET",
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    headers,
    body: Buffer.concat(pieces),
    params: {},
    token: credential === undefined ? undefined : tokens.get(credential),
  };
  const actor = request.token?.actor;
  await hooks().onRequest?.(request);
  const index = faults.findIndex(({ method, path }) => method === request.method && path.test(request.path));
  const [fault] = index === -1 ? [] : faults.splice(index, 1);
  if (fault?.when === "before") return { reply: fault.answer, path: request.path, actor };
  const reply =
    credential !== undefined && request.token === undefined
      ? githubError(401, "Bad credentials")
      : await dispatch(request, surroundings);
  await hooks().onDone?.(request);
  return { reply: fault?.answer ?? reply, path: request.path, actor };
}

/** `Bearer`, `token`, and the password of `Basic`, as git sends it. */
function readCredential(header: string | undefined): string | undefined {
  const [, kind = "", value = ""] = /^(\S+)\s+(.+)$/.exec(header ?? "") ?? [];
  if (/^(bearer|token)$/i.test(kind)) return value;
  if (/^basic$/i.test(kind))
    return Buffer.from(value, "base64")
      .toString("utf8")
      .replace(/^[^:]*:/, "");
  return undefined;
}

async function dispatch(request: GithubRequest, { state, routes }: Surroundings): Promise<GithubResponse> {
  const isApi =
    request.path === graphqlPath || [apiPrefix, uploadsPrefix].some((prefix) => request.path.startsWith(`${prefix}/`));
  if (!isApi) return gitRoute(request, state);
  const path = request.path.replace(apiPrefix, "");
  for (const route of routes) {
    const params = route.method === request.method ? matchPath(route.path, path) : undefined;
    if (params === undefined) continue;
    const { owner, repo } = params;
    if (owner !== undefined && `${owner}/${repo}` !== state.repository) return githubError(404, "Not Found");
    const refusal = refuse(request, route, state);
    if (refusal !== undefined) return refusal;
    return route.handle({ ...request, path, params }, state);
  }
  return githubError(404, "Not Found");
}

/** A token without the permission is told so; no token at all is told that nothing is there. */
function refuse(
  { token }: GithubRequest,
  { scope, level }: Route,
  { isPublic }: GithubState,
): GithubResponse | undefined {
  if (level === "read" && isPublic) return undefined;
  if (token === undefined)
    return level === "read" ? githubError(404, "Not Found") : githubError(401, "Requires authentication");
  return allows(token, scope, level) ? undefined : githubError(403, "Resource not accessible by integration");
}

function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const names: string[] = [];
  const source = pattern.replace(/\{(\w+)(\+?)\}/g, (_, name: string, rest: string) => {
    names.push(name);
    return rest === "+" ? "(.+)" : "([^/]+)";
  });
  const found = new RegExp(`^${source}$`).exec(path);
  return found === null ? undefined : Object.fromEntries(names.map((name, index) => [name, found[index + 1] ?? ""]));
}

function send(response: ServerResponse, { status, body, headers = {} }: GithubResponse): void {
  const isBytes = body instanceof Uint8Array;
  const type = isBytes ? "application/octet-stream" : "application/json; charset=utf-8";
  response.writeHead(status, { ...(body === undefined ? {} : { "content-type": type }), ...headers });
  response.end(body === undefined ? undefined : isBytes ? body : JSON.stringify(body));
}
