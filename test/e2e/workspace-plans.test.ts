/**
 * Plans of pnpm, yarn and bun workspaces by the real command line: from inside a package, with --base, to the registry that the package
 * manager's own file names, and with a release id that no option changes. Nothing is packed, so none of them need be installed.
 */
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import {
  cleanEnvironment,
  createHome,
  createWorkspace,
  runProcess,
  startVerdaccio,
  type TestWorkspace,
  type Verdaccio,
} from "@slipway/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

const cli = fileURLToPath(new URL("../../packages/slipway/src/cli.ts", import.meta.url));
let verdaccio: Verdaccio;

beforeAll(async () => {
  verdaccio = await startVerdaccio();
});

afterAll(async () => {
  await verdaccio.close();
});

interface Shown {
  readonly releaseId: string;
  readonly packages: readonly { readonly name: string; readonly registry: string }[];
  readonly steps: readonly { readonly id: string; readonly after: readonly string[] }[];
  readonly kept: readonly { readonly name: string; readonly reason: string }[];
  readonly warnings: readonly string[];
}

interface Problems {
  readonly problems: readonly { readonly code: string }[];
}

/** Where nothing answers; a plan that asks there fails. */
const nowhere = "http://127.0.0.1:9/";

async function slipway<T>(cwd: string, registry: string, args: readonly string[], code = 0): Promise<T> {
  const home = await createHome({ registry, token: verdaccio.token });
  try {
    const command = ["--conditions=slipway-source", cli, ...args, "--json"];
    const result = await runProcess(process.execPath, command, { cwd, env: cleanEnvironment(home.env) });
    expect(result.code, result.stderr).toBe(code);
    return JSON.parse(result.stdout) as T;
  } finally {
    await home.remove();
  }
}

const catalog = "catalog:\n  semver: ^7.5.0\n";

const files = {
  pnpm: (url: string) => ({ "pnpm-workspace.yaml": `packages:\n  - packages/*\nregistry: ${url}\n${catalog}` }),
  yarn: (url: string) => ({ ".yarnrc.yml": `npmPublishRegistry: ${url}\n${catalog}`, "yarn.lock": "" }),
  bun: () => ({ "bun.lock": "{}" }),
} satisfies Record<string, (url: string) => Record<string, string>>;

async function plan(cwd: string, registry: string, ...flags: readonly string[]): Promise<Shown> {
  return (await slipway<{ readonly plan: Shown }>(cwd, registry, ["plan", ...flags])).plan;
}

async function makeWorkspace(manager: keyof typeof files, scope: string): Promise<TestWorkspace> {
  const manifest = { publishConfig: { access: "public" } };
  const at = (name: string): string => `@${scope}/${name}`;
  const workspace = await createWorkspace({
    packages: [
      { name: at("core"), peerDependencies: { semver: "catalog:" }, manifest },
      { name: at("ui"), dependencies: { [at("core")]: "workspace:^", semver: "catalog:" }, manifest },
      // Only by what its range becomes does this one have to wait for `ui`.
      { name: at("app"), dependencies: { [at("ui")]: "workspace:*" }, manifest },
      { name: at("tests"), private: true, dependencies: { [at("app")]: "workspace:*", lost: "catalog:nope" } },
    ],
    files: files[manager](verdaccio.url),
    root: manager === "bun" ? { catalog: { semver: "^7.5.0" } } : {},
  });
  if (manager === "pnpm") await workspace.edit(".", ({ workspaces: _workspaces, ...rest }) => rest);
  await workspace.commitAll("Name the package manager");
  return workspace;
}

test.each(["pnpm", "yarn", "bun"] as const)("a workspace of %s is planned like any other", async (manager) => {
  const scope = `plan-${manager}`;
  const workspace = await makeWorkspace(manager, scope);
  // bun has no such file: there .npmrc says where packages go.
  const registry = manager === "bun" ? verdaccio.url : nowhere;
  try {
    const shown = await plan(join(workspace.root, "packages/app"), registry);
    const uploads = shown.steps.filter(({ id }) => id.startsWith("publish:"));
    expect(
      Object.fromEntries(uploads.map(({ id, after }) => [id, after.filter((name) => name.startsWith("publish:"))])),
    ).toEqual({
      [`publish:@${scope}/core@1.0.0`]: [],
      [`publish:@${scope}/ui@1.0.0`]: [`publish:@${scope}/core@1.0.0`],
      [`publish:@${scope}/app@1.0.0`]: [`publish:@${scope}/ui@1.0.0`],
    });
    expect(new Set(shown.packages.map((item) => item.registry))).toEqual(new Set([verdaccio.url.replace(/\/?$/, "/")]));
    expect(shown.warnings.filter((text) => text.includes("semver"))).toEqual(
      manager === "yarn"
        ? [
            `the peer dependency of @${scope}/core@1.0.0 on semver (catalog:) is published as "*": write the range out if it should be narrower`,
          ]
        : [],
    );
    // What a private package asks for in vain is nobody's trouble here.
    expect(shown.kept).toMatchObject([{ name: `@${scope}/tests`, reason: "private" }]);

    const base = workspace.commit();
    await workspace.edit("packages/ui", (old) => ({ ...old, version: "1.0.1" }));
    await workspace.commitAll("Bump ui");
    const narrowed = await slipway<Problems>(workspace.root, registry, ["plan", "--base", base], 2);
    // `ui` needs a `core` that nothing publishes: the range `workspace:^` stands for was looked at.
    expect(narrowed.problems.map((item) => item.code)).toEqual(["SLIP_DEPENDENCY_UNPUBLISHED"]);

    const here = await plan(workspace.root, registry);
    const tagged = await plan(workspace.root, registry, "--tag", "next");
    expect([here.releaseId === shown.releaseId, tagged.releaseId === here.releaseId]).toEqual([false, true]);

    const status = await slipway<{ readonly packages: readonly { readonly name: string; readonly state: string }[] }>(
      workspace.root,
      registry,
      ["status"],
    );
    expect(status.packages.map(({ name, state }) => `${name} ${state}`).sort()).toEqual([
      `@${scope}/app new`,
      `@${scope}/core new`,
      `@${scope}/tests private`,
      `@${scope}/ui new`,
    ]);
    expect(verdaccio.accessLog().filter((entry) => entry.isWrite)).toEqual([]);
  } finally {
    await workspace.dispose();
  }
});
