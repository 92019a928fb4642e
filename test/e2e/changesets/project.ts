/** A repository that uses the real @changesets/cli, in one of its versions; its packages go to a Verdaccio. It asserts nothing. */
import { mkdir, symlink } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  cleanEnvironment,
  createHome,
  createWorkspace,
  type PackageSpec,
  type ProcessResult,
  runProcess,
  runSlipway,
  type TestWorkspace,
  type Verdaccio,
} from "@slipway/testkit";

const modules = fileURLToPath(new URL("../../../node_modules", import.meta.url));

/** Version 2 is installed under another name, so that tests need no network. */
const changesetsCli: Readonly<Record<"2" | "3", string>> = {
  2: join(modules, "changesets-cli-2"),
  3: join(modules, "@changesets", "cli"),
};

export interface ChangesetsProject {
  readonly workspace: TestWorkspace;
  /** Runs `changeset` with these arguments. Throws, with what it printed, when it fails. */
  changeset(...args: readonly string[]): Promise<ProcessResult>;
  slipway(...args: readonly string[]): Promise<ProcessResult>;
  /** Writes a changeset as `changeset add` does and commits it. */
  add(id: string, releases: Readonly<Record<string, string>>, summary: string): Promise<void>;
  dispose(): Promise<void>;
}

export async function createProject(
  version: "2" | "3",
  verdaccio: Verdaccio,
  packages: readonly PackageSpec[],
  config: object,
): Promise<ChangesetsProject> {
  const workspace = await createWorkspace({
    packages,
    files: {
      ".changeset/config.json": JSON.stringify(config),
      ".changeset/README.md": "# Changesets\n",
      // By its lock file Changesets knows whose workspace it is.
      "package-lock.json": JSON.stringify({ name: "workspace", lockfileVersion: 3, packages: {} }),
    },
  });
  const cli = changesetsCli[version];
  // What `npm install` would make, for the generator of changelogs is found from the project.
  await mkdir(join(workspace.root, "node_modules", "@changesets"), { recursive: true });
  await symlink(cli, join(workspace.root, "node_modules", "@changesets", "cli"));
  const home = await createHome({ registry: verdaccio.url, token: verdaccio.token });
  return {
    workspace,
    async changeset(...args) {
      const PATH = [dirname(process.execPath), process.env["PATH"]].join(delimiter);
      const env = cleanEnvironment({ ...home.env, PATH, NO_COLOR: "1", CI: "true" });
      const run = await runProcess(process.execPath, [join(cli, "bin.js"), ...args], { cwd: workspace.root, env });
      if (run.code !== 0)
        throw new Error(`changeset ${args.join(" ")} ended with ${run.code}:\n${run.stdout}\n${run.stderr}`);
      return run;
    },
    slipway: async (...args) =>
      await runSlipway(args, { cwd: workspace.root, registry: verdaccio.url, token: verdaccio.token }),
    async add(id, releases, summary) {
      const lines = Object.entries(releases).map(([name, bump]) => `"${name}": ${bump}`);
      await workspace.write(`.changeset/${id}.md`, ["---", ...lines, "---", "", summary, ""].join("\n"));
      await workspace.commitAll(`Add ${id}`);
    },
    async dispose() {
      await home.remove();
      await workspace.dispose();
    },
  };
}
