/**
 * changesets/action as far as a publish script notices it: the environment that it starts the script in, what it reads afterwards, and
 * the git tags and releases that it makes of that. Written after reading src/run.ts and src/github.ts of v1.9.0 and v2.1.1; it shares
 * nothing with slipway. The remote is a bare repository, the releases are a list.
 */
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ProcessResult, runProcess, runSlipway, type TestWorkspace, type Verdaccio } from "@slipway/testkit";

export interface Remote {
  /** Path of the bare repository. */
  readonly path: string;
  /** Releases that were made, by their tag. */
  readonly releases: Map<string, string>;
  /** Tag to the commit it points at. */
  tags(): Promise<Readonly<Record<string, string>>>;
  remove(): Promise<void>;
}

/** Makes a bare repository of the workspace's history and sets it as its `origin`. */
export async function createRemote(workspace: TestWorkspace): Promise<Remote> {
  const path = await mkdtemp(join(tmpdir(), "slipway-remote-"));
  await workspace.git("clone", "--quiet", "--bare", workspace.root, path);
  await workspace.git("remote", "add", "origin", path);
  return {
    path,
    releases: new Map(),
    tags: async () => {
      const format = "--format=%(refname:strip=2) %(objectname) %(*objectname)";
      const { stdout } = await runProcess("git", ["--git-dir", path, "for-each-ref", format, "refs/tags"]);
      const lines = stdout.split("\n").filter(Boolean);
      return Object.fromEntries(
        lines.map((line) => {
          const [name = "", object = "", peeled = ""] = line.split(" ");
          return [name, peeled === "" ? object : peeled];
        }),
      );
    },
    remove: async () => await rm(path, { recursive: true, force: true }),
  };
}

export interface ActionRun {
  readonly result: ProcessResult;
  /** `published-packages`, or `publishedPackages` of v1. */
  readonly publishedPackages: readonly { readonly name: string; readonly version: string }[];
  /** What v2 says where the file that it named is not there. */
  readonly warning: string | undefined;
  /** What made the action itself fail, behind the script. */
  readonly failure: string | undefined;
}

export interface ActionOptions {
  readonly version: "v1" | "v2";
  readonly workspace: TestWorkspace;
  readonly remote: Remote;
  readonly verdaccio: Verdaccio;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** v2: `push-with-git-cli`; v1 pushes with git unless `commitMode` says otherwise. */
  readonly usesGit?: boolean;
  /** The job ends between the script and what the action does with its output. */
  readonly diesBeforeTags?: boolean;
  readonly registry?: string;
}

const inputs: Readonly<Record<ActionOptions["version"], Readonly<Record<string, string>>>> = {
  v1: {
    INPUT_PUBLISH: "npx slipway publish",
    INPUT_VERSION: "",
    INPUT_SETUPGITUSER: "true",
    INPUT_CREATEGITHUBRELEASES: "true",
    INPUT_COMMITMODE: "git-cli",
  },
  v2: {
    "INPUT_PUBLISH-SCRIPT": "npx slipway publish",
    "INPUT_CREATE-GITHUB-RELEASES": "true",
    "INPUT_PUSH-GIT-TAGS": "true",
    "INPUT_PUSH-WITH-GIT-CLI": "false",
  },
};

/** Manifest of each package that manypkg would find in the workspace of a test. */
async function readVersions(workspace: TestWorkspace): Promise<ReadonlyMap<string, string>> {
  const files = (await workspace.git("ls-files", "packages/*/package.json")).split("\n").filter(Boolean);
  const manifests = await Promise.all(
    files.map(async (file): Promise<{ name: string; version: string }> => JSON.parse(await workspace.read(file))),
  );
  return new Map(manifests.map(({ name, version }) => [name, version]));
}

export async function runAction(options: ActionOptions): Promise<ActionRun> {
  const { version, workspace, remote, verdaccio, args = ["publish"], env, registry = verdaccio.url } = options;
  const folder = await mkdtemp(join(tmpdir(), "slipway-runner-"));
  const output = join(folder, "temp", "changesets-output.ndjson");
  try {
    const result = await runSlipway(args, {
      cwd: workspace.root,
      registry,
      token: verdaccio.token,
      env: {
        GITHUB_ACTIONS: "true",
        GITHUB_TOKEN: "the-token-of-the-job",
        ...inputs[version],
        ...(version === "v2" ? { CHANGESETS_OUTPUT: output } : {}),
        ...env,
      },
    });
    const versions = await readVersions(workspace);
    const isWritten = version === "v1" || existsSync(output);
    const warning = isWritten ? undefined : "Failed to read changesets output";
    const read = version === "v1" ? readLines(result.stdout) : isWritten ? await readOutput(output) : [];
    if (options.diesBeforeTags === true) return { result, publishedPackages: [], warning, failure: "cancelled" };
    const published: { name: string; version: string }[] = [];
    let failure: string | undefined;
    const usesGit = options.usesGit ?? version === "v1";
    for (const { name, tag } of read) {
      const local = versions.get(name);
      if (local === undefined) throw new Error(`Package "${name}" not found.`);
      const wanted = tag ?? `${name}@${local}`;
      failure ??= await pushTag(workspace, remote, wanted, usesGit);
      failure ??= createRelease(remote, wanted, local);
      published.push({ name, version: local });
    }
    return { result, publishedPackages: published, warning, failure };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Told {
  readonly name: string;
  /** v1 forms it from the manifest. */
  readonly tag?: string;
}

/** v1's own expression for a workspace of several packages. */
const tagLine = /New tag:\s+(@[^/]+\/[^@]+|[^/]+)@([^\s]+)/;

function readLines(stdout: string): readonly Told[] {
  return stdout.split("\n").flatMap((line) => {
    const name = tagLine.exec(line)?.[1];
    return name === undefined ? [] : [{ name }];
  });
}

async function readOutput(path: string): Promise<readonly Told[]> {
  const lines = (await readFile(path, "utf8")).split("\n").filter((line) => !/^\s*$/.test(line));
  return lines.flatMap((line) => {
    const event: unknown = JSON.parse(line);
    if (typeof event !== "object" || event === null || !("type" in event) || event.type !== "git-tag") return [];
    if (!("tag" in event) || typeof event.tag !== "string") return [];
    if (!("packageName" in event) || typeof event.packageName !== "string") return [];
    return [{ name: event.packageName, tag: event.tag }];
  });
}

/** By git, a tag that is not in the checkout fails; through the API it is made at the job's commit, and one that exists is a warning. */
async function pushTag(
  workspace: TestWorkspace,
  remote: Remote,
  tag: string,
  usesGit: boolean,
): Promise<string | undefined> {
  if (usesGit) {
    try {
      await workspace.git("push", "--quiet", "origin", tag);
      return undefined;
    } catch (error) {
      return String(error);
    }
  }
  const existing = await remote.tags();
  if (existing[tag] !== undefined) return undefined;
  const args = ["--git-dir", remote.path, "update-ref", `refs/tags/${tag}`, workspace.commit()];
  const { code, stderr } = await runProcess("git", args);
  return code === 0 ? undefined : stderr;
}

/** GitHub answers 422 already_exists for a tag that has a release. */
function createRelease({ releases }: Remote, tag: string, version: string): string | undefined {
  if (releases.has(tag)) return `a release of ${tag} already exists`;
  releases.set(tag, version);
  return undefined;
}
