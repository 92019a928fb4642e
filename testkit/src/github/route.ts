/** A route of the fake GitHub: what is asked, what is answered, and what every family of routes answers alike. Must know no family. */
import type { GithubState } from "./state.ts";

export type Level = "read" | "write";
/** Scope, as `permissions:` of a workflow names it, to level. */
export type Permissions = Readonly<Record<string, string>>;

export interface GithubToken {
  readonly permissions: Permissions;
  /** Login of whoever the token acts for; a job's token acts for `github-actions[bot]`. */
  readonly actor: string;
}

export interface GithubRequest {
  readonly method: string;
  /** Without the API's prefix, decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** Values of `{name}` in the route's path. */
  readonly params: Readonly<Record<string, string>>;
  readonly token: GithubToken | undefined;
}

export interface GithubResponse {
  readonly status: number;
  /** Sent as JSON, or as it is when it is bytes; undefined sends none. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Route {
  readonly method: string;
  /** Such as `/repos/{owner}/{repo}/releases/{id}`. */
  readonly path: string;
  readonly scope: string;
  readonly level: Level;
  handle(request: GithubRequest, state: GithubState): GithubResponse | Promise<GithubResponse>;
}

export function githubError(status: number, message: string, errors?: readonly object[]): GithubResponse {
  return {
    status,
    body: {
      message,
      ...(errors === undefined ? {} : { errors }),
      documentation_url: "https://docs.github.com/rest",
      status: String(status),
    },
  };
}

export function allows(token: GithubToken | undefined, scope: string, level: Level): boolean {
  const held = token?.permissions[scope];
  return held === "write" || (level === "read" && held === "read");
}

/** One page of a list, with GitHub's `Link` header. */
export function paginate(request: GithubRequest, state: GithubState, items: readonly unknown[]): GithubResponse {
  const size = Math.min(Number(request.query.get("per_page") ?? 30), 100);
  const page = Number(request.query.get("page") ?? 1);
  const last = Math.max(1, Math.ceil(items.length / size));
  const at = (number: number, rel: string): string =>
    `<${state.apiUrl}${request.path}?per_page=${size}&page=${number}>; rel="${rel}"`;
  const links = page < last ? [at(page + 1, "next"), at(last, "last")] : [];
  return {
    status: 200,
    body: items.slice((page - 1) * size, page * size),
    headers: links.length === 0 ? {} : { link: links.join(", ") },
  };
}

/** The JSON of a request; an empty object where it has none. */
export function bodyOf({ body }: GithubRequest): Readonly<Record<string, unknown>> {
  const value: unknown = body.length === 0 ? {} : JSON.parse(body.toString("utf8"));
  return Object(value);
}
