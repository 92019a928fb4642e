/**
 * Turns a path such as `/orders/:id` into something that matches paths and makes them.
 * A segment `:name` takes one segment, a last segment `*name` takes all that is left.
 *
 * @template {string} P
 * @param {P} path
 * @returns {import("../types/index.js").Route<P>}
 */
export function compileRoute(path) {
  if (!path.startsWith("/")) throw new TypeError(`the route ${JSON.stringify(path)} does not begin with a slash`);
  const segments = split(path);
  segments.forEach((segment, index) => {
    if (segment.startsWith("*") && index !== segments.length - 1)
      throw new TypeError(`in the route ${path}, ${segment} is not the last segment`);
  });

  return {
    path,
    /** Literal segments weigh more than parameters, parameters more than a rest, earlier ones more than later ones. */
    rank: segments.map((segment) => (segment.startsWith("*") ? "0" : segment.startsWith(":") ? "1" : "2")).join(""),
    match(actual) {
      const parts = split(actual);
      /** @type {Record<string, string>} */
      const params = {};
      for (const [index, segment] of segments.entries()) {
        if (segment.startsWith("*")) {
          params[segment.slice(1)] = parts.slice(index).map(decode).join("/");
          return /** @type {any} */ (params);
        }
        const part = parts[index];
        if (part === undefined) return undefined;
        if (segment.startsWith(":")) params[segment.slice(1)] = decode(part);
        else if (segment !== part) return undefined;
      }
      return parts.length === segments.length ? /** @type {any} */ (params) : undefined;
    },
    href(params) {
      /** @type {Record<string, unknown>} */
      const values = params ?? {};
      const made = segments.map((segment) => {
        const kind = segment[0];
        if (kind !== ":" && kind !== "*") return segment;
        const value = values[segment.slice(1)];
        if (value === undefined) throw new TypeError(`the route ${path} needs the parameter ${segment.slice(1)}`);
        return kind === ":"
          ? encodeURIComponent(String(value))
          : String(value).split("/").map(encodeURIComponent).join("/");
      });
      return `/${made.join("/")}`;
    },
  };
}

/** @param {string} path */
function split(path) {
  return (path.split(/[?#]/, 1)[0] ?? "").split("/").filter((segment) => segment !== "");
}

/** @param {string} part */
function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    if (cause instanceof URIError) return part;
    throw cause;
  }
}
