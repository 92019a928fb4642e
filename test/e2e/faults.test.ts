/**
 * Every fault on every upload of a release, and on the reads that prove it, through the real command line and a real
 * Verdaccio: slipway never says "released" of what is not, nor "failed" of what is, and one more run always finishes it.
 */
import { startVerdaccio, type Verdaccio } from "@slipway/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FaultCase, faultCases } from "./fault-list.ts";
import { type Letter, runTrial, trialPackages } from "./fault-trial.ts";
import { publishWithNpm, publishWithSlipway, slipwayConfig } from "./publishers.ts";
import { packedIntegrities, tarballFile } from "./registry-truth.ts";

let verdaccio: Verdaccio;

beforeAll(async () => {
  verdaccio = await startVerdaccio();
});

afterAll(async () => {
  await verdaccio.close();
});

async function check(fault: FaultCase, letter: Letter, scope: string): Promise<void> {
  let packed: ReadonlyMap<string, string> = new Map();
  const { first, again, accepted, strikes } = await runTrial({
    fault,
    letter,
    scope,
    verdaccio,
    publish: publishWithSlipway,
    root: { slipway: slipwayConfig(fault) },
    inspect: async (workspace) => {
      packed = await packedIntegrities(workspace);
    },
  });
  const said = `${letter}: ${first.result.stderr}${first.result.stdout}${again?.result.stderr ?? ""}${again?.result.stdout ?? ""}`;
  expect(strikes, said).toBeGreaterThan(0);
  const last = again ?? first;
  expect(last.result.code, said).toBe(0);
  const wanted = [...last.served.keys()].map((name) => [name, packed.get(tarballFile(name, "1.0.0"))]);
  expect([...last.served], said).toEqual(wanted);
  expect([...accepted.values()], said).toEqual([1, 1, 1, 1, 1]);
  // 3 says "not known", which is true of a release that nobody has looked at; 1 says "failed".
  if (first.result.code === 1) expect(first.isComplete, `a false failure. ${said}`).toBe(false);
  else if (first.result.code !== 0) expect(first.result.code, said).toBe(3);
  if (fault.isLasting !== true) expect(again, `one run is enough. ${said}`).toBe(undefined);
}

test.each(faultCases.map((fault, index) => ({ fault, index, name: fault.name })))(
  "$name, on each package: nothing false is said, and the release ends with right bytes, each version accepted once",
  async ({ fault, index }) => {
    await Promise.all(trialPackages.map((letter) => check(fault, letter, `fault-${index}-${letter}`)));
  },
  60_000,
);

/** Proves that the trials can fail: npm believes an answer and a conflict, and both are found out. */
test.each([
  { name: "200 without a commit", code: 0, isStored: false },
  { name: "500 after the commit", code: 1, isStored: true },
])("a client that believes answers is found out: $name", async ({ name, code, isStored }) => {
  const fault = faultCases.find((item) => item.name === name);
  if (fault === undefined) throw new Error(`there is no fault ${name}`);
  const scope = `believer-${code}`;
  const publish = publishWithNpm(fault);
  const { first } = await runTrial({ fault, letter: "a", scope, verdaccio, publish, root: {} });
  expect(first.result.code, first.result.stderr).toBe(code);
  expect(first.served.get(`@${scope}/a`) !== undefined).toBe(isStored);
});
