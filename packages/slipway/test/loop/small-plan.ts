/** A small plan for tests of the loop, and ports that must not be touched. */
import { defaultLimits, type Plan, type RegistryPort, type Step } from "@slipway/core";

export const registry = "http://registry.test/";
export const integrity = "sha512-ours";

function stepsOf(name: string): readonly Step[] {
  const id = `publish:${name}@1.0.0`;
  const common = { registry, name, version: "1.0.0", from: undefined };
  const goal = { kind: "publish", integrity, access: undefined, sendTag: "latest" } as const;
  return [
    { ...common, id, after: [], goal },
    {
      ...common,
      id: `dist-tag:${name}@1.0.0:latest`,
      after: [id],
      goal: { kind: "dist-tag", tag: "latest", to: "1.0.0" },
    },
  ];
}

/** Version 1.0.0 of each name, under `latest`. */
export function planOf(...names: readonly string[]): Plan {
  return {
    schema: 1,
    releaseId: "0123456789ab",
    source: { repository: undefined, commit: undefined, isClean: true },
    options: {
      promote: "each",
      identity: "source",
      newPackages: "allow",
      ignoreScripts: false,
      build: undefined,
      accept: {},
      limits: defaultLimits,
    },
    packages: [],
    steps: names.flatMap(stepsOf),
    kept: [],
    warnings: [],
    tarballs: [],
  };
}

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
