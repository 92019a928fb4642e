import {
  type Clock,
  defaultLimits,
  type Packument,
  parsePackument,
  planRelease,
  type Reading,
  type RegistryPort,
  type Workspace,
} from "@slipway/core";
import { plainOptions } from "@slipway/testkit";
import { afterAll, expect, test } from "vitest";
import { readSource } from "../../src/git.ts";
import {
  type FactsInput,
  gatherFacts,
  makeReleaseId,
  readVersionChanges,
  selectPackages,
} from "../../src/plan-facts.ts";
import { readWorkspace } from "../../src/workspace-reader.ts";
import { makeRepository, problemsOf, type Scratch } from "./scratch-repository.ts";

const scratches: Scratch[] = [];
afterAll(() => {
  for (const scratch of scratches) scratch.remove();
});

interface FakeRegistry {
  readonly port: RegistryPort;
  /** Names read, in order. */
  readonly reads: string[];
}

function unused(): never {
  throw new Error("a plan only reads packuments");
}

/** A registry of which each read of a name gives the next of its readings, the last one for ever. */
function makeRegistry(readings: Readonly<Record<string, readonly Reading<Packument>[]>>): FakeRegistry {
  const reads: string[] = [];
  const port: RegistryPort = {
    url: "https://registry.example/",
    readPackument(name, kind) {
      expect(kind).toBe("fresh");
      const list = readings[name] ?? [absent];
      const reading = list[Math.min(reads.filter((read) => read === name).length, list.length - 1)] ?? absent;
      reads.push(name);
      return Promise.resolve(reading);
    },
    readVersion: unused,
    tarballUrl: () => undefined,
    readTarball: unused,
    upload: unused,
    setDistTag: unused,
    removeDistTag: unused,
    deprecate: unused,
    removeTarball: unused,
  };
  return { port, reads };
}

const absent: Reading<Packument> = { kind: "absent", at: 0, fresh: true };
const silent: Reading<Packument> = { kind: "unavailable", at: 0, reason: "connection refused" };
const overloaded: Reading<Packument> = { kind: "unavailable", at: 0, status: 503, reason: "answered 503" };
const refused: Reading<Packument> = { kind: "unavailable", at: 0, status: 403, reason: "answered 403" };

function show(name: string, version: string, gitHead?: string): Reading<Packument> {
  const versions = { [version]: { name, version, dist: { integrity: "sha512-x" }, gitHead } };
  const value = parsePackument({ name, versions, "dist-tags": { latest: version } }, name);
  if (value === undefined) throw new Error("not a packument");
  return { kind: "shown", value, at: 0, fresh: true };
}

function makeClock(): { readonly clock: Clock; readonly slept: number[] } {
  const slept: number[] = [];
  const sleep = (ms: number): Promise<void> => {
    slept.push(ms);
    return Promise.resolve();
  };
  return { clock: { now: () => 0, sleep }, slept };
}

async function makeProject(): Promise<{
  readonly repo: Scratch;
  readonly commit: string;
  readonly workspace: Workspace;
}> {
  const repo = makeRepository();
  scratches.push(repo);
  repo.write({
    "package.json": { private: true, workspaces: ["packages/*"] },
    "packages/a/package.json": {
      name: "@x/a",
      version: "1.0.0",
      dependencies: { "@x/b": "^1.0.0", p: "^9.0.0" },
      devDependencies: { "@x/d": "*" },
    },
    "packages/b/package.json": { name: "@x/b", version: "1.0.0", dependencies: { "@x/c": "^1.0.0" } },
    "packages/c/package.json": { name: "@x/c", version: "1.0.0" },
    "packages/d/package.json": { name: "@x/d", version: "1.0.0" },
    "packages/p/package.json": { name: "p", version: "1.0.0", private: true },
    "packages/q/package.json": { name: "q", version: "1.0.0", private: true, dependencies: { "@x/a": "*" } },
  });
  return { repo, commit: repo.commit(), workspace: await readWorkspace(repo.root) };
}

async function makeInput(
  registry: FakeRegistry,
  extra: Partial<FactsInput> = {},
): Promise<FactsInput & { readonly repo: Scratch }> {
  const { repo, workspace } = await makeProject();
  return {
    repo,
    workspace,
    source: await readSource(repo.root),
    registryOf: () => registry.port,
    selected: undefined,
    changed: undefined,
    clock: makeClock().clock,
    limits: defaultLimits,
    ...extra,
  };
}

test("every package that can be published is read once, and private ones only where the name must mean another", async () => {
  const registry = makeRegistry({});
  const facts = await gatherFacts(await makeInput(registry));
  expect(registry.reads.toSorted()).toEqual(["@x/a", "@x/b", "@x/c", "@x/d", "p"]);
  expect([...facts.registries.keys()]).toEqual(["@x/a", "@x/b", "@x/c", "@x/d"]);
});

test("with --base the registry is asked about the others too, which are told of and stop nothing when they cannot be read", async () => {
  const registry = makeRegistry({ "@x/a": [refused] });
  const { readings } = await gatherFacts(await makeInput(registry, { changed: new Set(["@x/b"]) }));
  expect(registry.reads.toSorted()).toEqual(["@x/a", "@x/b", "@x/c", "@x/d"]);
  expect([...readings.keys()].toSorted()).toEqual(["@x/b", "@x/c", "@x/d"]);
});

test("with --only the registry is asked only about candidates and what they depend on", async () => {
  const second = makeRegistry({});
  await gatherFacts(await makeInput(second, { selected: new Set(["@x/a"]) }));
  expect(second.reads.toSorted()).toEqual(["@x/a", "@x/b", "p"]);
});

test("a read that fails in passing is repeated with growing pauses, a refusal is not", async () => {
  const { clock, slept } = makeClock();
  const registry = makeRegistry({ "@x/a": [silent, overloaded, show("@x/a", "0.9.0")], "@x/b": [refused] });
  const input = await makeInput(registry, { clock, limits: { ...defaultLimits, planConcurrency: 1 } });
  const { readings } = await gatherFacts(input);
  expect(readings.get("@x/a")?.kind).toBe("shown");
  expect(readings.get("@x/b")).toEqual(refused);
  expect(slept).toEqual([250, 400]);
  expect(registry.reads.filter((name) => name === "@x/b")).toHaveLength(1);
});

test("a registry that is down is asked patiently about a few packages and once about the rest", async () => {
  const names = Array.from({ length: 40 }, (_, index) => `p${index}`);
  const registry = makeRegistry(Object.fromEntries(names.map((name) => [name, [silent]])));
  const packages = names.map((name) => ({
    name,
    version: "1.0.0",
    dir: name,
    packDir: name,
    isPrivate: false,
    dependencies: [],
    publishConfig: {},
    scripts: {},
  }));
  const { readings } = await gatherFacts({
    workspace: { root: "/", manager: { name: "npm", version: undefined, from: "a test" }, packages },
    source: { repository: undefined, commit: undefined, isClean: false },
    registryOf: () => registry.port,
    selected: undefined,
    changed: undefined,
    clock: makeClock().clock,
    limits: { ...defaultLimits, planConcurrency: 1 },
  });
  expect(readings.size).toBe(40);
  expect(registry.reads).toHaveLength(3 * defaultLimits.planReadAttempts + 37);
});

test("versions made from a commit of this repository are ours, and what changed since is listed", async () => {
  const { repo, commit, workspace } = await makeProject();
  repo.write({
    "packages/b/src/new.js": "1",
    "packages/c/package.json": { name: "@x/c", version: "1.0.0", description: "x" },
  });
  repo.commit();
  repo.git("tag", "@x/d@1.0.0");
  const registry = makeRegistry({
    "@x/b": [show("@x/b", "1.0.0", commit)],
    "@x/c": [show("@x/c", "1.0.0", "f".repeat(40))],
    "@x/d": [show("@x/d", "1.0.0")],
  });
  const source = await readSource(repo.root);
  const facts = await gatherFacts({
    workspace,
    source,
    registryOf: () => registry.port,
    selected: undefined,
    changed: undefined,
    clock: makeClock().clock,
    limits: defaultLimits,
  });
  expect(facts.git).toEqual({
    laterCommits: new Set(),
    releaseTags: new Set(["@x/d@1.0.0"]),
    commitsHere: new Map([
      [commit, true],
      ["f".repeat(40), false],
    ]),
    changedFiles: new Map([["@x/b", ["packages/b/src/new.js"]]]),
  });
});

function needs(alias: string): object {
  return { version: "1.0.0", dependencies: { [alias]: "catalog:" } };
}

const catalogsBefore = { wide: ">=1", used: "^1.0.0", dev: "^1.0.0" };
const catalogsAfter = { ...catalogsBefore, used: "^2.0.0", dev: "^2.0.0", unused: "^1.0.0" };

test.each([
  ["pnpm", "pnpm-workspace.yaml", (catalog: object) => `packages: [packages/*]\ncatalog: ${JSON.stringify(catalog)}\n`],
  ["yarn", ".yarnrc.yml", (catalog: object) => `catalog: ${JSON.stringify(catalog)}\n`],
  ["bun", "package.json", (catalog: object) => ({ private: true, workspaces: { packages: ["packages/*"], catalog } })],
] as const)(
  "a catalog of %s counts as changed for those whose published ranges it changes",
  async (manager, path, write) => {
    const repo = makeRepository();
    scratches.push(repo);
    repo.write({
      "package.json": { private: true, workspaces: ["packages/*"] },
      ...(path === "package.json" ? { "bun.lock": "" } : {}),
      [path]: write(catalogsBefore),
      "packages/a/package.json": { name: "a", ...needs("used") },
      "packages/b/package.json": { name: "b", ...needs("wide") },
      "packages/c/package.json": { name: "c", version: "1.0.0", devDependencies: { dev: "catalog:" } },
      "packages/d/package.json": { name: "d", version: "1.0.0", dependencies: { used: "^1.0.0" } },
      "packages/e/package.json": { name: "e", ...needs("used") },
    });
    const commit = repo.commit();
    repo.write({ [path]: write(catalogsAfter), "packages/e/new.js": "1" });
    const later = repo.commit();
    const names = ["a", "b", "c", "d", "e"];
    const read = async (gitHead: string): Promise<unknown> => {
      const registry = makeRegistry(Object.fromEntries(names.map((name) => [name, [show(name, "1.0.0", gitHead)]])));
      const workspace = await readWorkspace(repo.root);
      expect(workspace.manager.name).toBe(manager);
      return (
        await gatherFacts({
          workspace,
          source: await readSource(repo.root),
          registryOf: () => registry.port,
          selected: undefined,
          changed: undefined,
          clock: makeClock().clock,
          limits: defaultLimits,
        })
      ).git.changedFiles;
    };
    expect(await read(commit)).toEqual(
      new Map([
        ["a", [path]],
        ["e", ["packages/e/new.js", path]],
      ]),
    );
    repo.write({ "untracked.txt": "" });
    expect(await read(later)).toEqual(new Map());
    // A file that was broken then proves nothing.
    if (path !== "package.json") {
      repo.write({ [path]: "catalog: {" });
      const broken = repo.commit();
      repo.write({ [path]: write(catalogsAfter) });
      expect(await read(broken)).toEqual(new Map());
    }
  },
);

test("from a folder to a plan: only what the manifests say and the registry lacks", async () => {
  const { repo, commit, workspace } = await makeProject();
  repo.write({ "packages/b/package.json": { name: "@x/b", version: "1.1.0", dependencies: { "@x/c": "^1.0.0" } } });
  repo.commit();
  const now = await readWorkspace(repo.root);
  expect(await readVersionChanges(now, commit)).toEqual([{ name: "@x/b", from: "1.0.0", to: "1.1.0" }]);
  expect(await readVersionChanges(workspace, commit)).toEqual([]);
  const source = await readSource(repo.root);
  const registry = makeRegistry({
    "@x/b": [show("@x/b", "1.0.0", commit)],
    "@x/c": [show("@x/c", "1.0.0", commit)],
  });
  const selected = selectPackages(now, ["@x/{b,c}"]);
  const input = { workspace: now, source, selected, changed: undefined, limits: defaultLimits };
  const facts = await gatherFacts({ ...input, registryOf: () => registry.port, clock: makeClock().clock });
  const { plan, problems } = planRelease({
    ...input,
    ...facts,
    releaseId: makeReleaseId(source, now.packages),
    options: { ...plainOptions, newPackages: "refuse" },
    tag: undefined,
    access: "public",
    evidence: { journalWrites: new Set(), isReleaseComplete: false },
  });
  expect(problems).toEqual([]);
  expect(plan?.releaseId).toMatch(/^[0-9a-f]{12}$/);
  expect(plan?.steps.map((step) => [step.id, step.after])).toEqual([
    ["publish:@x/b@1.1.0", ["kept:@x/c@1.0.0"]],
    ["dist-tag:@x/b@1.1.0:latest", ["publish:@x/b@1.1.0"]],
  ]);
});

test("--only matches names and folders, takes away with !, and refuses what matches nothing", async () => {
  const { workspace } = await makeProject();
  expect([...selectPackages(workspace, ["@x/a", "packages/b"])]).toEqual(["@x/a", "@x/b"]);
  expect([...selectPackages(workspace, ["@x/*", "!@x/c"])]).toEqual(["@x/a", "@x/b", "@x/d"]);
  expect([...selectPackages(workspace, ["!@x/*"])]).toEqual(["p", "q"]);
  for (const pattern of ["@x/z", "$(id)", "../*", "a b"]) {
    const problems = await problemsOf(() => selectPackages(workspace, [pattern]));
    expect(problems).toMatchObject([{ code: "SLIP_USAGE", message: expect.stringContaining(JSON.stringify(pattern)) }]);
  }
});

test("the release id is the same on another clone and another for another commit, version or state of the tree", async () => {
  const { repo, workspace } = await makeProject();
  const source = await readSource(repo.root);
  const id = makeReleaseId(source, workspace.packages);
  expect(makeReleaseId({ ...source }, workspace.packages.toReversed())).toBe(id);
  const bumped = workspace.packages.map((item) => (item.name === "@x/a" ? { ...item, version: "1.0.1" } : item));
  const others = [
    makeReleaseId({ ...source, isClean: false }, workspace.packages),
    makeReleaseId({ ...source, commit: "0".repeat(40) }, workspace.packages),
    makeReleaseId(source, bumped),
  ];
  expect(new Set([id, ...others]).size).toBe(4);
});
