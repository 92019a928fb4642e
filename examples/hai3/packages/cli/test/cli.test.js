import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { createProject, listTemplates, run } from "@hai3/cli";

const packageFolder = dirname(dirname(fileURLToPath(import.meta.url)));
const manifest = JSON.parse(readFileSync(join(packageFolder, "package.json"), "utf8"));

/** @param {import("node:test").TestContext} context */
function makeFolder(context) {
  const folder = mkdtempSync(join(tmpdir(), "hai3-cli-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** @param {readonly string[]} args @param {string} cwd */
async function call(args, cwd) {
  let out = "";
  let err = "";
  const code = await run(args, { cwd, write: (text) => void (out += text), complain: (text) => void (err += text) });
  return { code, out, err };
}

/** What `npm install` would do, without a registry. @param {string} folder */
function install(folder) {
  mkdirSync(join(folder, "node_modules", "@hai3"), { recursive: true });
  for (const name of ["framework", "uikit"])
    symlinkSync(join(packageFolder, "..", name), join(folder, "node_modules", "@hai3", name), "dir");
}

test("the program itself says its version", () => {
  const out = execFileSync(process.execPath, [join(packageFolder, "bin", "hai3.js"), "--version"], { encoding: "utf8" });
  assert.equal(out, `${manifest.version}\n`);
});

test("an app made from the template runs, in both languages", async (context) => {
  const cwd = makeFolder(context);
  const { code, out } = await call(["create", "shop"], cwd);
  assert.equal(code, 0);
  assert.match(out, /Made shop from the template app:\n {2}\.gitignore\n {2}README\.md\n {2}package\.json\n/);
  const made = JSON.parse(readFileSync(join(cwd, "shop", "package.json"), "utf8"));
  assert.equal(made.name, "shop");
  assert.deepEqual(made.dependencies, {
    "@hai3/framework": manifest.dependencies["@hai3/framework"],
    "@hai3/uikit": manifest.dependencies["@hai3/uikit"],
  });
  install(join(cwd, "shop"));
  const show = (/** @type {string[]} */ ...args) =>
    execFileSync(process.execPath, ["src/main.js", ...args], { cwd: join(cwd, "shop"), encoding: "utf8" });
  assert.match(show(), /<title>shop<\/title>.*<h2>It works<\/h2>.*href="\/about">About/s);
  assert.match(show("/about", "de"), /<html lang="de">.*Aus diesen Plugins gemacht/s);
});

test("a plugin made from the template passes its own test", (context) => {
  const cwd = makeFolder(context);
  const made = createProject({ cwd, folder: "clock", template: "plugin", name: "@shop/clock" });
  assert.deepEqual(made.files, [".gitignore", "package.json", "src/index.js", "test/index.test.js"]);
  install(join(cwd, "clock"));
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const out = execFileSync(process.execPath, ["--test", "--test-reporter=tap"], { cwd: join(cwd, "clock"), encoding: "utf8", env });
  assert.match(out, /# pass 1\n# fail 0\n/);
});

test("a wish that cannot be met is answered with a reason, and nothing is written", async (context) => {
  const cwd = makeFolder(context);
  mkdirSync(join(cwd, "full"));
  writeFileSync(join(cwd, "full", "keep.txt"), "mine");
  const wishes = /** @type {const} */ ([
    [["create", "full"], 1, /the folder full is not empty/],
    [["create", "x", "--template", "game"], 1, /no template game; there are app and plugin/],
    [["create", "x", "--name", "../x"], 1, /no name for a package/],
    [["create"], 2, /Usage: hai3/],
    [["launch"], 2, /Usage: hai3/],
    [["create", "x", "--fast"], 2, /--fast/],
  ]);
  for (const [args, code, message] of wishes) {
    const answer = await call(args, cwd);
    assert.equal(answer.code, code, args.join(" "));
    assert.match(answer.err, message);
    assert.equal(answer.out, "");
  }
  assert.equal(readFileSync(join(cwd, "full", "keep.txt"), "utf8"), "mine");
});

test("templates and packages are listed", async (context) => {
  const cwd = makeFolder(context);
  assert.deepEqual(
    listTemplates().map(({ name }) => name),
    ["app", "plugin"],
  );
  assert.match((await call(["templates"], cwd)).out, /^app {7}An app: .*\nplugin {4}A plugin for/);
  const { out } = await call(["info"], cwd);
  assert.equal(out.trimEnd().split("\n").length, 8);
  assert.match(out, /@hai3\/framework {4}\^0\.2\.0-alpha\.1/);
});
