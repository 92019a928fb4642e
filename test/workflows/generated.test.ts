/** Every workflow that `slipway init` can write is one that GitHub takes, for each kind of repository. */
import { createWorkspace, type PackageSpec, runSlipway } from "@slipway/testkit";
import { beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { lintWorkflows } from "../../packages/slipway/src/workflow-lint/lint.ts";
import { checkWorkflow } from "./check-workflow.ts";

const managers = {
  npm: { "package-lock.json": "{}" },
  pnpm: { "pnpm-lock.yaml": "lockfileVersion: '9.0'\n", "pnpm-workspace.yaml": "packages: [packages/*]\n" },
  yarn: { "yarn.lock": "", ".yarnrc.yml": "nodeLinker: node-modules\n" },
  bun: { "bun.lock": "{}" },
} as const;

const registries = {
  npm: {},
  own: { ".npmrc": "registry=https://npm.acme.example/team/\n" },
  github: { ".npmrc": "@acme:registry=https://npm.pkg.github.com/\n" },
} as const;

const packages = {
  one: [{ name: "@acme/alone", dir: ".", manifest: { publishConfig: { access: "public" } } }],
  several: [
    { name: "@acme/a", manifest: { publishConfig: { access: "public" } } },
    { name: "@acme/b", dependencies: ["@acme/a"], manifest: { publishConfig: { access: "restricted" } } },
  ],
} as const satisfies Readonly<Record<string, readonly PackageSpec[]>>;

const rows = Object.keys(managers).flatMap((manager) =>
  Object.keys(registries).flatMap((registry) => Object.keys(packages).map((set) => ({ manager, registry, set }))),
) as readonly { manager: keyof typeof managers; registry: keyof typeof registries; set: keyof typeof packages }[];

interface Written {
  readonly release: string;
  readonly pullRequest: string;
  readonly gitlab: string;
}

async function write(row: (typeof rows)[number]): Promise<Written> {
  const extra =
    row.set === "one" && row.manager === "pnpm"
      ? { "pnpm-lock.yaml": "lockfileVersion: '9.0'\n" }
      : managers[row.manager];
  const workspace = await createWorkspace({
    packages: packages[row.set],
    files: { ...extra, ...registries[row.registry], "weird.txt": "x" },
  });
  await workspace.git("remote", "add", "origin", "https://github.com/acme/shop.git");
  for (const host of ["github", "gitlab"]) {
    const { code, stderr } = await runSlipway(["init", "--yes", "--host", host], { cwd: workspace.root });
    expect(code, stderr).toBe(0);
  }
  const written = {
    release: await workspace.read(".github/workflows/release.yml"),
    pullRequest: await workspace.read(".github/workflows/pull-request.yml"),
    gitlab: await workspace.read(".gitlab/slipway.yml"),
  };
  await workspace.dispose();
  return written;
}

test("the two checkers find what is wrong, so their silence says something", async () => {
  const wrong =
    "on: push\njobs:\n  a:\n    runs-on: nowhere\n    stepps: []\n    steps:\n      - run: echo ${{ nothing.here }}\n";
  const found = (await checkWorkflow("x.yml", wrong)).join("\n");
  expect(found).toContain("GitHub:");
  expect(found).toContain("actionlint:");
});

test.each(rows)("$manager, registry $registry, $set", async (row) => {
  const { release, pullRequest, gitlab } = await write(row);
  expect(await checkWorkflow(".github/workflows/release.yml", release)).toEqual([]);
  expect(await checkWorkflow(".github/workflows/pull-request.yml", pullRequest)).toEqual([]);
  const { jobs } = parse(release);
  // The job that may publish gets nothing that a stranger's code could have touched, and no other job may publish.
  expect(Object.keys(jobs)).toEqual(["plan", "pack", "publish", "verify", "tag"]);
  const { publish, ...others } = jobs;
  expect(publish.environment).toBe("npm");
  expect(publish.steps.map((step: { uses?: string }) => step.uses?.split("@")[0])).toEqual(["slipway-release/slipway"]);
  expect(publish.permissions).toEqual(
    {
      npm: { "id-token": "write" },
      own: {},
      github: { packages: "write" },
    }[row.registry],
  );
  expect(JSON.stringify(others)).not.toMatch(/id-token|secrets\.NPM_TOKEN|packages":"write/);
  expect(JSON.stringify(publish).includes("secrets.NPM_TOKEN")).toBe(row.registry === "own");
  for (const uses of release.matchAll(/uses: (\S+)/g)) expect(uses[1]).toMatch(/@[0-9a-f]{40}$/);
  const pipeline = parse(gitlab);
  const file = { path: ".gitlab/slipway.yml", text: gitlab };
  expect(await lintWorkflows({ workflows: [], pipelines: [file] })).toEqual([]);
  expect(pipeline["slipway:publish"].variables.GIT_STRATEGY).toBe("none");
  // A file beside the sources would make the work tree unclean, and what is not made from a clean commit gets no git tag.
  const commands: readonly string[] = pipeline["slipway:pack"].script;
  const packing = commands.findIndex((command) => command.includes(" pack --json"));
  expect(packing).toBeGreaterThan(0);
  expect(commands.slice(0, packing + 1).join("\n")).not.toContain(">");
  expect(pipeline["slipway:publish"].id_tokens === undefined).toBe(row.registry !== "npm");
});

test("what a repository names its scripts and registry is text in the workflow, and runs nowhere", async () => {
  const workspace = await createWorkspace({
    packages: packages.several,
    root: { scripts: { "build:packages": "echo ${{ github.token }}" } },
    files: { ".npmrc": "registry=https://npm.acme.example/$(id)/'\"`/\n", ".nvmrc": "24\n" },
  });
  const { code, stderr } = await runSlipway(["init", "--yes"], { cwd: workspace.root });
  expect(code, stderr).toBe(0);
  const text = await workspace.read(".github/workflows/release.yml");
  expect(await checkWorkflow(".github/workflows/release.yml", text)).toEqual([]);
  const jobs: readonly unknown[] = Object.values(parse(text).jobs);
  const runs = jobs.flatMap((job) => Object(job).steps.flatMap((step: { run?: string }) => step.run ?? []));
  expect(runs).toEqual(["npm install --no-package-lock"]);
  await workspace.dispose();
});

test.each(["a(b)", "${{github.token}}", "x'y", "a+b"])(
  "a branch that a filter would read as a pattern is refused: %s",
  async (branch) => {
    const workspace = await createWorkspace({ packages: packages.several });
    await workspace.git("symbolic-ref", "HEAD", `refs/heads/${branch}`);
    const { code, stderr } = await runSlipway(["init", "--yes"], { cwd: workspace.root });
    expect([code, stderr]).toEqual([2, expect.stringContaining("a workflow cannot name the branch")]);
    await workspace.dispose();
  },
);

beforeAll(async () => {
  // Loads the checkers, whose first use takes a while.
  await checkWorkflow("x.yml", "on: push\njobs: {}\n");
});
