/**
 * What `workspace:` and `catalog:` become. The tables are what `pnpm pack` 12.21, `yarn pack` 4.18.1 and `bun pm pack` 1.4.5 wrote;
 * `packages/slipway/test/plan/published-ranges.test.ts` asks the tools themselves again.
 */
import {
  type Catalogs,
  type Dependency,
  type DependencyKind,
  orderPackages,
  type PackageManagerName,
  parseManifest,
  resolveProtocols,
  type WorkspacePackage,
} from "@slipway/core";
import { expect, test } from "vitest";

function parse(dir: string, manifest: object): WorkspacePackage {
  const { value, problems } = parseManifest(manifest, dir, `${dir}/package.json`);
  if (value === undefined) throw new Error(problems.map((item) => item.message).join("; "));
  return value;
}

const siblings = [
  parse("packages/lib", { name: "@s/lib", version: "1.2.3" }),
  parse("packages/pre", { name: "@s/pre", version: "2.0.0-beta.1" }),
  parse("packages/plain", { name: "plain", version: "3.0.0" }),
  parse("packages/bare", { name: "@s/bare", private: true }),
];

const catalogs: Catalogs = {
  path: "catalogs.file",
  byName: new Map([
    [
      "",
      new Map([
        ["semver", "^7.5.0"],
        ["@s/lib", "workspace:^"],
        ["other", "npm:semver@^7.1.0"],
        ["same", "npm:^7.2.0"],
        ["circle", "catalog:old"],
      ]),
    ],
    ["old", new Map([["semver", "~7.6.0"]])],
  ]),
};

function resolveOne(
  manager: PackageManagerName,
  alias: string,
  declared: string,
  kind: DependencyKind = "dependencies",
): Dependency {
  const item = parse("packages/app", { name: "app", version: "1.0.0", [kind]: { [alias]: declared } });
  const found = resolveProtocols(manager, [...siblings, item], catalogs).at(-1)?.dependencies[0];
  if (found === undefined) throw new Error("the dependency is gone");
  return found;
}

/** `name@range`, or the code of the fault. */
function written(dependency: Dependency): string {
  return dependency.fault?.code ?? `${dependency.name}@${dependency.range}`;
}

const all = ["pnpm", "yarn", "bun"] as const;

test.each([
  ["@s/lib", "workspace:*", "@s/lib@1.2.3"],
  ["@s/lib", "workspace:^", "@s/lib@^1.2.3"],
  ["@s/lib", "workspace:~", "@s/lib@~1.2.3"],
  ["@s/lib", "workspace:^1.2.0", "@s/lib@^1.2.0"],
  ["@s/lib", "workspace:~1.2.0", "@s/lib@~1.2.0"],
  ["@s/lib", "workspace:1.2.3", "@s/lib@1.2.3"],
  ["@s/lib", "workspace:>=1.0.0 <2", "@s/lib@>=1.0.0 <2"],
  ["@s/lib", "workspace:1.x", "@s/lib@1.x"],
  ["@s/pre", "workspace:*", "@s/pre@2.0.0-beta.1"],
  ["@s/pre", "workspace:^", "@s/pre@^2.0.0-beta.1"],
  ["@s/pre", "workspace:~", "@s/pre@~2.0.0-beta.1"],
  ["@s/pre", "workspace:^2.0.0-beta.1", "@s/pre@^2.0.0-beta.1"],
  ["@s/lib", "workspace:^2.0.0", "SLIP_DEPENDENCY_RANGE"],
  ["@s/pre", "workspace:^2.0.0", "SLIP_DEPENDENCY_RANGE"],
  ["@s/none", "workspace:*", "SLIP_DEPENDENCY_UNKNOWN"],
  ["@s/bare", "workspace:^1.0.0", "SLIP_DEPENDENCY_RANGE"],
  ["semver", "catalog:", "semver@^7.5.0"],
  ["semver", "catalog:old", "semver@~7.6.0"],
  ["semver", "catalog:nope", "SLIP_CATALOG_MISSING"],
  ["left-pad", "catalog:", "SLIP_CATALOG_MISSING"],
  ["same", "^7.0.0", "same@^7.0.0"],
  ["other", "npm:semver@^7.0.0", "semver@^7.0.0"],
  ["@s/lib", "link:../lib", "@s/lib@link:../lib"],
  ["@s/lib", "file:../lib", "@s/lib@file:../lib"],
  ["@s/lib", "portal:../lib", "@s/lib@portal:../lib"],
])("%s: %j is published as %s by pnpm, yarn and bun", (alias, declared, expected) => {
  for (const manager of all) {
    const dependency = resolveOne(manager, alias, declared);
    expect([manager, written(dependency)]).toEqual([manager, expected]);
    expect(dependency).toMatchObject({ alias, declared });
    if (dependency.fault !== undefined) expect(dependency.range).toBe(declared);
  }
});

const protocol = "SLIP_DEPENDENCY_PROTOCOL";
const unknown = "SLIP_DEPENDENCY_UNKNOWN";

test.each<readonly [alias: string, declared: string, kind: DependencyKind, pnpm: string, yarn: string, bun: string]>([
  ["@s/lib", "workspace:", "dependencies", "@s/lib@1.2.3", "@s/lib@", "@s/lib@"],
  ["@s/lib", "workspace:latest", "dependencies", "@s/lib@latest", protocol, "@s/lib@latest"],
  ["al", "workspace:@s/lib@*", "dependencies", "@s/lib@1.2.3", unknown, "@s/lib@1.2.3"],
  ["al", "workspace:@s/lib@^", "dependencies", "@s/lib@^1.2.3", unknown, "@s/lib@^1.2.3"],
  ["al", "workspace:@s/lib@~", "devDependencies", "@s/lib@~1.2.3", unknown, "@s/lib@~1.2.3"],
  ["al", "workspace:@s/lib@^1.0.0", "dependencies", "@s/lib@^1.0.0", unknown, "@s/lib@^1.0.0"],
  ["al", "workspace:@s/lib@", "dependencies", "@s/lib@1.2.3", unknown, "@s/lib@1.2.3"],
  ["al", "workspace:@s/lib", "dependencies", unknown, unknown, unknown],
  ["al", "workspace:plain@^", "optionalDependencies", "plain@^3.0.0", unknown, "plain@^3.0.0"],
  ["al", "workspace:@s/lib@^", "peerDependencies", "@s/lib@*", unknown, "@s/lib@^1.2.3"],
  ["@s/lib", "workspace:../lib", "dependencies", "@s/lib@1.2.3", protocol, "@s/lib@1.2.3"],
  ["@s/lib", "workspace:./../lib", "dependencies", "@s/lib@1.2.3", protocol, "@s/lib@1.2.3"],
  ["al", "workspace:../lib", "dependencies", "@s/lib@1.2.3", unknown, "@s/lib@1.2.3"],
  ["@s/lib", "workspace:../gone", "dependencies", unknown, protocol, unknown],
  ["@s/lib", "workspace:packages/lib", "dependencies", protocol, "@s/lib@1.2.3", protocol],
  ["al", "workspace:packages/lib", "dependencies", unknown, unknown, unknown],
  ["@s/bare", "workspace:*", "devDependencies", "SLIP_VERSION_INVALID", "@s/bare@0.0.0", "SLIP_VERSION_INVALID"],
  ["@s/lib", "^0.9.0 || workspace:^", "peerDependencies", "@s/lib@^0.9.0 || ^1.2.3", protocol, protocol],
  ["@s/lib", "^0.9.0 || workspace:*", "peerDependencies", "@s/lib@^0.9.0 || 1.2.3", protocol, protocol],
  ["@s/lib", "^0.9.0 || workspace:^", "dependencies", protocol, protocol, protocol],
  ["@s/lib", "workspace:^1.0.0 || workspace:^2.0.0", "dependencies", protocol, protocol, protocol],
  ["semver", "catalog:default", "dependencies", "semver@^7.5.0", "SLIP_CATALOG_MISSING", "semver@^7.5.0"],
  ["semver", "catalog: old ", "dependencies", "semver@~7.6.0", "SLIP_CATALOG_MISSING", "semver@~7.6.0"],
  ["@s/lib", "catalog:", "dependencies", "@s/lib@^1.2.3", protocol, "@s/lib@^1.2.3"],
  ["other", "catalog:", "dependencies", "semver@^7.1.0", protocol, "semver@^7.1.0"],
  ["circle", "catalog:", "dependencies", "SLIP_CATALOG_MISSING", protocol, "SLIP_CATALOG_MISSING"],
  ["semver", "catalog:", "peerDependencies", "semver@^7.5.0", "semver@*", "semver@^7.5.0"],
  ["semver", "catalog:", "devDependencies", "semver@^7.5.0", "semver@^7.5.0", "semver@^7.5.0"],
  ["semver", "catalog:", "optionalDependencies", "semver@^7.5.0", protocol, "semver@^7.5.0"],
])("%s: %j in %s differs: %s, %s, %s", (alias, declared, kind, ...expected) => {
  expect(all.map((manager) => written(resolveOne(manager, alias, declared, kind)))).toEqual(expected);
});

test("yarn publishes an entry with npm: and no name as the range alone", () => {
  expect(written(resolveOne("yarn", "same", "catalog:"))).toBe("same@^7.2.0");
});

test("npm publishes every text as it stands, so nothing is resolved and nothing is faulty before the plan", () => {
  for (const declared of ["workspace:*", "catalog:"])
    expect(resolveOne("npm", "@s/lib", declared)).toEqual({
      alias: "@s/lib",
      name: "@s/lib",
      range: declared,
      declared,
      kind: "dependencies",
      isOptional: false,
    });
});

test("a fault names package, manifest and text, and says what to do", () => {
  const problems = [
    resolveOne("pnpm", "left-pad", "catalog:").fault,
    resolveOne("pnpm", "semver", "catalog:nope").fault,
    resolveOne("bun", "@s/lib", "workspace:^2.0.0").fault,
    resolveOne("yarn", "al", "workspace:@s/lib@^").fault,
    resolveOne("pnpm", "@s/bare", "workspace:*").fault,
  ];
  const start = "dependencies of app@1.0.0 (packages/app/package.json) has";
  expect(problems.map((item) => [item?.spec, item?.message, item?.hint, item?.details])).toEqual([
    [
      "app@1.0.0",
      `${start} left-pad: "catalog:", but the default catalog of catalogs.file has no entry for it`,
      "add left-pad to the default catalog in catalogs.file, or write a version range",
      [],
    ],
    [
      "app@1.0.0",
      `${start} semver: "catalog:nope", but catalogs.file has no catalog "nope"`,
      'add semver to the catalog "nope" in catalogs.file, or write a version range',
      ["catalog: has semver: ^7.5.0", "catalog:old has semver: ~7.6.0"],
    ],
    [
      "app@1.0.0",
      `${start} @s/lib: "workspace:^2.0.0", but the workspace has @s/lib@1.2.3`,
      "correct the range; workspace:^ always fits",
      undefined,
    ],
    [
      "app@1.0.0",
      `${start} al: "workspace:@s/lib@^", but no package of the workspace is called al`,
      "yarn has no workspace: ranges under another name: use the name of the package",
      undefined,
    ],
    [
      "app@1.0.0",
      `${start} @s/bare: "workspace:*", but @s/bare (packages/bare) has no version, and pnpm cannot pack that`,
      "give @s/bare a version; a private package may have any",
      undefined,
    ],
  ]);
});

test("packages are ordered by what their ranges become, through another name too", () => {
  const app = parse("app", { name: "app", version: "1.0.0", dependencies: { al: "workspace:@s/lib@^" } });
  const top = parse("top", { name: "top", version: "1.0.0", dependencies: { app: "workspace:~" } });
  const packages = resolveProtocols("pnpm", [top, app, ...siblings], catalogs);
  expect(orderPackages(packages).edges.map(({ from, to, range }) => `${from} > ${to}@${range}`)).toEqual([
    "top > app@~1.0.0",
    "app > @s/lib@^1.2.3",
  ]);
});
