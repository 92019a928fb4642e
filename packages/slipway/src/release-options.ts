/** One release's options: flags before configuration before defaults. A flag, its key and its default are told once, here and in config. */
import {
  type IdentityLevel,
  type Limits,
  parseSpec,
  problem,
  type Problem,
  ProblemsError,
  type ReleaseHost,
  releaseHosts,
  type TagForm,
  tagForms,
} from "@slipway/core";
import { type Flags, isFlagSet, listFlag, textFlag } from "./commands/verb.ts";
import { type AuthMode, authModes } from "./auth/write-credentials.ts";
import { type ChangesetsMode, changesetsModes } from "./changesets/protocol.ts";
import type { Config } from "./config.ts";
import { parseDuration } from "./duration.ts";

export interface ReleaseOptions extends Omit<Config, "only" | "path"> {
  readonly only: readonly string[];
  /** `name@version` to the integrity that a person accepts. */
  readonly accept: Readonly<Record<string, string>>;
}

/** Throws SLIP_USAGE for every flag whose value cannot be used, all at once. */
export function resolveOptions(config: Config, flags: Flags): ReleaseOptions {
  const problems: Problem[] = [];
  const { path: _path, ...rest } = config;
  const only = listFlag(flags, "only");
  const options: ReleaseOptions = {
    ...rest,
    tag: textFlag(flags, "tag") ?? config.tag,
    access: choice(flags, "access", ["public", "restricted"], problems) ?? config.access,
    identity: choice<IdentityLevel>(flags, "identity", ["source", "files", "bytes"], problems) ?? config.identity,
    newPackages: choice(flags, "newPackages", ["allow", "refuse"], problems) ?? config.newPackages,
    ignoreScripts: isFlagSet(flags, "ignoreScripts") || config.ignoreScripts,
    build: textFlag(flags, "build") ?? config.build,
    registry: textFlag(flags, "registry") ?? config.registry,
    base: textFlag(flags, "base") ?? config.base,
    only: only.length > 0 ? only : (config.only ?? []),
    accept: parseAccept(flags, problems),
    auth: choice(flags, "auth", authModes, problems) ?? config.auth,
    changesets: choice(flags, "changesets", changesetsModes, problems) ?? config.changesets,
    gitTags: choice(flags, "gitTags", tagForms, problems) ?? config.gitTags,
    releases: choice(flags, "releases", releaseHosts, problems) ?? config.releases,
    limits: mergeLimits(config.limits, flags, problems),
  };
  if (problems.length > 0) throw new ProblemsError(problems);
  return options;
}

/** Limits of a packed plan with the flags that `publish DIR` may still change. Throws SLIP_USAGE. */
export function overrideLimits(limits: Limits, flags: Flags): Limits {
  const problems: Problem[] = [];
  const merged = mergeLimits(limits, flags, problems);
  if (problems.length > 0) throw new ProblemsError(problems);
  return merged;
}

/** `--wait` in milliseconds, where it bounds reading back and no release. Throws SLIP_USAGE. */
export function readWait(flags: Flags): number | undefined {
  const problems: Problem[] = [];
  const waitMs = duration(flags, "wait", problems);
  if (problems.length > 0) throw new ProblemsError(problems);
  return waitMs;
}

/** `--auth`, where no configuration is read. Throws SLIP_USAGE. */
export function readAuthMode(flags: Flags): AuthMode {
  const problems: Problem[] = [];
  const mode = choice(flags, "auth", authModes, problems);
  if (problems.length > 0) throw new ProblemsError(problems);
  return mode ?? "auto";
}

/** `--changesets`, where no configuration is read. Throws SLIP_USAGE. */
export function readChangesetsMode(flags: Flags): ChangesetsMode {
  const problems: Problem[] = [];
  const mode = choice(flags, "changesets", changesetsModes, problems);
  if (problems.length > 0) throw new ProblemsError(problems);
  return mode ?? "auto";
}

/** `--git-tags` and `--releases`, where no configuration is read. Throws SLIP_USAGE. */
export function readMarkFlags(flags: Flags): {
  readonly gitTags: TagForm | undefined;
  readonly releases: ReleaseHost | undefined;
} {
  const problems: Problem[] = [];
  const found = {
    gitTags: choice(flags, "gitTags", tagForms, problems),
    releases: choice(flags, "releases", releaseHosts, problems),
  };
  if (problems.length > 0) throw new ProblemsError(problems);
  return found;
}

function choice<T extends string>(
  flags: Flags,
  name: string,
  allowed: readonly T[],
  problems: Problem[],
): T | undefined {
  const text = textFlag(flags, name);
  const found = allowed.find((item) => item === text);
  if (text !== undefined && found === undefined)
    problems.push(
      problem("SLIP_USAGE", `--${kebab(name)} ${JSON.stringify(text)} is not one of ${allowed.join(", ")}`),
    );
  return found;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function mergeLimits(limits: Limits, flags: Flags, problems: Problem[]): Limits {
  const waitMs = duration(flags, "wait", problems);
  const waitTotalMs = duration(flags, "waitTotal", problems);
  const concurrency = textFlag(flags, "concurrency");
  if (concurrency !== undefined && !/^[1-9]\d{0,3}$/.test(concurrency))
    problems.push(problem("SLIP_USAGE", `--concurrency ${JSON.stringify(concurrency)} is not a number from 1 to 9999`));
  return {
    ...limits,
    ...(waitMs === undefined ? {} : { waitMs }),
    ...(waitTotalMs === undefined ? {} : { waitTotalMs }),
    ...(concurrency === undefined ? {} : { concurrency: Number(concurrency) }),
  };
}

function duration(flags: Flags, name: string, problems: Problem[]): number | undefined {
  const text = textFlag(flags, name);
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms === undefined)
    problems.push(
      problem("SLIP_USAGE", `--${kebab(name)} ${JSON.stringify(text)} is not a duration such as 90s, 20m or 3h`),
    );
  return ms;
}

/** `--accept name@version=sha512-…` as a map. */
function parseAccept(flags: Flags, problems: Problem[]): Readonly<Record<string, string>> {
  const accepted: Record<string, string> = {};
  for (const text of listFlag(flags, "accept")) {
    const split = text.indexOf("=");
    const { name, version } = parseSpec(text.slice(0, Math.max(0, split)));
    const integrity = text.slice(split + 1);
    if (split < 0 || version === undefined || !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity))
      problems.push(problem("SLIP_USAGE", `--accept ${JSON.stringify(text)} is not of the form name@version=sha512-…`));
    else accepted[`${name}@${version}`] = integrity;
  }
  return accepted;
}
