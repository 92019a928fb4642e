/**
 * Real pnpm, yarn and bun workspaces, and an npm one, released to a real Verdaccio by the command line and installed by all four.
 * docs/package-managers.md must say what is measured here; SLIPWAY_WRITE_DOCS=1 makes it say so.
 */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createWorkspace, integrityOf, runSlipway, startVerdaccio, type Verdaccio } from "@slipway/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Measured, renderInstalls, renderPacking, renderRanges } from "./package-managers/document.ts";
import { declared, rangeOf, released, scopeOf } from "./package-managers/fixture.ts";
import {
  entriesOf,
  installAndLoad,
  packByHand,
  publishExternals,
  type Released,
  releaseFixture,
} from "./package-managers/measure.ts";
import {
  createTools,
  install,
  type ManagerName,
  managers,
  testEnvironment,
  type Tools,
  versionOf,
} from "./package-managers/tools.ts";

let verdaccio: Verdaccio;
let tools: Tools;
const releases = new Map<ManagerName, Released>();
const byHand = new Map<ManagerName, ReadonlyMap<string, Uint8Array>>();
const loaded = new Map<string, number>();
const protocol = /^(workspace|catalog|link|file|portal|patch|exec):/;

function releaseOf(manager: ManagerName): Released {
  const release = releases.get(manager);
  if (release === undefined) throw new Error(`the ${manager} workspace was not released`);
  return release;
}

beforeAll(async () => {
  verdaccio = await startVerdaccio();
  tools = await createTools();
  await publishExternals(verdaccio.url, verdaccio.token);
  const surroundings = { cwd: "/", registry: verdaccio.url, path: tools.path };
  for (const manager of managers) {
    const version = await versionOf(manager, surroundings);
    const release = await releaseFixture(manager, version, verdaccio, tools);
    releases.set(manager, release);
    byHand.set(manager, await packByHand(release, { registry: verdaccio.url, path: tools.path }));
  }
}, 180_000);

afterAll(async () => {
  for (const { workspace } of releases.values()) await workspace.dispose();
  await tools.remove();
  await verdaccio.close();
});

test.each(managers)("%s: every range is published as it was planned, and nothing is left of a protocol", (manager) => {
  const { manifests } = releaseOf(manager);
  const scope = scopeOf(manager);
  const published = [...manifests].flatMap(([short, manifest]) =>
    (["dependencies", "optionalDependencies", "peerDependencies"] as const).flatMap((kind) =>
      Object.entries((manifest[kind] ?? {}) as Readonly<Record<string, string>>)
        // npm repeats optional dependencies among the others; so does a registry's manifest.
        .filter(([name]) => kind !== "dependencies" || !(name in ((manifest["optionalDependencies"] ?? {}) as object)))
        .map(([name, range]) => `${short} ${kind} ${name}: ${range}`),
    ),
  );
  const wanted = declared.map((item) =>
    `${item.package} ${item.kind} ${item.on}: ${rangeOf(item, manager)}`.replaceAll("SCOPE", scope),
  );
  expect(published.sort()).toEqual(wanted.sort());
  for (const line of published) expect(line.split(": ")[1]).not.toMatch(protocol);
});

test.each(managers)("%s: tarballs are those of its own pack, and what the registry serves", async (manager) => {
  const { tarballs, manifests } = releaseOf(manager);
  for (const short of released) {
    const ours = tarballs.get(short) ?? new Uint8Array();
    const theirs = byHand.get(manager)?.get(short) ?? new Uint8Array();
    expect(await entriesOf(ours), short).toEqual(await entriesOf(theirs));
    expect(Buffer.compare(ours, theirs), `${short}: bytes`).toBe(0);
    expect(manifests.get(short)?.dist.integrity).toBe(integrityOf(ours));
  }
});

const scriptsOf: Readonly<Record<ManagerName, readonly string[]>> = {
  npm: ["prepublishOnly", "prepack", "prepare", "postpack"],
  pnpm: ["prepublishOnly", "prepack", "prepare", "postpack"],
  yarn: ["prepublish", "prepack", "postpack"],
  bun: ["prepublishOnly", "prepack", "prepare", "postpack"],
};

test.each(managers)("%s: scripts ran once and without the token, and nothing but their output is left", (manager) => {
  const { said, left, scripts } = releaseOf(manager);
  expect(scripts).toEqual(scriptsOf[manager]);
  expect(said).not.toContain(verdaccio.token);
  // Yarn keeps what scripts print to itself unless they fail.
  expect(said.includes("this is prepack")).toBe(manager !== "yarn");
  const ours = /(node_modules|\.slipway|packages\/base\/dist|\.yarn)\/$|packages\/base\/ran\.log$/;
  expect(left.filter((line) => !ours.test(line))).toEqual([]);
});

const pairs = managers.flatMap((packer) => managers.map((installer) => ({ packer, installer })));

test.each(pairs)("what $packer packed is installed by $installer and loads", async ({ packer, installer }) => {
  const scope = scopeOf(packer);
  const surroundings = { registry: verdaccio.url, path: tools.path };
  const modules = await installAndLoad(scope, installer, surroundings);
  for (const short of released) expect(modules[`${scope}/${short}`]?.version, short).toBe("1.2.3");
  const isAliasOutside = packer === "npm" || packer === "yarn";
  for (const short of ["star", "caret", "tilde", "alias", "optional"]) {
    const required = short === "alias" && isAliasOutside ? "outside-a" : `${scope}/base`;
    expect(modules[`${scope}/${short}`]?.requires, short).toEqual([required]);
  }
  expect(modules[`${scope}/base`]?.isBuilt === true).toBe(appliedBy(releaseOf(packer)).includes("main"));
  expect(modules[`${scope}/folder`]?.isFolder).toBe(packer === "pnpm");
  loaded.set(`${packer} ${installer}`, Object.keys(modules).length);
});

test.each(managers)("%s: a repository of one package is packed; a dry run leaves nothing behind", async (manager) => {
  const { version } = releaseOf(manager);
  const workspace = await createWorkspace({
    packages: [{ name: `alone-${manager}`, dir: ".", manifest: { packageManager: `${manager}@${version}` } }],
    files: { ".gitignore": "node_modules/\n.yarn/\n", ...(manager === "yarn" ? { "yarn.lock": "" } : {}) },
  });
  const surroundings = { cwd: workspace.root, registry: verdaccio.url, path: tools.path };
  await install(manager, surroundings);
  await workspace.commitAll("Lock");
  const { url: registry, token } = verdaccio;
  const env = { ...testEnvironment(`${registry}/`, workspace.root), PATH: tools.path };
  const run = (...args: readonly string[]) => runSlipway(args, { cwd: workspace.root, registry, token, env });
  const dry = await run("publish", "--dry-run", "--json");
  expect(dry.code, dry.stderr).toBe(0);
  expect(existsSync(join(workspace.root, ".slipway"))).toBe(false);
  const packed = await run("pack", "--json");
  expect(packed.code, packed.stderr).toBe(0);
  const { tarballs }: { readonly tarballs: readonly { readonly spec: string }[] } = JSON.parse(packed.stdout);
  expect(tarballs.map((item) => item.spec)).toEqual([`alone-${manager}@1.0.0`]);
  const left = (await workspace.git("status", "--short", "--ignored")).split("\n");
  expect(left.filter((line) => !/ (node_modules|\.slipway|\.yarn)\/$/.test(line) && line !== "")).toEqual([]);
  await workspace.dispose();
});

function appliedBy({ manifests }: Released): readonly string[] {
  const base = manifests.get("base");
  const folder = manifests.get("folder");
  return [
    ...(base?.main === "dist/index.js" ? ["main"] : []),
    ...(JSON.stringify(base?.["exports"]) === JSON.stringify({ ".": "./dist/index.js" }) ? ["exports"] : []),
    ...(folder?.["publishConfig"] === undefined ? ["directory"] : []),
  ];
}

async function measure(manager: ManagerName): Promise<Measured> {
  const release = releaseOf(manager);
  let sameBytes = 0;
  let sameEntries = 0;
  for (const [short, ours] of release.tarballs) {
    const theirs = byHand.get(manager)?.get(short) ?? new Uint8Array();
    if (Buffer.compare(ours, theirs) === 0) sameBytes += 1;
    if ((await entriesOf(ours)).join() === (await entriesOf(theirs)).join()) sameEntries += 1;
  }
  const count = (installer: ManagerName): number => loaded.get(`${manager} ${installer}`) ?? 0;
  return {
    manager,
    version: manager === "npm" ? undefined : release.version,
    sameBytes,
    sameEntries,
    applied: appliedBy(release),
    scripts: release.scripts,
    loaded: { npm: count("npm"), pnpm: count("pnpm"), yarn: count("yarn"), bun: count("bun") },
  };
}

/** What stands between two marks of the document. */
function between(name: string): RegExp {
  return new RegExp(`(?<=<!-- ${name} -->\n)[^]*?(?=\n<!-- end -->)`);
}

test("the document says what was measured", async () => {
  const measured: Measured[] = [];
  for (const manager of managers) measured.push(await measure(manager));
  const tables = {
    installs: renderInstalls(measured),
    packing: renderPacking(measured),
    ranges: renderRanges(),
  };
  const path = new URL("../../docs/package-managers.md", import.meta.url);
  let text = await readFile(path, "utf8");
  if (process.env["SLIPWAY_WRITE_DOCS"] === "1") {
    for (const [name, table] of Object.entries(tables)) text = text.replace(between(name), () => `\n${table}\n`);
    await writeFile(path, text);
  }
  for (const [name, table] of Object.entries(tables)) expect(between(name).exec(text)?.[0].trim(), name).toBe(table);
});
