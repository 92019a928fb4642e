import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import { type Problem, ProblemsError } from "@slipway/core";
import { expect, test } from "vitest";
import {
  hasPackScripts,
  runBuildCommand,
  runPackScripts,
  runPostpack,
  type ScriptOptions,
} from "../../src/tarball/lifecycle.ts";
import { packPackage } from "../../src/tarball/pack.ts";
import { withoutCredentials } from "../../src/tarball/script-environment.ts";
import { manifestText, type Tree, withTree } from "./package-tree.ts";

const path = [dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter);
const options: ScriptOptions = { env: { PATH: path } };

/** A script that notes its name in a file outside the package. */
const note = "node -e \"fs.appendFileSync(process.argv[1], process.env.npm_lifecycle_event + '\\n')\" ../log";
const allScripts = Object.fromEntries(
  [
    "prepublish",
    "prepublishOnly",
    "preprepack",
    "prepack",
    "prepare",
    "postpack",
    "publish",
    "postpublish",
    "preinstall",
  ].map((event) => [event, note]),
);

async function readLog(root: string): Promise<readonly string[]> {
  return (await readFile(join(root, "log"), "utf8").catch(() => "")).split("\n").filter((line) => line !== "");
}

async function problemOf(run: Promise<unknown>): Promise<Problem> {
  const error = await run.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof ProblemsError) || error.problems[0] === undefined)
    throw new Error("no problem was thrown", { cause: error });
  return error.problems[0];
}

test("the scripts of packing run in the order in which npm publish runs them", async () => {
  const tree: Tree = { "package/package.json": manifestText({ scripts: allScripts }), "home/": "" };
  const expected = ["prepublishOnly", "prepack", "prepare", "postpack"];
  await withTree(tree, async (root) => {
    const dir = join(root, "package");
    const seen: string[] = [];
    const noting = { ...options, onScript: (event: string) => void seen.push(event) };
    const manifest = await runPackScripts(dir, noting);
    expect(await readLog(root)).toEqual(expected.slice(0, 3));
    await packPackage(dir);
    await runPostpack(dir, noting, manifest);
    expect(await readLog(root)).toEqual(expected);
    expect(seen).toEqual(expected);
  });
  // npm's dry run performs everything but the upload; nothing listens on port 1.
  await withTree(tree, async (root) => {
    await promisify(execFile)(
      "npm",
      ["publish", "--dry-run", "--registry", "http://127.0.0.1:1/", "--fetch-retries", "0"],
      {
        cwd: join(root, "package"),
        shell: process.platform === "win32",
        env: {
          PATH: path,
          HOME: join(root, "home"),
          npm_config_userconfig: join(root, "home/npmrc"),
          npm_config_globalconfig: join(root, "home/global-npmrc"),
          npm_config_cache: join(root, "home/cache"),
          npm_config_update_notifier: "false",
        },
      },
    );
    expect((await readLog(root)).filter((event) => event !== "publish" && event !== "postpublish")).toEqual(expected);
  });
});

test("no script runs with ignoreScripts, and a package without any is known as such", async () => {
  await withTree({ "package/package.json": manifestText({ scripts: allScripts }) }, async (root) => {
    const dir = join(root, "package");
    const ignoring = { ...options, ignoreScripts: true };
    await runPostpack(dir, ignoring, await runPackScripts(dir, ignoring));
    expect(await readLog(root)).toEqual([]);
    expect(await hasPackScripts(dir)).toBe(true);
  });
  await withTree(
    { "package.json": manifestText({ scripts: { test: "x", publish: "y", prepack: "" } }) },
    async (dir) => {
      expect(await hasPackScripts(dir)).toBe(false);
    },
  );
});

function rewrite(fields: string): string {
  return `node -e "fs.writeFileSync('package.json', JSON.stringify({name: 'fixture', version: '1.0.0', ${fields}}))"`;
}

test("a prepack that takes the scripts out of package.json is followed by its postpack", async () => {
  const scripts = { prepack: rewrite("clean: 1"), prepare: "exit 1", postpack: rewrite("clean: 0") };
  await withTree({ "package.json": manifestText({ scripts }) }, async (dir) => {
    const manifest = await runPackScripts(dir, options);
    expect((await packPackage(dir)).manifest).toEqual({ name: "fixture", version: "1.0.0", clean: 1 });
    await runPostpack(dir, options, manifest);
    expect((await packPackage(dir)).manifest).toEqual({ name: "fixture", version: "1.0.0", clean: 0 });
  });
});

test("scripts see npm's variables and the caller's, and no credentials", async () => {
  const scripts = { prepack: 'node -e "console.log(JSON.stringify(process.env))"' };
  await withTree({ "package.json": manifestText({ scripts }) }, async (dir) => {
    const lines: string[] = [];
    process.env["SLIPWAY_TEST_LEAK"] = "leaked";
    await runPackScripts(dir, {
      env: {
        PATH: path,
        OWN: "kept",
        GITHUB_TOKEN: "kept too",
        NPM_TOKEN: "secret-1",
        NODE_AUTH_TOKEN: "secret-2",
        "npm_config_//registry.example/:_authToken": "secret-3",
        npm_config__auth: "secret-4",
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: "secret-5",
        FROM_NPMRC: "secret-6",
      },
      secretNames: ["FROM_NPMRC"],
      onOutput: (line) => void lines.push(line),
    });
    delete process.env["SLIPWAY_TEST_LEAK"];
    expect(lines).toHaveLength(1);
    const env: unknown = JSON.parse(lines[0] ?? "");
    expect(env).toMatchObject({
      OWN: "kept",
      GITHUB_TOKEN: "kept too",
      npm_lifecycle_event: "prepack",
      npm_package_name: "fixture",
      npm_package_version: "1.0.0",
      npm_package_json: join(dir, "package.json"),
      npm_command: "publish",
    });
    expect(env).toHaveProperty("PATH", expect.stringContaining(join(dir, "node_modules", ".bin")));
    expect(lines[0]).not.toMatch(/secret-|leaked/);
  });
});

test.for([
  ["NPM_TOKEN", true],
  ["npm_token", true],
  ["MY_NPM_TOKEN", true],
  ["NPM_AUTH_TOKEN", true],
  ["NODE_AUTH_TOKEN", true],
  ["YARN_NPM_AUTH_TOKEN", true],
  ["YARN_NPM_AUTH_IDENT", true],
  ["BUN_AUTH_TOKEN", true],
  ["REGISTRY_PASSWORD", true],
  ["NPM_ID_TOKEN", true],
  ["SIGSTORE_ID_TOKEN", true],
  ["ACTIONS_ID_TOKEN_REQUEST_URL", true],
  ["npm_config__authToken", true],
  ["NPM_CONFIG_OTP", true],
  ["npm_config_@scope:_authToken", true],
  ["npm_config_//registry.example/:_password", true],
  ["GITHUB_TOKEN", false],
  ["npm_config_registry", false],
  ["npm_config_init_author_name", false],
  ["npm_package_name", false],
  ["npm_execpath", false],
  ["AUTHOR", false],
  ["TOKENS_MAX", false],
] as const)("%s holds a registry credential: %s", ([name, isCredential]) => {
  const { env, secrets } = withoutCredentials({ [name]: "value", other: "x", unset: undefined });
  expect(env).toEqual(isCredential ? { other: "x" } : { [name]: "value", other: "x" });
  expect(secrets).toEqual(isCredential ? ["value"] : []);
});

test("a script that fails is named with the last lines it printed, without secrets", async () => {
  const print =
    "for (let i = 1; i <= 30; i++) console.log('line ' + i); console.error('token very-secret-value'); process.exit(3)";
  await withTree(
    { "package.json": manifestText({ scripts: { prepack: `node -e "${print}"`, postpack: note } }) },
    async (dir) => {
      const problem = await problemOf(runPackScripts(dir, { env: { PATH: path, NPM_TOKEN: "very-secret-value" } }));
      expect(problem.code).toBe("SLIP_SCRIPT_FAILED");
      expect(problem.message).toBe("prepack of fixture@1.0.0 failed (exit code 3)");
      expect(problem.spec).toBe("fixture@1.0.0");
      expect(problem.details).toHaveLength(20);
      expect(problem.details?.slice(-2)).toEqual(["line 30", "token ***"]);
      expect(JSON.stringify(problem)).not.toContain("very-secret");
      expect(problem.cause).toBeUndefined();
    },
  );
});

test("a shell that does not exist is a failed script", async () => {
  await withTree({ "package.json": manifestText({ scripts: { prepare: "true" } }) }, async (dir) => {
    const problem = await problemOf(runPackScripts(dir, { ...options, scriptShell: join(dir, "no-shell") }));
    expect(problem.message).toBe("prepare of fixture@1.0.0 failed (could not be started)");
  });
});

test("the build command runs in its folder with local commands and without credentials", async () => {
  const tree: Tree = {
    "node_modules/.bin/say": {
      contents: "#!/bin/sh\necho said $1 $NPM_TOKEN\necho end 1>&2\nprintf unended",
      mode: 0o755,
    },
    "packages/a/": "",
  };
  await withTree(tree, async (root) => {
    const lines: string[] = [];
    await runBuildCommand("say $(basename $PWD) && exit 0", {
      cwd: join(root, "packages/a"),
      env: { PATH: path, NPM_TOKEN: "secret" },
      onOutput: (line) => void lines.push(line),
    });
    expect(lines.sort()).toEqual(["end", "said a", "unended"]);
  });
});

test("a build command that fails is a coded problem with its last lines", async () => {
  await withTree({ "x/": "" }, async (cwd) => {
    const problem = await problemOf(
      runBuildCommand("echo building && echo broken >&2 && exit 7", { cwd, env: { PATH: path } }),
    );
    expect(problem.code).toBe("SLIP_SCRIPT_FAILED");
    expect(problem.message).toBe("the build command `echo building && echo broken >&2 && exit 7` failed (exit code 7)");
    expect([...(problem.details ?? [])].sort()).toEqual(["broken", "building"]);
    const missing = await problemOf(runBuildCommand("true", { cwd: join(cwd, "gone"), env: { PATH: path } }));
    expect(missing.message).toBe("the build command `true` failed (could not be started)");
  });
});
