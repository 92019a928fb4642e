/** The example that has to be built, released by the same workflow: the job that packs builds it, and no other job can see its code. */
import { cp } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createWorkspace, startVerdaccio, type TestWorkspace, type Verdaccio } from "@slipway/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readManifests, vextrus } from "../../examples/vextrus-copy.ts";
import { servedIntegrity } from "../registry-truth.ts";
import { type BundledAction, bundleAction } from "./bundle.ts";
import { outputOf, readTrace, resultsOf, saidBy, stepOf } from "./evidence.ts";
import { renderWorkflow } from "./workflow.ts";
import { createGithubWorld, type FinishedRun, type GithubWorld } from "./world.ts";

const leftovers = new Set(["node_modules", "dist", "docs", ".slipway"]);

let bundle: BundledAction;
let verdaccio: Verdaccio;
let workspace: TestWorkspace;
let world: GithubWorld;
let run: FinishedRun;

beforeAll(async () => {
  [bundle, verdaccio] = await Promise.all([bundleAction(), startVerdaccio()]);
  workspace = await createWorkspace({ packages: [] });
  await cp(vextrus, workspace.root, { recursive: true, filter: (path) => !leftovers.has(basename(path)) });
  await workspace.write(".npmrc", `registry=${verdaccio.url}/\n`);
  await workspace.commitAll("The example");
  world = await createGithubWorld({
    bundle,
    workspace,
    workflow: await renderWorkflow(workspace, verdaccio.url, "token"),
    secrets: { NPM_TOKEN: verdaccio.token },
    install: fileURLToPath(new URL("install-vextrus.ts", import.meta.url)),
  });
  run = await world.run({ trace: { job: "pack", file: join(world.dir, "pack.strace") } });
}, 240_000);

afterAll(async () => {
  await world.close();
  await verdaccio.close();
  await workspace.dispose();
  await bundle.remove();
});

test("its four packages are built, published, verified and tagged", async () => {
  expect(resultsOf(run.result), saidBy(run.result)).toEqual([
    "plan success",
    "pack success",
    "publish success",
    "verify success",
    "tag success",
  ]);
  const manifests = [...(await readManifests(workspace.root)).values()];
  expect(manifests.length).toBe(4);
  for (const { name, version } of manifests)
    expect(await servedIntegrity(verdaccio, name, version), name).toMatch(/^sha512-/);
  expect(world.tags()).toEqual(
    Object.fromEntries(manifests.map(({ name, version }) => [`${name}@${version}`, world.sha])),
  );
  expect(outputOf<readonly unknown[]>(stepOf(run.result, "publish"), "published")).toHaveLength(4);
});

test("the trace of the job that packs shows the build and the code of the repository: the same eyes see nothing of it when publishing", async () => {
  const { programs, opened } = await readTrace(join(world.dir, "pack.strace"));
  expect(programs.some((path) => basename(path) === "npm" || basename(path) === "sh")).toBe(true);
  const checkout = join(world.dir, `run-${run.run.id}-1`, "pack-");
  expect(opened.some((path) => path.startsWith(checkout) && path.endsWith(".ts"))).toBe(true);
});
