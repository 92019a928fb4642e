/** A registry port for tests, on the real clock with short waits. */
import { defaultLimits } from "@slipway/core";
import type { Limits } from "@slipway/core";
import { createRegistry } from "../../src/registry/registry.ts";
import type { ClosableRegistry, RegistryOptions } from "../../src/registry/registry.ts";

export function openRegistry(
  url: string,
  token: string | undefined,
  options: Partial<Omit<RegistryOptions, "limits">> & { readonly limits?: Partial<Limits> } = {},
): ClosableRegistry {
  return createRegistry({
    url,
    credentials: () => (token === undefined ? undefined : `Bearer ${token}`),
    userAgent: "slipway/test",
    clock: { now: () => Date.now(), sleep: () => Promise.resolve() },
    ...options,
    limits: { ...defaultLimits, readTimeoutMs: 5_000, uploadTimeoutMs: 10_000, ...options.limits },
  });
}
