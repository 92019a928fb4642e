/** The same workflow for a registry that exchanges the identity of a job, as npm's does: simulated, over HTTP, with its scans. */
import { cp, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  allAfter,
  createWorkspace,
  type HttpFace,
  npmProfile,
  startHttpFace,
  type TestWorkspace,
} from "@slipway/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BundledAction, bundleAction } from "./bundle.ts";
import { linesOf, outputOf, resultsOf, saidBy, stepOf } from "./evidence.ts";
import { renderWorkflow } from "./workflow.ts";
import { createGithubWorld, type FinishedRun, type GithubWorld } from "./world.ts";

const example = fileURLToPath(new URL("../../../examples/hai3", import.meta.url));
const limits = { settleMs: 50, pollFirstMs: 20, pollMaxMs: 50, resendDelaysMs: [50, 100], readTimeoutMs: 5_000 };

let bundle: BundledAction;
let face: HttpFace;
let workspace: TestWorkspace;
let world: GithubWorld;
let run: FinishedRun;
let names: readonly string[];

beforeAll(async () => {
  bundle = await bundleAction();
  workspace = await createWorkspace({ packages: [] });
  await cp(example, workspace.root, { recursive: true, filter: (path) => !path.includes("node_modules") });
  names = await Promise.all(
    (await readdir(join(example, "packages"))).map(async (folder): Promise<string> => {
      const manifest: { readonly name: string } = JSON.parse(
        await readFile(join(example, "packages", folder, "package.json"), "utf8"),
      );
      return manifest.name;
    }),
  );
  const publisher = {
    repository: "acme/shop",
    workflow: "release.yml",
    actions: ["publish"],
    account: "slipway",
  } as const;
  face = await startHttpFace({
    profile: { ...npmProfile, visibility: allAfter(5_000), race: { chance: 0, landsChance: 0 } },
    speed: 60,
    accounts: [{ name: "slipway", scopes: ["hai3"] }],
    trustedPublishers: names.map((name) => ({ ...publisher, package: name })),
  });
  // npm exchanges nothing for a package that is not there.
  for (const name of names) seed(name);
  face.pass(600_000);
  await workspace.write(".npmrc", `registry=${face.url}/\n`);
  await workspace.write("slipway.config.json", JSON.stringify({ limits, wait: "20s" }));
  await workspace.commitAll("The example");
  world = await createGithubWorld({
    // The registry's hour is a minute here.
    now: () => Math.max(Date.now(), face.clock.now()),
    bundle,
    workspace,
    workflow: await renderWorkflow(workspace, face.url, "identity"),
  });
  run = await world.run({
    // A replica may show an old packument for five minutes, and verify does not wait for it.
    onProcess: (job) => void (job === "verify" && face.pass(600_000)),
  });
}, 180_000);

afterAll(async () => {
  await world.close();
  await face.close();
  await workspace.dispose();
  await bundle.remove();
});

function seed(name: string): void {
  const manifest = { name, version: "0.0.1" };
  const bytes = Buffer.from(name);
  const request = { ...manifest, tag: "latest", access: undefined, manifest, bytes, integrity: "sha512-old" };
  face.world.submit({ kind: "upload", request }, "slipway", -1);
}

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
  expect(outputOf<readonly unknown[]>(stepOf(run.result, "publish"), "published")).toHaveLength(9);
  expect(linesOf(stepOf(run.result, "publish").summary)[0]).toBe("Released: 9 published");
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
  const asked = world.file.jobs.filter(({ permissions }) => permissions?.["id-token"] === "write").map(({ id }) => id);
  expect(asked).toEqual(["publish"]);
});
