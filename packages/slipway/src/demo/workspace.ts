/** The workspace of the demonstration: a copy of examples/hai3 under git, and a project that installs from the registry. */
import { execFile } from "node:child_process";
import { cp, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { fail } from "@slipway/core";

const run = promisify(execFile);

/** Beside the built command line, or in the repository while developing. */
const examplePlaces = ["./demo/hai3", "../demo/hai3", "../../../../examples/hai3"];

async function findExample(): Promise<string> {
  for (const place of examplePlaces) {
    const path = fileURLToPath(new URL(place, import.meta.url));
    const found = await stat(join(path, "package.json")).catch(() => undefined);
    if (found?.isFile() === true) return path;
  }
  return fail("SLIP_DEMO_FAILED", "the example workspace is not part of this installation");
}

type Environment = Readonly<Record<string, string | undefined>>;

async function runOrFail(command: string, args: readonly string[], cwd: string, env: Environment): Promise<string> {
  try {
    const { stdout } = await run(command, [...args], { cwd, env: { ...env }, maxBuffer: 64 * 1024 * 1024 });
    return stdout;
  } catch (cause) {
    const output = cause instanceof Error && "stderr" in cause ? String(cause.stderr).trim() : String(cause);
    return fail("SLIP_DEMO_FAILED", `${command} ${args.join(" ")} failed: ${output.split("\n").slice(-5).join(" ")}`, {
      cause,
    });
  }
}

/** Commits everything under `root`, by an author of the demonstration's own. */
async function commit(root: string, message: string, env: Environment): Promise<void> {
  const identity = ["-c", "user.name=Demo", "-c", "user.email=demo@example.invalid", "-c", "commit.gpgsign=false"];
  await runOrFail("git", ["add", "--all"], root, env);
  await runOrFail("git", [...identity, "commit", "--quiet", "--message", message], root, env);
}

function isSource(path: string): boolean {
  return !/[\\/](node_modules|\.slipway)$/.test(path);
}

export async function createDemoWorkspace(root: string, env: Environment): Promise<void> {
  await cp(await findExample(), root, { recursive: true, filter: isSource });
  await runOrFail("git", ["init", "--quiet", "--initial-branch=main"], root, env);
  await commit(root, "The workspace of HAI3", env);
}

/** Raises the last number of a package's prerelease and commits it, as merging a pull request would. */
export async function bumpPackages(
  root: string,
  dirs: readonly string[],
  env: Environment,
): Promise<readonly string[]> {
  const specs: string[] = [];
  for (const dir of dirs) {
    const path = join(root, "packages", dir, "package.json");
    const text = await readFile(path, "utf8");
    const bumped = text.replace(
      /("version": "[^"]*\.)(\d+)"/,
      (_all, head: string, last: string) => `${head}${Number(last) + 1}"`,
    );
    await writeFile(path, bumped);
    const { name, version } = JSON.parse(bumped) as { name: string; version: string };
    specs.push(`${name}@${version}`);
  }
  await commit(root, `Release ${specs.join(" and ")}`, env);
  return specs;
}

const importScript = `
const names = process.argv.slice(1);
for (const name of names) {
  const loaded = await import(name);
  console.log(name + " " + Object.keys(loaded).length);
}`;

/** Installs with the real npm into an empty project and imports each package; returns `name exports` lines. */
export async function installAndImport(
  dir: string,
  specs: readonly string[],
  names: readonly string[],
  env: Environment,
): Promise<readonly string[]> {
  await mkdir(dir, { recursive: true });
  await writeFile(
    join(dir, "package.json"),
    JSON.stringify({ name: "consumer", version: "1.0.0", private: true, type: "module" }),
  );
  await runOrFail("npm", ["install", "--no-audit", "--no-fund", ...specs], dir, env);
  const output = await runOrFail(
    process.execPath,
    ["--input-type=module", "--eval", importScript, "--", ...names],
    dir,
    env,
  );
  return output.trim().split("\n");
}

export async function installedVersion(dir: string, name: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(dir, "node_modules", name, "package.json"), "utf8")) as {
    version: string;
  };
  return version;
}
