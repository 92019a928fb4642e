import { afterEach, expect, test } from "vitest";

import { createWorkspace, installAndImport, npm, startVerdaccio, writesOf } from "@slipway/testkit";

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

test("npm publishes a workspace to Verdaccio, and a consumer installs and loads it", async () => {
  const registry = await startVerdaccio();
  closers.push(() => registry.close());
  const workspace = await createWorkspace({
    packages: [{ name: "@demo/a" }, { name: "@demo/b", version: "2.0.0-beta.1", dependencies: ["@demo/a"] }],
  });
  closers.push(() => workspace.dispose());
  const { url, token } = registry;
  const published = await npm(["publish", "--workspaces", "--tag", "latest"], {
    cwd: workspace.root,
    registry: url,
    token,
  });
  expect(published).toMatchObject({ code: 0 });
  expect(writesOf(registry.accessLog()).map((entry) => entry.url)).toEqual(["/@demo%2fa", "/@demo%2fb"]);
  expect(await installAndImport(["@demo/b@2.0.0-beta.1", "@demo/a"], url)).toEqual([
    { name: "@demo/b", version: "2.0.0-beta.1", exports: ["dependencies", "name"] },
    { name: "@demo/a", version: "1.0.0", exports: ["dependencies", "name"] },
  ]);
  // Nothing but the two packages was asked for: no update check, no audit, no other registry's packages.
  const asked = registry.accessLog().map((entry) => decodeURIComponent(entry.url));
  expect(asked.filter((path) => !path.startsWith("/@demo/") && !path.startsWith("/-/user/"))).toEqual([]);
});

test("a package that cannot be installed is an error that shows what npm said", async () => {
  const registry = await startVerdaccio();
  closers.push(() => registry.close());
  await expect(installAndImport(["@demo/absent"], registry.url)).rejects.toThrow(/E404/);
});

test("npm sees the given token only", async () => {
  const registry = await startVerdaccio();
  closers.push(() => registry.close());
  const cwd = registry.storageDir;
  const { url, token } = registry;
  expect((await npm(["whoami"], { cwd, registry: url, token })).stdout.trim()).toBe("slipway");
  expect((await npm(["whoami"], { cwd, registry: url })).code).not.toBe(0);
});
