/**
 * Finds and reads the configuration: slipway.config.{ts,js,mjs,json} or `"slipway"` in the root package.json. It is code
 * where it is a module, so only plan and pack load it. Flags are merged elsewhere; a flag beats its key.
 */
import { existsSync, readFileSync } from "node:fs";
import { access as checkAccess, readFile } from "node:fs/promises";
import { registerHooks } from "node:module";
import { isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import {
  defaultLimits,
  fail,
  type IdentityLevel,
  isJsonObject,
  type Limits,
  type ReleaseHost,
  type TagForm,
} from "@slipway/core";
import type { AuthMode } from "./auth/write-credentials.ts";
import type { ChangesetsMode } from "./changesets/protocol.ts";
import { parseDuration } from "./duration.ts";
import { parseJson } from "./workspace-reader.ts";

/** What a configuration file says. Spans of time are milliseconds or texts such as `20m`. */
export interface SlipwayConfig {
  readonly $schema?: string;
  /** Dist-tag of all packages. */
  readonly tag?: string;
  readonly access?: "public" | "restricted";
  readonly identity?: IdentityLevel;
  readonly newPackages?: "allow" | "refuse";
  readonly ignoreScripts?: boolean;
  /** Command run in the workspace root before packing. */
  readonly build?: string;
  readonly wait?: string | number;
  readonly waitTotal?: string | number;
  readonly registry?: string;
  readonly auth?: AuthMode;
  readonly base?: string;
  readonly only?: string | readonly string[];
  /** Whether the files of Changesets are gone by, and how changesets/action is answered. */
  readonly changesets?: ChangesetsMode;
  readonly concurrency?: number;
  /** Git tags of what was published: `name@version`, or one `v1.2.3`. */
  readonly gitTags?: TagForm;
  /** Releases of those tags. */
  readonly releases?: ReleaseHost;
  readonly limits?: Partial<Limits>;
}

/** A configuration with all defaults filled in. */
export interface Config {
  /** Path of the file it came from; undefined when there is none. */
  readonly path: string | undefined;
  readonly tag: string | undefined;
  readonly access: "public" | "restricted" | undefined;
  readonly identity: IdentityLevel;
  readonly newPackages: "allow" | "refuse";
  readonly ignoreScripts: boolean;
  readonly build: string | undefined;
  readonly registry: string | undefined;
  readonly auth: AuthMode;
  readonly base: string | undefined;
  /** Empty selects all. */
  readonly only: readonly string[];
  readonly changesets: ChangesetsMode;
  readonly gitTags: TagForm | undefined;
  readonly releases: ReleaseHost | undefined;
  readonly limits: Limits;
}

/** Gives an editor the type of a configuration; returns what it is given. */
export function defineConfig(config: SlipwayConfig): SlipwayConfig {
  return config;
}

export const configFileNames = [
  "slipway.config.ts",
  "slipway.config.js",
  "slipway.config.mjs",
  "slipway.config.json",
] as const;

/**
 * Loads the configuration of the workspace at `root`, or the file at `path` (relative to `cwd`, else to `root`). Throws a
 * ProblemsError with every SLIP_CONFIG_INVALID.
 */
export async function loadConfig(root: string, path?: string, cwd: string = root): Promise<Config> {
  const found = path === undefined ? await findConfig(root) : await loadFile(resolve(cwd, path), path);
  if (found === undefined) return fillIn({}, undefined);
  return fillIn(await validate(found.value, found.where), found.path);
}

interface Found {
  readonly value: unknown;
  readonly path: string;
  /** As messages name it. */
  readonly where: string;
}

async function findConfig(root: string): Promise<Found | undefined> {
  const present = await Promise.all(configFileNames.map((name) => exists(join(root, name))));
  const names: string[] = configFileNames.filter((_, index) => present[index]);
  const manifestPath = join(root, "package.json");
  // The root of a pnpm workspace may have none.
  const text = (await exists(manifestPath)) ? await readFile(manifestPath, "utf8") : "{}";
  const manifest = parseJson(text, "package.json");
  // A manifest that cannot be read is reported with the workspace.
  const inline = manifest.problem === undefined && isJsonObject(manifest.json) ? manifest.json["slipway"] : undefined;
  if (inline !== undefined) names.push('"slipway" in package.json');
  if (names.length > 1)
    return fail("SLIP_CONFIG_INVALID", `there are ${names.length} configurations: ${names.join(", ")}`, {
      hint: "keep one of them, or name one with --config",
    });
  const [name] = names;
  if (name === undefined) return undefined;
  if (inline !== undefined) return { value: inline, path: manifestPath, where: name };
  return loadFile(join(root, name), name);
}

async function exists(path: string): Promise<boolean> {
  try {
    await checkAccess(path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return false;
    throw error;
  }
}

async function loadFile(path: string, name: string): Promise<Found> {
  const where = isAbsolute(name) ? path : name;
  if (!(await exists(path))) return fail("SLIP_CONFIG_INVALID", `there is no configuration at ${where}`);
  if (path.endsWith(".json")) {
    const parsed = parseJson(await readFile(path, "utf8"), where);
    if (parsed.problem !== undefined)
      return fail("SLIP_CONFIG_INVALID", parsed.problem.message, { cause: parsed.problem.cause });
    return { value: parsed.json, path, where };
  }
  let module: unknown;
  try {
    module = await importModule(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    return fail("SLIP_CONFIG_INVALID", `${where} could not be loaded: ${reason}`, { cause });
  }
  const value = typeof module === "object" && module !== null && "default" in module ? module.default : undefined;
  if (value === undefined)
    return fail("SLIP_CONFIG_INVALID", `${where} has no default export`, {
      hint: "write `export default defineConfig({ … })`",
    });
  return { value, path, where };
}

/**
 * Imports a configuration and the files beside it that it imports. Where a package.json says no `type`, Node finds out by trying,
 * and complains on stderr of the time that takes; what is written as a module is therefore said to be one beforehand.
 */
async function importModule(path: string): Promise<unknown> {
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const isBeside = /^(file:|\.\.?\/)/.test(specifier);
      const url = isBeside ? new URL(specifier, context.parentURL) : undefined;
      const format = url === undefined ? undefined : moduleFormatOf(url);
      return url === undefined || format === undefined
        ? next(specifier, context)
        : { url: url.href, format, shortCircuit: true };
    },
  });
  try {
    return await import(pathToFileURL(path).href);
  } finally {
    hooks.deregister();
  }
}

/** Undefined leaves the question to Node: for what is no module, what has an ending that tells, and what is not there. */
function moduleFormatOf(url: URL): string | undefined {
  const ending = /\.[jt]s$/.exec(url.pathname)?.[0];
  if (ending === undefined || url.pathname.includes("/node_modules/") || !existsSync(url)) return undefined;
  if (!/^\s*(import|export)\b(?!\s*\()/m.test(readFileSync(url, "utf8"))) return undefined;
  return ending === ".ts" ? "module-typescript" : "module";
}

async function validate(value: unknown, where: string): Promise<SlipwayConfig> {
  const { parseConfig } = await import("./config-schema.ts");
  return parseConfig(value, where);
}

function fillIn(config: SlipwayConfig, path: string | undefined): Config {
  const { wait, waitTotal, concurrency, only } = config;
  const waitMs = wait === undefined ? undefined : parseDuration(wait);
  const waitTotalMs = waitTotal === undefined ? undefined : parseDuration(waitTotal);
  return {
    path,
    tag: config.tag,
    access: config.access,
    identity: config.identity ?? "source",
    newPackages: config.newPackages ?? "allow",
    ignoreScripts: config.ignoreScripts ?? false,
    build: config.build,
    registry: config.registry,
    auth: config.auth ?? "auto",
    base: config.base,
    only: typeof only === "string" ? [only] : (only ?? []),
    changesets: config.changesets ?? "auto",
    gitTags: config.gitTags,
    releases: config.releases,
    limits: {
      ...defaultLimits,
      ...withoutUndefined(config.limits ?? {}),
      ...(waitMs === undefined ? {} : { waitMs }),
      ...(waitTotalMs === undefined ? {} : { waitTotalMs }),
      ...(concurrency === undefined ? {} : { concurrency }),
    },
  };
}

/** A module can hold a key whose value is undefined, which must not hide a default. */
function withoutUndefined(limits: Partial<Limits>): Partial<Limits> {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}
