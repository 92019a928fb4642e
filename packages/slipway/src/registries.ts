/** The registries of a run: one port each, made when first asked for, with the credentials and connection that belong to it. */
import { type Clock, type Limits, problem, type Problem, ProblemsError, type RegistryPort } from "@slipway/core";
import { assertCredentials } from "./auth/credentials.ts";
import type { NpmSettings } from "./auth/npmrc.ts";
import { type ClosableRegistry, createRegistry } from "./registry/registry.ts";
import { toolVersion } from "./tool-version.ts";

export interface Registries {
  /** The port of a registry that was named to `openRegistries`. */
  readonly get: (url: string) => RegistryPort;
  /** True when reads of it carry credentials. */
  readonly isAuthenticated: (url: string) => boolean;
  /** Throws SLIP_CREDENTIALS_MISSING for each registry that could not be written to. */
  readonly assertWritable: (urls: Iterable<string>) => void;
  /** Ends kept connections, so that the process can end. */
  readonly close: () => void;
}

export interface RegistriesOptions {
  readonly settings: NpmSettings;
  readonly limits: Limits;
  readonly clock: Clock;
}

export async function openRegistries(
  urls: Iterable<string>,
  { settings, limits, clock }: RegistriesOptions,
): Promise<Registries> {
  const ports = new Map<string, ClosableRegistry>();
  for (const url of new Set(urls)) {
    const credentials = settings.credentialsFor(url);
    ports.set(
      url,
      createRegistry({
        url,
        credentials: () => credentials.authorization,
        limits,
        connection: await settings.connectionFor(url),
        hostReplacement: settings.hostReplacement,
        userAgent: `slipway/${toolVersion} node/${process.version} ${process.platform} ${process.arch}`,
        clock,
        secrets: settings.secrets,
      }),
    );
  }
  return {
    get(url) {
      const port = ports.get(url);
      if (port === undefined) throw new Error(`the registry ${url} was not opened`);
      return port;
    },
    isAuthenticated: (url) => settings.credentialsFor(url).authorization !== undefined,
    assertWritable(wanted) {
      const problems: Problem[] = [];
      for (const url of new Set(wanted)) {
        try {
          assertCredentials(url, settings.credentialsFor(url));
        } catch (error) {
          if (!(error instanceof ProblemsError)) throw error;
          problems.push(...error.problems.map((item) => problem(item.code, item.message, item)));
        }
      }
      if (problems.length > 0) throw new ProblemsError(problems);
    },
    close() {
      for (const port of ports.values()) port.close();
    },
  };
}
