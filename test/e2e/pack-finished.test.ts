/** What `slipway pack` does with a release that is published already. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { chain, createWorkspace, runSlipway, startVerdaccio } from "@slipway/testkit";
import { expect, test } from "vitest";

test("pack without a plan leaves the plan of a finished release as it is", async () => {
  const verdaccio = await startVerdaccio();
  const workspace = await createWorkspace({ packages: chain(2) });
  const setting = { cwd: workspace.root, registry: verdaccio.url, token: verdaccio.token };
  try {
    const published = await runSlipway(["publish", "--yes"], setting);
    expect(published.code, published.stderr).toBe(0);
    const folder = join(
      workspace.root,
      ".slipway",
      (await workspace.git("ls-files", "--others", "--ignored", "--exclude-standard", ".slipway")).split("/")[1] ?? "",
    );
    const before = await readFile(join(folder, "plan.json"), "utf8");
    expect(JSON.parse(before).plan.tarballs).toHaveLength(2);
    const packed = await runSlipway(["pack"], setting);
    expect(packed.code, packed.stderr).toBe(0);
    expect(await readFile(join(folder, "plan.json"), "utf8")).toBe(before);
    expect(packed.stdout).toMatch(/Finished {2}nothing to pack: this release is published/);
    // What it prints is still the digest of the folder.
    expect(packed.stdout).toContain(JSON.parse(before).digest);
  } finally {
    await workspace.dispose();
    await verdaccio.close();
  }
});
