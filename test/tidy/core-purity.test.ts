/** `packages/core` cannot name the world: the compiler has no types for it, and lint refuses what the language brings along. */
import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "./source-files.ts";

const pure = "export function add(a: number, b: number): number {\n  return a + b;\n}\n";

let folder = "";
/** Where a scratch file stands as if it were one of core's sources. */
let source = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-purity-"));
  source = join(folder, "packages/core/src/scratch.ts");
  await mkdir(join(folder, "packages/core/src"), { recursive: true });
  for (const path of [
    "tsconfig.base.json",
    "packages/core/package.json",
    "packages/core/tsconfig.json",
    ".oxlintrc.json",
  ])
    await copyFile(join(root, path), join(folder, path));
  // What is installed stays within reach, so that only the configuration keeps Node's types away.
  await symlink(join(root, "node_modules"), join(folder, "node_modules"), "dir");
});

afterAll(() => rm(folder, { recursive: true, force: true }));

interface Verdict {
  readonly isAccepted: boolean;
  readonly output: string;
}

async function runTool(tool: "tsc" | "oxlint", args: readonly string[], text: string): Promise<Verdict> {
  await writeFile(source, text);
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, stdout: string, stderr: string): void => {
      // A tool that could not be started has judged nothing.
      if (error !== null && (!("code" in error) || typeof error.code !== "number")) reject(error);
      else resolve({ isAccepted: error === null, output: stdout + stderr });
    };
    execFile(join(root, "node_modules/.bin", tool), args, { cwd: folder }, done);
  });
}

const compile = (text: string): Promise<Verdict> => runTool("tsc", ["-p", "packages/core"], text);
const lint = (text: string): Promise<Verdict> => runTool("oxlint", ["packages/core/src"], text);

test("a file without the world compiles and passes lint", async () => {
  const compiled = await compile(pure);
  expect(compiled.isAccepted, compiled.output).toBe(true);
  const linted = await lint(pure);
  expect(linted.isAccepted, linted.output).toBe(true);
});

test.each([
  ["process", "export const pid: number = process.pid;\n"],
  ["fetch", 'export const page: unknown = fetch("http://127.0.0.1/");\n'],
  ["Buffer", "export const bytes: unknown = Buffer.alloc(1);\n"],
  ["node:fs", 'import { readFileSync } from "node:fs";\nexport const read: unknown = readFileSync;\n'],
  ["setTimeout", "export const timer: unknown = setTimeout(() => {}, 1);\n"],
  ["console", 'export const printed: unknown = console.log("");\n'],
])("core does not compile when it names %s", async (name, text) => {
  const { isAccepted, output } = await compile(text);
  expect(output).toContain(`'${name}'`);
  expect(isAccepted).toBe(false);
});

test.each([
  ["Date", "export const at: number = Date.now();\n"],
  ["Date", "export const at: Date = new Date(0);\n"],
  ["random", "export const chance: number = Math.random();\n"],
])("lint fails when core names %s", async (name, text) => {
  const { isAccepted, output } = await lint(text);
  expect(output).toContain(name);
  expect(isAccepted).toBe(false);
});
