/**
 * A front for a real registry that does what npm's does for trusted publishing: a CI system's identity service, the
 * exchange, and writes that are taken only with the token made for that very package.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";

export interface TrustedFrontOptions {
  /** The registry behind it, and a token of that registry for writes. */
  readonly target: string;
  readonly token: string;
  /** Claims of the identity tokens, beside `aud`. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Answers the nth exchange for a package instead of giving a token. */
  readonly refuse?: (name: string, nth: number) => { readonly status: number; readonly message: string } | undefined;
  /** Writes are taken only with this one-time password. */
  readonly otp?: string;
  /** Milliseconds until an exchanged token ends, as the answer says it; writes take it for ever. Default an hour. */
  readonly lifetimeMs?: number;
}

export interface TrustedFront {
  readonly url: string;
  /** What GitHub Actions gives to a job that may ask for an identity token. */
  readonly env: Readonly<Record<string, string>>;
  /** Package names, one for each exchange that came. */
  readonly exchanges: string[];
  /** Audiences that identity tokens were asked for. */
  readonly audiences: string[];
  /** Writes that came with another token than the one made for their package. */
  readonly wrongTokens: string[];
  /** Everything that would be secret in a real run. */
  readonly secrets: string[];
  /** Forgets the tokens made so far, as a registry does when their time is over. */
  expire(): void;
  close(): Promise<void>;
}

const requestToken = "request-token-0123456789";

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

function jwt(claims: Readonly<Record<string, unknown>>): string {
  return `${part({ alg: "RS256" })}.${part(claims)}.c2lnbmF0dXJlLW9mLXRoZS1qb2I`;
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** The package that a write is about: `/@scope%2fname`, or `/-/package/<name>/dist-tags/<tag>`. */
function packageOf(path: string): string {
  const encoded = /^\/-\/package\/([^/]+)\//.exec(path)?.[1] ?? path.slice(1).split("/")[0] ?? "";
  return decodeURIComponent(encoded);
}

export async function startTrustedFront(options: TrustedFrontOptions): Promise<TrustedFront> {
  const exchanges: string[] = [];
  const audiences: string[] = [];
  const wrongTokens: string[] = [];
  const secrets = [requestToken];
  const tokens = new Map<string, string>();
  let made = 0;

  function exchange(name: string, incoming: IncomingMessage, response: ServerResponse): void {
    exchanges.push(name);
    const identity = incoming.headers.authorization?.replace(/^Bearer /, "");
    if (identity === undefined || !secrets.includes(identity)) return answer(response, 401, { message: "no identity" });
    const refusal = options.refuse?.(name, exchanges.filter((item) => item === name).length);
    if (refusal !== undefined) return answer(response, refusal.status, { message: refusal.message });
    made += 1;
    const token = `exchanged-${made}-0123456789abcdef`;
    tokens.set(name, token);
    secrets.push(token);
    const expires = new Date(Date.now() + (options.lifetimeMs ?? 3_600_000)).toISOString();
    return answer(response, 201, { token, expires });
  }

  function identify(incoming: IncomingMessage, url: URL, response: ServerResponse): void {
    if (incoming.headers.authorization !== `Bearer ${requestToken}`) return answer(response, 401, {});
    const audience = url.searchParams.get("audience") ?? "";
    audiences.push(audience);
    const identity = jwt({ aud: audience, jti: `${audiences.length}`, ...options.claims });
    secrets.push(identity);
    return answer(response, 200, { value: identity });
  }

  function pass(incoming: IncomingMessage, response: ServerResponse): void {
    const { authorization: sent, ...headers } = incoming.headers;
    const isWrite = incoming.method !== "GET";
    if (isWrite) {
      const name = packageOf(incoming.url ?? "");
      if (sent === undefined || sent !== `Bearer ${tokens.get(name)}`) {
        wrongTokens.push(`${name} ${sent === undefined ? "without a token" : "with another token"}`);
        incoming.resume();
        return answer(response, 401, { error: "unauthorized" });
      }
    }
    if (isWrite && options.otp !== undefined && incoming.headers["npm-otp"] !== options.otp) {
      incoming.resume();
      response.writeHead(401, { "content-type": "application/json", "www-authenticate": "OTP" });
      response.end(JSON.stringify({ error: `not ${String(incoming.headers["npm-otp"])}` }));
      return;
    }
    const authorization = isWrite ? `Bearer ${options.token}` : sent;
    const outgoing = request(
      new URL(incoming.url ?? "/", options.target),
      { method: incoming.method, headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) } },
      (incomingAnswer) => {
        response.writeHead(incomingAnswer.statusCode ?? 502, incomingAnswer.headers);
        incomingAnswer.pipe(response);
      },
    );
    outgoing.on("error", () => response.destroy());
    incoming.pipe(outgoing);
  }

  const server = createServer((incoming, response) => {
    const url = new URL(incoming.url ?? "/", "http://127.0.0.1");
    const name = /^\/-\/npm\/v1\/oidc\/token\/exchange\/package\/([^/]+)$/.exec(url.pathname)?.[1];
    if (url.pathname === "/identity") identify(incoming, url, response);
    else if (incoming.method === "POST" && name !== undefined) exchange(decodeURIComponent(name), incoming, response);
    else pass(incoming, response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the front listens on no TCP port");
  const url = `http://127.0.0.1:${address.port}`;
  return {
    url,
    env: {
      GITHUB_ACTIONS: "true",
      ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/identity?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken,
    },
    exchanges,
    audiences,
    wrongTokens,
    secrets,
    expire: () => tokens.clear(),
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
