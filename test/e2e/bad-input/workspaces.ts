/** Workspaces of pnpm, yarn and bun from which nothing can be released: whose they are, and what their ranges ask for. */
import type { BadInput } from "./case.ts";

type Manager = "npm" | "pnpm" | "yarn" | "bun";

/** Catalogs that all three have: `a` of the case is at 1.0.0. */
const catalogs = "catalog:\n  semver: ^7.5.0\ncatalogs:\n  old:\n    semver: ~7.6.0\n";

const files: Readonly<Record<Manager, Readonly<Record<string, string>>>> = {
  npm: { "package-lock.json": "{}\n" },
  pnpm: { "pnpm-workspace.yaml": `packages:\n  - packages/*\n${catalogs}`, "pnpm-lock.yaml": "" },
  yarn: { ".yarnrc.yml": catalogs, "yarn.lock": "__metadata:\n  version: 8\n" },
  bun: { "bun.lock": "{}\n" },
};

interface Change {
  readonly what: string;
  readonly managers: readonly Manager[];
  readonly codes: readonly string[];
  readonly says: readonly RegExp[];
  /** Dependencies of `b` by kind; `A` stands for the name of its sibling. */
  readonly needs?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Fields of the root's package.json. */
  readonly root?: Readonly<Record<string, unknown>>;
  readonly files?: Readonly<Record<string, string>>;
  /** Fields of the package.json of `a`; undefined takes one away. */
  readonly a?: Readonly<Record<string, unknown>>;
}

function make(change: Change): readonly BadInput[] {
  return change.managers.map((manager) => ({
    what: `${change.what} (${manager})`,
    exit: 2,
    codes: change.codes,
    says: change.says,
    prepare: async ({ workspace, scope }) => {
      const all = { ...files[manager], ...change.files };
      for (const [path, text] of Object.entries(all)) await workspace.write(path, text);
      const bunCatalogs = manager === "bun" ? { catalog: { semver: "^7.5.0" } } : {};
      await workspace.edit(".", (old) => {
        const { workspaces, ...rest } = old;
        return { ...rest, ...(manager === "pnpm" ? {} : { workspaces }), ...bunCatalogs, ...change.root };
      });
      if (change.a !== undefined) await workspace.edit("packages/a", (old) => ({ ...old, ...change.a }));
      const { needs } = change;
      if (needs !== undefined)
        await workspace.edit("packages/b", ({ dependencies: _dependencies, ...old }) => ({
          ...old,
          ...Object.fromEntries(
            Object.entries(needs).map(([kind, map]) => [
              kind,
              Object.fromEntries(
                Object.entries(map).map(([name, range]) => [
                  name === "A" ? `@${scope}/a` : name,
                  range.replace("A@", `@${scope}/a@`),
                ]),
              ),
            ]),
          ),
        }));
      await workspace.commitAll("Break it");
    },
  }));
}

const three = ["pnpm", "yarn", "bun"] as const;
const place = /dependencies of @[\w-]+\/b@1\.0\.0 \(packages\/b\/package\.json\) has/i;

export const workspaceCases: readonly BadInput[] = [
  {
    what: "a lock file of another package manager than the pinned one",
    managers: ["pnpm"] as const,
    codes: ["SLIP_PACKAGE_MANAGER"],
    says: [/packageManager in package\.json names pnpm, but yarn\.lock is a lock file of yarn/, /delete yarn\.lock/],
    root: { packageManager: "pnpm@12.21.0" },
    files: { "yarn.lock": "" },
  },
  {
    what: "lock files of two package managers and no pin",
    managers: ["npm"] as const,
    codes: ["SLIP_PACKAGE_MANAGER"],
    says: [/package-lock\.json \(npm\), pnpm-lock\.yaml \(pnpm\)/, /"packageManager": "pnpm@/],
    files: { "pnpm-lock.yaml": "" },
  },
  {
    what: "yarn 1, by its lock file",
    managers: ["yarn"] as const,
    codes: ["SLIP_PACKAGE_MANAGER_UNSUPPORTED"],
    says: [/yarn\.lock was written by yarn 1/, /move to yarn 4/],
    files: { "yarn.lock": "# yarn lockfile v1\n\n" },
  },
  {
    what: "yarn 1, pinned",
    managers: ["yarn"] as const,
    codes: ["SLIP_PACKAGE_MANAGER_UNSUPPORTED"],
    says: [/packageManager in package\.json names yarn 1\.22\.22/],
    root: { packageManager: "yarn@1.22.22" },
  },
  {
    what: "a package manager that nobody knows",
    managers: ["npm"] as const,
    codes: ["SLIP_PACKAGE_MANAGER_UNSUPPORTED"],
    says: [/is "ant", which Slipway does not know/],
    root: { packageManager: "ant@1.0.0" },
  },
  {
    what: "a pnpm-workspace.yaml that is not YAML",
    managers: ["pnpm"] as const,
    codes: ["SLIP_WORKSPACE_INVALID"],
    says: [/pnpm-workspace\.yaml:3:1 is not YAML: missing closing/],
    files: { "pnpm-workspace.yaml": "packages:\n  - 'packages/*\n" },
  },
  {
    what: "a pnpm-workspace.yaml of the wrong shape",
    managers: ["pnpm"] as const,
    codes: ["SLIP_WORKSPACE_INVALID"],
    says: [/pnpm-workspace\.yaml:4: catalog has no version range for x/],
    files: { "pnpm-workspace.yaml": "packages:\n  - packages/*\ncatalog:\n  x: {}\n" },
  },
  {
    what: "a .yarnrc.yml that is not YAML",
    managers: ["yarn"] as const,
    codes: ["SLIP_WORKSPACE_INVALID"],
    says: [/\.yarnrc\.yml:2:1 is not YAML/],
    files: { ".yarnrc.yml": "catalog: {\n" },
  },
  {
    what: "patterns that match nothing",
    managers: ["pnpm"] as const,
    codes: ["SLIP_WORKSPACE_NOT_FOUND"],
    says: [/packages in pnpm-workspace\.yaml match no folder with a package\.json/, /packages: apps\/\*/],
    files: { "pnpm-workspace.yaml": "packages:\n  - apps/*\n" },
  },
  {
    what: "a catalog without the entry",
    managers: three,
    codes: ["SLIP_CATALOG_MISSING"],
    says: [place, /but the default catalog of \S+ has no entry for it/, /add left-pad to the default catalog/],
    needs: { dependencies: { "left-pad": "catalog:" } },
  },
  {
    what: "a catalog that does not exist, for development only",
    managers: ["yarn"] as const,
    codes: ["SLIP_CATALOG_MISSING"],
    says: [place, /has no catalog "nope"/, /catalog: has semver: \^7\.5\.0/],
    needs: { devDependencies: { semver: "catalog:nope" } },
  },
  {
    what: "a workspace range that the sibling does not satisfy",
    managers: three,
    codes: ["SLIP_DEPENDENCY_RANGE"],
    says: [place, /but the workspace has @[\w-]+\/a@1\.0\.0/, /workspace:\^ always fits/],
    needs: { dependencies: { A: "workspace:^2.0.0" } },
  },
  {
    what: "a workspace range on a prerelease that it does not take in",
    managers: ["pnpm"] as const,
    codes: ["SLIP_DEPENDENCY_RANGE"],
    says: [place, /but the workspace has @[\w-]+\/a@2\.0\.0-beta\.1/],
    needs: { peerDependencies: { A: "workspace:^2.0.0" } },
    a: { version: "2.0.0-beta.1" },
  },
  {
    what: "a workspace range on a package that is not there",
    managers: ["bun"] as const,
    codes: ["SLIP_DEPENDENCY_UNKNOWN"],
    says: [place, /no package of the workspace is called lost/],
    needs: { dependencies: { lost: "workspace:*" } },
  },
  {
    what: "a workspace range under another name",
    managers: ["yarn"] as const,
    codes: ["SLIP_DEPENDENCY_UNKNOWN"],
    says: [place, /yarn has no workspace: ranges under another name/],
    needs: { dependencies: { other: "workspace:A@^" } },
  },
  {
    what: "a catalog that yarn leaves in the manifest",
    managers: ["yarn"] as const,
    codes: ["SLIP_DEPENDENCY_PROTOCOL"],
    says: [place, /which yarn packs as it stands/, /write "\^7\.5\.0" here/],
    needs: { optionalDependencies: { semver: "catalog:" } },
  },
  {
    what: "link:, portal: and file:",
    managers: ["pnpm"] as const,
    codes: ["SLIP_DEPENDENCY_PROTOCOL"],
    says: [/x: "link:\.\.\/x"/, /y: "file:\.\.\/y"/, /z: "portal:\.\.\/z"/, /no package manager rewrites this/],
    needs: { dependencies: { x: "link:../x", y: "file:../y", z: "portal:../z" } },
  },
  {
    what: "npm: without a name, which only the workspace's package manager takes",
    managers: ["yarn"] as const,
    codes: ["SLIP_DEPENDENCY_PROTOCOL"],
    says: [/b@1\.0\.0 has semver: "npm:\^7\.0\.0", which npm cannot install/, /write "\^7\.0\.0", without npm:/],
    needs: { dependencies: { semver: "npm:^7.0.0", other: "npm:semver@^7.0.0" } },
  },
  {
    what: "workspace: and catalog: in a workspace of npm",
    managers: ["npm"] as const,
    codes: ["SLIP_DEPENDENCY_PROTOCOL"],
    says: [
      /a: "workspace:\*", which no registry can serve/,
      /semver: "catalog:"/,
      /npm packs it as it stands, and this is a workspace of npm \(package-lock\.json\)/,
    ],
    needs: { dependencies: { A: "workspace:*", semver: "catalog:" } },
  },
  {
    what: "a package without a version",
    managers: ["yarn"] as const,
    codes: ["SLIP_VERSION_INVALID"],
    says: [/the version \(none\) in packages\/a\/package\.json/],
    a: { version: undefined },
  },
  {
    what: "a sibling for development without a version",
    managers: ["pnpm", "bun"] as const,
    codes: ["SLIP_VERSION_INVALID"],
    says: [place, /has no version, and (pnpm|bun) cannot pack that/, /a private package may have any/],
    needs: { devDependencies: { A: "workspace:*" } },
    a: { version: undefined, private: true },
  },
  {
    what: "a private sibling",
    managers: ["bun"] as const,
    codes: ["SLIP_DEPENDENCY_PRIVATE"],
    says: [/b@1\.0\.0 needs @[\w-]+\/a@\^1\.0\.0, which is private/],
    needs: { dependencies: { A: "workspace:^" } },
    a: { private: true },
  },
].flatMap(make);
