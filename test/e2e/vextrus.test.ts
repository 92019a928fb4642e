/**
 * The example of request 001 as its maintainers release it: 1.0.0, then a changeset for one package, the real Changesets CLI, and
 * 1.0.1 of all four; installed by npm, compiled by tsc, and run as a module and as CommonJS.
 */
import { readFileSync } from "node:fs";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  httpRequest,
  npm,
  type ProcessResult,
  runProcess,
  runSlipway,
  startVerdaccio,
  type TestWorkspace,
  type Verdaccio,
} from "@slipway/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { copyVextrus, linkTools, type Manifest, readManifests, runIn, tools } from "../examples/vextrus-copy.ts";
import { servedIntegrity, uploadsOf } from "./registry-truth.ts";

const names = ["@vextrus/contracts", "@vextrus/distributed-transactions", "@vextrus/kernel", "@vextrus/utils"];
const sentence = "`withTimeout` clears its timer when the work ends first.";
const lockFile = "package-lock.json";

interface Report {
  readonly isComplete: boolean;
  readonly versions: readonly {
    readonly name: string;
    readonly version: string;
    readonly how: string;
    readonly integrity: string;
  }[];
}

let verdaccio: Verdaccio;
let workspace: TestWorkspace;
/** Results of `slipway publish`: of 1.0.0, again, of 1.0.1, again, and in a fresh clone, which builds again. */
const runs: { readonly result: ProcessResult; readonly writes: number }[] = [];
let changesetCommit = "";
let before: ReadonlyMap<string, Manifest>;
let after: ReadonlyMap<string, Manifest>;
let locks: readonly string[];
let project = "";

async function publish(at: TestWorkspace): Promise<void> {
  const countWrites = (): number => verdaccio.accessLog().filter((entry) => entry.isWrite).length;
  const first = countWrites();
  // What `slipway.build` runs is to find this Node.
  const env = { PATH: [dirname(process.execPath), process.env["PATH"]].join(delimiter) };
  const result = await runSlipway(["publish", "--json"], {
    cwd: at.root,
    registry: verdaccio.url,
    token: verdaccio.token,
    env,
  });
  runs.push({ result, writes: countWrites() - first });
}

function getReport(index: number): Report {
  const result = runs[index]?.result;
  expect(result?.code, result?.stderr).toBe(0);
  return JSON.parse(result?.stdout ?? "");
}

beforeAll(async () => {
  verdaccio = await startVerdaccio();
  workspace = await copyVextrus();
  before = await readManifests(workspace.root);
  await publish(workspace);
  await publish(workspace);
  await workspace.write(".changeset/quiet-foxes-wait.md", `---\n"@vextrus/utils": patch\n---\n\n${sentence}\n`);
  changesetCommit = await workspace.commitAll("Clear the timer of withTimeout");
  const lockBefore = await workspace.read(lockFile);
  await runIn(workspace.root, "npm", "run", "version-packages");
  locks = [lockBefore, await workspace.read(lockFile)];
  after = await readManifests(workspace.root);
  await workspace.commitAll("Version packages");
  await publish(workspace);
  await publish(workspace);
  const clone = await workspace.clone();
  await linkTools(clone.root);
  await publish(clone);
  await clone.dispose();
  project = await mkdtemp(join(tmpdir(), "slipway-consumer-"));
}, 180_000);

afterAll(async () => {
  await verdaccio.close();
  await workspace.dispose();
  await rm(project, { recursive: true, force: true });
});

test("the first release is 1.0.0 of all four, from a build that slipway ran", () => {
  const report = getReport(0);
  expect(report.isComplete).toBe(true);
  expect(report.versions.map(({ name, version, how }) => `${how} ${name}@${version}`).sort()).toEqual(
    names.map((name) => `published ${name}@1.0.0`),
  );
});

test("a changeset for one package takes all four to 1.0.1, with the ranges between them", () => {
  for (const name of names) {
    const [old, bumped] = [before.get(name), after.get(name)];
    const dependencies = Object.keys(old?.dependencies ?? {}).map((item) => [item, "^1.0.1"]);
    expect(bumped).toEqual({
      ...old,
      version: "1.0.1",
      ...(dependencies.length === 0 ? {} : { dependencies: Object.fromEntries(dependencies) }),
    });
  }
  expect([...before.values()].map(({ version }) => version)).toEqual(names.map(() => "1.0.0"));
});

test("the lock file follows, and nothing else in it changes", () => {
  const [old = "", bumped = ""] = locks.map((text) => text.split("\n"));
  expect(bumped.length).toBe(old.length);
  const changed = [...old].flatMap((line, index) =>
    line === bumped[index] ? [] : [`${line.trim()} ${bumped[index]?.trim()}`],
  );
  expect(changed.length).toBe(4 + 5);
  for (const line of changed) expect(line).toMatch(/^"(\S+)": "\^?1\.0\.0",? "\1": "\^?1\.0\.1",?$/);
});

test("the changelogs are as Changesets writes them, and the changeset is used up", async () => {
  const commit = changesetCommit.slice(0, 7);
  const entries: Readonly<Record<string, readonly string[]>> = {
    kernel: ["No changes in this release."],
    utils: ["### Patch Changes", "", `- ${commit}: ${sentence}`, "- @vextrus/kernel@1.0.1"],
    contracts: ["### Patch Changes", "", "- @vextrus/kernel@1.0.1"],
    "distributed-transactions": [
      "### Patch Changes",
      "",
      `- Updated dependencies [${commit}]`,
      "  - @vextrus/utils@1.0.1",
      "  - @vextrus/contracts@1.0.1",
      "  - @vextrus/kernel@1.0.1",
    ],
  };
  for (const [folder, lines] of Object.entries(entries))
    expect(await workspace.read(`packages/${folder}/CHANGELOG.md`)).toBe(
      [`# @vextrus/${folder}`, "", "## 1.0.1", "", ...lines, ""].join("\n"),
    );
  expect(await workspace.git("ls-files", ".changeset")).toBe(".changeset/config.json");
});

test("the second release is 1.0.1 of all four, with the bytes that were packed", async () => {
  const { versions } = getReport(2);
  expect(versions.map(({ name, version, how }) => `${how} ${name}@${version}`).sort()).toEqual(
    names.map((name) => `published ${name}@1.0.1`),
  );
  for (const { name, version, integrity } of [...getReport(0).versions, ...versions])
    expect(await servedIntegrity(verdaccio, name, version), `${name}@${version}`).toBe(integrity);
  for (const name of names) expect(uploadsOf(verdaccio, [name]).map(({ status }) => status)).toEqual([201, 201]);
});

test("latest is the newer one, and there is no other dist-tag", async () => {
  for (const name of names) {
    const packument = await httpRequest(`${verdaccio.url}/${name.replace("/", "%2f")}?write=true`);
    expect(packument.json).toMatchObject({ name });
    const { versions, "dist-tags": tags } = packument.json as {
      readonly versions: object;
      readonly "dist-tags": object;
    };
    expect({ versions: Object.keys(versions), tags }).toEqual({
      versions: ["1.0.0", "1.0.1"],
      tags: { latest: "1.0.1" },
    });
  }
});

/** When the tarball of a version was first downloaded whole; Infinity for one that never was. */
function shownAt(name: string, version: string): number {
  const path = `/${name}/-/${name.slice("@vextrus/".length)}-${version}.tgz`;
  const reads = verdaccio
    .accessLog()
    .filter(({ method, url, status }) => method === "GET" && status === 200 && decodeURIComponent(url) === path);
  return Math.min(...reads.map(({ answeredAt = Infinity }) => answeredAt));
}

test("no package was sent before all that it depends on could be installed", () => {
  let edges = 0;
  for (const [index, version] of ["1.0.0", "1.0.1"].entries())
    for (const [name, { dependencies = {} }] of before)
      for (const dependency of Object.keys(dependencies)) {
        const sentAt = uploadsOf(verdaccio, [name])[index]?.at ?? -Infinity;
        expect(shownAt(dependency, version), `${name}@${version} -> ${dependency}`).toBeLessThanOrEqual(sentAt);
        edges += 1;
      }
  expect(edges).toBe(10);
});

test("a second run writes nothing, after each release, and in a fresh clone that builds them again", () => {
  expect(runs.map(({ result, writes }) => [result.code, writes > 0])).toEqual([
    [0, true],
    [0, false],
    [0, true],
    [0, false],
    [0, false],
  ]);
  for (const index of [1, 3, 4]) expect(getReport(index).isComplete).toBe(true);
});

test("a tarball holds both builds, their declarations, the changelog and the licence, and nothing else", async () => {
  for (const name of names) {
    const base = name.slice("@vextrus/".length);
    const { bytes } = await httpRequest(`${verdaccio.url}/${name}/-/${base}-1.0.1.tgz`);
    const file = join(project, `${base}.tgz`);
    await writeFile(file, bytes);
    const { stdout } = await runProcess("tar", ["-tzf", file]);
    expect(stdout.trim().split("\n").sort()).toEqual(
      [
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "dist/index.cjs",
        "dist/index.d.cts",
        "dist/index.d.mts",
        "dist/index.mjs",
        "package.json",
      ]
        .map((path) => `package/${path}`)
        .sort(),
    );
    await rm(file);
  }
});

const repositoryTypeScript = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
const compilers: readonly string[] = [repositoryTypeScript, tools["typescript"] ?? ""];

/** Compiles files of the project. Returns what the compiler has to say, which for a good program is nothing. */
async function compile(
  compiler: string,
  module: string,
  resolution: string,
  ...files: readonly string[]
): Promise<string> {
  const options = [
    "--strict",
    "--exactOptionalPropertyTypes",
    "--target",
    "es2022",
    "--lib",
    "es2022",
    "--types",
    "node",
  ];
  const typeRoots = ["--typeRoots", dirname(tools["@types/node"] ?? "")];
  const args = [
    ...options,
    ...typeRoots,
    "--module",
    module,
    "--moduleResolution",
    resolution,
    "--outDir",
    "out",
    ...files,
  ];
  const result = await runProcess(process.execPath, [join(compiler, "bin", "tsc"), ...args], { cwd: project });
  return result.stdout + result.stderr;
}

/** What the program prints, worked out by hand. */
const expected = {
  refused: [{ path: ["cents"], message: "must be at least 1" }],
  price: true,
  declined: { ok: false, error: { code: "declined", message: "9000 is too much" } },
  good: ["completed", "payment of an order"],
  bad: ["compensated", { step: "ship", code: "unexpected", message: "no ship" }, ["pay"]],
  taken: 2,
  correlations: ["request-1"],
  relayed: { sent: 1, failed: 0, dead: 0 },
  published: ["orders true"],
  attempts: 1,
  logged: true,
  metrics: [
    'saga_ends_total{saga="checkout",status="completed"} 1',
    'saga_ends_total{saga="checkout",status="compensated"} 1',
  ],
};

test(
  "npm installs them in an empty project; a program that uses them compiles and runs in both forms",
  { timeout: 180_000 },
  async () => {
    await writeFile(
      join(project, "package.json"),
      JSON.stringify({ name: "consumer", version: "1.0.0", private: true }),
    );
    const installed = await npm(["install", ...names], { cwd: project, registry: verdaccio.url });
    expect(installed.code, installed.stderr).toBe(0);
    for (const name of names)
      expect(JSON.parse(readFileSync(join(project, "node_modules", name, "package.json"), "utf8")).version).toBe(
        "1.0.1",
      );

    const program = join(fileURLToPath(new URL("fixtures", import.meta.url)), "vextrus-consumer.mts");
    for (const file of ["consumer.mts", "consumer.cts", "consumer.ts"]) await copyFile(program, join(project, file));
    const both = ["consumer.mts", "consumer.cts"];
    for (const compiler of compilers) expect(await compile(compiler, "node16", "node16", ...both)).toBe("");
    expect(await compile(repositoryTypeScript, "nodenext", "nodenext", ...both)).toBe("");
    expect(await compile(repositoryTypeScript, "esnext", "bundler", "consumer.ts")).toBe("");
    expect(await readFile(join(project, "out", "consumer.cjs"), "utf8")).toContain('require("@vextrus/kernel")');
    expect(await readFile(join(project, "out", "consumer.mjs"), "utf8")).toContain('from "@vextrus/kernel"');
    for (const file of ["out/consumer.mjs", "out/consumer.cjs"]) {
      const run = await runProcess(process.execPath, [file], { cwd: project });
      expect(run.code, run.stderr).toBe(0);
      expect(JSON.parse(run.stdout)).toEqual(expected);
    }
  },
);

test("what is wrong for the types is wrong in both forms", async () => {
  const wrong =
    'import { DomainError, ok } from "@vextrus/kernel";\nexport const a: string = ok(1).value;\nnew DomainError(5);\n';
  for (const file of ["wrong.mts", "wrong.cts"]) await writeFile(join(project, file), wrong);
  const said = await compile(repositoryTypeScript, "node16", "node16", "wrong.mts", "wrong.cts");
  const codes = [...said.matchAll(/^(\S+)\((\d+),\d+\): error (TS\d+)/gm)].map(
    ([, file, line, code]) => `${file} ${line} ${code}`,
  );
  expect(codes.sort()).toEqual([
    "wrong.cts 2 TS2322",
    "wrong.cts 3 TS2554",
    "wrong.mts 2 TS2322",
    "wrong.mts 3 TS2554",
  ]);
});

/** Loads both builds of each package; what one makes is handed to the other. */
const bothBuilds = `
import { createRequire } from "node:module";
import * as kernel from "@vextrus/kernel";
import * as utils from "@vextrus/utils";
import { object, string } from "@vextrus/contracts";
const require = createRequire(import.meta.url);
const [otherKernel, otherUtils, transactions] = ["kernel", "utils", "distributed-transactions"].map((name) => require("@vextrus/" + name));
const theirs = new otherKernel.NotFoundError("order", "1");
const undone = [];
const step = (name, run) => ({ name, run, compensate: async () => void undone.push(name) });
const refuse = async () => { throw new kernel.DomainError("refused", "no"); };
const saga = transactions.defineSaga({ name: "s", data: object({ a: string() }), steps: [step("first", async () => {}), step("second", refuse)] });
const outcome = await transactions.createOrchestrator(saga, { store: transactions.createInMemorySagaStore() }).start({ a: "" });
console.log(JSON.stringify({
  isTwice: kernel.DomainError !== otherKernel.DomainError,
  instances: [theirs instanceof kernel.DomainError, theirs instanceof kernel.NotFoundError, theirs instanceof kernel.ConcurrencyError],
  correlation: utils.withCorrelation({ correlationId: "c" }, () => otherUtils.currentCorrelation()),
  saga: [outcome.value.status, outcome.value.failure.code, undone],
}));
`;

test("a program that loads both builds does not notice", async () => {
  await writeFile(join(project, "both.mjs"), bothBuilds);
  const { stdout, stderr } = await runProcess(process.execPath, ["both.mjs"], { cwd: project });
  expect(stderr).toBe("");
  // A step that was refused is not undone: the required orchestrator has recognised the error of the imported kernel.
  expect(JSON.parse(stdout)).toEqual({
    isTwice: true,
    instances: [true, true, false],
    correlation: { correlationId: "c" },
    saga: ["compensated", "refused", ["first"]],
  });
});

test("git sees a clean tree after the releases", async () => {
  expect(await workspace.git("status", "--porcelain")).toBe("");
});
