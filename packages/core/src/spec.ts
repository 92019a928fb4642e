/**
 * Names, versions and dist-tags as npm defines them. Everything that later becomes part of a URL, a path or a
 * line on a terminal passes through here first, so nothing else needs to escape it.
 */
import semver from "semver";

/** `name@version`, for example `@hai3/state@0.2.0-alpha.0`. */
export type Spec = string;

export function formatSpec(name: string, version: string): Spec {
  return `${name}@${version}`;
}

/** Splits `name@version`; the version may be any text and is undefined when there is none. */
export function parseSpec(text: string): { readonly name: string; readonly version: string | undefined } {
  const at = text.indexOf("@", 1);
  return at === -1 ? { name: text, version: undefined } : { name: text.slice(0, at), version: text.slice(at + 1) };
}

const nameLengthMax = 214;
const namePart = /^[a-z0-9~-][a-z0-9._~-]*$/;

/**
 * The reason why `name` cannot name a new package, or undefined when it can. The rules are those of
 * validate-npm-package-name 8 for new packages, without its list of Node's built-in modules.
 */
export function findNameFault(name: unknown): string | undefined {
  if (typeof name !== "string" || name === "") return "must be a non-empty string";
  if (name.length > nameLengthMax) return `is longer than ${nameLengthMax} characters`;
  if (name !== name.toLowerCase()) return "must be lower case";
  const scoped = /^@([^/]+)\/([^/]+)$/.exec(name);
  const parts = scoped ? [scoped[1] ?? "", scoped[2] ?? ""] : [name];
  if (parts.some((part) => !namePart.test(part)))
    return "may only hold a-z, 0-9, -, _, ., ~ and must not begin with . or _";
  if (name === "node_modules" || name === "favicon.ico") return "is reserved";
  return undefined;
}

/** The reason why `version` is not an exact semantic version in its canonical form, or undefined. */
export function findVersionFault(version: unknown): string | undefined {
  if (typeof version !== "string" || version === "") return "must be a non-empty string";
  const parsed = semver.parse(version, { loose: false });
  if (parsed === null) return "is not a semantic version";
  if (parsed.version !== version) return `must be written ${parsed.version}`;
  return undefined;
}

/** The reason why `tag` cannot be a dist-tag of a release, or undefined. `slipway-…` is kept for private tags. */
export function findTagFault(tag: string): string | undefined {
  if (tag === "" || tag !== encodeURIComponent(tag))
    return "must be non-empty and may only hold characters that need no escape in a URL";
  if (/^\.+$/.test(tag)) return "would be a step upwards in a URL";
  if (tag === "__proto__") return "cannot be a key of a document that JavaScript reads";
  if (semver.validRange(tag) !== null) return "is a semver range, so an install could never select it";
  if (tag.startsWith("slipway-")) return "begins with slipway-, which is kept for tags of unfinished releases";
  return undefined;
}

/**
 * A package name as it stands in a registry URL: the slash of a scope escaped. In lower case, as npm's clients write
 * it: a cache between here and the registry may hold `%2f` and `%2F` apart, and installs read the former.
 */
export function escapeName(name: string): string {
  return encodeURIComponent(name).replace("%40", "@").replace("%2F", "%2f");
}
