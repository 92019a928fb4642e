/** Verification ends (L3): a bounded number of reads and no waiting, whatever a registry goes on answering. */
import {
  type Clock,
  defaultLimits,
  type Packument,
  parsePackument,
  type Reading,
  type RegistryPort,
} from "@slipway/core";
import { expect, test } from "vitest";
import { verifyTargets, type VerifyTarget, verifyUntilSure } from "../../src/verifying.ts";
import { createClock, registry, untouched } from "./loop-ports.ts";

const targets: readonly VerifyTarget[] = ["a", "b", "c"].map((name) => ({ name, version: "1.0.0", registry }));
/** Two packuments of each name, and one tarball of each version. */
const readsMax = 3 * targets.length;

/** Stops a verification that makes more reads than it may. */
function boundReads(port: RegistryPort): RegistryPort {
  let reads = 0;
  const counted = <T>(read: () => T): T => {
    reads += 1;
    if (reads > readsMax) throw new Error("too many reads");
    return read();
  };
  return {
    ...port,
    readPackument: (...args) => counted(() => port.readPackument(...args)),
    readTarball: (...args) => counted(() => port.readTarball(...args)),
  };
}

const unavailable = { kind: "unavailable", at: 0, reason: "answered 503" } as const;

function shownOf(name: string): Reading<Packument> {
  const value = parsePackument({ name, versions: { "1.0.0": { name, version: "1.0.0" } } }, name);
  if (value === undefined) throw new Error("not a packument");
  return { kind: "shown", value, at: 0, fresh: true };
}

const silent: RegistryPort = {
  ...untouched,
  readPackument: () => Promise.resolve(unavailable),
  readTarball: () => Promise.resolve(unavailable),
};
const half: RegistryPort = { ...silent, readPackument: (name) => Promise.resolve(shownOf(name)) };
const empty: RegistryPort = {
  ...silent,
  readPackument: () => Promise.resolve({ kind: "absent", at: 0, fresh: true }),
};

/** Verifies everything through ports made of the counted one; returns how many versions were judged. */
async function verifyBounded(
  answers: RegistryPort,
  wrap: (port: RegistryPort, clock: Clock) => RegistryPort = (port) => port,
): Promise<number> {
  const clock = createClock();
  const port = wrap(boundReads(answers), clock);
  const verifications = await verifyTargets(targets, {
    registries: () => port,
    limits: defaultLimits,
    clock,
    areCommitsHere: () => Promise.resolve(new Map()),
    onVerified: () => undefined,
  });
  expect(clock.now()).toBe(0);
  return verifications.length;
}

test.each([
  ["answers nothing", silent],
  ["shows packuments and no tarball", half],
  ["has nothing", empty],
])("verification ends within its reads when the registry %s for ever", async (_, answers) => {
  expect(await verifyBounded(answers)).toBe(targets.length);
});

const askAgain = (port: RegistryPort, clock: Clock): RegistryPort => ({
  ...port,
  async readPackument(name, kind) {
    for (;;) {
      const reading = await port.readPackument(name, kind);
      if (reading.kind !== "unavailable") return reading;
      await clock.sleep(defaultLimits.pollMaxMs);
    }
  },
});

test("planted bug of L3: reading again until there is an answer is caught", async () => {
  await expect(verifyBounded(silent, askAgain)).rejects.toThrow("too many reads");
});

function withIntegrity(name: string): Reading<Packument> {
  const version = { name, version: "1.0.0", dist: { integrity: `sha512-${"A".repeat(86)}==` } };
  const value = parsePackument({ name, versions: { "1.0.0": version } }, name);
  if (value === undefined) throw new Error("not a packument");
  return { kind: "shown", value, at: 0, fresh: true };
}

/** Shows packuments, and tarballs that hash to something else. */
const corrupt: RegistryPort = {
  ...silent,
  readPackument: (name) => Promise.resolve(withIntegrity(name)),
  readTarball: () =>
    Promise.resolve({
      kind: "shown",
      value: { integrity: "sha512-other", sizeBytes: 5, bytes: undefined },
      at: 0,
      fresh: true,
    }),
};

/** Has nothing for so many reads, then what is wrong. */
function lateBy(reads: number): RegistryPort {
  let left = reads;
  return {
    ...corrupt,
    readPackument: (name, kind) => ((left -= 1) >= 0 ? empty : corrupt).readPackument(name, kind),
  };
}

test.each([
  ["stops at what is wrong, which no waiting mends", corrupt, 60_000, 0],
  ["looks again for what is missing", empty, 60_000, 60_000],
  ["looks again while something cannot be read, and no longer than it may", silent, 60_000, 60_000],
  ["looks once where it may not wait", silent, 0, 0],
  ["ends as soon as nothing is open", lateBy(2 * targets.length), 60_000, defaultLimits.pollFirstMs],
] as const)("reading back %s", async (_, port, waitMs, tookMs) => {
  const clock = createClock();
  await verifyUntilSure(
    targets,
    {
      registries: () => port,
      limits: defaultLimits,
      clock,
      areCommitsHere: () => Promise.resolve(new Map()),
      onVerified: () => undefined,
      signal: new AbortController().signal,
    },
    waitMs,
  );
  expect(clock.now()).toBe(tookMs);
});
