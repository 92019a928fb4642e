/**
 * The example of request 001 through changesets/action: a changeset, the version pull request that the real Changesets CLI fills, its
 * merge, and the release that the action runs on main. What the action does with git and GitHub is played by `action.ts`.
 */
import { delimiter, dirname } from "node:path";
import { httpRequest, startVerdaccio, type TestWorkspace, type Verdaccio } from "@slipway/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { copyVextrus, readManifests, runIn } from "../../examples/vextrus-copy.ts";
import { type ActionRun, createRemote, type Remote, runAction } from "./action.ts";

const names = ["@vextrus/contracts", "@vextrus/distributed-transactions", "@vextrus/kernel", "@vextrus/utils"];
// What `slipway.build` runs is to find this Node.
const env = { PATH: [dirname(process.execPath), process.env["PATH"]].join(delimiter) };

let verdaccio: Verdaccio;
let workspace: TestWorkspace;
let remote: Remote;
const commits: string[] = [];
const runs: ActionRun[] = [];

/** The action on a push to main: as v2 does first, and as v1 later. */
async function release(version: "v1" | "v2"): Promise<void> {
  runs.push(await runAction({ version, workspace, remote, verdaccio, env }));
  commits.push(workspace.commit());
}

beforeAll(async () => {
  verdaccio = await startVerdaccio();
  workspace = await copyVextrus();
  remote = await createRemote(workspace);
  await release("v2");
  await workspace.write(".changeset/quiet-foxes-wait.md", '---\n"@vextrus/utils": patch\n---\n\nClears its timer.\n');
  await workspace.commitAll("Clear the timer of withTimeout");
  // With a changeset on main the action makes the pull request, or brings it up to date.
  await workspace.git("checkout", "--quiet", "-b", "changeset-release/main");
  await runIn(workspace.root, "npm", "run", "version-packages");
  await workspace.commitAll("Version Packages");
  await workspace.git("checkout", "--quiet", "main");
  await workspace.git("merge", "--quiet", "--no-ff", "--message", "Merge pull request #1", "changeset-release/main");
  await workspace.commitAll("After the merge");
  await workspace.git("push", "--quiet", "origin", "main");
  await release("v1");
  await release("v1");
}, 180_000);

afterAll(async () => {
  await verdaccio.close();
  await workspace.dispose();
  await remote.remove();
});

test("each release runs to its end, and the action with it", () => {
  expect(runs.map(({ result, failure, warning }) => [result.code, failure, warning])).toEqual([
    [0, undefined, undefined],
    [0, undefined, undefined],
    [0, undefined, undefined],
  ]);
});

test("the action's output names what was released, and nothing the second time", () => {
  const outputs = runs.map(({ publishedPackages }) => publishedPackages.map((item) => `${item.name}@${item.version}`));
  expect(outputs.map((specs) => [...specs].sort())).toEqual([
    names.map((name) => `${name}@1.0.0`),
    names.map((name) => `${name}@1.0.1`),
    [],
  ]);
});

test("git tags stand at the commits that were released, and each has one release", async () => {
  const expected = [...names.map((name) => `${name}@1.0.0`), ...names.map((name) => `${name}@1.0.1`)].sort();
  const tags = await remote.tags();
  expect(Object.keys(tags).sort()).toEqual(expected);
  for (const name of names) expect([tags[`${name}@1.0.0`], tags[`${name}@1.0.1`]]).toEqual([commits[0], commits[1]]);
  expect([...remote.releases.keys()].sort()).toEqual(expected);
});

test("the registry has what the manifests of main say, from the commits that the tags name", async () => {
  const manifests = await readManifests(workspace.root);
  for (const name of names) {
    const { json } = await httpRequest(`${verdaccio.url}/${name.replace("/", "%2f")}?write=true`);
    const packument = json as {
      readonly "dist-tags": unknown;
      readonly versions: Readonly<Record<string, { readonly gitHead?: string }>>;
    };
    expect(packument["dist-tags"]).toEqual({ latest: manifests.get(name)?.version });
    expect(Object.entries(packument.versions).map(([version, { gitHead }]) => [version, gitHead])).toEqual([
      ["1.0.0", commits[0]],
      ["1.0.1", commits[1]],
    ]);
  }
});
