/** Ports for tests of the loop: a registry that must not be touched, and time that passes only while somebody waits. */
import type { Clock, RegistryPort } from "@slipway/core";
import { smallPlan } from "@slipway/testkit";

export const { registry, integrity } = smallPlan;

export function never(): never {
  throw new Error("this must not be asked for");
}

/** A registry of which only what a test replaces may be used. */
export const untouched: RegistryPort = {
  url: registry,
  readPackument: never,
  readVersion: never,
  readTarball: never,
  tarballUrl: (name, version) => `${registry}${name}/-/${name}-${version}.tgz`,
  upload: never,
  setDistTag: never,
  removeDistTag: never,
  deprecate: never,
  removeTarball: never,
};

/** Time that passes only while somebody waits. */
export function createClock(): Clock {
  let at = 0;
  return {
    now: () => at,
    async sleep(ms, signal) {
      await new Promise((resolve) => setImmediate(resolve));
      if (signal?.aborted !== true) at += ms;
    },
  };
}
