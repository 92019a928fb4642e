/**
 * One workspace in four dialects: the same packages, written as npm, pnpm, yarn and bun users write them. What each declares, and
 * what must be on the registry for it, stand side by side.
 */
import { createWorkspace, type PackageSpec, type TestWorkspace } from "@slipway/testkit";
import type { ManagerName } from "./tools.ts";

const version = "1.2.3";

function external(name: string, version: string): PackageSpec {
  const files = { "index.js": index(name, []) };
  return { name, version, files, manifest: { type: "commonjs", exports: undefined, main: "index.js" } };
}

/** Packages outside the workspace, on the registry beforehand. */
export const externals: readonly PackageSpec[] = [external("outside-a", "7.1.0"), external("outside-b", "2.1.3")];

export function scopeOf(manager: ManagerName): string {
  return `@from-${manager}`;
}

/** One dependency: its protocol by manager (npm knows none) and the range that must be published. */
export interface Declared {
  readonly package: string;
  readonly kind: "dependencies" | "optionalDependencies" | "peerDependencies";
  readonly on: string;
  /** What stands in the manifest; npm's is the range itself. */
  readonly text: string | Readonly<Record<ManagerName, string>>;
  readonly range: string | Readonly<Record<ManagerName, string>>;
}

const alias = `npm:SCOPE/base@^${version}`;
/** npm and yarn take an alias of a sibling from the registry, where it is not before the first release. */
const outside = "npm:outside-a@^7.0.0";

/** `SCOPE` is the scope of the workspace. */
export const declared: readonly Declared[] = [
  { package: "star", kind: "dependencies", on: "SCOPE/base", text: "workspace:*", range: version },
  { package: "star", kind: "dependencies", on: "outside-a", text: "catalog:", range: "^7.0.0" },
  { package: "caret", kind: "dependencies", on: "SCOPE/base", text: "workspace:^", range: `^${version}` },
  { package: "caret", kind: "dependencies", on: "outside-b", text: "catalog:old", range: "^2.1.0" },
  { package: "tilde", kind: "dependencies", on: "SCOPE/base", text: "workspace:~", range: `~${version}` },
  { package: "tilde", kind: "peerDependencies", on: "SCOPE/star", text: "workspace:^", range: `^${version}` },
  { package: "tilde", kind: "peerDependencies", on: "outside-b", text: "^2.0.0", range: "^2.0.0" },
  {
    package: "alias",
    kind: "dependencies",
    on: "other-base",
    text: { npm: outside, pnpm: "workspace:SCOPE/base@^", yarn: outside, bun: alias },
    range: { npm: outside, pnpm: alias, yarn: outside, bun: alias },
  },
  { package: "optional", kind: "optionalDependencies", on: "SCOPE/base", text: "workspace:^1.0.0", range: "^1.0.0" },
];

export function textOf({ text }: Declared, manager: ManagerName): string {
  return typeof text === "string" ? text : text[manager];
}

export function rangeOf({ range }: Declared, manager: ManagerName): string {
  return typeof range === "string" ? range : range[manager];
}

/** Packages that are released, dependencies first. */
export const released = ["base", "star", "caret", "tilde", "alias", "optional", "folder"] as const;

function index(name: string, requires: readonly string[]): string {
  return `module.exports = { name: ${JSON.stringify(name)}, requires: [${requires.map((one) => `require(${JSON.stringify(one)}).name`).join(", ")}] };\n`;
}

/** Scripts that npm knows around packing and publishing. */
const events = ["prepublish", "prepublishOnly", "prepack", "prepare", "postpack"];

/** Where the scripts of `base` note that they ran, and whether they saw a token. */
export const tracePath = "packages/base/ran.log";

/** prepack writes the file that main of the published package leads to: it is not in git. */
const build = `const fs = require("node:fs");
const event = process.env.npm_lifecycle_event;
fs.appendFileSync("ran.log", event + (process.env.NODE_AUTH_TOKEN === undefined ? "" : " saw a token") + "\\n");
console.log("this is", event);
if (event === "prepack") {
  fs.mkdirSync("dist", { recursive: true });
  fs.copyFileSync("src/index.js", "dist/index.js");
  fs.appendFileSync("dist/index.js", "module.exports.isBuilt = true;\\n");
}
`;

function dependenciesOf(manager: ManagerName, name: string, scope: string): Record<string, Record<string, string>> {
  const fields: Record<string, Record<string, string>> = {};
  for (const item of declared.filter((one) => one.package === name)) {
    const text = manager === "npm" ? rangeOf(item, manager) : textOf(item, manager);
    fields[item.kind] = {
      ...fields[item.kind],
      [item.on.replace("SCOPE", scope)]: text.replace("SCOPE", scope),
    };
  }
  return fields;
}

function packagesOf(manager: ManagerName): readonly PackageSpec[] {
  const scope = scopeOf(manager);
  const common = { type: "commonjs", exports: undefined, main: "index.js" };
  const plain = ["star", "caret", "tilde", "alias", "optional"].map((name): PackageSpec => {
    const fields = dependenciesOf(manager, name, scope);
    const needed = Object.keys({ ...fields["dependencies"], ...fields["optionalDependencies"] });
    const loaded = needed.filter((one) => !one.startsWith("outside"));
    return {
      name: `${scope}/${name}`,
      version,
      files: { "index.js": index(`${scope}/${name}`, loaded) },
      // Fails where it is run before the package that it depends on was built.
      ...(name === "star" ? { scripts: { prepack: "node -e \"require('../base/dist/index.js')\"" } } : {}),
      manifest: {
        ...common,
        ...fields,
        ...(name === "tilde" ? { peerDependenciesMeta: { "outside-b": { optional: true } } } : {}),
      },
    };
  });
  const base: PackageSpec = {
    name: `${scope}/base`,
    version,
    scripts: Object.fromEntries(events.map((event) => [event, "node build.cjs"])),
    files: { "src/index.js": index(`${scope}/base`, []), "build.cjs": build, "cli.js": "#!/usr/bin/env node\n" },
    manifest: {
      type: "commonjs",
      main: "src/index.js",
      exports: "./src/index.js",
      bin: "cli.js",
      files: ["src", "dist", "cli.js"],
      publishConfig: { access: "public", main: "dist/index.js", exports: { ".": "./dist/index.js" } },
    },
  };
  const folder: PackageSpec = {
    name: `${scope}/folder`,
    version,
    files: {
      "index.js": "module.exports = { isFolder: false };\n",
      "out/package.json": `${JSON.stringify({ name: `${scope}/folder`, version, main: "index.js" }, undefined, 2)}\n`,
      "out/index.js": "module.exports = { isFolder: true };\n",
    },
    manifest: { ...common, publishConfig: { access: "public", directory: "out" } },
  };
  const hidden: PackageSpec = { name: `${scope}/hidden`, version, private: true };
  return [base, ...plain, folder, hidden];
}

const catalogs = { catalog: { "outside-a": "^7.0.0" }, catalogs: { old: { "outside-b": "^2.1.0" } } };
const yaml = "catalog:\n  outside-a: ^7.0.0\ncatalogs:\n  old:\n    outside-b: ^2.1.0\n";
const dialects: Readonly<Record<ManagerName, { readonly root: object; readonly files: Record<string, string> }>> = {
  npm: { root: {}, files: {} },
  pnpm: { root: { workspaces: undefined }, files: { "pnpm-workspace.yaml": `packages:\n  - packages/*\n${yaml}` } },
  yarn: { root: {}, files: { ".yarnrc.yml": `nodeLinker: node-modules\n${yaml}` } },
  bun: { root: { workspaces: { packages: ["packages/*"], ...catalogs } }, files: {} },
};

/** The workspace of one manager, whose `version` it pins. Limits are short: the registry is on this machine. */
export async function createFixture(manager: ManagerName, managerVersion: string): Promise<TestWorkspace> {
  const { root, files } = dialects[manager];
  const slipway = { limits: { settleMs: 100, pollFirstMs: 20 }, wait: "20s" };
  return await createWorkspace({
    packages: packagesOf(manager),
    root: { ...root, packageManager: `${manager}@${managerVersion}`, slipway },
    files: { ...files, ".gitignore": "node_modules/\ndist/\nran.log\n.yarn/\n" },
  });
}
