/**
 * Takes secrets out of text that comes from outside (HTTP answers, child processes) before anything keeps or prints
 * it. Must not be used on data that is compared or hashed: it changes whatever looks like a secret.
 */

const redactedMark = "***";

export interface Redactor {
  /** Removes the known secrets and everything shaped like a credential. */
  text(value: string): string;
  /** The same for every string in a JSON value, keys included. */
  json(value: unknown): unknown;
  /** Removes the known secrets only, in every string of a JSON value. */
  knownInJson(value: unknown): unknown;
  /** True when the text holds a known secret, raw or encoded. */
  holdsKnown(value: string): boolean;
}

/** Secrets shorter than this are not searched for: they would blot out ordinary words. */
const secretLengthMin = 4;

const credentialShapes: readonly (readonly [RegExp, string])[] = [
  // Tokens of the npm registry and of the hosts whose tokens end up in .npmrc files.
  // An npm token has no separators: `npm_lifecycle_script` and `npm-normalize-package-bin` are words.
  [/\bnpm_[A-Za-z0-9]{30,}/g, `npm_${redactedMark}`],
  [/\b(ghp|gho|ghs|ghu|ghr|glpat|github_pat)([_-])[A-Za-z0-9_-]{16,}/g, `$1$2${redactedMark}`],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*/g, redactedMark],
  [/\b(Bearer|Basic)(\s+|%20)[A-Za-z0-9._~+/=%-]{6,}/gi, `$1$2${redactedMark}`],
  // user:password@ and token@ in URLs; a scope's @ stands behind a slash and is left alone.
  [/([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"'<>@]+(?::[^\s/?#"'<>@]*)?@/gi, `$1${redactedMark}@`],
  [/(_authToken|_auth|_password|npm-otp|x-npm-otp)("?\s*[=:]\s*"?)[^\s"'&,;}]+/gi, `$1$2${redactedMark}`],
];

/** The forms in which one secret may come back: as it is, base64, base64url, URL-encoded and JSON-escaped. */
function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret, "utf8");
  const base64 = bytes.toString("base64");
  return [
    secret,
    base64,
    base64.replace(/=+$/, ""),
    bytes.toString("base64url"),
    bytes.toString("hex"),
    encodeURIComponent(secret),
    encodeURIComponent(base64),
    JSON.stringify(secret).slice(1, -1),
  ];
}

/** The secrets that an Authorization header holds: its value, and for Basic the password and the pair behind it. */
export function secretsOfHeader(header: string): readonly string[] {
  const [scheme = "", value = ""] = header.split(/\s+/, 2);
  if (scheme.toLowerCase() !== "basic") return [value];
  const pair = Buffer.from(value, "base64").toString("utf8");
  const colon = pair.indexOf(":");
  return colon === -1 ? [value, pair] : [value, pair, pair.slice(colon + 1)];
}

function mapStrings(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === "string") return change(value);
  if (Array.isArray(value)) return value.map((item: unknown) => mapStrings(item, change));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [change(key), mapStrings(item, change)]));
}

export function createRedactor(secrets: readonly (string | undefined)[]): Redactor {
  const forms = [
    ...new Set(
      secrets.flatMap((secret) => (secret !== undefined && secret.length >= secretLengthMin ? formsOf(secret) : [])),
    ),
  ]
    .filter((form) => form.length >= secretLengthMin)
    // Longest first, so that a secret inside another does not leave the rest of the longer one behind.
    .sort((a, b) => b.length - a.length);
  const known = (value: string): string => {
    let text = value;
    for (const form of forms) if (text.includes(form)) text = text.replaceAll(form, redactedMark);
    return text;
  };
  const text = (value: string): string => {
    let result = known(value);
    for (const [shape, replacement] of credentialShapes) result = result.replace(shape, replacement);
    return result;
  };
  return {
    text,
    json: (value) => mapStrings(value, text),
    knownInJson: (value) => mapStrings(value, known),
    holdsKnown: (value) => forms.some((form) => value.includes(form)),
  };
}
