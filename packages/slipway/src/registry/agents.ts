/**
 * Connection pools: one for the registry's own origin, which may hold a client certificate, and one for every other
 * host. Must not know about credentials in headers.
 */
import http from "node:http";
import type { Agent } from "node:http";

export interface ConnectionSettings {
  /** Connections to one origin at once. */
  readonly concurrency: number;
  /** How long a proxy may take to connect. */
  readonly connectTimeoutMs: number;
  /** False accepts any server certificate (`strict-ssl`). */
  readonly strictSsl?: boolean;
  /** Certificate authorities in PEM, instead of the built-in ones. */
  readonly ca?: readonly string[];
  /** Client certificate and its key in PEM, for the registry's own origin. */
  readonly cert?: string;
  readonly key?: string;
  readonly localAddress?: string;
  /** Proxy for https URLs, and for http URLs. */
  readonly httpsProxy?: string;
  readonly httpProxy?: string;
  /** Hosts, or domains beginning with a dot or not, that are reached directly. */
  readonly noProxy?: readonly string[];
}

export interface Agents {
  get(url: URL, isOwn: boolean): Promise<Agent>;
  close(): void;
}

/** A kept connection is dropped after this idle time, before common servers and balancers drop it themselves. */
const idleConnectionMs = 15_000;

function isReachedDirectly(url: URL, noProxy: readonly string[]): boolean {
  return noProxy.some((entry) => {
    const domain = entry.trim().replace(/^\*?\./, "");
    return domain !== "" && (entry === "*" || url.hostname === domain || url.hostname.endsWith(`.${domain}`));
  });
}

function proxyFor(url: URL, settings: ConnectionSettings): string | undefined {
  const proxy = url.protocol === "https:" ? settings.httpsProxy : settings.httpProxy;
  return proxy === undefined || isReachedDirectly(url, settings.noProxy ?? []) ? undefined : proxy;
}

async function createAgent(
  isTls: boolean,
  isOwn: boolean,
  proxy: string | undefined,
  settings: ConnectionSettings,
): Promise<Agent> {
  const options = {
    keepAlive: true,
    maxSockets: settings.concurrency,
    timeout: idleConnectionMs,
    ...(settings.localAddress === undefined ? {} : { localAddress: settings.localAddress }),
  };
  const tls = {
    rejectUnauthorized: settings.strictSsl ?? true,
    ...(settings.ca === undefined ? {} : { ca: [...settings.ca] }),
    ...(isOwn && settings.cert !== undefined && settings.key !== undefined
      ? { cert: settings.cert, key: settings.key }
      : {}),
  };
  if (proxy !== undefined) {
    // 45 ms to load, so only where a proxy is configured.
    const { Agent: ProxyAgent } = await import("@npmcli/agent");
    const { timeout: _, ...others } = options;
    return new ProxyAgent({ ...others, ...tls, proxy, timeouts: { connection: settings.connectTimeoutMs } });
  }
  if (!isTls) return new http.Agent(options);
  const https = await import("node:https");
  return new https.Agent({ ...options, ...tls });
}

export function createAgents(settings: ConnectionSettings): Agents {
  const agents = new Map<string, Promise<Agent>>();
  return {
    get(url, isOwn) {
      const isTls = url.protocol === "https:";
      const proxy = proxyFor(url, settings);
      const key = `${isTls} ${isOwn} ${proxy ?? ""}`;
      const known = agents.get(key);
      if (known) return known;
      const made = createAgent(isTls, isOwn, proxy, settings);
      agents.set(key, made);
      return made;
    },
    close() {
      for (const agent of agents.values()) void agent.then((open) => open.destroy());
      agents.clear();
    },
  };
}
