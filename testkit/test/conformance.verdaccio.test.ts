import { defaultLimits } from "@slipway/core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { conformance, httpRequest, startVerdaccio } from "@slipway/testkit";
import type { Verdaccio } from "@slipway/testkit";

import { publishDocument } from "./publish-document.ts";
import { createRegistry } from "../../packages/slipway/src/registry/registry.ts";
import type { ClosableRegistry } from "../../packages/slipway/src/registry/registry.ts";
import { systemClock } from "../../packages/slipway/src/system-clock.ts";

let verdaccio: Verdaccio;
let registry: ClosableRegistry;

beforeAll(async () => {
  verdaccio = await startVerdaccio();
  registry = createRegistry({
    url: verdaccio.url,
    credentials: () => `Bearer ${verdaccio.token}`,
    limits: defaultLimits,
    userAgent: "slipway-conformance",
    clock: systemClock,
  });
});

afterAll(async () => {
  registry.close();
  await verdaccio.close();
});

/** A wrong shasum is refused, but Verdaccio 6.10.4 has stored the tarball by then. */
async function wedge(name: string, version: string): Promise<void> {
  const document = publishDocument(verdaccio.url, name, version, { shasum: "0".repeat(40) });
  const headers = { authorization: `Bearer ${verdaccio.token}` };
  const url = `${verdaccio.url}/${encodeURIComponent(name)}`;
  expect((await httpRequest(url, { method: "PUT", headers, body: document })).status).toBe(400);
}

const cases = conformance.flatMap(({ title, check }, index) =>
  [`package-${index}`, `@scope/package-${index}`].map((name) => ({ title, check, name })),
);

test.for(cases)("Verdaccio: $title ($name)", async ({ check, name }) => {
  await check({ registry, name, wedge: (version) => wedge(name, version) });
});
