/** The wire protocol of the real Verdaccio and of the simulator's HTTP face, held to one list. */
import { afterAll, beforeAll, describe, test } from "vitest";

import { startVerdaccio } from "@slipway/testkit";

import { protocolConformance } from "../src/protocol-conformance.ts";
import type { ProtocolSubject } from "../src/protocol-conformance.ts";
import { startHttpFace } from "../src/simulator/http-face.ts";
import { verdaccio } from "../src/simulator/profile.ts";

interface Target {
  readonly url: string;
  readonly token: string;
  readonly close: () => Promise<void>;
}

const maxBodyBytes = 100 * 1024;

const targets: readonly { readonly target: string; readonly start: () => Promise<Target> }[] = [
  { target: "Verdaccio", start: () => startVerdaccio({ maxBodySize: "100kb" }) },
  { target: "HTTP face", start: () => startHttpFace({ profile: verdaccio, maxBodyBytes }) },
];

const cases = protocolConformance.flatMap(({ title, check }, index) =>
  [`protocol-${index}`, `@scope/protocol-${index}`].map((name) => ({ title, check, name })),
);

describe.each(targets)("$target", ({ start }) => {
  let opened: Target;

  beforeAll(async () => {
    opened = await start();
  });

  afterAll(async () => {
    await opened.close();
  });

  test.for(cases)("$title ($name)", async ({ check, name }) => {
    const { url, token } = opened;
    await check({ url, token, name, maxBodyBytes, userName: "slipway" } satisfies ProtocolSubject);
  });
});
