/** A workspace whose remote is a fake GitHub, and a registry beside it. */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readTags } from "@slipway/testkit/github/bare-repository";
import { type FakeGithub, startFakeGithub } from "@slipway/testkit/github/server";
import {
  createWorkspace,
  type ProcessResult,
  type RunningProcess,
  runSlipway,
  type SlipwayOptions,
  startSlipway,
  type TestWorkspace,
  type Verdaccio,
  type WorkspaceSpec,
} from "@slipway/testkit";

export interface Surroundings {
  readonly github: FakeGithub;
  readonly workspace: TestWorkspace;
  /** A token with `contents: write`. */
  readonly token: string;
  /** Tags of the remote with the commit each leads to. */
  tags(): Readonly<Record<string, string>>;
  /** Runs the command line as a CI job would, with that token. */
  slipway(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<ProcessResult>;
  /** Starts it only. */
  start(args: readonly string[]): Promise<RunningProcess>;
  /** The release folder, relative to the workspace. */
  folder(): Promise<string>;
  push(): Promise<void>;
  close(): Promise<void>;
}

export async function surround(
  verdaccio: Verdaccio,
  spec: WorkspaceSpec,
  options: { readonly hasImmutableReleases?: boolean } = {},
): Promise<Surroundings> {
  const dir = await mkdtemp(join(tmpdir(), "slipway-remote-"));
  const gitDir = join(dir, "shop.git");
  const workspace = await createWorkspace(spec);
  await workspace.git("init", "-q", "--bare", "-b", "main", gitDir);
  const github = await startFakeGithub({ repository: "acme/shop", gitDir, ...options });
  await workspace.git("remote", "add", "origin", `${github.url}/acme/shop.git`);
  const token = github.issueToken({ contents: "write" });
  const optionsOf = (env: Readonly<Record<string, string>> = {}): SlipwayOptions => ({
    cwd: workspace.root,
    registry: verdaccio.url,
    token: verdaccio.token,
    env: {
      GITHUB_ACTIONS: "true",
      GITHUB_SERVER_URL: github.url,
      GITHUB_API_URL: github.apiUrl,
      GITHUB_REPOSITORY: "acme/shop",
      GITHUB_TOKEN: token,
      ...env,
    },
  });
  const push = async (): Promise<void> => {
    await workspace.git("push", "-q", "--force", gitDir, "HEAD:refs/heads/main");
  };
  await push();
  return {
    github,
    workspace,
    token,
    push,
    tags: () => readTags(gitDir),
    slipway: (args, env) => runSlipway(args, optionsOf(env)),
    start: (args) => startSlipway(args, optionsOf()),
    folder: async () => join(".slipway", (await readdir(join(workspace.root, ".slipway")))[0] ?? ""),
    async close() {
      await github.close();
      await workspace.dispose();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
