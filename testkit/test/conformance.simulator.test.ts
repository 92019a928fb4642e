import { AssertionError } from "node:assert";

import { expect, test } from "vitest";

import { conformance, integrityOf } from "@slipway/testkit";
import type { Expectation } from "@slipway/testkit";

import { connect, steadyLatency } from "../src/simulator/connection.ts";
import { noFaults } from "../src/simulator/fault.ts";
import { createHistory } from "../src/simulator/history.ts";
import { createProcess } from "../src/simulator/process.ts";
import { respond, verdaccio } from "../src/simulator/profile.ts";
import type { Profile } from "../src/simulator/profile.ts";
import { createRegistryWorld } from "../src/simulator/registry-world.ts";
import { createVirtualClock } from "../src/simulator/virtual-clock.ts";
import { allAfter } from "../src/simulator/visibility.ts";

type Check = Expectation["check"];

/** Holds one expectation against a fresh simulated registry. */
async function hold(check: Check, name: string, profile: Profile = verdaccio): Promise<void> {
  const clock = createVirtualClock();
  const world = createRegistryWorld(profile, clock, "http://registry.test/");
  const registry = connect({
    world,
    clock,
    process: createProcess("machine", "process", noFaults),
    history: createHistory(),
    entries: [],
    latency: steadyLatency,
    uploadTimeoutMs: 300_000,
    staleMaxMs: 0,
  });
  async function wedge(version: string): Promise<void> {
    const bytes = Buffer.from(`a wedged ${version}`);
    const manifest = { name, version };
    const request = { name, version, tag: "latest", access: undefined, manifest, bytes, integrity: integrityOf(bytes) };
    world.submit({ kind: "upload", request }, "stranger", 0, { wedges: true });
  }
  await clock.run(check({ registry, name, wedge }), name);
}

const cases = conformance.flatMap((expectation) =>
  ["package", "@scope/package"].map((name) => ({ title: expectation.title, check: expectation.check, name })),
);

test.for(cases)("simulator: $title ($name)", async ({ check, name }) => {
  await hold(check, name);
});

/** Registries that differ from Verdaccio in one thing, and an expectation that must notice. */
const strangers: readonly { what: string; profile: Partial<Profile>; noticedBy: RegExp }[] = [
  { what: "gives no latest to a first version", profile: { firstBecomesLatest: false }, noticedBy: /^a first version/ },
  { what: "leaves no latest behind", profile: { latestRemoval: "removed" }, noticedBy: /^without latest/ },
  {
    what: "shows versions late",
    profile: { visibility: allAfter(1000) },
    noticedBy: /^an accepted upload is shown at once/,
  },
  {
    what: "lags in plain reads",
    profile: { replicaLagsMs: [1000] },
    noticedBy: /^an accepted upload is shown at once/,
  },
  {
    what: "keeps a 404 in a cache",
    profile: { plainCacheMs: 300_000 },
    noticedBy: /^a tag can be set, moved/,
  },
  {
    what: "takes other bytes in a race",
    profile: { raceWindowMs: 1000 },
    noticedBy: /^a version that is present is refused with 409, also with other/,
  },
  {
    what: "answers 403 for a present version",
    profile: { answers: { ...verdaccio.answers, alreadyPresent: () => respond(403, { error: "no" }) } },
    noticedBy: /^a version that is present is refused with 409, also with the same/,
  },
  {
    what: "accepts tags of absent versions",
    profile: { answers: { ...verdaccio.answers, noSuchVersion: () => respond(201, { ok: "done" }) } },
    noticedBy: /^a tag cannot be set to a version/,
  },
];

test.for(strangers)("a registry that $what does not pass", async ({ profile, noticedBy }) => {
  const found = conformance.find((expectation) => noticedBy.test(expectation.title));
  if (found === undefined) throw new Error(`no expectation is called ${noticedBy}`);
  await expect(hold(found.check, "package", { ...verdaccio, ...profile })).rejects.toThrow(AssertionError);
});
