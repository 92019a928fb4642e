/**
 * A client for GitHub's REST API, one repository, one token: pages, pauses that GitHub asks for, and problems with a code. It sends nothing again that
 * writes: whoever calls it looks at what is there and goes on from that. Loaded only by what needs GitHub.
 */
import { type Clock, fail, type Limits } from "@slipway/core";
import { request as send } from "@octokit/request";
import { createRedactor } from "../redact.ts";

type Environment = Readonly<Record<string, string | undefined>>;

export interface GithubReply {
  readonly status: number;
  readonly data: unknown;
}

export interface Github {
  /** `owner/name`. */
  readonly repository: string;
  readonly serverUrl: string;
  /** `path` below the repository, such as `/releases`. Throws SLIP_HOST_REFUSED or SLIP_HOST_UNAVAILABLE, but for the statuses in `expected`. */
  call(method: string, path: string, body?: object, expected?: readonly number[]): Promise<GithubReply>;
  /** All pages of a list. */
  list(path: string): Promise<readonly unknown[]>;
  /**
   * Login of whoever the token acts for, such as `github-actions[bot]`. GraphQL tells it: `GET /user` answers 403 to the token of a job
   * (actions/github-script#39, fullsend-ai/fullsend#1953).
   */
  findViewer(): Promise<string>;
  /** Sends bytes to an upload URL that GitHub gave. */
  upload(url: string, bytes: Uint8Array, contentType: string): Promise<GithubReply>;
}

/** A longer pause than this ends the run; the same command goes on later. */
const pauseMaxMs = 60_000;
const attemptsMax = 3;
const pagesMax = 100;

/** Owner and name in a normalised remote such as `https://github.com/owner/name`; undefined for one of another server. */
function repositoryOf(remote: string | undefined, serverUrl: string): string | undefined {
  const [, host, repository] = /^https?:\/\/([^/]+)\/([^/]+\/[^/]+)$/.exec(remote ?? "") ?? [];
  return URL.canParse(serverUrl) && host === new URL(serverUrl).host ? repository : undefined;
}

export function findGithubToken(env: Environment): string | undefined {
  return [env["GITHUB_TOKEN"], env["GH_TOKEN"]].find((item) => item !== undefined && item !== "");
}

export interface GithubSurroundings {
  readonly env: Environment;
  /** The repository's remote, normalised; where GITHUB_REPOSITORY is not set. */
  readonly remote: string | undefined;
  readonly clock: Clock;
  readonly limits: Pick<Limits, "readTimeoutMs" | "uploadTimeoutMs">;
  /** Ends a pause that GitHub asked for. */
  readonly signal: AbortSignal;
}

export function openGithub({ env, remote, clock, limits, signal }: GithubSurroundings): Github {
  const serverUrl = env["GITHUB_SERVER_URL"] ?? "https://github.com";
  const repository = env["GITHUB_REPOSITORY"] ?? repositoryOf(remote, serverUrl);
  const token = findGithubToken(env);
  if (repository === undefined)
    return fail("SLIP_HOST_REFUSED", `no repository on ${serverUrl} is known`, {
      hint: "set GITHUB_REPOSITORY to owner/name, or let the remote origin be there; GITHUB_SERVER_URL and GITHUB_API_URL name another server",
    });
  if (token === undefined)
    return fail("SLIP_HOST_REFUSED", `there is no token for ${repository} on GitHub`, {
      hint: "give the step GITHUB_TOKEN (in a workflow: env: GITHUB_TOKEN: ${{ github.token }})",
    });
  const baseUrl = (env["GITHUB_API_URL"] ?? "https://api.github.com").replace(/\/$/, "");
  const redact = createRedactor([token]).text;
  const once = async (method: string, url: string, body: unknown, contentType?: string): Promise<Raw> => {
    const timeoutMs = method === "GET" ? limits.readTimeoutMs : limits.uploadTimeoutMs;
    const late = new AbortController();
    const ended = new AbortController();
    void clock.sleep(timeoutMs, ended.signal).then(() => late.abort());
    try {
      const { status, data, headers } = await send(`${method} ${url}`, {
        headers: {
          authorization: `Bearer ${token}`,
          "x-github-api-version": "2022-11-28",
          ...(contentType === undefined ? {} : { "content-type": contentType }),
        },
        ...(body === undefined ? {} : contentType === undefined ? Object(body) : { data: body }),
        request: { redirect: "manual", signal: late.signal },
      });
      return { status, data, headers };
    } catch (error) {
      if (late.signal.aborted) return noAnswer(`none in ${timeoutMs / 1000} s`);
      return readFailure(error);
    } finally {
      ended.abort();
    }
  };
  const ask = async (method: string, url: string, body?: unknown, contentType?: string): Promise<Raw> => {
    for (let attempt = 1; ; attempt += 1) {
      const raw = await once(method, url, body, contentType);
      const pauseMs = pauseOf(raw, method, attempt, clock.now());
      if (pauseMs === undefined || pauseMs > pauseMaxMs || attempt >= attemptsMax) return raw;
      await clock.sleep(pauseMs, signal);
      if (signal.aborted) return raw;
    }
  };
  const check = (raw: Raw, method: string, path: string, expected: readonly number[]): GithubReply => {
    if ((raw.status >= 200 && raw.status < 300) || expected.includes(raw.status)) return raw;
    const said = `${redact(messageOf(raw))}${isLimited(raw) ? sayPause(pauseOf(raw, method, 1, clock.now())) : ""}`;
    const what = `${method} ${path} of ${repository}`;
    const isPassing = raw.status === 0 || raw.status >= 500 || isLimited(raw);
    const extras = raw.status === 0 ? {} : { status: raw.status };
    return fail(isPassing ? "SLIP_HOST_UNAVAILABLE" : "SLIP_HOST_REFUSED", `${what}: ${said}`, extras);
  };
  return {
    repository,
    serverUrl,
    async call(method, path, body, expected = []) {
      return check(await ask(method, `${baseUrl}/repos/${repository}${path}`, body), method, path, expected);
    },
    async list(path) {
      const all: unknown[] = [];
      for (let page = 1; page <= pagesMax; page += 1) {
        const url = `${baseUrl}/repos/${repository}${path}?per_page=100&page=${page}`;
        const raw = await ask("GET", url);
        const { data } = check(raw, "GET", path, []);
        if (Array.isArray(data)) all.push(...data);
        if (!/rel="next"/.test(String(raw.headers["link"] ?? ""))) return all;
      }
      return fail("SLIP_HOST_REFUSED", `${path} of ${repository} has more than ${pagesMax} pages`);
    },
    async findViewer() {
      const url = env["GITHUB_GRAPHQL_URL"] ?? `${baseUrl.replace(/\/v3$/, "")}/graphql`;
      const raw = await ask("POST", url, { query: "query { viewer { login } }" });
      const { data } = check(raw, "POST", "/graphql", []);
      const login: unknown = Object(Object(Object(data).data).viewer).login;
      if (typeof login === "string" && login !== "") return login;
      return fail("SLIP_HOST_REFUSED", `GitHub does not say whom the token for ${repository} acts for`);
    },
    async upload(url, bytes, contentType) {
      // Whoever answers for the API must not send the token elsewhere.
      if (!isSameSite(url, baseUrl))
        return fail("SLIP_HOST_REFUSED", `uploads of ${repository} go to another host: ${url}`);
      return check(await ask("POST", url, bytes, contentType), "POST", new URL(url).pathname, []);
    },
  };
}

interface Raw extends GithubReply {
  readonly headers: Readonly<Record<string, unknown>>;
}

/** octokit throws for every status of 400 and more, and for no answer at all. */
function readFailure(error: unknown): Raw {
  const { status, response, message } = Object(error);
  if (response === undefined) return noAnswer(String(message));
  return { status: Number(status), data: response.data, headers: response.headers };
}

function noAnswer(why: string): Raw {
  return { status: 0, data: { message: `no answer: ${why}` }, headers: {} };
}

function messageOf({ status, data }: Raw): string {
  const { message, errors } = Object(data);
  const details = Array.isArray(errors)
    ? errors.map((item) =>
        typeof item === "string"
          ? item
          : [Object(item).field, Object(item).code, Object(item).message].filter(Boolean).join(" "),
      )
    : [];
  const text = [String(message ?? ""), ...details].filter((item) => item !== "").join("; ");
  return status === 0 ? text : `answered ${status}${text === "" ? "" : `: ${text}`}`;
}

/** Primary and secondary rate limits: docs.github.com, "Rate limits for the REST API". */
function isLimited({ status, headers, data }: Raw): boolean {
  if (status === 429) return true;
  return (
    status === 403 &&
    (headers["retry-after"] !== undefined ||
      headers["x-ratelimit-remaining"] === "0" ||
      /rate limit/i.test(String(Object(data).message)))
  );
}

function sayPause(pauseMs: number | undefined): string {
  return pauseMs === undefined ? "" : `; it asks to wait ${Math.ceil(pauseMs / 60_000)} min`;
}

/** How long to wait before the same request; undefined where sending it again could do it twice, or is of no use. */
function pauseOf(raw: Raw, method: string, attempt: number, now: number): number | undefined {
  if (isLimited(raw)) {
    const seconds = Number(raw.headers["retry-after"]);
    if (Number.isFinite(seconds)) return seconds * 1000;
    const reset = Number(raw.headers["x-ratelimit-reset"]);
    return Number.isFinite(reset) ? Math.max(0, reset * 1000 - now) : pauseMaxMs;
  }
  const isPassing = raw.status === 0 || raw.status >= 500;
  return isPassing && method === "GET" ? 1000 * 2 ** (attempt - 1) : undefined;
}

/** uploads.github.com beside api.github.com; on GitHub Enterprise the same host. */
function isSameSite(url: string, apiUrl: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, host } = new URL(url);
  const api = new URL(apiUrl);
  return protocol === api.protocol && (host === api.host || host === api.host.replace(/^api\./, "uploads."));
}
