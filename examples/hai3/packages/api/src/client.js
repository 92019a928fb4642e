import { ApiError } from "./error.js";

/**
 * A client for one JSON API. Requests go through the interceptors, the first one outermost, and then to `fetch`.
 *
 * @param {import("../types/index.js").ApiOptions} options
 * @returns {import("../types/index.js").Api}
 */
export function createApi({ baseUrl, fetch: send = globalThis.fetch, interceptors = [], timeoutMs = 30_000, headers = {} }) {
  /** @typedef {import("../types/index.js").Interceptor} Interceptor */
  /** @type {Interceptor[]} */
  const chain = [...interceptors];
  const base = baseUrl.endsWith("/") ? baseUrl : `${baseUrl}/`;

  /** @type {import("../types/index.js").Next} */
  const last = (request) => send(request);

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} body
   * @param {import("../types/index.js").CallOptions} options
   */
  async function call(method, path, body, { query = {}, headers: extra = {}, signal } = {}) {
    const url = new URL(path.replace(/^\/+/, ""), base);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
    const timeout = AbortSignal.timeout(timeoutMs);
    const request = new Request(url, {
      method,
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
        ...extra,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    const run = chain.reduceRight(
      (/** @type {import("../types/index.js").Next} */ next, interceptor) => (current) => interceptor(current, next),
      last,
    );
    const response = await run(request);
    const data = parse(await response.text());
    if (!response.ok) throw new ApiError(`${method} ${url.pathname} was answered ${response.status}`, { status: response.status, url: url.href, body: data });
    return /** @type {any} */ (data);
  }

  return {
    get: (path, options) => call("GET", path, undefined, options ?? {}),
    post: (path, body, options) => call("POST", path, body, options ?? {}),
    put: (path, body, options) => call("PUT", path, body, options ?? {}),
    patch: (path, body, options) => call("PATCH", path, body, options ?? {}),
    delete: (path, options) => call("DELETE", path, undefined, options ?? {}),
    use(interceptor) {
      chain.push(interceptor);
      return () => {
        const index = chain.indexOf(interceptor);
        if (index >= 0) chain.splice(index, 1);
      };
    },
  };
}

/**
 * JSON where it is JSON, the text where it is not, undefined where there is nothing.
 *
 * @param {string} text
 * @returns {unknown}
 */
function parse(text) {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof SyntaxError) return text;
    throw cause;
  }
}
