/** A release that fails: what is said where, and how the next run takes up what it left; what strangers left is not taken up. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  createWorkspace,
  type FaultProxy,
  startFaultProxy,
  startVerdaccio,
  type TestWorkspace,
  type Verdaccio,
} from "@slipway/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { uploadsOf } from "../registry-truth.ts";
import { type BundledAction, bundleAction } from "./bundle.ts";
import { jobOf, linesOf, outputOf, resultsOf, saidBy, stepOf } from "./evidence.ts";
import { renderWorkflow } from "./workflow.ts";
import { createGithubWorld, type FinishedRun, type GithubWorld } from "./world.ts";

const limits = { settleMs: 100, pollFirstMs: 20, pollMaxMs: 50, resendDelaysMs: [50, 100], readTimeoutMs: 5_000 };

/** A script of the project that looks around. */
const tellNames = `node -e "require('fs').writeFileSync('../../node_modules/.names', Object.keys(process.env).join(' '))"`;

let bundle: BundledAction;
let verdaccio: Verdaccio;
let proxy: FaultProxy;
let workspace: TestWorkspace;
let world: GithubWorld;
let failed: FinishedRun;

beforeAll(async () => {
  [bundle, verdaccio] = await Promise.all([bundleAction(), startVerdaccio()]);
  proxy = await startFaultProxy({
    target: verdaccio.url,
    rules: [
      {
        method: "PUT",
        path: "/@trouble/b",
        fault: { kind: "answer", when: "before", status: 403, body: { error: "not you ::error::x" } },
      },
    ],
  });
  const manifest = { publishConfig: { access: "public" } };
  workspace = await createWorkspace({
    packages: [
      { name: "@trouble/a", manifest, scripts: { prepack: tellNames } },
      { name: "@trouble/b", dependencies: ["@trouble/a"], manifest },
      { name: "@trouble/c", dependencies: ["@trouble/b"], manifest },
    ],
    root: { slipway: { limits, wait: "20s" } },
    files: { ".npmrc": `registry=${proxy.url}/\n` },
  });
  world = await createGithubWorld({
    bundle,
    workspace,
    workflow: await renderWorkflow(workspace, proxy.url, "token"),
    secrets: { NPM_TOKEN: verdaccio.token },
  });
  failed = await world.run();
}, 180_000);

afterAll(async () => {
  await world.close();
  await proxy.close();
  await verdaccio.close();
  await workspace.dispose();
  await bundle.remove();
});

test("the job that publishes fails, its outputs and summary are there, and nothing is tagged", () => {
  expect(resultsOf(failed.result), saidBy(failed.result)).toEqual([
    "plan success",
    "pack success",
    "publish failure",
    "verify skipped",
    "tag skipped",
  ]);
  const step = stepOf(failed.result, "publish");
  expect(outputOf(step, "published")).toEqual([{ name: "@trouble/a", version: "1.0.0" }]);
  expect(outputOf(step, "failed")).toMatchObject([
    { name: "@trouble/b", code: "SLIP_UPLOAD_UNAUTHORISED" },
    { name: "@trouble/c", code: "SLIP_DEPENDENCY_FAILED" },
  ]);
  const lines = linesOf(step.summary);
  expect(lines[0]).toBe("Release failed: 1 published, 1 failed, 1 not tried");
  expect(lines.find((line) => line.startsWith("SLIP_UPLOAD_UNAUTHORISED"))).toContain("@trouble/b@1.0.0");
  expect(world.tags()).toEqual({});
});

test("scripts of the project see neither the action's inputs nor what writes artifacts, caches and outputs", async () => {
  const { workspace: checkout = "" } = jobOf(failed.result, "pack");
  const names = (await readFile(join(checkout, "node_modules", ".names"), "utf8")).split(" ");
  expect(names).toContain("GITHUB_SHA");
  expect(
    names.filter((name) =>
      /^(INPUT_|STATE_|ACTIONS_|GITHUB_TOKEN|GITHUB_(OUTPUT|ENV|PATH|STATE|STEP_SUMMARY)$)/.test(name),
    ),
  ).toEqual([]);
});

test("the annotation stands at the version in the manifest, although the job has no checkout", async () => {
  const line =
    (await workspace.read("packages/b/package.json")).split("\n").findIndex((text) => text.includes('"version"')) + 1;
  expect(stepOf(failed.result, "publish").annotations).toEqual([
    expect.objectContaining({
      level: "error",
      title: "SLIP_UPLOAD_UNAUTHORISED",
      file: "packages/b/package.json",
      line,
    }),
  ]);
});

test("a later run of the commit goes on from what the failed one left, and not from what a stranger's pull request left", async () => {
  const [own] = world.store.artifacts.slice(-1);
  const [packed] = world.store.artifacts;
  if (own === undefined || packed === undefined) throw new Error("the failed run has left no artifact");
  const strangers = [
    { event: "pull_request", headRepository: "stranger/shop", path: ".github/workflows/release.yml" },
    { event: "push", headRepository: world.repository, path: ".github/workflows/other.yml" },
  ];
  for (const [index, fields] of strangers.entries()) {
    const run = world.store.addRun({ id: 9_000 + index, headSha: world.sha, ...fields });
    const name = own.name.replace(/-[0-9a-f]{8}$/, `-0000000${index}`);
    const planted = world.store.begin(run.backendId, name, "application/zip");
    if (planted === undefined) throw new Error("the planted artifact was refused");
    world.store.write(planted, own.bytes);
    planted.isFinal = true;
  }
  proxy.setRules([]);
  const next = await world.run({ event: "workflow_dispatch" });
  expect(resultsOf(next.result), saidBy(next.result)).toEqual([
    "plan success",
    "pack success",
    "publish success",
    "verify success",
    "tag success",
  ]);
  expect(stepOf(next.result, "pack").log).toContain(`goes on from ${own.name}\n`);
  expect(outputOf(stepOf(next.result, "publish"), "report")).toMatchObject({ attempt: 2 });
  expect(uploadsOf(verdaccio, ["@trouble/a"])).toHaveLength(1);
  expect(Object.keys(world.tags()).toSorted()).toEqual(["@trouble/a@1.0.0", "@trouble/b@1.0.0", "@trouble/c@1.0.0"]);
});

test("where the artifact cannot be uploaded, packing fails, because nothing could be published from it", async () => {
  await workspace.write(
    "packages/a/package.json",
    JSON.stringify({ name: "@trouble/a", version: "1.0.1", publishConfig: { access: "public" } }),
  );
  await workspace.commitAll("Next");
  const other = await createGithubWorld({
    bundle,
    workspace,
    workflow: await renderWorkflow(workspace, proxy.url, "token"),
    secrets: { NPM_TOKEN: verdaccio.token },
  });
  other.service.breakUploads();
  const run = await other.run();
  expect(resultsOf(run.result)).toEqual([
    "plan success",
    "pack failure",
    "publish skipped",
    "verify skipped",
    "tag skipped",
  ]);
  expect(stepOf(run.result, "pack").annotations.map(({ level, title }) => `${level} ${title}`)).toContain(
    "warning Artifact",
  );
  await other.close();
});
