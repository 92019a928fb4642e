/** A machine on which nobody has heard of slipway, and a Verdaccio that has it, packed as it would be published. Needs `npm run build` before. */
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { cleanEnvironment, createHome, runProcess, startVerdaccio, type Verdaccio } from "@slipway/testkit";

export const root: string = fileURLToPath(new URL("../../", import.meta.url));

export interface Surroundings {
  readonly verdaccio: Verdaccio;
  /** Empty, for what a walk needs. */
  readonly dir: string;
  readonly home: string;
  /** Runs a line of bash and resolves with what it printed; rejects unless it ends with 0. */
  run(command: string, cwd: string, extra?: Readonly<Record<string, string>>): Promise<string>;
  close(): Promise<void>;
}

export interface SurroundingsOptions {
  readonly privatePatterns?: readonly string[];
}

export async function startSurroundings(options: SurroundingsOptions = {}): Promise<Surroundings> {
  const uplink = execFileSync("npm", ["config", "get", "registry"], { encoding: "utf8" }).trim();
  const verdaccio = await startVerdaccio({ ...options, uplink });
  const dir = await mkdtemp(join(tmpdir(), "slipway-walk-"));
  const home = await createHome({
    registry: verdaccio.url,
    token: verdaccio.token,
    npmrc: "update-notifier=false\naudit=false\nfund=false\n",
  });
  // Without what this repository has installed: a newcomer has none of it.
  const path = (process.env["PATH"] ?? "").split(delimiter).filter((entry) => !entry.includes("node_modules"));
  const env = cleanEnvironment({
    ...home.env,
    PATH: [dirname(process.execPath), ...path].join(delimiter),
    NO_COLOR: "1",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_AUTHOR_NAME: "You",
    GIT_AUTHOR_EMAIL: "you@example.test",
    GIT_COMMITTER_NAME: "You",
    GIT_COMMITTER_EMAIL: "you@example.test",
  });
  const run: Surroundings["run"] = async (command, cwd, extra = {}) => {
    const { code, stdout, stderr } = await runProcess("bash", ["-c", `${command} 2>&1`], {
      cwd,
      env: { ...env, ...extra },
      timeoutMs: 300_000,
    });
    if (code !== 0) throw new Error(`${command} ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  };
  const close = async (): Promise<void> => {
    await verdaccio.close();
    await home.remove();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    for (const name of ["packages/core", "packages/slipway"])
      await run("npm publish --ignore-scripts --provenance=false --access public", join(root, name));
  } catch (error) {
    await close();
    throw error;
  }
  return { verdaccio, dir, home: home.dir, run, close };
}
