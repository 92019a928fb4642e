/**
 * The workflow for pull requests that `slipway init` writes, run as GitHub runs it: the job that packs has the code and may only read, the job that
 * comments has neither code nor checkout. From a fork nothing may be written, and the summary says the same.
 */
import { createWorkspace, startVerdaccio, type TestWorkspace, type Verdaccio } from "@slipway/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { uploadsOf } from "../registry-truth.ts";
import { type BundledAction, bundleAction } from "./bundle.ts";
import { resultsOf, saidBy, stepOf } from "./evidence.ts";
import { renderPullRequestWorkflow, renderWorkflow } from "./workflow.ts";
import { createGithubWorld, type FinishedRun, type GithubWorld } from "./world.ts";

const number = 7;
const forked = 8;
const payload = { pull_request: { number } };

let bundle: BundledAction;
let verdaccio: Verdaccio;
let workspace: TestWorkspace;
let world: GithubWorld;
let first: FinishedRun;

beforeAll(async () => {
  [bundle, verdaccio] = await Promise.all([bundleAction(), startVerdaccio()]);
  workspace = await createWorkspace({
    packages: [
      { name: "pulled-a", scripts: { prepack: "node -e \"console.log('::notice::packed')\"" } },
      { name: "pulled-b", dependencies: ["pulled-a"] },
    ],
    files: { ".npmrc": `registry=${verdaccio.url}/\n` },
  });
  const workflow = await renderWorkflow(workspace, verdaccio.url, "token", renderPullRequestWorkflow);
  world = await createGithubWorld({ bundle, workspace, workflow, secrets: { NPM_TOKEN: verdaccio.token } });
  for (const each of [number, forked]) world.github.state.pullRequests.add(each);
  first = await world.run({ event: "pull_request", payload });
}, 180_000);

afterAll(async () => {
  await world.close();
  await verdaccio.close();
  await workspace.dispose();
  await bundle.remove();
});

const comments = (): readonly string[] => world.github.state.comments.map(({ body }) => body);

test("both jobs succeed, and one comment says what merging would release, with sizes", () => {
  expect(resultsOf(first.result), saidBy(first.result)).toEqual(["plan success", "comment success"]);
  expect(comments()).toHaveLength(1);
  expect(world.github.state.comments[0]).toMatchObject({ number, author: "github-actions[bot]" });
  expect(comments()[0]).toMatch(/pulled.{0,8}a/);
  expect(comments()[0]).toMatch(/\d+(\.\d+)? k?B/);
});

test("nothing was uploaded, and the job that comments ran nothing of the repository", () => {
  expect(uploadsOf(verdaccio, ["pulled-a", "pulled-b"])).toEqual([]);
  expect(stepOf(first.result, "comment").log).not.toContain("packed");
  expect(world.file.jobs.find(({ id }) => id === "comment")?.steps.map(({ uses }) => uses?.split("@")[0])).toEqual([
    "slipway-release/slipway",
  ]);
});

test("the same state again writes nothing", async () => {
  const before = comments();
  const writes = (): number =>
    world.github.requests.filter(({ method, path }) => method !== "GET" && path.includes("/comments")).length;
  const sent = writes();
  await world.run({ event: "pull_request", payload });
  expect([comments(), writes()]).toEqual([before, sent]);
});

test("from a fork nothing is written, and the summary says it instead", async () => {
  const before = comments();
  const { result } = await world.run({
    event: "pull_request",
    payload: { pull_request: { number: forked } },
    isFork: true,
  });
  expect(resultsOf(result), saidBy(result)).toEqual(["plan success", "comment success"]);
  expect(comments()).toEqual(before);
  expect(stepOf(result, "comment").summary).toMatch(/pulled.{0,8}a/);
});
