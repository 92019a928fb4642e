/**
 * The registries that a workspace's own package manager would publish to, as .yarnrc.yml and pnpm-workspace.yaml name them: a release
 * must not go elsewhere because `.npmrc`, which yarn does not read, says nothing. Reads no credentials; those come from `.npmrc`.
 */
import { fail, type PackageManagerName } from "@slipway/core";
import { parseRegistryUrl } from "../auth/registry-url.ts";
import { readYamlFile, type YamlValue } from "./yaml-file.ts";

/** URL of the registry that the package manager's file names for a package; undefined where it names none. */
export type DeclaredRegistries = (packageName: string) => string | undefined;

interface Declared {
  readonly url: string;
  /** File, line and key, for messages. */
  readonly where: string;
}

/** Throws SLIP_WORKSPACE_INVALID for a file that is not YAML. The function it returns throws SLIP_REGISTRY_INVALID. */
export async function readDeclaredRegistries(root: string, manager: PackageManagerName): Promise<DeclaredRegistries> {
  const find = manager === "yarn" ? await readYarn(root) : manager === "pnpm" ? await readPnpm(root) : () => undefined;
  return (name) => {
    const scope = name.startsWith("@") ? name.slice(0, name.indexOf("/")) : undefined;
    const declared = find(scope);
    if (declared === undefined) return undefined;
    if (declared.url.includes("${"))
      return fail("SLIP_REGISTRY_INVALID", `${declared.where} holds a variable, which Slipway does not fill in`, {
        hint: "pass --registry, or set publishConfig.registry",
      });
    return parseRegistryUrl(declared.url, declared.where);
  };
}

type Find = (scope: string | undefined) => Declared | undefined;

function textOf(value: YamlValue | undefined, path: string, key: string): Declared | undefined {
  if (value?.kind !== "text" || value.text === "") return undefined;
  return { url: value.text, where: `${key} in ${path}:${value.line}` };
}

/** As yarn 4.18 chooses where to publish: the registry that a scope has for installs does not count. */
async function readYarn(root: string): Promise<Find> {
  const path = ".yarnrc.yml";
  const publish = "npmPublishRegistry";
  const install = "npmRegistryServer";
  const values = (await readYamlFile(root, path, [publish, install, "npmScopes"])) ?? new Map<string, YamlValue>();
  const scopes = values.get("npmScopes");
  return (scope) => {
    const own = scope === undefined || scopes?.kind !== "map" ? undefined : scopes.entries.get(scope.slice(1));
    const scoped = own?.kind === "map" ? textOf(own.entries.get(publish), path, publish) : undefined;
    return scoped ?? textOf(values.get(publish), path, publish) ?? textOf(values.get(install), path, install);
  };
}

/** pnpm: `registry`, and `registries` in both forms: scope to URL, and (from 11.23) URL to a map with `scopes`, where `@` is the default. */
async function readPnpm(root: string): Promise<Find> {
  const path = "pnpm-workspace.yaml";
  const values = await readYamlFile(root, path, ["registry", "registries"]);
  const byScope = new Map<string, Declared>();
  const single = textOf(values?.get("registry"), path, "registry");
  if (single !== undefined) byScope.set("@", single);
  const registries = values?.get("registries");
  for (const [key, value] of registries?.kind === "map" ? registries.entries : []) {
    const declared = textOf(value, path, `registries.${key}`);
    if (declared !== undefined) byScope.set(key === "default" ? "@" : key, declared);
    const scopes = value.kind === "map" ? value.entries.get("scopes") : undefined;
    for (const scope of scopes?.kind === "list" ? scopes.items : [])
      if (scope.kind === "text") byScope.set(scope.text, { url: key, where: `registries in ${path}:${scope.line}` });
  }
  // pnpm fills in no variable of a registry, and passes over one that has any.
  for (const [scope, { url }] of byScope) if (url.includes("${")) byScope.delete(scope);
  return (scope) => (scope === undefined ? undefined : byScope.get(scope)) ?? byScope.get("@");
}
