/**
 * Packages that are large: one of 40 MB, one of 5,000 files, and one that a registry does not take for its size. Through the real
 * command line and a real Verdaccio. It must not measure time.
 */
import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  createWorkspace,
  type PackageSpec,
  type ProcessResult,
  runSlipway,
  startVerdaccio,
  type TestWorkspace,
  type Verdaccio,
} from "@slipway/testkit";
import { expect, test } from "vitest";
import { packedIntegrities, servedIntegrity, tarballFile, uploadsOf } from "./registry-truth.ts";

const slipway = { limits: { settleMs: 200, pollFirstMs: 20, resendDelaysMs: [50, 100] }, wait: "60s" };
const megabyte = 1024 * 1024;

interface Stage {
  readonly verdaccio: Verdaccio;
  readonly workspace: TestWorkspace;
  readonly publish: (env?: Readonly<Record<string, string>>) => Promise<ProcessResult>;
}

/** Runs `act` with a Verdaccio and a workspace of its own. */
async function on(
  packages: readonly PackageSpec[],
  options: Parameters<typeof startVerdaccio>[0],
  act: (stage: Stage) => Promise<void>,
): Promise<void> {
  const verdaccio = await startVerdaccio(options);
  const workspace = await createWorkspace({ packages, root: { slipway } });
  try {
    await act({
      verdaccio,
      workspace,
      publish: (env = {}) =>
        runSlipway(["publish"], { cwd: workspace.root, registry: verdaccio.url, token: verdaccio.token, env }),
    });
  } finally {
    await workspace.dispose();
    await verdaccio.close();
  }
}

async function expectServed({ verdaccio, workspace }: Stage, name: string): Promise<void> {
  const packed = await packedIntegrities(workspace);
  const served = await servedIntegrity(verdaccio, name, "1.0.0");
  expect(served).toBeDefined();
  expect(served, name).toBe(packed.get(tarballFile(name, "1.0.0")));
}

/** Makes a process say at its end how much memory it has used at most. */
const saysPeak = {
  NODE_OPTIONS:
    "--import=data:text/javascript,process.on('exit',()=>console.error('peakKb',process.resourceUsage().maxRSS))",
};

test("a tarball of 40 MB is published, read back and reported, in one upload, within 400 MB of memory", async () => {
  const packages = [{ name: "@large/one", files: { "data.bin": randomBytes(40 * megabyte) } }];
  await on(packages, { maxBodySize: "100mb" }, async (stage) => {
    const { code, stdout, stderr } = await stage.publish(saysPeak);
    expect(code, stdout + stderr).toBe(0);
    const peakKb = Number(/^peakKb (\d+)$/m.exec(stderr)?.[1]);
    expect(peakKb).toBeLessThan(400 * 1024);
    await expectServed(stage, "@large/one");
    expect(uploadsOf(stage.verdaccio, ["@large/one"])).toHaveLength(1);
  });
});

test("a package of 5,000 files is published with every one of them", async () => {
  const files = Object.fromEntries(
    Array.from({ length: 5_000 }, (_, index) => [`lib/${index % 50}/module-${index}.js`, `export default ${index};\n`]),
  );
  await on([{ name: "@large/many", files }], {}, async (stage) => {
    const { code, stdout, stderr } = await stage.publish();
    expect(code, stdout + stderr).toBe(0);
    await expectServed(stage, "@large/many");
    const [id = ""] = await readdir(join(stage.workspace.root, ".slipway"));
    const { plan } = JSON.parse(await readFile(join(stage.workspace.root, ".slipway", id, "plan.json"), "utf8"));
    expect(plan.tarballs[0].fileCount).toBe(5_002);
  });
});

const withTooLarge: readonly PackageSpec[] = [
  { name: "@limit/small" },
  { name: "@limit/big", files: { "data.bin": randomBytes(12 * megabyte) } },
  { name: "@limit/needs-big", dependencies: ["@limit/big"] },
  { name: "@limit/needs-small", dependencies: ["@limit/small"] },
];

test("a registry's limit on size is named with the size; the rest goes on, and a run after the limit was raised finishes", async () => {
  await on(withTooLarge, { maxBodySize: "10mb" }, async (stage) => {
    const { verdaccio, workspace } = stage;
    const refused = await stage.publish();
    expect(refused.code, refused.stdout + refused.stderr).toBe(1);
    expect(refused.stderr).toMatch(/Large +@limit\/big@1\.0\.0 +16\.8 MB to upload/);
    expect(refused.stdout).toMatch(
      /error\[SLIP_UPLOAD_TOO_LARGE\]: .*413.*@limit\/big@1\.0\.0\n {2}16\.8 MB were sent/,
    );
    expect(refused.stdout).toMatch(/hint: .*raise the limit above 16\.8 MB .*max_body_size/);
    expect(refused.stdout).toMatch(/not published because of that: @limit\/needs-big@1\.0\.0/);
    expect(uploadsOf(verdaccio, ["@limit/big"])).toHaveLength(1);
    for (const name of ["@limit/small", "@limit/needs-small"]) await expectServed(stage, name);
    for (const name of ["@limit/big", "@limit/needs-big"]) {
      expect(await servedIntegrity(verdaccio, name, "1.0.0")).toBeUndefined();
      expect((await readdir(join(verdaccio.storageDir, "@limit"))).includes(name.slice(7))).toBe(false);
    }
    const raised = await startVerdaccio({ storageDir: verdaccio.storageDir, maxBodySize: "50mb" });
    try {
      const finished = await runSlipway(["publish"], {
        cwd: workspace.root,
        registry: raised.url,
        token: raised.token,
      });
      expect(finished.code, finished.stdout + finished.stderr).toBe(0);
      for (const { name } of withTooLarge) await expectServed({ ...stage, verdaccio: raised }, name);
      expect(uploadsOf(raised, ["@limit/small", "@limit/needs-small"])).toEqual([]);
    } finally {
      await raised.close();
    }
  });
});
