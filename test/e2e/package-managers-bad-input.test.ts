/**
 * Package managers that are missing, wrong, talk nonsense or fail in the middle: a coded error with a way out, nothing uploaded,
 * nothing left behind, and the same command works once the cause is gone.
 */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import {
  createWorkspace,
  type PackageSpec,
  type ProcessResult,
  runSlipway,
  type SlipwayOptions,
  startSlipway,
  startVerdaccio,
  type TestWorkspace,
  type Verdaccio,
} from "@slipway/testkit";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import {
  createTools,
  install,
  type ManagerName,
  testEnvironment,
  type Tools,
  versionOf,
} from "./package-managers/tools.ts";

type Foreign = Exclude<ManagerName, "npm">;
const foreign: readonly Foreign[] = ["pnpm", "yarn", "bun"];

let verdaccio: Verdaccio;
let tools: Tools;
let versions: Readonly<Record<Foreign, string>>;
const made: TestWorkspace[] = [];

beforeAll(async () => {
  verdaccio = await startVerdaccio();
  tools = await createTools();
  const surroundings = { cwd: "/", registry: verdaccio.url, path: tools.path };
  versions = {
    pnpm: await versionOf("pnpm", surroundings),
    yarn: await versionOf("yarn", surroundings),
    bun: await versionOf("bun", surroundings),
  };
});

afterEach(async () => {
  for (const workspace of made.splice(0)) await workspace.dispose();
});

afterAll(async () => {
  await tools.remove();
  await verdaccio.close();
});

let scopes = 0;

interface Change {
  /** Of `middle`, which depends on `first`; `last` depends on it. */
  readonly scripts?: Readonly<Record<string, string>>;
  /** False leaves `packageManager` out: the lock file says whose workspace it is. */
  readonly isPinned?: boolean;
}

/** Three packages in a row; installed, so that there is a lock file. */
async function prepare(manager: Foreign, change: Change = {}): Promise<TestWorkspace & { readonly scope: string }> {
  const scope = `@bad-${(scopes += 1)}`;
  const manifest = { type: "commonjs", exports: undefined, main: "index.js", files: ["index.js"] };
  const files = { "index.js": "" };
  const on = (name: string): Pick<PackageSpec, "dependencies"> => ({
    dependencies: { [`${scope}/${name}`]: "workspace:^" },
  });
  const workspace = await createWorkspace({
    packages: [
      { name: `${scope}/first`, manifest, files },
      {
        name: `${scope}/middle`,
        manifest,
        files,
        ...on("first"),
        ...(change.scripts === undefined ? {} : { scripts: change.scripts }),
      },
      { name: `${scope}/last`, manifest, files, ...on("middle") },
    ],
    root: {
      ...(change.isPinned === false ? {} : { packageManager: `${manager}@${versions[manager]}` }),
      slipway: { limits: { settleMs: 100, pollFirstMs: 20 }, wait: "20s" },
      ...(manager === "pnpm" ? { workspaces: undefined } : {}),
    },
    files: {
      ".gitignore": "node_modules/\n.yarn/\nstate-*\n",
      ...(manager === "pnpm" ? { "pnpm-workspace.yaml": "packages:\n  - packages/*\n" } : {}),
      ...(manager === "yarn" ? { ".yarnrc.yml": "nodeLinker: node-modules\n" } : {}),
    },
  });
  made.push(workspace);
  await install(manager, { cwd: workspace.root, registry: verdaccio.url, path: tools.path });
  await workspace.commitAll("Lock");
  return { ...workspace, scope };
}

function options({ root }: TestWorkspace, path: string): SlipwayOptions {
  const { url, token } = verdaccio;
  const env = { ...testEnvironment(`${url}/`, join(root, "..")), PATH: path, NODE_AUTH_TOKEN: token };
  return { cwd: root, registry: url, token, env };
}

async function run(workspace: TestWorkspace, path: string, ...args: readonly string[]): Promise<ProcessResult> {
  return await runSlipway(args.length === 0 ? ["publish", "--yes"] : args, options(workspace, path));
}

function writes(): number {
  return verdaccio.accessLog().filter((entry) => entry.isWrite).length;
}

/** Nothing but what was there: neither in the packages nor, of the packing, in the release folder. */
async function expectNothingLeft(workspace: TestWorkspace): Promise<void> {
  const left = (await workspace.git("status", "--short", "--ignored")).split("\n").filter((line) => line !== "");
  expect(left.filter((line) => !/(node_modules|\.slipway|\.yarn)\/$|state-\w+$/.test(line))).toEqual([]);
  const folder = join(workspace.root, ".slipway");
  for (const id of existsSync(folder) ? await readdir(folder) : [])
    if (/^[0-9a-f]{12}$/.test(id)) expect(await readdir(join(folder, id))).not.toContain("packing");
}

interface Wrong {
  readonly what: string;
  readonly manager: Foreign;
  /** Text of the program that takes the tool's place; undefined takes it away. */
  readonly program: string | undefined;
  readonly isPinned?: boolean;
  readonly code: string;
  readonly exit: number;
  readonly says: readonly RegExp[];
}

const saying = (text: string, otherwise: string): string =>
  `#!/bin/sh\nif [ "$1" = --version ]; then echo '${text}'; exit 0; fi\n${otherwise}\n`;
const versionlike = { pnpm: "12.4.2", yarn: "4.18.1", bun: "1.4.5" } as const;

const wrong: readonly Wrong[] = foreign.flatMap((manager): readonly Wrong[] => [
  {
    what: "is not there",
    manager,
    program: undefined,
    code: "SLIP_TOOL_MISSING",
    exit: 2,
    says: [new RegExp(`${manager} packs this workspace \\(packageManager`), /PATH: not there/, /hint: .*npm install/],
  },
  {
    what: "does not start",
    manager,
    program: "#!/bin/sh\necho 'my postinstall script was not run' >&2\nexit 1\n",
    code: "SLIP_TOOL_MISSING",
    exit: 2,
    says: [/PATH: exit code 1/, /my postinstall script was not run/],
  },
  {
    what: "says something else than a version",
    manager,
    program: saying("hello \u001b[31mthere", ""),
    code: "SLIP_TOOL_VERSION",
    exit: 2,
    says: [/does not say which version it is/, /hello/],
  },
  {
    what: "is of another major version than packageManager",
    manager,
    program: saying(`${Number(versionlike[manager].split(".")[0]) + 1}.0.0`, ""),
    code: "SLIP_TOOL_VERSION",
    exit: 2,
    says: [new RegExp(`packageManager.* asks for ${manager} \\d`), /\d+\.0\.0 was found \(PATH\)/],
  },
  {
    what: "is too old",
    manager,
    program: saying("0.9.0", ""),
    isPinned: false,
    code: "SLIP_TOOL_VERSION",
    exit: 2,
    says: [/0\.9\.0 \(PATH\) is too old/],
  },
  {
    what: "ends well without a tarball",
    manager,
    program: saying(versionlike[manager], "exit 0"),
    code: "SLIP_PACK_FAILED",
    exit: 1,
    says: [/ended well, but packed no tarball of @bad-\d+\/first@1\.0\.0/],
  },
  {
    what: "ends badly and says nothing",
    manager,
    program: saying(versionlike[manager], "exit 7"),
    code: "SLIP_PACK_FAILED",
    exit: 1,
    says: [/could not pack @bad-\d+\/\w+@1\.0\.0 in packages\/\w+ \(exit code 7\)/],
  },
  {
    what: "writes what is no tarball",
    manager,
    program: saying(
      versionlike[manager],
      'for last; do :; done\ncase "$last" in *%s*) last=${last%/*};; esac\necho x > "$last/x.tgz"',
    ),
    code: "SLIP_PACK_FAILED",
    exit: 1,
    says: [/made a damaged tarball: x\.tgz/],
  },
]);

test.each(wrong)("a $manager that $what is refused with $code", async (input) => {
  const { manager, program, isPinned = true, code, exit, says } = input;
  const workspace = await prepare(manager, { isPinned });
  const path = await tools.pathWith({ [manager]: program });
  const before = writes();
  const result = await run(workspace, path);
  expect(result.code, result.stderr).toBe(exit);
  expect(result.stderr).toContain(`error[${code}]`);
  for (const pattern of says) expect(result.stderr).toMatch(pattern);
  expect(result.stderr).toMatch(/^hint: \S/m);
  expect(result.stderr).not.toContain("\u001b");
  expect(result.stderr).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
  expect(writes()).toBe(before);
  await expectNothingLeft(workspace);
});

/** Fails when it is run for the first time; `state-failed` is not in git, so that the release stays the same. */
const failsOnce =
  "node -e \"const fs=require('node:fs');if(fs.existsSync('state-failed'))process.exit(0);fs.writeFileSync('state-failed','');console.log('the kettle is empty');console.error('token '+process.env.NODE_AUTH_TOKEN);process.exit(3)\"";

test.each(foreign)(
  "a script that fails while %s packs ends the release before anything is sent; again, it goes on",
  async (manager) => {
    const workspace = await prepare(manager, { scripts: { prepack: failsOnce } });
    const before = writes();
    const failed = await run(workspace, tools.path);
    expect(failed.code, failed.stderr).toBe(1);
    expect(failed.stderr).toContain("error[SLIP_PACK_FAILED]");
    expect(failed.stderr).toMatch(
      new RegExp(
        `${manager} \\d\\S+ could not pack ${workspace.scope}/middle@1\\.0\\.0 in packages/middle \\(exit code \\d\\)`,
      ),
    );
    expect(failed.stderr).toContain("the kettle is empty");
    expect(failed.stderr).toContain("token undefined");
    expect(failed.stderr).not.toContain(verdaccio.token);
    expect(writes()).toBe(before);
    await expectNothingLeft(workspace);
    const again = await run(workspace, tools.path);
    expect(again.code, again.stderr).toBe(0);
    expect(again.stdout).toMatch(/3 published/);
    await expectNothingLeft(workspace);
  },
);

const beforePacking: Readonly<Record<Foreign, string>> = {
  pnpm: "prepublishOnly",
  yarn: "prepublish",
  bun: "prepublishOnly",
};

test.each(foreign)("a script before packing that fails under %s is named", async (manager) => {
  const workspace = await prepare(manager, { scripts: { [beforePacking[manager]]: failsOnce } });
  const failed = await run(workspace, tools.path);
  expect(failed.code, failed.stderr).toBe(1);
  expect(failed.stderr).toContain("error[SLIP_SCRIPT_FAILED]");
  expect(failed.stderr).toMatch(
    new RegExp(`could not run ${beforePacking[manager]} of ${workspace.scope}/middle@1\\.0\\.0`),
  );
  expect(failed.stderr).toContain("the kettle is empty");
  await expectNothingLeft(workspace);
});

test.each(foreign)("--ignore-scripts keeps %s from running any", async (manager) => {
  const events = [beforePacking[manager], "prepack", "prepare", "postpack"];
  const note = "node -e \"require('node:fs').appendFileSync('state-ran',process.env.npm_lifecycle_event+' ')\"";
  const workspace = await prepare(manager, { scripts: Object.fromEntries(events.map((event) => [event, note])) });
  const ran = join("packages", "middle", "state-ran");
  if (existsSync(join(workspace.root, ran))) await workspace.remove(ran);
  const ignored = await run(workspace, tools.path, "pack", "--ignore-scripts");
  expect(ignored.code, ignored.stderr).toBe(0);
  expect(existsSync(join(workspace.root, ran))).toBe(false);
  const packed = await run(workspace, tools.path, "pack");
  expect(packed.code, packed.stderr).toBe(0);
  expect((await workspace.read(ran)).trim().split(" ")).toEqual(
    manager === "yarn" ? ["prepublish", "prepack", "postpack"] : events,
  );
  await expectNothingLeft(workspace);
});

test.each(foreign)("a version that a script changes while %s packs is not what was planned", async (manager) => {
  const change =
    "node -e \"const fs=require('node:fs');const j=JSON.parse(fs.readFileSync('package.json'));j.version='1.0.1';fs.writeFileSync('package.json',JSON.stringify(j))\"";
  const workspace = await prepare(manager, { scripts: { prepack: change } });
  const failed = await run(workspace, tools.path);
  expect(failed.code, failed.stderr).toBe(1);
  expect(failed.stderr).toContain("error[SLIP_MANIFEST_CHANGED]");
  expect(failed.stderr).toMatch(/the plan says @bad-\d+\/middle@1\.0\.0, but \w+ packed @bad-\d+\/middle@1\.0\.1/);
});

async function isAlive(pid: number): Promise<boolean> {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("it did not come to that within 15 s");
}

test.each(foreign)("an interrupt ends %s with the scripts it has started, and the release says so", async (manager) => {
  const sleep =
    "node -e \"require('node:fs').writeFileSync('state-pid',String(process.pid));setTimeout(()=>{},60000)\"";
  const workspace = await prepare(manager, { scripts: { prepack: sleep } });
  const slipway = await startSlipway(["publish", "--yes"], options(workspace, tools.path));
  const file = join("packages", "middle", "state-pid");
  await until(async () => existsSync(join(workspace.root, file)) && (await workspace.read(file)) !== "");
  const pid = Number(await workspace.read(file));
  process.kill(slipway.pid, "SIGINT");
  const result = await slipway.result;
  expect(result.code, result.stderr).toBe(3);
  expect(result.stderr).toContain(`error[SLIP_INTERRUPTED]: interrupted while ${manager} was packing`);
  await until(async () => !(await isAlive(pid)));
  await expectNothingLeft(workspace);
});

test("what a killed run has left is removed by the next", async () => {
  const workspace = await prepare("pnpm");
  const packed = await run(workspace, tools.path, "pack", "--json");
  const { dir }: { readonly dir: string } = JSON.parse(packed.stdout);
  await workspace.write(join(dir.slice(workspace.root.length + 1), "packing", "0", "half.tgz"), "half");
  const again = await run(workspace, tools.path, "pack");
  expect(again.code, again.stderr).toBe(0);
  expect(await readdir(dir)).not.toContain("packing");
});
