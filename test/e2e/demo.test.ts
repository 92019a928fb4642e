/** The demonstration where Verdaccio, which is an optional peer, is not installed. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runSlipway } from "@slipway/testkit";
import { expect, test } from "vitest";

const withoutVerdaccio = `import { registerHooks } from "node:module";
registerHooks({
  resolve(specifier, context, next) {
    if (specifier === "verdaccio") throw new Error("not installed");
    return next(specifier, context);
  },
});`;

test("without Verdaccio the demonstration says how to get it, and leaves nothing behind", async () => {
  const dir = await mkdtemp(join(tmpdir(), "slipway-no-verdaccio-"));
  const env = { TMPDIR: dir, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(withoutVerdaccio)}` };
  const { code, stderr } = await runSlipway(["demo"], { cwd: tmpdir(), registry: "http://127.0.0.1:9", env });
  expect(stderr).toContain("error[SLIP_DEMO_FAILED]: the demonstration needs Verdaccio, which is not installed");
  expect(stderr).toContain("hint: npm install --no-save verdaccio");
  expect(code).toBe(1);
  expect(await readdir(dir)).toEqual([]);
  await rm(dir, { recursive: true });
});
