/** Where a version's tarball is fetched from, chosen as npm's installer chooses it. Pure. */

/** npm's `replace-registry-host`: registries behind a proxy announce hosts that cannot be reached from here. */
export interface HostReplacement {
  /** `npmjs` (the default), `always`, `never`, a host, or a URL whose host and path are replaced. */
  readonly rule?: string;
  /** npm's built-in default registry, which `npmjs` stands for. */
  readonly defaultRegistry?: string;
}

/** `announced` with the host, or the prefix that the rule names, replaced by the registry's; else as it is. */
function replaceHost(announced: URL, registry: URL, { rule = "npmjs", defaultRegistry }: HostReplacement): URL {
  if (rule === "never") return announced;
  if (rule === "always") return new URL(`${announced.pathname}${announced.search}`, registry);
  const replaced = rule === "npmjs" ? defaultRegistry : rule;
  if (replaced === undefined) return announced;
  if (rule !== "npmjs" && URL.canParse(replaced) && new URL(replaced).host !== "") {
    const prefix = new URL(replaced);
    const path = prefix.pathname.replace(/\/$/, "");
    if (announced.host !== prefix.host || !`${announced.pathname}/`.startsWith(`${path}/`)) return announced;
    return new URL(`${announced.pathname.slice(path.length + 1)}${announced.search}`, registry);
  }
  const host = URL.canParse(replaced) && new URL(replaced).host !== "" ? new URL(replaced).host : replaced;
  return announced.host === host ? new URL(`${announced.pathname}${announced.search}`, registry) : announced;
}

/**
 * The URL to fetch. `announced` is `dist.tarball`, absolute or relative to the registry; `fallback` is used when
 * nothing was announced. Undefined when what was announced is no http or https URL.
 */
export function findTarballUrl(
  announced: string | undefined,
  fallback: URL,
  registry: URL,
  replacement: HostReplacement,
): URL | undefined {
  if (announced === undefined) return fallback;
  if (!URL.canParse(announced, registry.href)) return undefined;
  const url = replaceHost(new URL(announced, registry), registry, replacement);
  // Publish documents announce http even for https registries; on the registry's own host https is meant.
  if (url.protocol === "http:" && registry.protocol === "https:" && url.hostname === registry.hostname && !url.port)
    return new URL(url.href.replace(/^http:/, "https:"));
  return url.protocol === "http:" || url.protocol === "https:" ? url : undefined;
}
