/**
 * The workflow that `slipway init` writes, run as GitHub runs it, with the bundled action: each job a process tree of its own with what its permissions give.
 */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createWorkspace, startVerdaccio, type TestWorkspace, type Verdaccio } from "@slipway/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { unpackArtifact } from "../../../packages/action/src/unpack-artifact.ts";
import { servedIntegrity, uploadsOf } from "../registry-truth.ts";
import { type BundledAction, bundleAction } from "./bundle.ts";
import { jobOf, linesOf, outputOf, readTrace, renderSummary, resultsOf, saidBy, stepOf } from "./evidence.ts";
import { renderWorkflow } from "./workflow.ts";
import { createGithubWorld, type FinishedRun, type GithubWorld } from "./world.ts";

const repositoryRoot = fileURLToPath(new URL("../../..", import.meta.url));

interface Spec {
  readonly name: string;
  readonly version: string;
}

let bundle: BundledAction;
let verdaccio: Verdaccio;
let workspace: TestWorkspace;
let world: GithubWorld;
let first: FinishedRun;
let manifests: readonly Spec[];

const specs = (): readonly string[] => manifests.map(({ name, version }) => `${name}@${version}`).toSorted();

beforeAll(async () => {
  [bundle, verdaccio] = await Promise.all([bundleAction(), startVerdaccio()]);
  workspace = await createWorkspace({ packages: [] });
  const example = join(repositoryRoot, "examples", "hai3");
  await cp(example, workspace.root, { recursive: true, filter: (path) => !path.includes("node_modules") });
  await workspace.write(".npmrc", `registry=${verdaccio.url}/\n`);
  await workspace.write("slipway.config.json", JSON.stringify({ releases: "github" }));
  await workspace.commitAll("The example");
  manifests = await Promise.all(
    (await readdir(join(example, "packages"))).map(async (folder): Promise<Spec> =>
      JSON.parse(await readFile(join(example, "packages", folder, "package.json"), "utf8")),
    ),
  );
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

test("all jobs succeed, and the registry serves the nine packages, each sent once", async () => {
  expect(resultsOf(first.result)).toEqual([
    "plan success",
    "pack success",
    "publish success",
    "verify success",
    "tag success",
  ]);
  for (const { name, version } of manifests) {
    expect(
      uploadsOf(verdaccio, [name]).map(({ status }) => status),
      name,
    ).toEqual([201]);
    expect(await servedIntegrity(verdaccio, name, version)).toMatch(/^sha512-/);
  }
});

test("outputs say what is planned, packed and published, in the shapes that workflows read", () => {
  const plan = stepOf(first.result, "plan");
  expect(jobOf(first.result, "plan").outputs).toEqual({ "has-changes": "true" });
  const packages = outputOf<readonly (Spec & { readonly dir: string })[]>(plan, "packages");
  expect(packages.map(({ name, version }) => `${name}@${version}`).toSorted()).toEqual(specs());
  expect(packages.find(({ name }) => name === "@hai3/state")).toEqual({
    name: "@hai3/state",
    dir: "state",
    version: "0.2.0-alpha.0",
  });
  const publish = stepOf(first.result, "publish");
  const published = outputOf<readonly Spec[]>(publish, "published");
  expect(published.map(({ name, version }) => `${name}@${version}`).toSorted()).toEqual(specs());
  expect(["skipped", "pending", "failed", "left-out"].map((name) => publish.outputs[name])).toEqual([
    "[]",
    "[]",
    "[]",
    "{}",
  ]);
  expect(outputOf(publish, "report")).toMatchObject({ isComplete: true, exitCode: 0, attempt: 1 });
  expect(publish.outputs["plan-digest"]).toBe(jobOf(first.result, "pack").outputs["plan-digest"]);
});

test("the summary of each job reads as it should", async () => {
  const lines = linesOf(stepOf(first.result, "publish").summary);
  expect(lines[0]).toBe("Released: 9 published");
  expect(lines[1]).toContain(`commit ${world.sha.slice(0, 12)} · compare · release `);
  const at = lines.indexOf("@hai3/state");
  expect(lines.slice(at, at + 3)).toEqual(["@hai3/state", "0.2.0-alpha.0", "alpha"]);
  expect(renderSummary(stepOf(first.result, "publish").summary)).toContain(`/acme/shop/commit/${world.sha}"`);
  expect(linesOf(stepOf(first.result, "plan").summary)[0]).toBe("9 packages to release");
  expect(linesOf(stepOf(first.result, "pack").summary)[0]).toBe("9 packages packed");
  expect(linesOf(stepOf(first.result, "verify").summary)[0]).toBe("9 versions verified");
  expect(linesOf(stepOf(first.result, "tag").summary)[0]).toBe("9 git tags made");
  const out = process.env["SLIPWAY_SUMMARY_DIR"];
  for (const id of ["plan", "pack", "publish", "verify", "tag"])
    if (out !== undefined) await writeFile(join(out, `${id}.html`), renderSummary(stepOf(first.result, id).summary));
});

test("nothing is annotated where nothing is wrong", () => {
  const annotations = [...first.result.jobs.values()].flatMap(({ steps }) => steps.flatMap((step) => step.annotations));
  expect(annotations).toEqual([]);
});

test("git tags and releases lead to the commit, with tarballs and report, and came after verification", () => {
  expect(world.tags()).toEqual(Object.fromEntries(specs().map((spec) => [spec, world.sha])));
  const { releases } = world.github.state;
  expect(releases.map(({ tagName, isDraft }) => `${tagName} ${isDraft}`).toSorted()).toEqual(
    specs().map((spec) => `${spec} false`),
  );
  expect(releases.every(({ assets }) => assets.some(({ name }) => name.endsWith(".tgz")))).toBe(true);
});

test("the release folder is an artifact of the run after packing and after publishing", async () => {
  const { artifacts } = world.store;
  expect(artifacts.map(({ name }) => name.replace(/-[0-9a-f]{8}$/, ""))).toEqual(
    ["pack", "publish"].map((command) => expect.stringMatching(new RegExp(`^slipway-[0-9a-f]{12}-1-${command}$`))),
  );
  const dir = await mkdtemp(join(tmpdir(), "slipway-look-"));
  for (const [index, { bytes }] of artifacts.entries()) {
    await writeFile(join(dir, `${index}.zip`), bytes);
    await unpackArtifact(join(dir, `${index}.zip`), join(dir, String(index)));
  }
  expect((await readdir(join(dir, "0"))).toSorted()).toEqual(["plan.json", "tarballs"]);
  expect((await readdir(join(dir, "1"))).toSorted()).toEqual([
    "journal.ndjson",
    "plan.json",
    "report.json",
    "tarballs",
  ]);
  expect(await readdir(join(dir, "1", "tarballs"))).toHaveLength(9);
  await rm(dir, { recursive: true });
});

test("the process tree of the publish job ran and read nothing of the repository", async () => {
  expect(await readdir(jobOf(first.result, "publish").workspace ?? "")).toEqual([]);
  const { programs, opened } = await readTrace(join(world.dir, "publish.strace"));
  expect(programs).toEqual([process.execPath]);
  const own = join(world.dir, `run-${first.run.id}-1`, "publish-");
  const code = opened.filter((path) => /\.(js|mjs|cjs|ts|json|node)$/.test(path));
  // The trace has seen the bundle and the plan: it would have seen others.
  expect(code).toContain(bundle.main);
  expect(code.filter((path) => path.endsWith("plan.json"))).not.toEqual([]);
  const elsewhere = code.filter(
    (path) => !path.startsWith(bundle.dir) && !path.startsWith(own) && !path.startsWith("/proc/"),
  );
  expect(elsewhere.filter((path) => !isOfNode(path))).toEqual([]);
  const places = [
    workspace.root,
    repositoryRoot,
    join(world.dir, "shop.git"),
    join(world.dir, `run-${first.run.id}-1`, "pack-"),
  ];
  const isOfRepository = (path: string): boolean => places.some((place) => path.startsWith(place));
  expect(opened.filter((path) => isOfRepository(path) && path !== process.execPath)).toEqual([]);
});

/** Node looks for a package.json beside its own modules and above the script. */
function isOfNode(path: string): boolean {
  return /^(\/package\.json|\/tmp\/package\.json)$/.test(path) || path.startsWith("/etc/") || path.startsWith("/sys/");
}

test("no secret is in what the jobs say, nor in an artifact", () => {
  const secrets = [verdaccio.token, ...world.secrets];
  const said = saidBy(first.result);
  expect(secrets.filter((secret) => said.includes(secret))).toEqual([]);
  const artifacts = world.store.artifacts.map(({ bytes }) => bytes.toString("latin1")).join("");
  expect(secrets.filter((secret) => artifacts.includes(secret))).toEqual([]);
  expect(first.result.jobs.get("publish")?.steps.flatMap(({ masks }) => masks)).toContain(world.secrets.at(6));
});

function writes(): number {
  return verdaccio.accessLog().filter(({ isWrite }) => isWrite).length;
}

test("a second run of the workflow finds nothing to do, writes nothing and stays green", async () => {
  const before = writes();
  const again = await world.run({ event: "workflow_dispatch" });
  expect(resultsOf(again.result)).toEqual([
    "plan success",
    "pack skipped",
    "publish skipped",
    "verify skipped",
    "tag success",
  ]);
  expect(stepOf(again.result, "plan").outputs["has-changes"]).toBe("false");
  expect(writes()).toBe(before);
  expect(linesOf(stepOf(again.result, "tag").summary)[0]).toBe("0 git tags made");
});
