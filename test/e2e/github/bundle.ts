/** Builds the action as its release does, into a folder far from this repository and its node_modules. */
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runProcess } from "@slipway/testkit";

const root: string = fileURLToPath(new URL("../../..", import.meta.url));

export interface BundledAction {
  /** As a checkout of the action's repository: action.yml and packages/action/dist. */
  readonly dir: string;
  readonly main: string;
  readonly post: string;
  remove(): Promise<void>;
}

export async function bundleAction(): Promise<BundledAction> {
  const dir = await mkdtemp(join(tmpdir(), "slipway-action-"));
  const home = join(dir, "packages", "action");
  const tsdown = join(root, "node_modules", "tsdown", "dist", "run.mjs");
  const built = await runProcess(process.execPath, [tsdown, "--out-dir", join(home, "dist")], {
    cwd: join(root, "packages", "action"),
    timeoutMs: 120_000,
  });
  if (built.code !== 0) throw new Error(`the action was not built:\n${built.stdout}\n${built.stderr}`);
  await cp(join(root, "packages", "action", "package.json"), join(home, "package.json"));
  await cp(join(root, "action.yml"), join(dir, "action.yml"));
  return {
    dir,
    main: join(home, "dist", "index.js"),
    post: join(home, "dist", "post.js"),
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}
