/** Holds examples/hai3 to the inventory of request 002, and runs its own tests and its type check in a copy. */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const example = join(repository, "examples", "hai3");
const run = promisify(execFile);

const sdk = ["@hai3/api", "@hai3/i18n", "@hai3/screensets", "@hai3/state"];

/** The table of request 002, with `L1 packages` and `All` written out. */
const inventory: readonly {
  readonly name: string;
  readonly layer: number;
  readonly version: string;
  readonly after: readonly string[];
}[] = [
  { name: "@hai3/state", layer: 1, version: "0.2.0-alpha.0", after: [] },
  { name: "@hai3/screensets", layer: 1, version: "0.2.0-alpha.0", after: [] },
  { name: "@hai3/api", layer: 1, version: "0.2.0-alpha.0", after: [] },
  { name: "@hai3/i18n", layer: 1, version: "0.2.0-alpha.0", after: [] },
  { name: "@hai3/framework", layer: 2, version: "0.2.0-alpha.1", after: sdk },
  { name: "@hai3/react", layer: 3, version: "0.2.0-alpha.1", after: ["@hai3/framework"] },
  { name: "@hai3/uikit", layer: 4, version: "0.2.0-alpha.1", after: [] },
  { name: "@hai3/studio", layer: 5, version: "0.2.0-alpha.0", after: ["@hai3/react"] },
  {
    name: "@hai3/cli",
    layer: 6,
    version: "0.2.0-alpha.8",
    after: [...sdk, "@hai3/framework", "@hai3/react", "@hai3/studio", "@hai3/uikit"],
  },
];

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly repository: { readonly directory: string };
  readonly publishConfig: { readonly access: string };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly private?: boolean;
}

async function readManifests(): Promise<Map<string, Manifest>> {
  const folders = await readdir(join(example, "packages"));
  const manifests = await Promise.all(
    folders.map(async (folder): Promise<Manifest> =>
      JSON.parse(await readFile(join(example, "packages", folder, "package.json"), "utf8")),
    ),
  );
  return new Map(manifests.map((manifest) => [manifest.name, manifest]));
}

let home = "";
let copy = "";
let env: Record<string, string> = {};

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "slipway-hai3-"));
  copy = join(home, "hai3");
  env = {
    // Children run on the Node that runs this test, whatever the system has.
    PATH: `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}`,
    HOME: home,
    TMPDIR: tmpdir(),
    npm_config_userconfig: join(home, "npmrc"),
    npm_config_cache: join(home, "cache"),
    npm_config_update_notifier: "false",
    npm_config_audit: "false",
    npm_config_fund: "false",
  };
  await cp(example, copy, { recursive: true, filter: (path) => !path.includes("node_modules") });
  await run("npm", ["install", "--offline", "--ignore-scripts"], { cwd: copy, env });
});

afterAll(() => rm(home, { recursive: true, force: true }));

test("the example has the packages, versions and edges of request 002, and no others", async () => {
  const manifests = await readManifests();
  expect([...manifests.keys()].sort()).toEqual(inventory.map((row) => row.name).sort());
  for (const row of inventory) {
    const manifest = manifests.get(row.name);
    expect({ version: manifest?.version, after: Object.keys(manifest?.dependencies ?? {}).sort() }).toEqual({
      version: row.version,
      after: [...row.after].sort(),
    });
  }
});

test("edges of the example lead to lower layers, by the range that npm writes", async () => {
  const manifests = await readManifests();
  const layers = new Map(inventory.map((row) => [row.name, row.layer]));
  for (const manifest of manifests.values())
    for (const [name, range] of Object.entries(manifest.dependencies ?? {})) {
      expect(range, `${manifest.name} -> ${name}`).toBe(`^${manifests.get(name)?.version}`);
      expect(layers.get(name), `${manifest.name} -> ${name}`).toBeLessThan(layers.get(manifest.name) ?? 0);
    }
});

test("each package of the example can be published as it is", async () => {
  for (const [name, manifest] of await readManifests()) {
    const directory = `examples/hai3/packages/${name.slice("@hai3/".length)}`;
    expect(manifest).toMatchObject({ license: "MIT", publishConfig: { access: "public" }, repository: { directory } });
    expect(manifest.description.length, name).toBeGreaterThan(10);
    expect(manifest.private, name).toBeUndefined();
    const files = await readdir(join(repository, directory));
    expect(files, name).toEqual(expect.arrayContaining(["LICENSE", "README.md", "src", "test", "types"]));
  }
});

test("the example passes its own tests in a copy, and installing leaves its lockfile as it was", async () => {
  const { stdout } = await run("npm", ["test"], { cwd: copy, env });
  expect(stdout).toMatch(/^\S+ fail 0$/m);
  expect(Number(/^\S+ pass (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(40);
  const lockfiles = await Promise.all(
    [example, copy].map((folder) => readFile(join(folder, "package-lock.json"), "utf8")),
  );
  expect(lockfiles[1]).toBe(lockfiles[0]);
});

test("the declarations of the example agree with its code", async () => {
  const typescript = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
  const typeRoots = join(repository, "node_modules", "@types");
  const args = [join(typescript, "bin", "tsc"), "-p", copy, "--typeRoots", typeRoots];
  const { stdout } = await run(process.execPath, args, { cwd: copy, env });
  expect(stdout).toBe("");
});
