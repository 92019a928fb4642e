/**
 * An HTTP proxy in front of a registry that does what networks, load balancers and caches do to a release: it resets,
 * delays, answers by itself, cuts short, hangs, serves what is old. Without a rule it passes every byte on, streaming.
 * It passes the client's Host on, so the registry names the proxy in `dist.tarball`.
 */
import { once } from "node:events";
import { Agent, createServer } from "node:http";

import { createRuleSet } from "./fault-rules.ts";
import type { FaultRule } from "./fault-rules.ts";
import type { FaultProxyHooks, ProxyState } from "./proxy-exchange.ts";
import { handleExchange } from "./proxy-faults.ts";
import type { ProxyLogEntry } from "./proxy-log.ts";
import { startServerProcess } from "./server-process.ts";

export interface FaultProxyOptions {
  /** The registry, without a slash at the end. */
  readonly target: string;
  readonly rules?: readonly FaultRule[];
  readonly hooks?: FaultProxyHooks;
  /** Added to every request: a constant, whatever else is under way. Default 0. */
  readonly latencyMs?: number;
  /** Added to the first request of each connection, for its handshake. Default 0. */
  readonly connectLatencyMs?: number;
  /** False for benches: bodies are not hashed or parsed, nothing is kept for `stale`. Default true. */
  readonly inspect?: boolean;
}

export interface FaultProxy {
  /** Without a slash at the end. */
  readonly url: string;
  /** Replaces all rules; counting starts again. What is kept for `stale` stays. */
  setRules(rules: readonly FaultRule[]): void;
  setHooks(hooks: FaultProxyHooks): void;
  /** A copy, in order of arrival. */
  log(): readonly ProxyLogEntry[];
  clearLog(): void;
  /** Ends every connection, hanging ones too. */
  close(): Promise<void>;
}

export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const state: ProxyState = {
    target: new URL(options.target),
    agent: new Agent({ keepAlive: true }),
    latencyMs: options.latencyMs ?? 0,
    connectLatencyMs: options.connectLatencyMs ?? 0,
    inspect: options.inspect ?? true,
    drafts: [],
    kept: new Map(),
    connections: new WeakSet(),
    closing: new AbortController(),
    rules: createRuleSet(options.rules ?? []),
    hooks: options.hooks ?? {},
  };
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  const server = createServer((request, response) => {
    const exchange = handleExchange(state, request, response)
      .catch((error: unknown) => {
        failures.push(error);
        request.socket.destroy();
      })
      .finally(() => running.delete(exchange));
    running.add(exchange);
  });
  // Longer than any client keeps a connection: the proxy never closes one on its own account.
  server.keepAliveTimeout = 120_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy listens on no TCP port");
  let closed: Promise<void> | undefined;
  async function close(): Promise<void> {
    const ended = once(server, "close");
    server.close();
    state.closing.abort();
    server.closeAllConnections();
    state.agent.destroy();
    await ended;
    await Promise.all(running);
    if (failures.length > 0) throw new AggregateError(failures, "the fault proxy, or one of its hooks, failed");
  }
  return {
    url: `http://127.0.0.1:${address.port}`,
    setRules: (rules) => {
      state.rules = createRuleSet(rules);
    },
    setHooks: (hooks) => {
      state.hooks = hooks;
    },
    log: () => state.drafts.map((draft) => ({ ...draft })),
    clearLog: () => {
      state.drafts.length = 0;
    },
    close: () => (closed ??= close()),
  };
}

export interface LatencyProxy {
  readonly url: string;
  readonly pid: number;
  close(): Promise<void>;
}

/** A proxy without faults in a process of its own, for benches: what it costs is not the client's CPU. */
export async function startLatencyProxy(
  options: Pick<FaultProxyOptions, "target" | "latencyMs" | "connectLatencyMs">,
): Promise<LatencyProxy> {
  const { url, pid, kill } = await startServerProcess("latency-proxy-process.ts", options);
  return { url, pid, close: async () => await kill() };
}
