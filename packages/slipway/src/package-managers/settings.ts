/**
 * What a package manager's own files say of a workspace: the patterns of its packages and its catalogs. Reads files, decides nothing
 * about packages.
 */
import {
  type Catalogs,
  isJsonObject,
  type PackageManagerName,
  type Problem,
  problem,
  ProblemsError,
} from "@slipway/core";
import { parseYaml, readYamlFile, type YamlValue } from "./yaml-file.ts";

export interface WorkspaceSettings {
  /** Patterns of package folders; undefined when the root stands alone. */
  readonly patterns: readonly string[] | undefined;
  /** What declares them, for messages. */
  readonly patternsFrom: string;
  readonly catalogs: Catalogs;
  readonly problems: readonly Problem[];
}

const pnpmFile = "pnpm-workspace.yaml";
const yarnFile = ".yarnrc.yml";

/** Throws SLIP_WORKSPACE_INVALID for a YAML file that cannot be parsed; what has the wrong shape is in `problems`. */
export async function readWorkspaceSettings(
  root: string,
  manager: PackageManagerName,
  manifest: unknown,
): Promise<WorkspaceSettings> {
  if (manager === "pnpm") return readPnpm(root);
  const problems: Problem[] = [];
  const patterns = readManifestPatterns(manifest, "package.json", problems);
  const rest = { patterns, patternsFrom: "workspaces in package.json", problems };
  if (manager === "bun") return { ...rest, catalogs: readBunCatalogs(manifest, problems) };
  if (manager === "npm") return { ...rest, catalogs: { path: "package.json", byName: new Map() } };
  const values = (await readYamlFile(root, yarnFile, ["catalog", "catalogs"])) ?? new Map<string, YamlValue>();
  return { ...rest, catalogs: { path: yarnFile, byName: readYamlCatalogs(values, yarnFile, problems) } };
}

/** Where a package manager's catalogs are; npm has none. */
export const catalogFiles: Readonly<Record<Exclude<PackageManagerName, "npm">, string>> = {
  pnpm: pnpmFile,
  yarn: yarnFile,
  bun: "package.json",
};

/** The catalogs in the text of such a file, as it was at some time; undefined when it cannot be read, and without faulty entries. */
export async function parseCatalogs(
  manager: Exclude<PackageManagerName, "npm">,
  text: string,
): Promise<Catalogs | undefined> {
  const path = catalogFiles[manager];
  try {
    if (manager === "bun") return readBunCatalogs(JSON.parse(text), []);
    const byName = readYamlCatalogs(await parseYaml(text, path, ["catalog", "catalogs"]), path, []);
    return { path, byName: manager === "pnpm" ? withDefaultName(byName) : byName };
  } catch (error) {
    if (error instanceof ProblemsError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The `workspaces` of a manifest: a list, or an object with `packages`. Undefined when it has none. */
export function readManifestPatterns(
  manifest: unknown,
  path: string,
  problems: Problem[],
): readonly string[] | undefined {
  const declared = isJsonObject(manifest) ? manifest["workspaces"] : undefined;
  if (declared === undefined) return undefined;
  const list = isJsonObject(declared) ? declared["packages"] : declared;
  // bun takes an object that has catalogs and no packages.
  if (list === undefined && isJsonObject(declared) && hasCatalogs(declared)) return undefined;
  if (Array.isArray(list) && list.every((entry): entry is string => typeof entry === "string")) {
    for (const pattern of list)
      if (leadsOut(pattern))
        problems.push(
          problem(
            "SLIP_MANIFEST_INVALID",
            `workspaces in ${path} leads out of the workspace: ${JSON.stringify(pattern)}`,
          ),
        );
    return list;
  }
  problems.push(problem("SLIP_MANIFEST_INVALID", `workspaces in ${path} is not a list of strings`));
  return [];
}

function leadsOut(pattern: string): boolean {
  return pattern.split(/[/\\]/).includes("..");
}

function hasCatalogs(value: Readonly<Record<string, unknown>>): boolean {
  return value["catalog"] !== undefined || value["catalogs"] !== undefined;
}

async function readPnpm(root: string): Promise<WorkspaceSettings> {
  const values = await readYamlFile(root, pnpmFile, ["packages", "catalog", "catalogs"]);
  const problems: Problem[] = [];
  const report = reporter(pnpmFile, problems);
  const declared = values?.get("packages");
  const patterns: string[] = [];
  if (declared !== undefined && declared.kind !== "nothing" && declared.kind !== "list")
    report(declared.line, "packages is not a list of patterns");
  for (const item of declared?.kind === "list" ? declared.items : []) {
    if (item.kind !== "text" || item.text === "") report(item.line, "packages has an entry that is not a pattern");
    else if (leadsOut(item.text))
      report(item.line, `packages leads out of the workspace: ${JSON.stringify(item.text)}`);
    else patterns.push(item.text);
  }
  const byName = readYamlCatalogs(values ?? new Map<string, YamlValue>(), pnpmFile, problems);
  const both = values?.get("catalogs");
  const second = both?.kind === "map" ? both.entries.get("default") : undefined;
  if (second !== undefined && values?.has("catalog") === true)
    report(second.line, "catalogs.default and catalog are one catalog: pnpm takes only one of them");
  return {
    patterns: patterns.length === 0 ? undefined : patterns,
    patternsFrom: `packages in ${pnpmFile}`,
    catalogs: { path: pnpmFile, byName: withDefaultName(byName) },
    problems,
  };
}

/** pnpm and bun call the default catalog `default` where it stands among the named ones. */
function withDefaultName(
  byName: ReadonlyMap<string, ReadonlyMap<string, string>>,
): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const named = byName.get("default");
  return named === undefined ? byName : new Map([...byName, ["", new Map([...named, ...(byName.get("") ?? [])])]]);
}

type Report = (line: number, what: string) => void;

function reporter(path: string, problems: Problem[]): Report {
  return (line, what) =>
    problems.push(problem("SLIP_WORKSPACE_INVALID", line === 0 ? `${path}: ${what}` : `${path}:${line}: ${what}`));
}

function readYamlCatalogs(
  values: ReadonlyMap<string, YamlValue>,
  path: string,
  problems: Problem[],
): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const report = reporter(path, problems);
  const byName = new Map<string, ReadonlyMap<string, string>>();
  const single = values.get("catalog");
  if (single !== undefined) byName.set("", readYamlCatalog(single, "catalog", report));
  const named = values.get("catalogs");
  if (named?.kind === "map")
    for (const [name, value] of named.entries) byName.set(name, readYamlCatalog(value, `catalogs.${name}`, report));
  else if (named !== undefined && named.kind !== "nothing") report(named.line, "catalogs is not a map of catalogs");
  return byName;
}

function readYamlCatalog(value: YamlValue, key: string, report: Report): ReadonlyMap<string, string> {
  const catalog = new Map<string, string>();
  if (value.kind === "nothing") return catalog;
  if (value.kind !== "map") report(value.line, `${key} is not a map of names to version ranges`);
  else
    for (const [name, entry] of value.entries)
      if (entry.kind === "text") catalog.set(name, entry.text);
      else report(entry.line, `${key} has no version range for ${name}`);
  return catalog;
}

/** bun reads `workspaces` where that has either key, else the top level of package.json. */
function readBunCatalogs(manifest: unknown, problems: Problem[]): Catalogs {
  const byName = new Map<string, ReadonlyMap<string, string>>();
  const empty = { path: "package.json", byName };
  if (!isJsonObject(manifest)) return empty;
  const { workspaces } = manifest;
  const holder = isJsonObject(workspaces) && hasCatalogs(workspaces) ? workspaces : manifest;
  const report = (what: string): number => problems.push(problem("SLIP_MANIFEST_INVALID", `${what} in package.json`));
  const read = (value: unknown, key: string): ReadonlyMap<string, string> => {
    const catalog = new Map<string, string>();
    if (!isJsonObject(value)) report(`${key} is not an object of names and version ranges`);
    else
      for (const [name, range] of Object.entries(value))
        if (typeof range === "string") catalog.set(name, range);
        else report(`${key} has no version range for ${name}`);
    return catalog;
  };
  const { catalog, catalogs } = holder;
  if (catalog !== undefined) byName.set("", read(catalog, "catalog"));
  if (isJsonObject(catalogs))
    for (const [name, value] of Object.entries(catalogs)) byName.set(name, read(value, `catalogs.${name}`));
  else if (catalogs !== undefined) report("catalogs is not an object of catalogs");
  return { path: "package.json", byName: withDefaultName(byName) };
}
