/**
 * The workflow that `slipway init` writes, run as GitHub runs it, with the bundled action: each job a process tree of its own with what its permissions give.
 */
import { cp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createWorkspace, startVerdaccio, type TestWorkspace, type Verdaccio } from "@slipway/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BundledAction, bundleAction } from "./bundle.ts";
import { createGithubWorld, type FinishedRun, type GithubWorld } from "./world.ts";
import { renderWorkflow } from "./workflow.ts";

const example = fileURLToPath(new URL("../../../examples/hai3", import.meta.url));

let bundle: BundledAction;
let verdaccio: Verdaccio;
let workspace: TestWorkspace;
let world: GithubWorld;
let first: FinishedRun;

beforeAll(async () => {
  [bundle, verdaccio] = await Promise.all([bundleAction(), startVerdaccio()]);
  workspace = await createWorkspace({ packages: [] });
  await cp(example, workspace.root, { recursive: true, filter: (path) => !path.includes("node_modules") });
  await workspace.write(".npmrc", `registry=${verdaccio.url}/\n`);
  await workspace.commitAll("The example");
  world = await createGithubWorld({
    bundle,
    workspace,
    workflow: await renderWorkflow(workspace, verdaccio.url, "token"),
    secrets: { NPM_TOKEN: verdaccio.token },
  });
  first = await world.run({ trace: { job: "publish", file: join(world.dir, "publish.strace") } });
}, 180_000);

afterAll(async () => {
  await world.close();
  await verdaccio.close();
  await workspace.dispose();
  await bundle.remove();
});

test("all jobs succeed, each after the one before", () => {
  for (const job of first.result.jobs.values())
    console.log(
      job.id,
      job.result,
      JSON.stringify(job.outputs).slice(0, 300),
      job.steps.map((s) => s.name + " " + s.result + "\n" + s.log.slice(0, 3000)).join("\n---\n"),
    );
  expect([...first.result.jobs.values()].map(({ id, result }) => `${id} ${result}`)).toEqual([
    "plan success",
    "pack success",
    "publish success",
    "verify success",
    "tag success",
  ]);
});
