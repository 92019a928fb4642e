/**
 * Finds the credentials that npm's configuration holds for a registry, by npm's rules. Pure: it looks values up and
 * reads no file. Must never put a value into a message.
 */
import { fail } from "@slipway/core";

/** A look into npm's configuration. */
export interface CredentialSource {
  /** The value of a key after `${VAR}` was replaced; an unset variable stays as it is written. */
  readonly get: (key: string) => unknown;
  /** The value as written, and the file or layer it stands in. */
  readonly written: (key: string) => { readonly text: string; readonly where: string } | undefined;
}

/** An environment variable that a credential needs and that is unset or empty. */
export interface UnsetVariable {
  readonly name: string;
  /** The key that needs it, and where that key stands. */
  readonly key: string;
  readonly where: string;
}

export interface Credentials {
  /** Value of the Authorization header. */
  readonly authorization: string | undefined;
  /** Paths of the client certificate and its key, in PEM. */
  readonly certificate: { readonly certfile: string; readonly keyfile: string } | undefined;
  readonly unset: readonly UnsetVariable[];
  /** The key that holds them, where it stands, and the variable that it is written with; never a value. */
  readonly origin?: string;
}

/** What actions/setup-node exports as NODE_AUTH_TOKEN where a workflow gives it no token. */
const placeholder = "XXXXX-XXXXX-XXXXX-XXXXX";

const variable = /\$\{([^${}?]+)\??\}/;

/**
 * The keys that may hold credentials for a URL, nearest first: `//host/a/b/`, `//host/a/b`, `//host/a/`, … `//host`.
 * That is npm-registry-fetch's walk: the part behind the last slash goes, then the slash.
 */
function* keysOf(url: URL): Generator<string> {
  for (let key = `//${url.host}${url.pathname}`; key.length > "//".length; key = key.replace(/(?:[^/]+|\/)$/, ""))
    yield key;
}

/** The credentials bound to a registry's URL or to a folder above it. */
export function findCredentials(registryUrl: string, source: CredentialSource): Credentials {
  const unset: UnsetVariable[] = [];
  const value = (key: string): string | undefined => {
    const found = source.get(key);
    const text = typeof found === "string" ? found : "";
    const written = source.written(key);
    // A variable that is unset stays in the text; one that is empty leaves nothing.
    const name = variable.exec(text)?.[1] ?? (text === "" ? variable.exec(written?.text ?? "")?.[1] : undefined);
    if (text === placeholder) {
      const names = variable.exec(written?.text ?? "")?.[1] ?? "NODE_AUTH_TOKEN";
      unset.push({ name: names, key, where: written?.where ?? "the environment" });
      return undefined;
    }
    if (name !== undefined) unset.push({ name, key, where: written?.where ?? "the environment" });
    return name === undefined && text !== "" ? text : undefined;
  };
  for (const key of keysOf(new URL(registryUrl))) {
    const token = value(`${key}:_authToken`);
    const basic = value(`${key}:_auth`);
    const username = value(`${key}:username`);
    const password = value(`${key}:_password`);
    const certfile = value(`${key}:certfile`);
    const keyfile = value(`${key}:keyfile`);
    const certificate = certfile !== undefined && keyfile !== undefined ? { certfile, keyfile } : undefined;
    const origin = (name: string): { readonly origin: string } => ({
      origin: describeOrigin(`${key}:${name}`, source),
    });
    if (token !== undefined)
      return { authorization: `Bearer ${token}`, certificate, unset: [], ...origin("_authToken") };
    if (basic !== undefined) return { authorization: `Basic ${basic}`, certificate, unset: [], ...origin("_auth") };
    if (username !== undefined && password !== undefined) {
      const pair = `${username}:${Buffer.from(password, "base64").toString("utf8")}`;
      return {
        authorization: `Basic ${Buffer.from(pair).toString("base64")}`,
        certificate,
        unset: [],
        ...origin("_password"),
      };
    }
    if (certificate !== undefined) return { authorization: undefined, certificate, unset: [], ...origin("certfile") };
  }
  return { authorization: undefined, certificate: undefined, unset };
}

/** `//host/:_authToken in <path of .npmrc>, from the variable NPM_TOKEN`. */
function describeOrigin(key: string, source: CredentialSource): string {
  const written = source.written(key);
  const name = variable.exec(written?.text ?? "")?.[1];
  return `${key} in ${written?.where ?? "the environment"}${name === undefined ? "" : `, from the variable ${name}`}`;
}

/** Throws SLIP_CREDENTIALS_MISSING when there are no credentials for a registry; it names what is unset, never a value. */
export function assertCredentials(registryUrl: string, credentials: Credentials): void {
  if (credentials.authorization !== undefined || credentials.certificate !== undefined) return;
  const key = registryUrl.replace(/^https?:/, "");
  const [first] = credentials.unset;
  if (first !== undefined)
    fail(
      "SLIP_CREDENTIALS_MISSING",
      `no credentials for ${registryUrl}: ${first.key} in ${first.where} needs ${first.name}, which is unset or empty`,
      { hint: `export ${first.name}`, url: registryUrl },
    );
  fail("SLIP_CREDENTIALS_MISSING", `no credentials for ${registryUrl}`, {
    hint: `set \`${key}:_authToken=\${NPM_TOKEN}\` in an .npmrc and export NPM_TOKEN`,
    url: registryUrl,
  });
}
