/** The registries of a run: one port each, made when first asked for, with the credentials and connection that belong to it. */
import { type Clock, type Limits, problem, type Problem, ProblemsError, type RegistryPort } from "@slipway/core";
import { findIdentitySource, type IdentitySource } from "./auth/ci-identity.ts";
import { assertCredentials } from "./auth/credentials.ts";
import { createOneTimePassword } from "./auth/one-time-password.ts";
import type { NpmSettings } from "./auth/npmrc.ts";
import { createTrustedPublishing } from "./auth/trusted-publishing.ts";
import {
  type AuthMode,
  chooseMode,
  createExchangedCredentials,
  type ExchangedCredentials,
} from "./auth/write-credentials.ts";
import { createHttpClient, type HttpClient } from "./registry/http.ts";
import type { ProbeSample, RegistryProbe } from "./registry/probe.ts";
import { type ClosableRegistry, createRegistry } from "./registry/registry.ts";
import type { RegistryOptions } from "./registry/registry-request.ts";
import type { StagedReading } from "./registry/staged-versions.ts";
import type { TokenReading } from "./registry/token-list.ts";
import { toolVersion } from "./tool-version.ts";

export interface Registries {
  /** The port of a registry that was named to `openRegistries`. */
  readonly get: (url: string) => RegistryPort;
  /** True when reads of it carry credentials. */
  readonly isAuthenticated: (url: string) => boolean;
  /**
   * Makes sure of credentials for these writes, before anything is built or sent, and resolves with warnings. Throws one
   * ProblemsError for everything that could not be written.
   */
  readonly prepareWrites: (
    writes: readonly { readonly registry: string; readonly name: string }[],
  ) => Promise<readonly string[]>;
  /** Where the credentials of writes come from. The token is for looking at when it ends, never for printing. */
  readonly describeCredentials: (url: string) => CredentialsSummary;
  /** What the registry can do, and whom it takes us for; see `registry/probe`. */
  readonly probe: (url: string, sample: ProbeSample | undefined) => Promise<RegistryProbe>;
  /** Which versions wait there to be approved, as far as it tells. */
  readonly readStaged: (url: string) => Promise<StagedReading>;
  /** What the registry says of the token that is configured for it; undefined where none is. */
  readonly readToken: (url: string) => Promise<TokenReading | undefined>;
  /** Ends kept connections, so that the process can end. */
  readonly close: () => void;
}

export type CredentialsSummary =
  | { readonly kind: "configured"; readonly token: string | undefined; readonly origin: string | undefined }
  | { readonly kind: "exchanged" | "certificate" | "none"; readonly text: string };

/** What writes of a run may carry beside what npm's configuration holds. */
export interface Writing {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly auth: AuthMode;
  /** `--otp`. */
  readonly otp: string | undefined;
  /** Told of what a person should know while the release goes on. */
  readonly warn: (text: string) => void;
  /** Asks a person; undefined where nobody is there. */
  readonly ask: ((question: string) => Promise<string | undefined>) | undefined;
  /** Told each token that is made for this run. */
  readonly onSecret?: ((secret: string) => void) | undefined;
}

export interface RegistriesOptions {
  readonly settings: NpmSettings;
  readonly limits: Limits;
  readonly clock: Clock;
  /** For the identity that CI gives to a job. Left out where nothing is written. */
  readonly writing?: Writing;
}

const userAgent = `slipway/${toolVersion} node/${process.version} ${process.platform} ${process.arch}`;

export async function openRegistries(urls: Iterable<string>, options: RegistriesOptions): Promise<Registries> {
  const { settings, limits, clock, writing } = options;
  const ports = new Map<string, ClosableRegistry>();
  const portOptions = new Map<string, RegistryOptions>();
  const exchanges = new Map<string, Exchange>();
  const identity = writing === undefined ? undefined : findIdentitySource(writing.env);
  const oneTimePassword =
    writing === undefined ? undefined : createOneTimePassword(writing.otp ?? settings.otp, writing.ask);
  for (const url of new Set(urls)) {
    const exchange = identity === undefined ? undefined : await openExchange(url, identity, options);
    if (exchange !== undefined) exchanges.set(url, exchange);
    const credentials = settings.credentialsFor(url);
    const port: RegistryOptions = {
      url,
      credentials: () => credentials.authorization,
      ...(exchange === undefined ? {} : { writeCredentials: exchange.credentials }),
      ...(oneTimePassword === undefined ? {} : { oneTimePassword }),
      limits,
      connection: await settings.connectionFor(url),
      hostReplacement: settings.hostReplacement,
      userAgent,
      clock,
      secrets: settings.secrets,
    };
    portOptions.set(url, port);
    ports.set(url, createRegistry(port));
  }
  const optionsOf = (url: string): RegistryOptions => {
    const port = portOptions.get(url);
    if (port === undefined) throw new Error(`the registry ${url} was not opened`);
    return port;
  };
  return {
    get(url) {
      const port = ports.get(url);
      if (port === undefined) throw new Error(`the registry ${url} was not opened`);
      return port;
    },
    isAuthenticated: (url) => settings.credentialsFor(url).authorization !== undefined,
    prepareWrites: (writes) => prepareWrites(writes, { settings, exchanges, identity }),
    describeCredentials: (url) => describeCredentials(url, settings, exchanges.has(url)),
    async readStaged(url) {
      const { readStagedVersions } = await import("./registry/staged-versions.ts");
      return readStagedVersions(optionsOf(url));
    },
    async readToken(url) {
      const source = describeCredentials(url, settings, exchanges.has(url));
      if (source.kind !== "configured" || source.token === undefined) return undefined;
      const { readTokenFacts } = await import("./registry/token-list.ts");
      return readTokenFacts(optionsOf(url), source.token);
    },
    async probe(url, sample) {
      const port = optionsOf(url);
      const { probeRegistry } = await import("./registry/probe.ts");
      return probeRegistry(port, sample);
    },
    close() {
      for (const port of ports.values()) port.close();
      for (const exchange of exchanges.values()) exchange.close();
    },
  };
}

function describeCredentials(url: string, settings: NpmSettings, isExchanged: boolean): CredentialsSummary {
  const { authorization, certificate, origin } = settings.credentialsFor(url);
  if (isExchanged) {
    const rest = authorization === undefined ? "" : ", or the configured token where that is refused";
    return { kind: "exchanged", text: `this job's identity, exchanged for each package${rest}` };
  }
  if (authorization !== undefined)
    return { kind: "configured", token: /^Bearer (.+)$/i.exec(authorization)?.[1], origin };
  return certificate === undefined
    ? { kind: "none", text: "none, and nothing is to be written" }
    : { kind: "certificate", text: "a client certificate" };
}

interface Exchange {
  readonly credentials: ExchangedCredentials;
  readonly close: () => void;
}

/** The exchange of this job's identity at one registry, or undefined where what is configured is used. */
async function openExchange(
  url: string,
  identity: IdentitySource,
  { settings, limits, clock, writing }: RegistriesOptions,
): Promise<Exchange | undefined> {
  const { authorization } = settings.credentialsFor(url);
  const mode = chooseMode({
    auth: writing?.auth ?? "auto",
    hasConfigured: authorization !== undefined,
    hasIdentity: identity.kind !== "none",
    isDefaultRegistry: settings.isDefaultRegistry(url),
  });
  if (mode === "configured") return undefined;
  if (identity.kind === "none") return refuseExchange(identity.problem);
  const clients: HttpClient[] = [];
  const clientOf = async (target: string): Promise<HttpClient["request"]> => {
    const connection = await settings.connectionFor(target);
    const client = createHttpClient(new URL(target), {
      ...connection,
      concurrency: limits.concurrency,
      connectTimeoutMs: limits.readTimeoutMs,
    });
    clients.push(client);
    return (request) => client.request(request);
  };
  const send = await clientOf(url);
  const trusted = createTrustedPublishing({
    registryUrl: url,
    source: identity,
    send,
    sendToCi: identity.kind === "request" ? await clientOf(identity.url) : send,
    userAgent,
    limits,
    clock,
    onSecret: writing?.onSecret,
  });
  const isFallenBack = mode === "exchange-else-configured" && authorization !== undefined;
  return {
    credentials: createExchangedCredentials(
      trusted,
      isFallenBack
        ? {
            header: authorization,
            from: `the token that is configured for ${url}`,
            warn: writing?.warn ?? (() => undefined),
          }
        : undefined,
    ),
    close: () => clients.forEach((client) => client.close()),
  };
}

/** Only a write needs the identity: plan and status go on without. */
function refuseExchange(why: Problem): Exchange {
  return {
    credentials: {
      find: async () => ({ kind: "none", reason: why.message, problem: why }),
      renew: () => false,
      prepare: async () => ({ problems: [why], warnings: [] }),
    },
    close: () => undefined,
  };
}

async function prepareWrites(
  writes: readonly { readonly registry: string; readonly name: string }[],
  world: {
    readonly settings: NpmSettings;
    readonly exchanges: ReadonlyMap<string, Exchange>;
    readonly identity: IdentitySource | undefined;
  },
): Promise<readonly string[]> {
  const problems: Problem[] = [];
  const warnings: string[] = [];
  for (const url of new Set(writes.map(({ registry }) => registry))) {
    const exchange = world.exchanges.get(url);
    if (exchange === undefined) {
      problems.push(...findMissing(url, world.settings, world.identity));
      continue;
    }
    const names = new Set(writes.filter(({ registry }) => registry === url).map(({ name }) => name));
    const prepared = await exchange.credentials.prepare([...names]);
    problems.push(...prepared.problems);
    warnings.push(...prepared.warnings);
  }
  if (problems.length > 0) throw new ProblemsError(problems);
  return warnings;
}

/** SLIP_CREDENTIALS_MISSING for a registry without configured credentials; in CI it names the other way too. */
function findMissing(url: string, settings: NpmSettings, identity: IdentitySource | undefined): readonly Problem[] {
  try {
    assertCredentials(url, settings.credentialsFor(url));
    return [];
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    const isCi = identity?.kind === "none" && identity.ci !== undefined;
    return error.problems.map((item) =>
      problem(item.code, item.message, {
        ...item,
        ...(isCi ? { hint: `${item.hint}; for trusted publishing: ${identity.problem.hint}` } : {}),
      }),
    );
  }
}
