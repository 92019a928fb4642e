/**
 * Checks what npm would publish: packs each public package as npm does, then lets publint and attw judge the tarballs, and
 * starts the unpacked command line, and the bundled action, where none of their dependencies is installed. Needs `npm run build` first.
 */
import { execFile } from "node:child_process";
import { cp, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { parseSync, Visitor } from "oxc-parser";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const run = promisify(execFile);
const root: string = dirname(dirname(fileURLToPath(import.meta.url)));
const packages: readonly string[] = ["packages/core", "packages/slipway"];

async function pack(dir: string, destination: string): Promise<string> {
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", destination];
  const { stdout } = await run("npm", args, { cwd: join(root, dir) });
  const packed: unknown = JSON.parse(stdout);
  const [first] = Array.isArray(packed) ? packed : Object.values(Object(packed));
  if (typeof first?.filename !== "string") throw new Error(`npm pack did not name the tarball of ${dir}`);
  return join(destination, first.filename);
}

/** Starts what is in the tarball, and returns what it prints as its version. */
async function startUnpacked(tarball: string, folder: string): Promise<string> {
  await run("tar", ["-xzf", tarball, "-C", folder]);
  const { stdout } = await run(process.execPath, [join(folder, "package/dist/cli.js"), "--version"], { cwd: folder });
  return stdout.trim();
}

async function lintTarball(tarball: string): Promise<readonly string[]> {
  const bytes = await readFile(tarball);
  const { messages, pkg } = await publint({ pack: { tarball: new Uint8Array(bytes).buffer }, strict: true });
  // What `slipway demo` copies is a workspace of its own: its packages are not imported from where they lie.
  const isOfExample = (message: (typeof messages)[number]): boolean =>
    message.code === "NESTED_PACKAGE_JSON_FIELD_IGNORED" && message.args.filePath.startsWith("./dist/demo/");
  const findings = messages.filter((message) => !isOfExample(message));
  return findings.map((message) => `publint: ${formatMessage(message, pkg, { color: false }) ?? message.code}`);
}

async function checkTypes(tarball: string): Promise<readonly string[]> {
  try {
    await run("attw", [tarball, "--profile", "esm-only", "--format", "ascii", "--no-color", "--no-emoji"], {
      cwd: root,
    });
    return [];
  } catch (error) {
    if (!(error instanceof Error) || !("stdout" in error)) throw error;
    return [`attw: ${String(error.stdout).trim()}`];
  }
}

const bundle = "packages/action/dist";
/** For the demonstration, which the action does not run, and for an option of a library that nobody sets. */
const neverLoaded: ReadonlySet<string> = new Set(["verdaccio", "kerberos"]);

/** What the action's bundle imports that neither Node nor the bundle has: a runner installs nothing. */
async function findForeignImports(dir: string): Promise<readonly string[]> {
  const files = (await readdir(dir)).filter((name) => name.endsWith(".js"));
  const found = new Set<string>();
  for (const name of files) {
    const { module, program } = parseSync(name, await readFile(join(dir, name), "utf8"));
    for (const { moduleRequest } of module.staticImports) found.add(moduleRequest.value);
    new Visitor({
      ImportExpression: ({ source }) => {
        if (source.type === "Literal" && typeof source.value === "string") found.add(source.value);
      },
    }).visit(program);
  }
  return [...found].filter((name) => !name.startsWith(".") && !isBuiltin(name) && !neverLoaded.has(name));
}

/** Starts the bundle where nothing is installed; outside of a job it says that it is outside of one. */
async function startBundle(destination: string): Promise<string> {
  const home = join(destination, "action");
  await cp(join(root, bundle), join(home, "dist"), { recursive: true });
  await cp(join(root, "packages/action/package.json"), join(home, "package.json"));
  const env = { PATH: process.env["PATH"] };
  const said = await run(process.execPath, [join(home, "dist/index.js")], { cwd: destination, env }).catch(
    (error: unknown) => error,
  );
  const { stdout, code }: { readonly stdout?: unknown; readonly code?: unknown } = Object(said);
  if (code !== 2 || !String(stdout).includes("::error title=SLIP_USAGE::GITHUB_REPOSITORY is not set"))
    throw new Error(`the bundled action did not start: ${String(stdout)}`);
  return "starts";
}

const folder = await mkdtemp(join(tmpdir(), "slipway-packages-"));
try {
  let count = 0;
  for (const dir of packages) {
    const tarball = await pack(dir, folder);
    const findings = [...(await lintTarball(tarball)), ...(await checkTypes(tarball))];
    process.stdout.write(`${dir}: ${findings.length === 0 ? "clean" : `${findings.length} findings`}\n`);
    for (const finding of findings) process.stdout.write(`  ${finding}\n`);
    count += findings.length;
    if (dir === "packages/slipway")
      process.stdout.write(`slipway --version: ${await startUnpacked(tarball, folder)}\n`);
  }
  const imported = await findForeignImports(join(root, bundle));
  for (const specifier of imported) process.stdout.write(`${bundle} imports ${specifier}\n`);
  process.stdout.write(`${bundle}: ${await startBundle(folder)}\n`);
  if (count + imported.length > 0) process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true });
}
