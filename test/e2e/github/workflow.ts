/** The workflows that `slipway init` writes for a repository, for a registry on this machine. */
import type { TestWorkspace } from "@slipway/testkit";
import { readWorkspace } from "slipway";
import {
  renderPullRequestWorkflow,
  renderReleaseWorkflow,
} from "../../../packages/slipway/src/init/github-workflows.ts";

/** `identity`: as for npm's own registry, which exchanges the identity of a job; `token`: as for any other. */
export async function renderWorkflow(
  { root }: TestWorkspace,
  registry: string,
  credentials: "token" | "identity",
  render: typeof renderReleaseWorkflow = renderReleaseWorkflow,
): Promise<string> {
  return render({
    workspace: await readWorkspace(root),
    host: "github",
    repository: "http://github.test/acme/shop",
    branch: "main",
    manager: "npm",
    managerVersion: undefined,
    hasLockFile: false,
    node: { version: "24" },
    build: undefined,
    registries: [
      { url: `${registry}/`, isTrusting: credentials === "identity", isGithubPackages: false, isPrivate: false },
    ],
    publishable: 9,
    hasChangesets: false,
  });
}

export { renderPullRequestWorkflow };
