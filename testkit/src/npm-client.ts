/**
 * Runs the real npm, in a home of its own, as somebody would who uses what was published. It must not be used to
 * decide anything: npm's texts are for failing tests to show.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { cleanEnvironment, createHome, runProcess } from "./run-process.ts";
import type { Environment, HomeOptions, ProcessResult } from "./run-process.ts";

export interface NpmOptions extends HomeOptions {
  readonly cwd: string;
  readonly env?: Environment;
  readonly timeoutMs?: number;
}

/** Runs npm with these arguments. The npm is the first on PATH, its configuration only what is given here. */
export async function npm(args: readonly string[], options: NpmOptions): Promise<ProcessResult> {
  const home = await createHome(options);
  try {
    return await runProcess("npm", args, {
      cwd: options.cwd,
      env: cleanEnvironment({ ...home.env, ...options.env }),
      timeoutMs: options.timeoutMs ?? 120_000,
    });
  } finally {
    await home.remove();
  }
}

export interface LoadedPackage {
  readonly name: string;
  /** Version in the installed package.json. */
  readonly version: string;
  /** Names of its exports. */
  readonly exports: readonly string[];
}

/** Runs in the project: imports each package that the arguments name, and prints LoadedPackages. */
const importScript = `
import { readFileSync } from "node:fs";
const loaded = [];
for (const name of process.argv.slice(1)) {
  const { version } = JSON.parse(readFileSync("node_modules/" + name + "/package.json", "utf8"));
  loaded.push({ name, version, exports: Object.keys(await import(name)).sort() });
}
console.log(JSON.stringify(loaded));
`;

function packageOf(spec: string): string {
  const at = spec.indexOf("@", 1);
  return at === -1 ? spec : spec.slice(0, at);
}

function assertSuccess(what: string, result: ProcessResult): void {
  if (result.code !== 0) throw new Error(`${what} ended with ${result.code}:\n${result.stdout}\n${result.stderr}`);
}

/**
 * Installs specs (`name`, `name@range`) with npm into an empty project and imports each package in a new process.
 * Throws, with what was printed, when either fails.
 */
export async function installAndImport(
  specs: readonly string[],
  registry: string,
  options: { readonly token?: string } = {},
): Promise<readonly LoadedPackage[]> {
  const cwd = await mkdtemp(join(tmpdir(), "slipway-install-"));
  try {
    await writeFile(join(cwd, "package.json"), JSON.stringify({ name: "consumer", version: "1.0.0", type: "module" }));
    const installed = await npm(["install", ...specs], { cwd, registry, token: options.token });
    assertSuccess(`npm install ${specs.join(" ")}`, installed);
    const names = specs.map(packageOf);
    const imported = await runProcess(
      process.execPath,
      ["--input-type=module", "--eval", importScript, "--", ...names],
      { cwd },
    );
    assertSuccess(`importing ${names.join(", ")}`, imported);
    return JSON.parse(imported.stdout);
  } finally {
    await rm(cwd, { recursive: true, force: true, maxRetries: 5 });
  }
}
