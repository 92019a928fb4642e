/** What yarn workspaces commonly have and its `foreach` is not made for: a token in their settings, circles, packages left out. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createWorkspace, type PackageSpec, runSlipway, startVerdaccio, type Verdaccio } from "@slipway/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTools, install, testEnvironment, type Tools, versionOf } from "./package-managers/tools.ts";

let verdaccio: Verdaccio;
let tools: Tools;
beforeAll(async () => {
  verdaccio = await startVerdaccio();
  tools = await createTools();
});
afterAll(async () => {
  await verdaccio.close();
  await tools.remove();
});

/** Writes its name to a file beside the workspace's packages when it is packed. */
function logging(name: string, rest: Partial<PackageSpec> = {}): PackageSpec {
  const script = `require("node:fs").appendFileSync("../../log", ${JSON.stringify(`${name}\n`)})`;
  return {
    name,
    manifest: { publishConfig: { access: "public" } },
    scripts: { prepack: "node log.cjs" },
    files: { "log.cjs": script, "index.js": "" },
    ...rest,
  };
}

test("a release takes its token from yarn's settings, scripts run in the order of all dependencies, and circles of development are none", async () => {
  const surroundings = { cwd: "", registry: verdaccio.url, path: tools.path };
  const workspace = await createWorkspace({
    packages: [
      // `last` needs `first` by way of `middle`, which is published already; `last` and `kit` need each other to develop.
      logging("@yarned/last", {
        dependencies: { "@yarned/middle": "workspace:^" },
        devDependencies: { "@yarned/kit": "workspace:^" },
      }),
      {
        name: "@yarned/middle",
        manifest: { publishConfig: { access: "public" } },
        dependencies: { "@yarned/zero": "workspace:^" },
        files: { "index.js": "" },
      },
      logging("@yarned/zero"),
      logging("@yarned/kit", { dependencies: { "@yarned/last": "workspace:^" } }),
    ],
    root: { packageManager: "yarn@4.18.1" },
    files: { ".yarnrc.yml": "nodeLinker: node-modules\n", ".gitignore": "node_modules/\n.yarn/\nlog\n" },
  });
  try {
    const here = { ...surroundings, cwd: workspace.root };
    expect(await versionOf("yarn", here)).toMatch(/^4\./);
    await install("yarn", here);
    await workspace.commitAll("Lock");
    const options = {
      cwd: workspace.root,
      registry: verdaccio.url,
      token: verdaccio.token,
      env: { ...testEnvironment(`${verdaccio.url}/`, join(workspace.root, "..")), PATH: tools.path },
    };
    const first = await runSlipway(["publish", "--yes", "--only", "@yarned/middle", "--only", "@yarned/zero"], options);
    expect(first.code, first.stderr).toBe(0);

    // Every package again but the one in the middle, and a token that yarn wants to know at every start.
    for (const name of ["last", "zero", "kit"])
      await workspace.edit(`packages/${name}`, (manifest) => ({ ...manifest, version: "1.1.0" }));
    await workspace.write(".yarnrc.yml", 'nodeLinker: node-modules\nnpmAuthToken: "${NPM_TOKEN}"\n');
    await workspace.remove("log");
    await workspace.commitAll("Bump");
    const second = await runSlipway(["publish", "--yes"], {
      ...options,
      env: { ...options.env, NPM_TOKEN: "npm_CanaryOfYarn0123456789abcdefghij" },
    });
    expect(second.code, second.stderr).toBe(0);
    const packed = (await readFile(join(workspace.root, "log"), "utf8")).trim().split("\n");
    expect(packed).toEqual(["@yarned/zero", "@yarned/last", "@yarned/kit"]);
  } finally {
    await workspace.dispose();
  }
});
