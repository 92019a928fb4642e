/** Manifests and git repositories from which nothing can be released. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BadInput, World } from "./case.ts";

type Manifest = Record<string, unknown>;

/** A case that changes the package.json of `a`. */
function manifest(
  what: string,
  code: string,
  says: RegExp,
  change: (manifest: Manifest, scope: string) => Manifest,
): BadInput {
  return {
    what,
    exit: 2,
    codes: [code],
    says: [says],
    prepare: async ({ workspace, scope }) => {
      await workspace.edit("packages/a", (old) => change(old, scope));
      await workspace.commitAll("Break it");
    },
  };
}

function name(value: unknown): BadInput {
  const shown = JSON.stringify(value) ?? "missing";
  return manifest(`the name ${shown}`, "SLIP_NAME_INVALID", /packages\/a\/package\.json/, (old) => ({
    ...old,
    name: value,
  }));
}

function version(value: unknown): BadInput {
  const shown = JSON.stringify(value) ?? "missing";
  return manifest(`the version ${shown}`, "SLIP_VERSION_INVALID", /\/a\b/, (old) => ({ ...old, version: value }));
}

async function lostRepository({ workspace }: World): Promise<void> {
  await workspace.remove(".git");
}

export const manifestCases: readonly BadInput[] = [
  {
    what: "a folder without a package.json",
    exit: 2,
    codes: ["SLIP_WORKSPACE_NOT_FOUND"],
    says: [/there is no package\.json at or above/],
    prepare: async () => {
      const cwd = await mkdtemp(join(tmpdir(), "slipway-empty-"));
      return { cwd, cleanUp: () => rm(cwd, { recursive: true }) };
    },
  },
  {
    what: "a package.json that is not JSON",
    exit: 2,
    codes: ["SLIP_MANIFEST_INVALID"],
    says: [/packages\/a\/package\.json:3:3/],
    prepare: ({ workspace }) =>
      workspace.write("packages/a/package.json", '{\n  "name": "a",\n  version: "1.0.0"\n}\n'),
  },
  {
    what: "an empty root package.json",
    exit: 2,
    codes: ["SLIP_MANIFEST_INVALID"],
    says: [/package\.json:1:1 is not JSON: it is empty/],
    prepare: ({ workspace }) => workspace.write("package.json", ""),
  },
  {
    what: "a package.json that is a list",
    exit: 2,
    codes: ["SLIP_MANIFEST_INVALID"],
    says: [/packages\/a\/package\.json/],
    prepare: ({ workspace }) => workspace.write("packages/a/package.json", "[]"),
  },
  {
    what: "several broken manifests, which are named at once",
    exit: 2,
    codes: ["SLIP_MANIFEST_INVALID", "SLIP_VERSION_INVALID"],
    says: [/packages\/a\/package\.json/, /packages\/b\/package\.json/],
    prepare: async ({ workspace }) => {
      await workspace.write("packages/a/package.json", "{");
      await workspace.edit("packages/b", (old) => ({ ...old, version: "one" }));
    },
  },
  {
    what: "workspaces outside the repository",
    exit: 2,
    codes: ["SLIP_MANIFEST_INVALID"],
    says: [/"\.\.\/elsewhere\/\*"/],
    prepare: ({ workspace }) =>
      workspace.edit(".", (old) => ({ ...old, workspaces: ["packages/*", "../elsewhere/*"] })),
  },
  {
    what: "two packages of one name",
    exit: 2,
    codes: ["SLIP_NAME_DUPLICATE"],
    says: [/packages\/a/, /packages\/copy/],
    packages: (scope) => [{ name: `@${scope}/a` }, { name: `@${scope}/a`, dir: "packages/copy" }],
  },
  version("1.0"),
  version("v1.0.0"),
  version("^1.0.0"),
  version(undefined),
  version(1),
  version("1.0.0; touch pwned"),
  version("1.0.0\u001b[2J\u001b[31m"),
  version("1.0.0/../../../x"),
  name("../../x"),
  name("@scope/../../x"),
  name("a; touch pwned"),
  name("$(touch pwned)"),
  name("`touch pwned`"),
  name("a\u001b]0;title\u0007\u001b[2Jb"),
  name("a\nerror[SLIP_FORGED]: everything is fine"),
  name("\u202egnihton"),
  name(".hidden"),
  name("node_modules"),
  name("UPPER"),
  name(7),
  {
    what: "a cycle",
    exit: 2,
    codes: ["SLIP_CYCLE"],
    says: [/\/a.*\/b/, /peer/],
    packages: (scope) => [
      { name: `@${scope}/a`, dependencies: [`@${scope}/b`] },
      { name: `@${scope}/b`, dependencies: [`@${scope}/a`] },
    ],
  },
  {
    what: "a dependency on a private sibling",
    exit: 2,
    codes: ["SLIP_DEPENDENCY_PRIVATE"],
    says: [/\/a\b/, /\/b\b/],
    packages: (scope) => [
      { name: `@${scope}/a`, private: true },
      { name: `@${scope}/b`, dependencies: [`@${scope}/a`] },
    ],
  },
  {
    what: "a dependency on a sibling that is neither published nor selected",
    exit: 2,
    codes: ["SLIP_DEPENDENCY_UNPUBLISHED"],
    says: [/\/a\b/, /\/b\b/],
    args: ["publish", "--only", "*/b"],
  },
  manifest("a dependency by the workspace: protocol", "SLIP_DEPENDENCY_PROTOCOL", /workspace:\^/, (old, scope) => ({
    ...old,
    dependencies: { [`@${scope}/c`]: "workspace:^" },
  })),
  {
    what: "a range that the sibling's version does not satisfy",
    exit: 2,
    codes: ["SLIP_DEPENDENCY_RANGE"],
    says: [/\^2\.0\.0/, /1\.0\.0/],
    packages: (scope) => [
      { name: `@${scope}/a` },
      { name: `@${scope}/b`, dependencies: { [`@${scope}/a`]: "^2.0.0" } },
    ],
  },
  {
    what: "only private packages",
    exit: 2,
    codes: ["SLIP_NOT_RELEASABLE"],
    says: [/private/],
    packages: (scope) => [{ name: `@${scope}/a`, private: true }],
  },
  manifest("a dist-tag in publishConfig that is a range", "SLIP_TAG_INVALID", /"?\^1\.0\.0/, (old) => ({
    ...old,
    publishConfig: { tag: "^1.0.0" },
  })),
  manifest("a dist-tag in publishConfig that moves the cursor", "SLIP_TAG_INVALID", /\/a\b/, (old) => ({
    ...old,
    publishConfig: { tag: "x\u001b[2J" },
  })),
  manifest("a registry in publishConfig that is no URL", "SLIP_REGISTRY_INVALID", /not a url/, (old) => ({
    ...old,
    publishConfig: { registry: "not a url" },
  })),
  manifest("a registry in publishConfig that is a file", "SLIP_REGISTRY_INVALID", /file:/, (old) => ({
    ...old,
    publishConfig: { registry: "file:///etc/" },
  })),
  {
    what: "a base that does not exist",
    exit: 2,
    codes: ["SLIP_BASE_INVALID"],
    says: [/"v9\.9\.9" is not a commit of this repository/],
    args: ["publish", "--base", "v9.9.9"],
  },
  {
    what: "a base of zeros",
    exit: 2,
    codes: ["SLIP_BASE_INVALID"],
    says: [/all zeros/],
    args: ["publish", "--base", "0000000000000000000000000000000000000000"],
  },
  {
    what: "a base that would be an option of git",
    exit: 2,
    codes: ["SLIP_BASE_INVALID"],
    says: [/"--output=pwned"/],
    args: ["publish", "--base=--output=pwned"],
  },
  {
    what: "a base that a shallow clone does not have",
    exit: 2,
    codes: ["SLIP_BASE_INVALID"],
    says: [/shallow clone/, /fetch-depth: 0/],
    prepare: async ({ workspace }) => {
      const base = workspace.commit();
      await workspace.write("packages/a/index.js", "export {};\n");
      await workspace.commitAll("Change it");
      const clone = await workspace.clone({ depth: 1 });
      return { cwd: clone.root, args: ["publish", "--base", base], cleanUp: () => clone.dispose() };
    },
  },
  {
    what: "--base auto where nothing says what the base is",
    exit: 2,
    codes: ["SLIP_BASE_INVALID"],
    says: [/no release tag/],
    args: ["publish", "--base", "auto"],
  },
  {
    what: "--base where there is no repository",
    exit: 2,
    codes: ["SLIP_BASE_INVALID"],
    says: [/needs a git repository/],
    args: ["publish", "--base", "main"],
    prepare: lostRepository,
  },
];
