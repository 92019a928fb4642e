/** The same workflow for a registry that exchanges the identity of a job, as npm's does: simulated, over HTTP, with its scans and its caches. */
import { cp } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import {
  allAfter,
  createWorkspace,
  type HttpFace,
  npmProfile,
  startHttpFace,
  type TestWorkspace,
} from "@slipway/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readManifests } from "../../examples/vextrus-copy.ts";
import { type BundledAction, bundleAction } from "./bundle.ts";
import { linesOf, outputOf, resultsOf, saidBy, stepOf } from "./evidence.ts";
import { renderWorkflow } from "./workflow.ts";
import { createGithubWorld, type FinishedRun, type GithubWorld } from "./world.ts";

const examples = [
  { example: "hai3", count: 9, install: undefined },
  { example: "vextrus", count: 4, install: fileURLToPath(new URL("install-vextrus.ts", import.meta.url)) },
] as const;
const leftovers = new Set(["node_modules", "dist", "docs", ".slipway"]);
const limits = { settleMs: 50, pollFirstMs: 20, pollMaxMs: 50, resendDelaysMs: [50, 100], readTimeoutMs: 5_000 };

function seed(face: HttpFace, name: string): void {
  const manifest = { name, version: "0.0.1" };
  const bytes = Buffer.from(name);
  const request = { ...manifest, tag: "latest", access: undefined, manifest, bytes, integrity: "sha512-old" };
  face.world.submit({ kind: "upload", request }, "slipway", -1);
}

describe.each(examples)("$example", ({ example, count, install }) => {
  let bundle: BundledAction;
  let face: HttpFace;
  let workspace: TestWorkspace;
  let world: GithubWorld;
  let run: FinishedRun;
  let names: readonly string[];

  beforeAll(async () => {
    bundle = await bundleAction();
    workspace = await createWorkspace({ packages: [] });
    const source = fileURLToPath(new URL(`../../../examples/${example}`, import.meta.url));
    await cp(source, workspace.root, { recursive: true, filter: (path) => !leftovers.has(basename(path)) });
    const manifests = [...(await readManifests(workspace.root)).values()];
    names = manifests.map(({ name }) => name);
    const publisher = {
      repository: "acme/shop",
      workflow: "release.yml",
      actions: ["publish"],
      account: "slipway",
    } as const;
    face = await startHttpFace({
      profile: { ...npmProfile, visibility: allAfter(5_000), race: { chance: 0, landsChance: 0 } },
      speed: 60,
      accounts: [{ name: "slipway", scopes: [example] }],
      trustedPublishers: names.map((name) => ({ ...publisher, package: name })),
    });
    // npm exchanges nothing for a package that is not there.
    for (const name of names) seed(face, name);
    face.pass(600_000);
    await workspace.write(".npmrc", `registry=${face.url}/\n`);
    await workspace.edit(".", (manifest) => ({
      ...manifest,
      slipway: { ...Object(manifest["slipway"]), limits, wait: "20s" },
    }));
    await workspace.commitAll("The example");
    world = await createGithubWorld({
      // The registry's hour is a minute here.
      now: () => Math.max(Date.now(), face.clock.now()),
      bundle,
      workspace,
      workflow: await renderWorkflow(workspace, face.url, "identity"),
      ...(install === undefined ? {} : { install }),
    });
    // A replica may show an old packument for five minutes of the registry's: verify and tag look again for so long.
    run = await world.run();
  }, 240_000);

  afterAll(async () => {
    await world.close();
    await face.close();
    await workspace.dispose();
    await bundle.remove();
  });

  test("the job that publishes proves who it is, and gets one token a package", () => {
    expect(resultsOf(run.result), saidBy(run.result)).toEqual([
      "plan success",
      "pack success",
      "publish success",
      "verify success",
      "tag success",
    ]);
    expect(new Set(world.service.audiences)).toEqual(new Set(["npm:127.0.0.1"]));
    const exchanges = face.accessLog().filter(({ url }) => url.includes("/oidc/token/exchange/"));
    expect(
      exchanges.map(({ url, status }) => `${decodeURIComponent(url).split("/package/")[1]} ${status}`).toSorted(),
    ).toEqual(names.map((name) => `${name} 201`).toSorted());
    expect(outputOf<readonly unknown[]>(stepOf(run.result, "publish"), "published")).toHaveLength(count);
    expect(linesOf(stepOf(run.result, "publish").summary)[0]).toBe(`Released: ${count} published`);
  });

  test("identities and exchanged tokens are hidden in the log before they are used, and are nowhere else", () => {
    const { masks, log } = stepOf(run.result, "publish");
    for (const identity of world.service.identities) expect(masks).toContain(identity);
    // One identity, one token a package, beside the job's own token and the signatures of addresses.
    const made = masks.filter((mask) => !world.service.identities.includes(mask));
    expect(made.length).toBeGreaterThanOrEqual(names.length);
    const text =
      log.replaceAll(/^::add-mask::.*$/gm, "") +
      run.result.jobs
        .get("publish")
        ?.steps.map((step) => step.summary)
        .join("");
    expect(world.service.identities.filter((identity) => text.includes(identity))).toEqual([]);
  });

  test("jobs without the permission have no identity to ask for", () => {
    const asked = world.file.jobs
      .filter(({ permissions }) => permissions?.["id-token"] === "write")
      .map(({ id }) => id);
    expect(asked).toEqual(["publish"]);
  });
});
