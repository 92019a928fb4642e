/** The ranges that a plan goes by are those that the real pnpm, yarn and bun write into the manifest when they pack. */
import { isJsonObject } from "@slipway/core";
import { afterAll, expect, test } from "vitest";
import { readWorkspace } from "../../src/workspace-reader.ts";
import { type ForeignName, installAlone, packManifest } from "./real-managers.ts";
import { makeFolder, type Scratch } from "./scratch-repository.ts";

const scratches: Scratch[] = [];
afterAll(() => {
  for (const scratch of scratches) scratch.remove();
});

const siblings = {
  "packages/a/package.json": { name: "@s/a", version: "1.2.3" },
  "packages/b/package.json": { name: "@s/b", version: "1.2.3" },
  "packages/c/package.json": { name: "@s/c", version: "1.2.3" },
  "packages/d/package.json": { name: "@s/d", version: "1.2.3" },
  "packages/e/package.json": { name: "@s/e", version: "1.2.3" },
  "packages/beta/package.json": { name: "@s/beta", version: "2.0.0-beta.1" },
  "packages/gamma/package.json": { name: "@s/gamma", version: "2.0.0-beta.1" },
  "packages/zero/package.json": { name: "@s/zero", version: "0.3.0" },
};

/** Understood by all three. */
const common = {
  "@s/a": "workspace:*",
  "@s/b": "workspace:^",
  "@s/c": "workspace:~",
  "@s/d": "workspace:>=1.0.0 <2",
  "@s/e": "workspace:1.2.3",
  "@s/beta": "workspace:*",
  "@s/gamma": "workspace:^",
  "@s/zero": "workspace:~",
};

const aliases = { one: "workspace:@s/a@*", two: "workspace:@s/b@^", three: "workspace:@s/c@^1.0.0" };
const paths = { "@s/d": "workspace:../d" };
const entries = { "@s/a": "^1.0.0", "@s/b": ">=1" };
const yaml = "catalog:\n  '@s/a': ^1.0.0\ncatalogs:\n  wide:\n    '@s/b': '>=1'\n    '@s/c': 1\n";

/** A package for each object; what they hold goes into one kind of dependencies after the other. */
const cases: Readonly<
  Record<ForeignName, { readonly files: object; readonly apps: readonly (readonly [kind: string, needs: object])[] }>
> = {
  pnpm: {
    files: {
      "package.json": { name: "root", private: true },
      "pnpm-workspace.yaml": `packages:\n  - packages/*\nlinkWorkspacePackages: true\n${yaml}    other: npm:@s/a@^1.0.0\n    linked: workspace:@s/e@~\n`,
    },
    apps: [
      ["dependencies", { ...aliases, ...paths, "@s/e": "workspace:", "@s/zero": "workspace:latest" }],
      ["peerDependencies", { two: "workspace:@s/b@^" }],
      ["dependencies", { "@s/a": "catalog:", "@s/b": "catalog:wide", "@s/c": "catalog: wide ", other: "catalog:wide" }],
      ["peerDependencies", { "@s/a": "catalog:default", "@s/b": "catalog:wide" }],
      ["optionalDependencies", { "@s/a": "catalog:", linked: "catalog:wide" }],
    ],
  },
  yarn: {
    files: {
      "package.json": { name: "root", private: true, workspaces: ["packages/*"] },
      ".yarnrc.yml": `nodeLinker: node-modules\n${yaml}`,
      "yarn.lock": "",
    },
    apps: [
      [
        "dependencies",
        { "@s/a": "catalog:", "@s/b": "catalog:wide", "@s/d": "workspace:packages/d", "@s/e": "workspace:" },
      ],
      ["peerDependencies", { "@s/a": "catalog:", "@s/b": "catalog:wide", "@s/c": "workspace:packages/c" }],
      ["devDependencies", { "@s/a": "catalog:", "@s/b": "catalog:wide" }],
    ],
  },
  bun: {
    files: {
      "package.json": {
        name: "root",
        private: true,
        workspaces: { packages: ["packages/*"], catalog: entries, catalogs: { wide: { "@s/c": "1.x" } } },
      },
      "bun.lock": "",
    },
    apps: [
      ["dependencies", { ...aliases, ...paths, "@s/e": "workspace:" }],
      ["dependencies", { "@s/a": "catalog:", "@s/b": "catalog:default", "@s/c": "catalog: wide " }],
      ["peerDependencies", { two: "workspace:@s/b@^", "@s/a": "catalog:" }],
      ["optionalDependencies", { "@s/b": "catalog:" }],
    ],
  },
};

const kinds = ["dependencies", "peerDependencies", "optionalDependencies", "devDependencies"] as const;

test.each(["pnpm", "yarn", "bun"] as const)(
  "a plan goes by the ranges that %s packs",
  { timeout: 120_000 },
  async (manager) => {
    const scratch = makeFolder();
    scratches.push(scratch);
    const apps = [...kinds.map((kind) => [kind, common] as const), ...cases[manager].apps];
    const manifests = Object.fromEntries(
      apps.map(([kind, needs], index) => [
        `packages/app-${index}/package.json`,
        { name: `app-${index}`, version: "1.0.0", [kind]: needs },
      ]),
    );
    scratch.write({ ...cases[manager].files, ...siblings, ...manifests });
    const { packages, manager: found } = await readWorkspace(scratch.root);
    expect(found.name).toBe(manager);
    installAlone(manager, scratch.root);
    for (const [index, [kind, needs]] of apps.entries()) {
      const app = packages.find((item) => item.name === `app-${index}`);
      const planned = (app?.dependencies ?? []).map(({ alias, name, range, fault }) => {
        expect(fault).toBeUndefined();
        return [alias, name === alias ? range : `npm:${name}@${range}`];
      });
      const packed = (await packManifest(manager, scratch.root, `packages/app-${index}`))[kind];
      expect(isJsonObject(packed) ? packed : {}).toEqual(Object.fromEntries(planned));
      expect(planned.map(([alias]) => alias).sort()).toEqual(Object.keys(needs).sort());
    }
  },
);
