/**
 * Adds a bearer token, asked for anew for each request.
 *
 * @param {() => string | undefined | Promise<string | undefined>} getToken
 * @returns {import("../types/index.js").Interceptor}
 */
export function bearer(getToken) {
  return async (request, next) => {
    const token = await getToken();
    if (token !== undefined) request.headers.set("authorization", `Bearer ${token}`);
    return next(request);
  };
}

/**
 * Sends a request again when the server says that it is overloaded or the connection broke; only what may be
 * repeated without harm is repeated.
 *
 * @param {import("../types/index.js").RetryOptions} [options]
 * @returns {import("../types/index.js").Interceptor}
 */
export function retry({ attempts = 3, delayMs = 200, sleep = wait } = {}) {
  return async (request, next) => {
    const isRepeatable = ["GET", "HEAD", "PUT", "DELETE"].includes(request.method);
    for (let attempt = 1; ; attempt += 1) {
      const isLast = !isRepeatable || attempt >= attempts;
      try {
        const response = await next(isLast ? request : request.clone());
        if (isLast || ![429, 502, 503, 504].includes(response.status)) return response;
      } catch (cause) {
        // Only a TypeError is fetch's word for "no connection"; an abort is the caller's wish.
        if (isLast || !(cause instanceof TypeError)) throw cause;
      }
      await sleep(delayMs * 2 ** (attempt - 1));
    }
  };
}

/** @param {number} ms */
function wait(ms) {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
