/**
 * Everything that a release can be given wrong, through the real command line: a coded error with a hint, the right exit
 * code, nothing written to the registry, no stack, no secret, and JSON for machines.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  cleanEnvironment,
  createHome,
  createWorkspace,
  type ProcessResult,
  runProcess,
  startVerdaccio,
  type Verdaccio,
} from "@slipway/testkit";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type BadInput, type Run, twoPackages, type World } from "./bad-input/case.ts";
import { commandLineCases } from "./bad-input/command-line.ts";
import { folderCases } from "./bad-input/folders.ts";
import { manifestCases } from "./bad-input/manifests.ts";
import { registryCases } from "./bad-input/registries.ts";
import { workspaceCases } from "./bad-input/workspaces.ts";

const cli = fileURLToPath(new URL("../../packages/slipway/src/cli.ts", import.meta.url));
/** Short waits: what is tested is what happens, not how long somebody waits for it. */
const slipwayConfig = {
  limits: { settleMs: 100, pollFirstMs: 20, resendDelaysMs: [20], planReadAttempts: 2, readTimeoutMs: 5000 },
  wait: "10s",
};

let verdaccio: Verdaccio;

beforeAll(async () => {
  verdaccio = await startVerdaccio();
});

afterAll(async () => {
  await verdaccio.close();
});

interface Setting extends Omit<Run, "cleanUp" | "args"> {
  readonly cwd: string;
}

/** Starts the command line, through a shell where files must not grow beyond a limit. */
async function run(args: readonly string[], setting: Setting): Promise<ProcessResult> {
  const { cwd, registry, token, npmrc, env, fileSizeMaxKb } = setting;
  const home = await createHome({ registry, token, npmrc });
  const command = [process.execPath, "--conditions=slipway-source", cli, ...args];
  const limited =
    fileSizeMaxKb === undefined ? command : ["bash", "-c", `ulimit -f ${fileSizeMaxKb}; exec "$@"`, "bash", ...command];
  const [program = "", ...rest] = limited;
  try {
    return await runProcess(program, rest, { cwd, env: cleanEnvironment({ ...home.env, CI: "true", ...env }) });
  } finally {
    await home.remove();
  }
}

interface Problem {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/**
 * The problems in what `--json` printed: of a command that could not begin, or of each version in a report. Without those of
 * versions that were not tried because of another, which people are told of in one line.
 */
function problemsOf(text: string): readonly Problem[] {
  const data = JSON.parse(text) as { problems?: Problem[]; versions?: { problems: Problem[] }[] };
  const all = data.problems ?? (data.versions ?? []).flatMap((version) => version.problems);
  return all.filter((problem) => problem.code !== "SLIP_DEPENDENCY_FAILED");
}

function codesIn(text: string): readonly string[] {
  return [...new Set([...text.matchAll(/^error\[(\w+)\]: /gm)].map(([, code = ""]) => code))].sort();
}

/** Whatever went wrong, this holds for what was printed. */
function expectDecent({ stdout, stderr }: ProcessResult, token: string | undefined): void {
  const text = `${stdout}\n${stderr}`;
  expect(text, "a stack").not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
  expect(text, "an error of Node").not.toMatch(/node:internal|\b(Type|Range|Reference|Syntax)?Error: /);
  // oxlint-disable-next-line no-control-regex
  expect(text, "control characters").not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
  expect(text, "a forged line").not.toMatch(/^\s*error\[SLIP_FORGED\]/m);
  if (token !== undefined) expect(text.includes(token), "the token").toBe(false);
  expect(text, "a password").not.toContain("hunter2");
}

function writes(): number {
  return verdaccio.accessLog().filter((entry) => entry.isWrite && entry.status !== 401).length;
}

async function check(input: BadInput, scope: string): Promise<void> {
  const workspace = await createWorkspace({
    packages: input.packages?.(scope) ?? twoPackages(scope),
    root: { slipway: slipwayConfig },
  });
  const right: Setting = { cwd: workspace.root, registry: verdaccio.url, token: verdaccio.token };
  const slipway: World["slipway"] = async (args, code = 0) => {
    const result = await run(args, right);
    if (result.code !== code) throw new Error(`slipway ${args.join(" ")} ended with ${result.code}: ${result.stderr}`);
    return result.stdout;
  };
  const { cleanUp, args: changed, ...rest } = (await input.prepare?.({ workspace, verdaccio, scope, slipway })) ?? {};
  const setting = { ...right, ...rest };
  const args = changed ?? input.args ?? ["publish"];
  try {
    const before = writes();
    const machine = await run(args.includes("--json") ? args : [...args, "--json"], setting);
    expectDecent(machine, setting.token);
    expect(machine.code, machine.stderr).toBe(input.exit);
    const problems = problemsOf(machine.stdout);
    expect([...new Set(problems.map((problem) => problem.code))].sort()).toEqual([...input.codes].sort());
    for (const problem of problems) expect(problem.message !== "" && problem.hint !== "", problem.code).toBe(true);
    // A command that could not begin says the same on stderr; a report is another one for people.
    const human = "problems" in JSON.parse(machine.stdout) ? { ...machine, stdout: "" } : await run(args, setting);
    const said = `${human.stdout}\n${human.stderr}`;
    expectDecent(human, setting.token);
    expect({ exit: human.code, codes: codesIn(said) }, said).toEqual({
      exit: input.exit,
      codes: [...input.codes].sort(),
    });
    for (const pattern of input.says) expect(said).toMatch(pattern);
    expect(said).toMatch(/^hint: \S/m);
    expect(writes(), "writes that the registry took").toBe(before);
    expect(existsSync(join(workspace.root, "pwned"))).toBe(false);
  } finally {
    await cleanUp?.();
    await workspace.dispose();
  }
}

const groups = {
  manifest: manifestCases,
  "command line": commandLineCases,
  registry: registryCases,
  folder: folderCases,
  workspace: workspaceCases,
} satisfies Record<string, readonly BadInput[]>;

for (const [group, cases] of Object.entries(groups))
  test.each(cases.map((input, index) => ({ what: input.what, input, scope: `${group.replace(" ", "-")}-${index}` })))(
    `${group}: $what is refused with a code and a hint, and nothing is written`,
    ({ input, scope }) => check(input, scope),
  );
