/**
 * Tells which package manager a workspace belongs to, from its root manifest and the files beside it. Runs nothing and does not care
 * whether that package manager is installed.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  findVersionFault,
  isJsonObject,
  type PackageManager,
  type PackageManagerName,
  packageManagerNames,
  type Problem,
  problem,
} from "@slipway/core";

export interface Detected {
  /** The best guess where there are problems. */
  readonly manager: PackageManager;
  /** False when nothing but the default speaks for it. */
  readonly isNamed: boolean;
  readonly problems: readonly Problem[];
}

/** Lock files, each written by one package manager only. */
const lockFiles: Readonly<Record<string, PackageManagerName>> = {
  "package-lock.json": "npm",
  "pnpm-lock.yaml": "pnpm",
  "yarn.lock": "yarn",
  "bun.lock": "bun",
  "bun.lockb": "bun",
};

/** Configuration that only one of them reads; what is left behind of an earlier one is common, so lock files go first. */
const settingsFiles: Readonly<Record<string, PackageManagerName>> = {
  "npm-shrinkwrap.json": "npm",
  "pnpm-workspace.yaml": "pnpm",
  ".yarnrc.yml": "yarn",
};

const example: Readonly<Record<PackageManagerName, string>> = {
  npm: "npm@12.0.0",
  pnpm: "pnpm@12.21.0",
  yarn: "yarn@4.18.1",
  bun: "bun@1.4.5",
};

/** `manifest` is the parsed package.json of `root`, `names` are the entries of that folder. */
export function detectPackageManager(root: string, manifest: unknown, names: ReadonlySet<string>): Detected {
  const { pins, problems } = readPins(manifest);
  const [pin] = pins;
  const locks = Object.keys(lockFiles).filter((file) => names.has(file));
  const found = pin ?? guess(manifest, names, locks, problems);
  if (pin !== undefined) checkLocks(pin, locks, problems);
  const manager = found ?? { name: "npm", version: undefined, from: "nothing names another package manager" };
  if (manager.name === "yarn") problems.push(...findOldYarn(root, manager, names));
  return { manager, isNamed: found !== undefined, problems };
}

/** What package.json says: `packageManager` as corepack reads it, and `devEngines.packageManager`. */
function readPins(manifest: unknown): { readonly pins: readonly PackageManager[]; readonly problems: Problem[] } {
  const problems: Problem[] = [];
  const pins: PackageManager[] = [];
  if (!isJsonObject(manifest)) return { pins, problems };
  const add = (name: string, version: string | undefined, from: string): void => {
    const known = packageManagerNames.find((item) => item === name);
    if (known !== undefined) pins.push({ name: known, version, from });
    else
      problems.push(
        problem("SLIP_PACKAGE_MANAGER_UNSUPPORTED", `${from} is ${JSON.stringify(name)}, which Slipway does not know`),
      );
  };
  const corepack = manifest["packageManager"];
  if (typeof corepack === "string") {
    const [, name = "", version] = /^([^@]*)(?:@([^+]*))?/.exec(corepack) ?? [];
    add(name, findVersionFault(version) === undefined ? version : undefined, "packageManager in package.json");
  } else if (corepack !== undefined && corepack !== null) {
    problems.push(problem("SLIP_MANIFEST_INVALID", "packageManager in package.json is not a text"));
  }
  const engines = isJsonObject(manifest["devEngines"]) ? manifest["devEngines"]["packageManager"] : undefined;
  for (const entry of Array.isArray(engines) ? engines : [engines])
    if (isJsonObject(entry) && typeof entry["name"] === "string")
      add(
        entry["name"],
        typeof entry["version"] === "string" ? entry["version"] : undefined,
        "devEngines.packageManager in package.json",
      );
  // A list of engines offers a choice, so only one that disagrees with corepack's field is a contradiction.
  const [first, ...others] = pins;
  const isDecided = typeof corepack === "string" && first?.from.startsWith("packageManager") === true;
  if (first !== undefined && isDecided && others.length > 0 && others.every((other) => other.name !== first.name))
    problems.push(
      problem(
        "SLIP_PACKAGE_MANAGER",
        `package.json names ${first.name} as packageManager, and ${others.map((other) => other.name).join(" or ")} in devEngines`,
        { hint: "let both name one package manager" },
      ),
    );
  return { pins, problems };
}

function checkLocks(pin: PackageManager, locks: readonly string[], problems: Problem[]): void {
  const foreign = locks.filter((file) => lockFiles[file] !== pin.name);
  if (foreign.length === 0) return;
  const owners = foreign.map((file) => `${file} is a lock file of ${lockFiles[file]}`).join(", ");
  problems.push(
    problem("SLIP_PACKAGE_MANAGER", `${pin.from} names ${pin.name}, but ${owners}`, {
      hint: `delete ${foreign.join(" and ")}, or correct ${pin.from}`,
    }),
  );
}

function guess(
  manifest: unknown,
  names: ReadonlySet<string>,
  locks: readonly string[],
  problems: Problem[],
): PackageManager | undefined {
  const owners = [...new Set(locks.map((file) => lockFiles[file]))];
  if (owners.length > 1) {
    problems.push(
      problem(
        "SLIP_PACKAGE_MANAGER",
        `there are lock files of ${owners.length} package managers, and package.json names none: ${locks.map((file) => `${file} (${lockFiles[file]})`).join(", ")}`,
        { hint: adviseField(owners) },
      ),
    );
  }
  const files = owners.length > 0 ? lockFiles : settingsFiles;
  const file = Object.keys(files).find((name) => names.has(name));
  const name = file === undefined ? undefined : files[file];
  if (file === undefined || name === undefined) return undefined;
  // Only pnpm reads that file, and without `workspaces` nobody else would find the packages.
  const isUnreadable = isJsonObject(manifest) ? manifest["workspaces"] === undefined : true;
  if (owners.length === 1 && name !== "pnpm" && names.has("pnpm-workspace.yaml") && isUnreadable)
    problems.push(
      problem(
        "SLIP_PACKAGE_MANAGER",
        `${file} is a lock file of ${name}, but the packages are in pnpm-workspace.yaml`,
        {
          hint: adviseField([name, "pnpm"]),
        },
      ),
    );
  return { name, version: undefined, from: file };
}

function adviseField(owners: readonly (PackageManagerName | undefined)[]): string {
  const fields = owners.flatMap((name) => (name === undefined ? [] : [`"packageManager": "${example[name]}"`]));
  return `name the one that is used in package.json (${fields.join(" or ")}), and delete the lock files of others`;
}

/** yarn 1 knows no `workspace:`, and yarn 2 and 3 do not pack as yarn 4 does. */
function findOldYarn(root: string, manager: PackageManager, names: ReadonlySet<string>): readonly Problem[] {
  const hint = "move to yarn 4 (`corepack use yarn@4`), or use npm, pnpm or bun";
  if (manager.version !== undefined) {
    if (!/^[\^~=v]*[0-3](\.|$)/.test(manager.version.trim())) return [];
    const message = `${manager.from} names yarn ${manager.version}, and Slipway knows yarn from version 4 on`;
    return [problem("SLIP_PACKAGE_MANAGER_UNSUPPORTED", message, { hint })];
  }
  if (!names.has("yarn.lock")) return [];
  const isClassic = /^# yarn lockfile v1$/m.test(readFileSync(join(root, "yarn.lock"), "utf8").slice(0, 1000));
  return isClassic
    ? [
        problem("SLIP_PACKAGE_MANAGER_UNSUPPORTED", "yarn.lock was written by yarn 1, which Slipway does not know", {
          hint,
        }),
      ]
    : [];
}
