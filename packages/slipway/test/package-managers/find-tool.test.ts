/** Which of several programs is taken, and which versions are refused. The programs are made up; test/e2e has the real ones. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ProblemsError } from "@slipway/core";
import { afterEach, expect, test } from "vitest";
import { findTool, type ForeignManager } from "../../src/package-managers/find-tool.ts";
import { systemClock } from "../../src/system-clock.ts";

const made: string[] = [];

afterEach(async () => {
  for (const dir of made.splice(0)) await rm(dir, { recursive: true });
});

/** A folder with these files, all of which can be run. */
async function createFolder(files: Readonly<Record<string, string>>): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "slipway-tool-"));
  made.push(dir);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), text);
    await chmod(join(dir, path), 0o755);
  }
  return dir;
}

const shell = (version: string): string => `#!/bin/sh\necho ${version}\n`;
const script = (version: string): string => `console.log(${JSON.stringify(version)});\n`;
const { platform, arch } = process;
const pnpmNative = `node_modules/@pnpm/exe.${platform}-${arch}/pnpm`;
const bunNative = `node_modules/@oven/bun-${platform}-${arch === "arm64" ? "aarch64" : arch}/bin/bun`;

interface Look {
  readonly name: ForeignManager;
  readonly root?: Readonly<Record<string, string>>;
  readonly onPath?: Readonly<Record<string, string>>;
  readonly pinned?: string;
}

async function look({ name, root: files = {}, onPath = {}, pinned }: Look): Promise<string> {
  const root = await createFolder(files);
  const env = { PATH: await createFolder(onPath) };
  const signal = new AbortController().signal;
  const surroundings = { env, secretNames: [], clock: systemClock, signal, timeoutMs: 30_000 };
  const manager = { name, version: pinned, from: "packageManager in package.json" };
  try {
    return (await findTool(root, manager, surroundings)).version;
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    return error.problems.map(({ code, message, hint }) => `${code}: ${message}; ${hint}`).join("\n");
  }
}

const found: readonly (Look & { readonly what: string; readonly version: string })[] = [
  { what: "on PATH", name: "pnpm", onPath: { pnpm: shell("12.1.0") }, version: "12.1.0" },
  {
    what: "that the workspace brings along, before PATH",
    name: "yarn",
    root: {
      "node_modules/@yarnpkg/cli-dist/package.json": '{"bin":{"yarn":"bin/yarn.js"}}',
      "node_modules/@yarnpkg/cli-dist/bin/yarn.js": script("4.1.0"),
    },
    onPath: { yarn: shell("4.2.0") },
    version: "4.1.0",
  },
  {
    what: "that yarnPath names, before all others",
    name: "yarn",
    root: {
      ".yarnrc.yml": 'nodeLinker: node-modules\nyarnPath: ".yarn/releases/yarn.cjs" # ours\n',
      ".yarn/releases/yarn.cjs": script("4.3.0"),
      "node_modules/@yarnpkg/cli-dist/package.json": '{"bin":{"yarn":"bin/yarn.js"}}',
      "node_modules/@yarnpkg/cli-dist/bin/yarn.js": script("4.1.0"),
    },
    version: "4.3.0",
  },
  {
    what: "itself where only a placeholder could be installed: pnpm",
    name: "pnpm",
    root: {
      "node_modules/pnpm/package.json": '{"bin":{"pnpm":"pnpm"}}',
      "node_modules/.bin/pnpm": "#!/bin/sh\nexit 1\n",
      [pnpmNative]: shell("12.2.0"),
    },
    version: "12.2.0",
  },
  {
    what: "itself where only a placeholder could be installed: bun",
    name: "bun",
    root: {
      "node_modules/bun/package.json": '{"bin":{"bun":"bin/bun.exe"}}',
      "node_modules/.bin/bun": "#!/bin/sh\nexit 1\n",
      [bunNative]: shell("1.4.0"),
    },
    version: "1.4.0",
  },
  {
    what: "of an older pnpm, which is a script, by this Node",
    name: "pnpm",
    root: {
      "node_modules/pnpm/package.json": '{"bin":{"pnpm":"bin/pnpm.mjs"}}',
      "node_modules/pnpm/bin/pnpm.mjs": script("11.0.0"),
    },
    version: "11.0.0",
  },
  {
    what: "on PATH where what the workspace brings along does not start",
    name: "bun",
    root: { "node_modules/bun/package.json": "{", "node_modules/.bin/bun": "#!/bin/sh\nexit 1\n" },
    onPath: { bun: shell("1.4.1") },
    version: "1.4.1",
  },
  {
    what: "of the pinned major version",
    name: "pnpm",
    onPath: { pnpm: shell("12.9.0") },
    pinned: "12.1.0+sha512.00",
    version: "12.9.0",
  },
  {
    what: "in the pinned range",
    name: "pnpm",
    onPath: { pnpm: shell("12.9.0") },
    pinned: ">=11 <13",
    version: "12.9.0",
  },
];

test.each(found)("the program $what is taken ($name)", async ({ version, ...input }) => {
  expect(await look(input)).toBe(version);
});

const refused: readonly (Look & { readonly what: string; readonly says: RegExp })[] = [
  {
    what: "none",
    name: "yarn",
    says: /^SLIP_TOOL_MISSING: yarn packs this workspace .*npm install --global @yarnpkg\/cli-dist`, or run `corepack enable`$/,
  },
  {
    what: "none, and a version is pinned",
    name: "bun",
    pinned: "1.4.5",
    says: /^SLIP_TOOL_MISSING: .*npm install --global bun@1\.4\.5`$/,
  },
  {
    what: "another major version",
    name: "pnpm",
    onPath: { pnpm: shell("12.0.0") },
    pinned: "11.3.0",
    says: /^SLIP_TOOL_VERSION: packageManager in package\.json asks for pnpm 11\.3\.0, and 12\.0\.0 was found \(PATH\)/,
  },
  {
    what: "a version outside the range",
    name: "yarn",
    onPath: { yarn: shell("4.0.0") },
    pinned: ">=4.5",
    says: /asks for yarn >=4\.5, and 4\.0\.0 was found/,
  },
  {
    what: "yarn 1",
    name: "yarn",
    onPath: { yarn: shell("1.22.22") },
    says: /^SLIP_TOOL_VERSION: yarn 1\.22\.22 \(PATH\) is too old/,
  },
  { what: "pnpm 10.10", name: "pnpm", onPath: { pnpm: shell("10.10.0") }, says: /10\.10\.0 \(PATH\) is too old/ },
  {
    what: "something that says nothing",
    name: "bun",
    onPath: { bun: "#!/bin/sh\n" },
    says: /^SLIP_TOOL_VERSION: bun \(PATH\) does not say which version it is/,
  },
];

test.each(refused)("$what is refused ($name)", async ({ says, ...input }) => {
  expect(await look(input)).toMatch(says);
});
