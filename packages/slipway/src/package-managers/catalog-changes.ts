/**
 * Which packages would be published with other ranges because a catalog changed since they were: no file of theirs shows that.
 * Reads git, and compares what the ranges become; development dependencies do not count, since nobody installs them.
 */
import { resolveProtocols, type Workspace, type WorkspacePackage } from "@slipway/core";
import { type ChangeQuestion, readFileAt } from "../git.ts";
import { catalogFiles, parseCatalogs } from "./settings.ts";

/** Path of the file with the catalogs, by the name of each package that such a change concerns. */
export async function findCatalogChanges(
  workspace: Workspace,
  questions: readonly ChangeQuestion[],
): Promise<ReadonlyMap<string, string>> {
  const changes = new Map<string, string>();
  const { root, manager, packages } = workspace;
  const { name: managerName } = manager;
  if (managerName === "npm") return changes;
  const byName = new Map(packages.map((item) => [item.name, item]));
  const asked = questions.filter(({ name }) => rangesOf(byName.get(name)) !== "");
  if (asked.length === 0) return changes;
  const path = catalogFiles[managerName];
  const bySince = Map.groupBy(asked, ({ since }) => since);
  const texts = await readFileAt(root, [...bySince.keys()], path);
  for (const [since, group] of bySince) {
    const catalogs = await parseCatalogs(managerName, texts.get(since) ?? "{}");
    // What cannot be read any more proves no change.
    if (catalogs === undefined) continue;
    const then = new Map(resolveProtocols(managerName, packages, catalogs).map((item) => [item.name, item]));
    for (const { name } of group) if (rangesOf(then.get(name)) !== rangesOf(byName.get(name))) changes.set(name, path);
  }
  return changes;
}

/** What the catalogs decide about a package, as one text; empty when it is nothing. */
function rangesOf(item: WorkspacePackage | undefined): string {
  return (item?.dependencies ?? [])
    .filter(({ declared, kind }) => declared.startsWith("catalog:") && kind !== "devDependencies")
    .map(({ kind, alias, name, range }) => `${kind} ${alias} ${name} ${range}`)
    .join("\n");
}
