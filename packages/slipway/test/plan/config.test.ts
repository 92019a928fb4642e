import { spawnSync } from "node:child_process";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { defaultLimits, type Problem, ProblemsError } from "@slipway/core";
import { afterAll, expect, test } from "vitest";
import { makeJsonSchema } from "../../src/config-schema.ts";
import { loadConfig } from "../../src/config.ts";
import { parseDuration } from "../../src/duration.ts";
import { resolveOptions } from "../../src/release-options.ts";

const folders: string[] = [];
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

async function makeFolder(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-config-"));
  folders.push(folder);
  for (const [path, text] of Object.entries({ "package.json": "{}", ...files })) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

async function problemsOf(work: () => unknown): Promise<readonly Problem[]> {
  try {
    await work();
  } catch (error) {
    if (error instanceof ProblemsError) return error.problems;
    throw error;
  }
  throw new Error("no problem was thrown");
}

test("without a configuration everything has its default", async () => {
  const config = await loadConfig(await makeFolder({}));
  expect(config).toEqual({
    path: undefined,
    tag: undefined,
    access: undefined,
    identity: "source",
    newPackages: "allow",
    ignoreScripts: false,
    build: undefined,
    registry: undefined,
    auth: "auto",
    base: undefined,
    only: [],
    changesets: "auto",
    limits: defaultLimits,
  });
});

test.each([
  ["slipway.config.ts", 'const tag: string = "next";\nexport default { tag, wait: "90s", concurrency: 3 };'],
  ["slipway.config.mjs", 'export default { tag: "next", wait: 90_000, concurrency: 3 };'],
  ["slipway.config.json", '\uFEFF{ "tag": "next", "wait": "90s", "concurrency": 3 }'],
  ["package.json", '{ "slipway": { "tag": "next", "wait": "90s", "concurrency": 3 } }'],
])("%s is read", async (name, text) => {
  const folder = await makeFolder({ [name]: text });
  const config = await loadConfig(folder);
  expect(config.path).toBe(join(folder, name));
  expect(config.tag).toBe("next");
  expect(config.limits).toEqual({ ...defaultLimits, waitMs: 90_000, concurrency: 3 });
});

test("a configuration is found by the path that was given, relative to where the command runs", async () => {
  const folder = await makeFolder({
    "sub/other.json": '{ "tag": "beta" }',
    "slipway.config.json": '{ "tag": "next" }',
  });
  expect((await loadConfig(folder, "other.json", join(folder, "sub"))).tag).toBe("beta");
});

test("all faults of a configuration are named at once, with what was meant", async () => {
  const bad = {
    tags: "next",
    tag: "1.x",
    access: "open",
    wait: "soon",
    registry: "ftp://host/",
    only: [],
    changesets: "auto",
    limits: { settleMS: 1, waitMs: -1, planConcurrency: 0 },
  };
  const folder = await makeFolder({ "slipway.config.json": JSON.stringify(bad) });
  const problems = await problemsOf(() => loadConfig(folder));
  expect(new Set(problems.map((item) => item.code))).toEqual(new Set(["SLIP_CONFIG_INVALID"]));
  const messages = problems.map((item) => item.message).join("\n");
  expect(messages).toMatch(/^tag in slipway.config.json: is a semver range/m);
  expect(messages).toMatch(/^access in slipway.config.json: /m);
  expect(messages).toMatch(/^wait in slipway.config.json: /m);
  expect(messages).toMatch(/^registry in slipway.config.json: must be an http or https URL/m);
  expect(messages).toMatch(/^only in slipway.config.json: /m);
  expect(messages).toContain(
    '"limits.settleMS" in slipway.config.json is no key of the configuration; did you mean settleMs?',
  );
  expect(messages).toMatch(/^limits.waitMs in slipway.config.json: /m);
  expect(messages).toMatch(/^limits.planConcurrency in slipway.config.json: /m);
  expect(messages).toContain('"tags" in slipway.config.json is no key of the configuration; did you mean tag?');
});

test.each([
  ["a text", { "slipway.config.json": '"next"' }, /slipway.config.json: /],
  [
    "broken JSON",
    { "slipway.config.json": '{ "tag": next }' },
    /slipway.config.json:1:11 is not JSON: unexpected token 'e'/,
  ],
  [
    "a module that throws",
    { "slipway.config.mjs": 'throw new Error("no luck")' },
    /slipway.config.mjs could not be loaded: no luck/,
  ],
  ["a module without a default", { "slipway.config.mjs": "export const a = 1;" }, /has no default export/],
  [
    "two configurations",
    { "slipway.config.json": "{}", "package.json": '{ "slipway": {} }' },
    /there are 2 configurations: slipway.config.json, "slipway" in package.json/,
  ],
])("%s is refused", async (_, files, message) => {
  const folder = await makeFolder(files);
  const [first] = await problemsOf(() => loadConfig(folder));
  expect(first?.code).toBe("SLIP_CONFIG_INVALID");
  expect(first?.message).toMatch(message);
});

test("a configuration that was named and is not there is refused", async () => {
  const folder = await makeFolder({});
  const [first] = await problemsOf(() => loadConfig(folder, "missing.json"));
  expect(first).toMatchObject({ code: "SLIP_CONFIG_INVALID", message: "there is no configuration at missing.json" });
});

test("a key whose value is undefined keeps its default", async () => {
  const folder = await makeFolder({
    "slipway.config.mjs": "export default { wait: undefined, limits: { settleMs: undefined } }",
  });
  expect((await loadConfig(folder)).limits).toEqual(defaultLimits);
});

test("a flag beats its key, and what no flag says is left alone", async () => {
  const folder = await makeFolder({ "slipway.config.json": '{ "tag": "next", "only": "a", "identity": "files" }' });
  const accept = `@x/a@1.0.0=sha512-${"A".repeat(86)}==`;
  const config = resolveOptions(await loadConfig(folder), {
    tag: "beta",
    wait: "2m",
    only: ["b", "c"],
    accept: [accept],
  });
  expect(config).toMatchObject({ tag: "beta", only: ["b", "c"], identity: "files" });
  expect(config.limits.waitMs).toBe(120_000);
  expect(config.accept).toEqual({ "@x/a@1.0.0": `sha512-${"A".repeat(86)}==` });
});

test("all flags that make no sense are named at once", async () => {
  const config = await loadConfig(await makeFolder({}));
  const problems = await problemsOf(() =>
    resolveOptions(config, {
      wait: "soon",
      concurrency: "0",
      identity: "magic",
      accept: ["a@1.0.0=sha1-x", "a=b"],
    }),
  );
  expect(problems.map((item) => item.code)).toEqual([
    "SLIP_USAGE",
    "SLIP_USAGE",
    "SLIP_USAGE",
    "SLIP_USAGE",
    "SLIP_USAGE",
  ]);
});

test.each([
  ["90s", 90_000],
  ["1.5h", 5_400_000],
  ["20m", 1_200_000],
  ["250ms", 250],
  [17, 17],
  ["20", undefined],
  ["-1s", undefined],
  ["1d", undefined],
  [Number.NaN, undefined],
])("the duration %s is %s ms", (value, expected) => {
  expect(parseDuration(value)).toBe(expected);
});

// `npx vitest run packages/slipway/test/plan/config.test.ts -u` writes it again.
test("the shipped JSON Schema is the one that configurations are checked with", async () => {
  await expect(`${JSON.stringify(makeJsonSchema(), undefined, 2)}\n`).toMatchFileSnapshot(
    "../../schema/config.schema.json",
  );
});

test.each([
  ["slipway.config.ts", 'import { tag } from "./tag.ts";\nconst t: string = tag;\nexport default { tag: t };', "next"],
  ["slipway.config.js", 'export default { tag: "beta" };', "beta"],
  ["slipway.config.js", 'module.exports = { tag: "alpha" };', "alpha"],
])("%s in a package without a type is loaded without a warning of Node", async (name, text, tag) => {
  const folder = await makeFolder({ [name]: text, "tag.ts": 'export const tag: string = "next";' });
  const script = `import { loadConfig } from ${JSON.stringify(new URL("../../src/config.ts", import.meta.url).href)};
    process.stdout.write((await loadConfig(${JSON.stringify(folder)})).tag);`;
  const args = ["--conditions=slipway-source", "--input-type=module", "--eval", script];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect({ stdout, stderr }).toEqual({ stdout: tag, stderr: "" });
});
