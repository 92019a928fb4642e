/** What a generated workflow depends on, read from the workspace, git and npm's configuration. Asks no registry and writes nothing. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fail, isJsonObject, type PackageManagerName, type Workspace } from "@slipway/core";
import type { LoadedConfig } from "../auth/npmrc.ts";
import { loadNpmConfig, settingsOf } from "../auth/npmrc.ts";
import type { VerbContext } from "../commands/verb.ts";
import { readSource, runGit } from "../git.ts";
import { readWorkspace } from "../workspace-reader.ts";

export const hosts = ["github", "gitlab"] as const;
export type Host = (typeof hosts)[number];

export interface TargetRegistry {
  readonly url: string;
  /** Exchanges the identity of a CI job: only the registry that npm uses by itself does, today. */
  readonly isTrusting: boolean;
  /** Takes the token that GitHub gives to each job. */
  readonly isGithubPackages: boolean;
  /** Reads need a credential: nothing on it is known to be public. */
  readonly isPrivate: boolean;
}

export interface InitFacts {
  readonly workspace: Workspace;
  readonly host: Host;
  readonly repository: string | undefined;
  readonly branch: string;
  readonly manager: PackageManagerName;
  readonly managerVersion: string | undefined;
  readonly hasLockFile: boolean;
  /** Of `actions/setup-node`: a file that names the version, or a version. */
  readonly node: { readonly file: string } | { readonly version: string };
  /** Command that builds the packages, where no lifecycle script does. */
  readonly build: string | undefined;
  readonly registries: readonly TargetRegistry[];
  readonly publishable: number;
  readonly hasChangesets: boolean;
}

/** Where nothing says: the oldest line that is supported for long and that Slipway runs on. */
const nodeDefault = "24";
const nodeFiles = [".nvmrc", ".node-version", ".tool-versions"] as const;
const lockFiles: Readonly<Record<PackageManagerName, readonly string[]>> = {
  npm: ["package-lock.json", "npm-shrinkwrap.json"],
  pnpm: ["pnpm-lock.yaml"],
  yarn: ["yarn.lock"],
  bun: ["bun.lock", "bun.lockb"],
};

/** For a repository without a lock file: none is made, because a work tree with a file more is no clean commit, and its versions are of none. */
export const installsWithoutLock: Readonly<Record<PackageManagerName, string>> = {
  npm: "npm install --no-package-lock",
  pnpm: "pnpm install --no-lockfile",
  yarn: "yarn install && git clean --force --quiet yarn.lock",
  bun: "bun install --no-save",
};

export async function readInitFacts(asked: Host | undefined, context: VerbContext): Promise<InitFacts> {
  const workspace = await readWorkspace(context.cwd);
  const { root, manager } = workspace;
  const [source, config, manifest, branch] = await Promise.all([
    readSource(root),
    loadNpmConfig({ cwd: root, env: context.env }),
    readManifest(root),
    findDefaultBranch(root),
  ]);
  const publishable = workspace.packages.filter((item) => !item.isPrivate);
  return {
    workspace,
    host: asked ?? guessHost(root, source.repository),
    repository: source.repository,
    branch,
    manager: manager.name,
    managerVersion: manager.version,
    hasLockFile: lockFiles[manager.name].some((file) => existsSync(join(root, file))),
    node: findNode(root, manifest),
    build: findBuild(workspace, manifest),
    registries: findRegistries(workspace, config, context.env),
    publishable: publishable.length,
    hasChangesets: existsSync(join(root, ".changeset", "config.json")),
  };
}

async function readManifest(root: string): Promise<Readonly<Record<string, unknown>>> {
  // The root of a pnpm workspace may have none; one that is broken has been reported with the workspace.
  const path = join(root, "package.json");
  const value: unknown = existsSync(path) ? JSON.parse((await readFile(path, "utf8")).replace(/^\uFEFF/, "")) : {};
  return isJsonObject(value) ? value : {};
}

function guessHost(root: string, repository: string | undefined): Host {
  const server = repository === undefined ? "" : new URL(repository).hostname;
  if (/gitlab/i.test(server)) return "gitlab";
  if (/github/i.test(server)) return "github";
  const hasPipeline = existsSync(join(root, ".gitlab-ci.yml"));
  return hasPipeline && !existsSync(join(root, ".github")) ? "gitlab" : "github";
}

/** The branch that the remote calls its own, else the one that is checked out. */
async function findDefaultBranch(root: string): Promise<string> {
  const asked = [
    ["symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD"],
    ["symbolic-ref", "--quiet", "--short", "HEAD"],
  ];
  for (const args of asked) {
    const { code, stdout } = await runGit(root, args);
    const name = stdout
      .toString("utf8")
      .trim()
      .replace(/^origin\//, "");
    if (code === 0 && name !== "") return assertPlain(name);
  }
  return "main";
}

/** A filter of branches is a pattern, and no place for an expression: what has a meaning there cannot be named in it. */
function assertPlain(branch: string): string {
  if (/^[\w./@#=-]+$/.test(branch)) return branch;
  return fail(
    "SLIP_USAGE",
    `a workflow cannot name the branch ${JSON.stringify(branch)}: it has characters with a meaning`,
    {
      hint: "check out the branch that releases are made from, or rename it",
    },
  );
}

function findNode(root: string, manifest: Readonly<Record<string, unknown>>): InitFacts["node"] {
  const file = nodeFiles.find((name) => existsSync(join(root, name)));
  if (file !== undefined) return { file };
  if (isJsonObject(manifest["volta"]) && typeof manifest["volta"]["node"] === "string") return { file: "package.json" };
  return { version: nodeDefault };
}

const buildScripts = ["build:packages", "build:all", "build"] as const;

/** None where every package that is published builds itself while it is packed. */
function findBuild({ packages, manager }: Workspace, manifest: Readonly<Record<string, unknown>>): string | undefined {
  const scripts = isJsonObject(manifest["scripts"]) ? manifest["scripts"] : {};
  const script = buildScripts.find((name) => typeof scripts[name] === "string");
  if (script === undefined) return undefined;
  const published = packages.filter((item) => !item.isPrivate);
  const buildsItself = published.every(({ scripts: own }) =>
    ["prepack", "prepare", "prepublishOnly"].some((name) => own[name] !== undefined),
  );
  return buildsItself && published.length > 0 ? undefined : `${manager.name} run ${script}`;
}

function findRegistries(
  { packages }: Workspace,
  config: LoadedConfig,
  env: VerbContext["env"],
): readonly TargetRegistry[] {
  const settings = settingsOf(config, { env });
  const published = packages.filter((item) => !item.isPrivate);
  const byUrl = Map.groupBy(published, ({ name, publishConfig }) => settings.registryFor(name, publishConfig.registry));
  return [...byUrl].map(([url, items]) => {
    const isTrusting = settings.isDefaultRegistry(url);
    return {
      url,
      isTrusting,
      isGithubPackages: new URL(url).hostname === "npm.pkg.github.com",
      isPrivate: !isTrusting || items.some(({ publishConfig }) => publishConfig.access === "restricted"),
    };
  });
}
