/**
 * Runs the scripts that belong to packing before a publish, in npm's order, and the optional build command. Scripts get
 * no credentials; what they print is redacted before anybody sees it. Must not pack or upload anything.
 */
import { spawn } from "node:child_process";
import { delimiter, dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fail, isJsonObject } from "@slipway/core";
import { createRedactor, type Redactor } from "../redact.ts";
import { type PackageManifest, readPackageManifest } from "./package-manifest.ts";
import { type Environment, withoutCredentials } from "./script-environment.ts";

/**
 * npm publish runs prepublishOnly itself, libnpmpack prepack, pacote prepare just before it lists the files, and
 * libnpmpack postpack with the manifest that held before prepack (npm 11.19 and 12).
 */
const eventsBefore = ["prepublishOnly", "prepack", "prepare"] as const;
const eventAfter = "postpack";

export type PackEvent = (typeof eventsBefore)[number] | typeof eventAfter;

/** All scripts that run around packing. */
export const packEvents: readonly PackEvent[] = [...eventsBefore, eventAfter];

export interface ScriptOptions {
  /** Environment to start from, usually the process's own. */
  readonly env: Environment;
  /** Further variables that hold credentials. */
  readonly secretNames?: readonly string[];
  readonly ignoreScripts?: boolean;
  /** npm's `script-shell`. */
  readonly scriptShell?: string;
  readonly onScript?: (event: PackEvent) => void;
  /** Lines that a script printed, redacted, without their ends; for a lifecycle script when it has ended. */
  readonly onOutput?: (line: string) => void;
}

/** Of a failed script, in the problem's details. */
const linesShownMax = 20;

function scriptOf(manifest: PackageManifest, event: PackEvent): string | undefined {
  const scripts = manifest.json["scripts"];
  const script = isJsonObject(scripts) ? scripts[event] : undefined;
  return typeof script === "string" && script !== "" ? script : undefined;
}

/** True when the package has a script that runs around packing. */
export async function hasPackScripts(dir: string): Promise<boolean> {
  const manifest = await readPackageManifest(dir);
  return packEvents.some((event) => scriptOf(manifest, event) !== undefined);
}

function linesOf(text: unknown): readonly string[] {
  return typeof text === "string" ? text.split(/\r?\n/).filter((line) => line !== "") : [];
}

/** How a child ended, as a phrase. */
function endOf(code: unknown, signal: unknown): string {
  if (typeof signal === "string") return `ended by ${signal}`;
  return typeof code === "number" ? `exit code ${code}` : "could not be started";
}

function failScript(what: string, end: string, lines: readonly string[], spec?: string, cause?: unknown): never {
  return fail("SLIP_SCRIPT_FAILED", `${what} failed (${end})`, {
    details: lines.slice(-linesShownMax),
    ...(spec === undefined ? {} : { spec }),
    ...(cause === undefined ? {} : { cause }),
  });
}

async function runEvent(manifest: PackageManifest, event: PackEvent, options: ScriptOptions): Promise<void> {
  if (scriptOf(manifest, event) === undefined) return;
  options.onScript?.(event);
  const { env, secrets } = withoutCredentials(options.env, options.secretNames);
  const redactor = createRedactor(secrets);
  const tell = (text: unknown): readonly string[] => {
    const lines = linesOf(text).map((line) => redactor.text(line));
    for (const line of lines) options.onOutput?.(line);
    return lines;
  };
  // Loaded here because it takes time that a package without scripts need not pay.
  const { default: runScript } = await import("@npmcli/run-script");
  // run-script starts from the process's environment; what is undefined here is taken out of that.
  const cleared = Object.fromEntries(Object.keys(process.env).map((name) => [name, undefined]));
  try {
    const result = await runScript({
      event,
      path: manifest.dir,
      pkg: { ...manifest.json, _id: manifest.spec, bin: manifest.bin },
      stdio: "pipe",
      env: {
        ...cleared,
        npm_command: "publish",
        npm_node_execpath: process.execPath,
        NODE: process.execPath,
        INIT_CWD: process.cwd(),
        ...env,
      },
      ...(options.scriptShell === undefined ? {} : { scriptShell: options.scriptShell }),
    });
    tell(result.stdout);
    tell(result.stderr);
  } catch (cause) {
    if (!(cause instanceof Error)) throw cause;
    const { code, signal, stdout, stderr } = { code: undefined, signal: undefined, stdout: "", stderr: "", ...cause };
    const lines = [...tell(stdout), ...tell(stderr)];
    // The error of promise-spawn carries the whole output, which is not redacted: it is not passed on.
    failScript(`${event} of ${manifest.spec}`, endOf(code, signal), lines, manifest.spec);
  }
}

/**
 * Runs `prepublishOnly`, `prepack` and `prepare` of the package in `dir`, reading package.json anew before each.
 * Returns the manifest that `postpack` has to be run with. Throws `SLIP_SCRIPT_FAILED`.
 */
export async function runPackScripts(dir: string, options: ScriptOptions): Promise<PackageManifest> {
  let beforePrepack = await readPackageManifest(dir);
  if (options.ignoreScripts === true) return beforePrepack;
  for (const event of eventsBefore) {
    const manifest = await readPackageManifest(dir);
    if (event === "prepack") beforePrepack = manifest;
    await runEvent(manifest, event, options);
  }
  return beforePrepack;
}

/**
 * Runs `postpack`. `manifest` is what `runPackScripts` returned: a `prepack` may have taken the scripts out of
 * package.json, and `postpack` is what puts them back. Throws `SLIP_SCRIPT_FAILED`.
 */
export async function runPostpack(dir: string, options: ScriptOptions, manifest?: PackageManifest): Promise<void> {
  if (options.ignoreScripts === true) return;
  await runEvent(manifest ?? (await readPackageManifest(dir)), eventAfter, options);
}

/** PATH with `node_modules/.bin` of the folder and of all above it first, as `npm run` has it. */
function withLocalCommands(env: Environment, dir: string): Environment {
  const folders: string[] = [];
  for (let folder = dir; ; folder = dirname(folder)) {
    folders.push(join(folder, "node_modules", ".bin"));
    if (dirname(folder) === folder) break;
  }
  const name = Object.keys(env).find((key) => key.toUpperCase() === "PATH") ?? "PATH";
  return { ...env, [name]: [...folders, ...(env[name] === undefined ? [] : [env[name]])].join(delimiter) };
}

function readLines(stream: NodeJS.ReadableStream, redactor: Redactor, onLine: (line: string) => void): void {
  createInterface({ input: stream, crlfDelay: Infinity }).on("line", (line) => onLine(redactor.text(line)));
}

/**
 * Runs the configured build command in a shell. It is the user's own text and is never put together from names. Throws
 * `SLIP_SCRIPT_FAILED` with the last lines it printed.
 */
export async function runBuildCommand(
  command: string,
  options: Omit<ScriptOptions, "onScript" | "ignoreScripts"> & { readonly cwd: string },
): Promise<void> {
  const cwd = resolve(options.cwd);
  const { env, secrets } = withoutCredentials(options.env, options.secretNames);
  const redactor = createRedactor(secrets);
  const last: string[] = [];
  const onLine = (line: string): void => {
    options.onOutput?.(line);
    if (line === "") return;
    last.push(line);
    if (last.length > linesShownMax) last.shift();
  };
  const end = await new Promise<string | undefined>((resolveEnd) => {
    const child = spawn(command, {
      cwd,
      env: withLocalCommands(env, cwd),
      shell: options.scriptShell ?? true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    readLines(child.stdout, redactor, onLine);
    readLines(child.stderr, redactor, onLine);
    child.once("error", (cause) => {
      onLine(cause.message);
      resolveEnd(endOf(undefined, undefined));
    });
    child.once("close", (code, signal) => resolveEnd(code === 0 ? undefined : endOf(code, signal)));
  });
  if (end !== undefined) failScript(`the build command \`${redactor.text(command)}\``, end, last);
}
