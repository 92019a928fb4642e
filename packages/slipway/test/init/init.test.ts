/** `init` shows before it writes, writes once, brings up to date what nobody has edited, and explains what it replaces. */
import { lstat, symlink } from "node:fs/promises";
import { join } from "node:path";
import { createWorkspace, runSlipway, type TestWorkspace, type WorkspaceSpec } from "@slipway/testkit";
import { afterEach, expect, test } from "vitest";

let workspace: TestWorkspace;
afterEach(() => workspace.dispose());

const release = ".github/workflows/release.yml";

async function open(spec: Partial<WorkspaceSpec> = {}): Promise<void> {
  workspace = await createWorkspace({ packages: [{ name: "a" }, { name: "b" }], ...spec });
  await workspace.git("remote", "add", "origin", "git@github.com:acme/shop.git");
}

interface InitJson {
  readonly files: readonly { readonly path: string; readonly state: string; readonly diff: string }[];
  readonly replaced: readonly { readonly id: string; readonly where: readonly string[] }[];
  readonly steps: readonly { readonly id: string; readonly values: readonly string[] }[];
  readonly isWritten: boolean;
}

async function init(...args: readonly string[]): Promise<InitJson> {
  const { code, stdout, stderr } = await runSlipway(["init", "--json", ...args], { cwd: workspace.root });
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as InitJson;
}

function states({ files }: InitJson): Readonly<Record<string, string>> {
  return Object.fromEntries(files.map(({ path, state }) => [path.split("/").at(-1), state]));
}

test("a dry run writes nothing, --yes writes, and a second run has nothing to write", async () => {
  await open();
  const dry = await init("--dry-run");
  expect(states(dry)).toEqual({
    "release.yml": "created",
    "pull-request.yml": "created",
    "slipway.config.json": "created",
  });
  expect(dry.files[0]?.diff).toContain("+name: release");
  expect(await workspace.git("status", "--porcelain")).toBe("");
  expect((await init("--yes")).isWritten).toBe(true);
  const text = await workspace.read(release);
  const again = await init("--yes");
  expect(states(again)).toEqual({
    "release.yml": "unchanged",
    "pull-request.yml": "unchanged",
    "slipway.config.json": "unchanged",
  });
  expect(again.isWritten).toBe(false);
  expect(await workspace.read(release)).toBe(text);
});

test("without --yes and without anybody to ask, nothing is written", async () => {
  await open();
  const { code, stderr } = await runSlipway(["init"], { cwd: workspace.root });
  expect([code, stderr]).toEqual([2, expect.stringContaining("pass --yes")]);
  expect(await workspace.git("status", "--porcelain")).toBe("");
});

test("what nobody has edited is brought up to date, what was edited is left unless forced", async () => {
  await open();
  await init("--yes");
  await workspace.write(".nvmrc", "24\n");
  expect(states(await init("--yes"))["release.yml"]).toBe("updated");
  expect(await workspace.read(release)).toContain("node-version-file");
  const edited = `${await workspace.read(release)}# mine\n`;
  await workspace.write(release, edited);
  await workspace.remove(".nvmrc");
  const left = await init("--yes");
  expect(states(left)["release.yml"]).toBe("edited");
  expect(left.files[0]?.diff).toContain("-# mine");
  expect(await workspace.read(release)).toBe(edited);
  const told = await runSlipway(["init", "--yes"], { cwd: workspace.root });
  expect(told.stdout).toContain("what is not as init would write it is yours");
  expect(states(await init("--yes", "--force"))["release.yml"]).toBe("replaced");
  expect(await workspace.read(release)).not.toContain("# mine");
});

test("a workflow that is there and not ours is left alone", async () => {
  await open({ files: { [release]: "on: push\njobs: {}\n" } });
  expect(states(await init("--yes"))["release.yml"]).toBe("edited");
  expect(await workspace.read(release)).toBe("on: push\njobs: {}\n");
});

test("nothing is written through a symbolic link", async () => {
  await open();
  await symlink("/tmp", join(workspace.root, ".github"));
  const { code, stderr } = await runSlipway(["init", "--yes"], { cwd: workspace.root });
  expect([code, stderr]).toEqual([2, expect.stringContaining(".github is a symbolic link")]);
  await expect(lstat("/tmp/workflows")).rejects.toThrow("ENOENT");
});

const action = `on: push
jobs:
  release:
    runs-on: ubuntu-latest
    steps:
      - uses: changesets/action@v1
        with:
          publish: npx changeset publish # releases
          version: npm run version
`;

test("a repository on changesets/action has one line changed, and gets no second workflow", async () => {
  await open({ files: { ".github/workflows/ci.yml": action, ".changeset/config.json": "{}" } });
  const done = await init("--yes");
  expect(states(done)).toEqual({ "ci.yml": "replaced" });
  expect(await workspace.read(".github/workflows/ci.yml")).toBe(
    action.replace("npx changeset publish", "npx slipway publish"),
  );
  expect(done.replaced.map(({ id }) => id)).toEqual(["changesets-action"]);
  expect((await init("--yes")).files).toEqual([]);
});

test("a job of the name publish before the line does not hide it, nor a sub-action of v2 its command", async () => {
  const text = `on: push
jobs:
  publish:
    runs-on: ubuntu-latest
    steps:
      - uses: changesets/action/publish@8488615a623b1b9c987934bb89eae8af6a946ac1
        with:
          script: pnpm changeset publish
`;
  const first = action.replace("  release:\n", "  publish:\n");
  await open({ files: { ".github/workflows/one.yml": first, ".github/workflows/two.yml": text } });
  expect(states(await init("--yes"))).toEqual({ "one.yml": "replaced", "two.yml": "replaced" });
  expect(await workspace.read(".github/workflows/one.yml")).toContain("publish: npx slipway publish # releases");
  expect(await workspace.read(".github/workflows/two.yml")).toContain("script: npx slipway publish\n");
});

test("a publish command that cannot be read is not said to be in order: the line is a step by hand", async () => {
  const files = { ".github/workflows/ci.yml": action.replace("npx changeset publish", "node release.js") };
  await open({ files });
  const left = await init("--yes");
  expect([left.files, left.isWritten]).toEqual([[], false]);
  expect(left.steps[0]).toMatchObject({ id: "publish-line", values: ["publish: npx slipway publish"] });
  const { stdout } = await runSlipway(["init", "--yes"], { cwd: workspace.root });
  expect(stdout).toContain("1. let changesets/action in .github/workflows/ci.yml publish with slipway");
  expect(stdout).not.toContain("everything is as init would write it");
  await workspace.write(".github/workflows/ci.yml", action.replace("changeset publish", "slipway publish"));
  expect((await init("--yes")).steps.map(({ id }) => id)).toEqual(["commit"]);
});

test("and where the action calls a script, that script", async () => {
  const script = "npm run build && changeset publish";
  const files = {
    ".github/workflows/ci.yml": action.replace("npx changeset publish", "npm run release"),
    ".changeset/config.json": "{}",
  };
  await open({ files, root: { scripts: { release: script, other: "changeset publishing" } } });
  expect(states(await init("--yes"))).toEqual({ "package.json": "replaced" });
  const { scripts } = JSON.parse(await workspace.read("package.json")) as { scripts: Record<string, string> };
  expect(scripts).toEqual({ release: "npm run build && slipway publish", other: "changeset publishing" });
});

test("also where package.json is a single line", async () => {
  await open({ files: { ".github/workflows/ci.yml": action.replace("npx changeset publish", "npm run release") } });
  const text = '{"name":"root","private":true,"workspaces":["packages/*"],"scripts":{"release":"changeset publish"}}';
  await workspace.write("package.json", text);
  expect(states(await init("--yes"))).toEqual({ "package.json": "replaced" });
  expect(await workspace.read("package.json")).toBe(text.replace("changeset", "slipway"));
});

test.each([
  ["lerna", { "lerna.json": "{}" }],
  ["semantic-release", { ".releaserc.json": "{}" }],
  ["changesets", { ".changeset/config.json": "{}" }],
  [
    "shell",
    { ".github/workflows/p.yml": "on: push\njobs: {a: {runs-on: x, steps: [{run: 'npm publish --access public'}]}}\n" },
  ],
  ["token", { ".github/workflows/p.yml": "on: push\nenv: {T: '${{ secrets.NPM_TOKEN }}'}\njobs: {}\n" }],
  [
    "np",
    {
      "package.json": JSON.stringify({
        name: "root",
        private: true,
        workspaces: ["packages/*"],
        devDependencies: { np: "1.0.0" },
      }),
    },
  ],
] as const)("%s is found and explained", async (id, files) => {
  await open({ files });
  const found = (await init("--dry-run")).replaced;
  expect(found.map((item) => item.id)).toEqual([id]);
  expect(found[0]?.where).toEqual(Object.keys(files));
});

test("what is left to do by hand has the values to copy", async () => {
  await open();
  const { steps } = await init("--dry-run");
  expect(steps.map(({ id }) => id)).toEqual([
    "action-commit",
    "trusted-publisher",
    "first-version",
    "environment",
    "commit",
  ]);
  expect(steps[1]?.values).toEqual([
    "owner: acme",
    "repository: shop",
    "workflow: release.yml",
    "environment: npm",
    "allowed action: publish",
  ]);
});

test("an existing pipeline of GitLab gets a file to include, and is not touched", async () => {
  await open({ files: { ".gitlab-ci.yml": "stages: [test]\n" } });
  expect(states(await init("--yes", "--host", "gitlab"))).toEqual({
    "slipway.yml": "created",
    "slipway.config.json": "created",
  });
  expect(await workspace.read(".gitlab-ci.yml")).toBe("stages: [test]\n");
});
