/** The simulator's HTTP face, with the profile `verdaccio-6.10`, held to what the real Verdaccio does. */
import { defaultLimits } from "@slipway/core";
import { afterAll, beforeAll, test } from "vitest";

import { conformance, integrityOf } from "@slipway/testkit";

import { type HttpFace, startHttpFace } from "../src/simulator/http-face.ts";
import { verdaccio } from "../src/simulator/profile.ts";
import { createRegistry } from "../../packages/slipway/src/registry/registry.ts";
import type { ClosableRegistry } from "../../packages/slipway/src/registry/registry.ts";
import { systemClock } from "../../packages/slipway/src/system-clock.ts";

let face: HttpFace;
let registry: ClosableRegistry;

beforeAll(async () => {
  face = await startHttpFace({ profile: verdaccio });
  registry = createRegistry({
    url: face.url,
    credentials: () => `Bearer ${face.token}`,
    limits: defaultLimits,
    userAgent: "slipway-conformance",
    clock: systemClock,
  });
});

afterAll(async () => {
  registry.close();
  await face.close();
});

async function wedge(name: string, version: string): Promise<void> {
  const bytes = Buffer.from(`a wedged ${version}`);
  const manifest = { name, version };
  const request = { name, version, tag: "latest", access: undefined, manifest, bytes, integrity: integrityOf(bytes) };
  face.world.submit({ kind: "upload", request }, "stranger", 0, { wedges: true });
}

const cases = conformance.flatMap(({ title, check }, index) =>
  [`package-${index}`, `@scope/package-${index}`].map((name) => ({ title, check, name })),
);

test.for(cases)("HTTP face: $title ($name)", async ({ check, name }) => {
  await check({ registry, name, wedge: (version) => wedge(name, version) });
});
