/** Which files of a repository the linter is given. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readWorkflows } from "../../src/workflow-lint/read-workflows.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "slipway-workflows-"));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

test("workflows, the actions they use and the scripts they run are read; nothing else is", async () => {
  await write({
    ".github/workflows/b.yaml":
      "jobs: { a: { steps: [{ uses: ./.github/actions/x }, { run: bash ./ci/go.sh && sh ../out.sh && ./gone.sh }] } }",
    ".github/workflows/a.yml": "jobs: {}",
    ".github/workflows/README.md": "x",
    ".github/workflows/folder.yml/c.yml": "x",
    ".github/actions/x/action.yaml": "runs: { steps: [{ run: ci/more.sh }] }",
    ".github/actions/y/action.yml": "x",
    "ci/go.sh": "echo",
    "ci/more.sh": "echo",
    "ci/unused.sh": "echo",
  });
  await symlink(join(root, "nowhere"), join(root, ".github/workflows/broken.yml"));
  const found = readWorkflows(root);
  expect(found?.workflows.map(({ path }) => path)).toEqual([".github/workflows/a.yml", ".github/workflows/b.yaml"]);
  expect(found?.actions.map(({ path }) => path)).toEqual([".github/actions/x/action.yaml"]);
  expect(found?.scripts.map(({ path }) => path)).toEqual(["ci/go.sh", "ci/more.sh"]);
});

test("a workspace in a folder of its repository is released by the repository's workflows", async () => {
  await write({ ".github/workflows/a.yml": "jobs: {}", "js/package.json": "{}", ".git/HEAD": "" });
  expect(readWorkflows(join(root, "js"))?.workflows).toHaveLength(1);
});

test("a repository on GitLab has a pipeline, and what it includes from its own folder", async () => {
  await write({ ".gitlab-ci.yml": "x: 1", ".gitlab/slipway.yml": "x: 1", ".gitlab/notes.md": "x" });
  const found = readWorkflows(root);
  expect(found?.workflows).toEqual([]);
  expect(found?.pipelines.map(({ path }) => path)).toEqual([".gitlab-ci.yml", ".gitlab/slipway.yml"]);
});

test("workflows above the repository are somebody else's", async () => {
  await write({ ".github/workflows/a.yml": "jobs: {}", "inner/.git/HEAD": "" });
  expect(readWorkflows(join(root, "inner"))).toBeUndefined();
});

test("no workflows is nothing to look at", async () => {
  await write({ ".github/workflows/README.md": "x" });
  expect(readWorkflows(root)).toBeUndefined();
});
