/**
 * What npm's configuration says about registries: which one a package belongs to, credentials, certificates, proxies.
 * Project, user and global .npmrc, environment and `${VAR}` are read by npm's own @npmcli/config (22 ms with its
 * definitions, loaded when first needed). Must not print or keep a secret anywhere but in what it returns.
 */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { fail } from "@slipway/core";
import type { ConnectionSettings } from "../registry/agents.ts";
import type { HostReplacement } from "../registry/tarball-url.ts";
import { secretsOfHeader } from "../redact.ts";
import { findCredentials } from "./credentials.ts";
import type { Credentials } from "./credentials.ts";
import { parseRegistryUrl } from "./registry-url.ts";

export interface NpmConfigOptions {
  /** Where the project's .npmrc is looked for, as npm does: the nearest package.json, or its workspace's root. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--registry`. As in npm it stands above publishConfig and below the registry of a scope. */
  readonly cliRegistry?: string;
  /** False reads no project .npmrc: `publish DIR` trusts nothing of the repository. Default true. */
  readonly useProject?: boolean;
}

export interface NpmSettings {
  /** The registry of a package, with a slash at its end. Throws SLIP_REGISTRY_INVALID. */
  registryFor(packageName: string, publishConfigRegistry?: string): string;
  /** Never throws: reads may need none. See `assertCredentials`. */
  credentialsFor(registryUrl: string): Credentials;
  /** True for the registry that npm uses when nothing is configured. */
  isDefaultRegistry(registryUrl: string): boolean;
  /** Certificates, proxies and local address. Reads the client certificate's files. */
  connectionFor(registryUrl: string): Promise<Omit<ConnectionSettings, "concurrency" | "connectTimeoutMs">>;
  readonly hostReplacement: HostReplacement;
  /** `otp`, for registries that want one. */
  readonly otp: string | undefined;
  /** Every secret that the configuration holds, for redaction. */
  readonly secrets: readonly string[];
  /** Names of the environment variables that those secrets are written with, such as `NPM_TOKEN`. */
  readonly secretVariables: readonly string[];
}

/** npm's configuration as it was loaded, before anything is asked of it. */
export interface LoadedConfig {
  readonly get: (key: string) => unknown;
  readonly flat: Readonly<Record<string, unknown>>;
  readonly written: (key: string) => { readonly text: string; readonly where: string } | undefined;
  readonly defaultRegistry: string;
}

const secretKey = /(?:^|:)(?:_authToken|_auth|_password|password|otp|key)$/;

/** Loads npm's configuration. It does not depend on the registry that the command line names. */
export async function loadNpmConfig(options: Omit<NpmConfigOptions, "cliRegistry">): Promise<LoadedConfig> {
  const [{ default: Config }, { default: npm }] = await Promise.all([
    import("@npmcli/config"),
    import("@npmcli/config/lib/definitions/index.js"),
  ]);
  const npmCli = options.env["npm_execpath"];
  const config = new Config({
    ...npm,
    // The folder of npm itself, for its built-in npmrc; known only when npm started us.
    npmPath: npmCli?.endsWith("npm-cli.js") === true ? resolve(npmCli, "../..") : resolve(options.cwd, "no-npm-here"),
    // A copy, because loading writes npm_config_* variables into it.
    env: { ...options.env },
    // In global mode npm ignores the project's file and does not look for a project.
    argv: ["node", "npm", ...(options.useProject === false ? ["--location=global"] : [])],
    cwd: options.cwd,
    warn: false,
  });
  await config.load();
  return {
    get: (key) => config.get(key),
    flat: config.flat,
    written(key) {
      const layer = config.data.get(config.find(key) ?? "");
      const text = layer?.raw[key];
      return typeof text === "string" ? { text, where: layer?.source ?? "npm's configuration" } : undefined;
    },
    defaultRegistry: String(npm.definitions["registry"]?.default),
  };
}

function stringOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** An environment variable in either case, as the tools that read proxy variables do. */
function environment(env: NpmConfigOptions["env"], name: string): string | undefined {
  return stringOf(env[name]) ?? stringOf(env[name.toUpperCase()]);
}

function proxiesOf(config: LoadedConfig, env: NpmConfigOptions["env"]): Partial<ConnectionSettings> {
  const configured = stringOf(config.flat["httpsProxy"]) ?? stringOf(config.flat["proxy"]);
  const httpsProxy = configured ?? environment(env, "https_proxy");
  const httpProxy = httpsProxy ?? environment(env, "http_proxy") ?? environment(env, "proxy");
  const noProxy = stringOf(config.flat["noProxy"]) ?? environment(env, "no_proxy") ?? environment(env, "noproxy");
  return {
    ...(httpsProxy === undefined ? {} : { httpsProxy }),
    ...(httpProxy === undefined ? {} : { httpProxy }),
    ...(noProxy === undefined ? {} : { noProxy: noProxy.split(",").map((host) => host.trim()) }),
  };
}

async function readPem(path: string, registryUrl: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    return fail("SLIP_CREDENTIALS_MISSING", `the client certificate file ${path} for ${registryUrl} cannot be read`, {
      hint: "correct certfile and keyfile in .npmrc",
      url: registryUrl,
      cause: error,
    });
  }
}

async function connectionOf(
  config: LoadedConfig,
  env: NpmConfigOptions["env"],
  registryUrl: string,
  { certificate }: Credentials,
): Promise<Omit<ConnectionSettings, "concurrency" | "connectTimeoutMs">> {
  const { flat } = config;
  const ca = Array.isArray(flat["ca"]) ? flat["ca"].filter((item) => typeof item === "string") : stringOf(flat["ca"]);
  const pair = certificate
    ? {
        cert: await readPem(certificate.certfile, registryUrl),
        key: await readPem(certificate.keyfile, registryUrl),
      }
    : { cert: stringOf(flat["cert"]), key: stringOf(flat["key"]) };
  const localAddress = stringOf(flat["localAddress"]);
  return {
    strictSsl: flat["strictSSL"] !== false,
    ...(ca === undefined ? {} : { ca: typeof ca === "string" ? [ca] : ca }),
    ...(pair.cert !== undefined && pair.key !== undefined ? { cert: pair.cert, key: pair.key } : {}),
    ...(localAddress === undefined ? {} : { localAddress }),
    ...proxiesOf(config, env),
  };
}

function secretsOf(config: LoadedConfig): readonly string[] {
  const secrets: string[] = [];
  const proxies = ["proxy", "httpsProxy"].flatMap((key) => stringOf(config.flat[key]) ?? []);
  for (const proxy of proxies)
    if (URL.canParse(proxy)) secrets.push(decodeURIComponent(new URL(proxy).password), new URL(proxy).password);
  for (const [key, value] of Object.entries(config.flat)) {
    if (typeof value !== "string" || value === "" || !secretKey.test(key)) continue;
    secrets.push(value);
    if (key.endsWith(":_password")) secrets.push(Buffer.from(value, "base64").toString("utf8"));
    if (key.endsWith(":_auth")) secrets.push(...secretsOfHeader(`Basic ${value}`));
  }
  return [...new Set(secrets.filter((secret) => secret !== ""))];
}

function secretVariablesOf(config: LoadedConfig): readonly string[] {
  const texts = Object.keys(config.flat).flatMap((key) =>
    secretKey.test(key) ? (config.written(key)?.text ?? []) : [],
  );
  return [
    ...new Set(texts.flatMap((text) => [...text.matchAll(/\$\{([^}?]+)\??\}/g)].flatMap(([, name]) => name ?? []))),
  ];
}

/** Reads npm's configuration as npm would in `cwd`. The environment is passed in; nothing is written to it. */
export async function readNpmConfig(options: NpmConfigOptions): Promise<NpmSettings> {
  return settingsOf(await loadNpmConfig(options), options);
}

/** What a loaded configuration says about registries. */
export function settingsOf(config: LoadedConfig, options: Pick<NpmConfigOptions, "env" | "cliRegistry">): NpmSettings {
  const credentialsFor = (registryUrl: string): Credentials => findCredentials(registryUrl, config);
  const rule = stringOf(config.flat["replaceRegistryHost"]);
  return {
    registryFor(packageName, publishConfigRegistry) {
      const scope = packageName.startsWith("@") ? packageName.slice(0, packageName.indexOf("/")) : undefined;
      const scoped = scope === undefined ? undefined : stringOf(config.get(`${scope}:registry`));
      if (scoped !== undefined) return parseRegistryUrl(scoped, `${scope}:registry`);
      if (options.cliRegistry !== undefined) return parseRegistryUrl(options.cliRegistry, "--registry");
      if (publishConfigRegistry !== undefined)
        return parseRegistryUrl(publishConfigRegistry, `publishConfig.registry of ${packageName}`);
      return parseRegistryUrl(stringOf(config.get("registry")) ?? config.defaultRegistry, "registry");
    },
    credentialsFor,
    isDefaultRegistry: (registryUrl) => new URL(registryUrl).href === new URL(config.defaultRegistry).href,
    connectionFor: (registryUrl) => connectionOf(config, options.env, registryUrl, credentialsFor(registryUrl)),
    hostReplacement: { ...(rule === undefined ? {} : { rule }), defaultRegistry: config.defaultRegistry },
    otp: stringOf(config.flat["otp"]),
    secrets: secretsOf(config),
    secretVariables: secretVariablesOf(config),
  };
}
