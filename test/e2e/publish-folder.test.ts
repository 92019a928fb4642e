/** `publish DIR` holds the credentials, and so runs nothing and reads nothing of the repository (I13). */
import { existsSync } from "node:fs";
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createWorkspace, runSlipway, startVerdaccio, type TestWorkspace, type Verdaccio } from "@slipway/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

let verdaccio: Verdaccio;
let elsewhere: string;

beforeAll(async () => {
  verdaccio = await startVerdaccio();
  elsewhere = await mkdtemp(join(tmpdir(), "slipway-elsewhere-"));
});

afterAll(async () => {
  await verdaccio.close();
  await rm(elsewhere, { recursive: true, force: true });
});

/** A script that leaves a mark. */
function mark(name: string): string {
  return `node -e "require('fs').writeFileSync(process.env.MARKS + '/${name}', '')"`;
}

/** A workspace in which everything that can run leaves a mark. */
async function marking(scope: string): Promise<TestWorkspace> {
  const events = [
    "prepublishOnly",
    "prepack",
    "prepare",
    "postpack",
    "publish",
    "postpublish",
    "preinstall",
    "install",
  ];
  const workspace = await createWorkspace({
    packages: [
      { name: `@${scope}/a`, scripts: Object.fromEntries(events.map((event) => [event, mark(event)])) },
      { name: `@${scope}/b`, dependencies: [`@${scope}/a`] },
    ],
    files: {
      "slipway.config.ts": `import { writeFileSync } from "node:fs";\nif (process.env["MARKS"]) writeFileSync(process.env["MARKS"] + "/config", "");\nexport default { tag: "next" };\n`,
    },
  });
  return workspace;
}

async function pack(workspace: TestWorkspace): Promise<{ readonly dir: string; readonly digest: string }> {
  const marks = await mkdtemp(join(tmpdir(), "slipway-marks-"));
  const packed = await runSlipway(["pack", "--json"], {
    cwd: workspace.root,
    registry: verdaccio.url,
    token: verdaccio.token,
    env: { MARKS: marks },
  });
  expect(packed.code, packed.stderr).toBe(0);
  // The other half of the claim: what pack runs does leave marks, and what belongs to publishing is never run.
  expect((await readdir(marks)).toSorted()).toEqual(["config", "postpack", "prepack", "prepare", "prepublishOnly"]);
  await rm(marks, { recursive: true });
  return JSON.parse(packed.stdout) as { dir: string; digest: string };
}

/** Publishes the folder from within the repository, and tells what of the repository's code has run. */
async function marksOfPublishing(
  workspace: TestWorkspace,
  dir: string,
  env: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const marks = await mkdtemp(join(tmpdir(), "slipway-marks-"));
  const published = await runSlipway(["publish", dir, "--json"], {
    cwd: workspace.root,
    registry: verdaccio.url,
    token: verdaccio.token,
    env: { ...env, MARKS: marks },
  });
  expect(published.code, published.stderr).toBe(0);
  const left = await readdir(marks);
  await rm(marks, { recursive: true });
  return left;
}

test("publish DIR runs none of the repository's code and reads none of its configuration", async () => {
  const workspace = await marking("marks");
  const { dir } = await pack(workspace);
  // From now on the repository is hostile: other registry, other token, other configuration.
  await workspace.write(".npmrc", "registry=http://127.0.0.1:9/\n@marks:registry=http://127.0.0.1:9/\n");
  await workspace.write(join("packages", "a", ".npmrc"), "registry=http://127.0.0.1:9/\n");
  expect(await marksOfPublishing(workspace, dir)).toEqual([]);
  const response = await fetch(`${verdaccio.url}/@marks%2fb`);
  expect(((await response.json()) as { "dist-tags": object })["dist-tags"]).toEqual({ latest: "1.0.0", next: "1.0.0" });
  // Planted bug of I13: a publish that loads the repository's configuration is caught by the same marks.
  const config = pathToFileURL(join(workspace.root, "slipway.config.ts")).href;
  expect(await marksOfPublishing(workspace, dir, { NODE_OPTIONS: `--import=${config}` })).toEqual(["config"]);
  await workspace.dispose();
});

test("publish DIR needs no repository: the folder alone is enough, with the digest that pack printed", async () => {
  const workspace = await marking("alone");
  const { dir, digest } = await pack(workspace);
  const carried = join(elsewhere, "release");
  await cp(dir, carried, { recursive: true });
  await workspace.dispose();
  const options = { cwd: elsewhere, registry: verdaccio.url, token: verdaccio.token };
  const published = await runSlipway(["publish", "release", "--plan-digest", digest], options);
  expect(published.code, published.stderr).toBe(0);
  expect(existsSync(join(carried, "report.json"))).toBe(true);
  const verified = await runSlipway(["verify", "release", "--json"], { cwd: elsewhere, registry: verdaccio.url });
  expect(verified.code, verified.stderr).toBe(0);
  const { verifications } = JSON.parse(verified.stdout) as { verifications: readonly { readonly name: string }[] };
  expect(verifications.map((item) => item.name)).toEqual(["@alone/a", "@alone/b"]);
});

test("scripts do not see the variable that an .npmrc writes its token with, whatever its name", async () => {
  const workspace = await createWorkspace({
    packages: [
      {
        name: "@unseen/a",
        manifest: { files: ["index.js", "seen.txt"] },
        scripts: { prepack: `node -e "require('fs').writeFileSync('seen.txt', String(process.env.RELEASE_KEY))"` },
      },
    ],
    files: { ".npmrc": `${verdaccio.url.replace("http:", "")}/:_authToken=\${RELEASE_KEY}\n` },
  });
  const options = { cwd: workspace.root, registry: verdaccio.url, env: { RELEASE_KEY: verdaccio.token } };
  const published = await runSlipway(["publish"], options);
  expect(published.code, published.stderr).toBe(0);
  expect(await workspace.read("packages/a/seen.txt")).toBe("undefined");
  await workspace.dispose();
});
