import { test } from "vitest";

import { conformance, integrityOf } from "@slipway/testkit";

import { connect, steadyLatency } from "../src/simulator/connection.ts";
import { noFaults } from "../src/simulator/fault.ts";
import { createHistory } from "../src/simulator/history.ts";
import { createProcess } from "../src/simulator/process.ts";
import { verdaccio } from "../src/simulator/profile.ts";
import { createRegistryWorld } from "../src/simulator/registry-world.ts";
import { createVirtualClock } from "../src/simulator/virtual-clock.ts";

const cases = conformance.flatMap((expectation) =>
  ["package", "@scope/package"].map((name) => ({ title: expectation.title, check: expectation.check, name })),
);

test.for(cases)("simulator: $title ($name)", async ({ title, check, name }) => {
  const clock = createVirtualClock();
  const world = createRegistryWorld(verdaccio, clock, "http://registry.test/");
  const process = createProcess("machine", "process", noFaults);
  const registry = connect({
    world,
    clock,
    process,
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
  await clock.run(check({ registry, name, wedge }), title);
});
