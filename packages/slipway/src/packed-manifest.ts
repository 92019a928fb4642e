/**
 * Holds what was packed to what was planned: name and version, ranges, and nothing that only a workspace understands. What is
 * merely suspicious becomes a warning. No I/O.
 */
import {
  dependencyKinds,
  fail,
  formatSpec,
  isJsonObject,
  type PackageManager,
  type PlannedPackage,
  problem,
  type Problem,
  ProblemsError,
  type WorkspacePackage,
} from "@slipway/core";

type Manifest = Readonly<Record<string, unknown>>;

/** What package managers resolve on the author's disk; on anybody else's an install fails, or takes something else. */
const protocols = /^(workspace|catalog|link|file|portal|patch|exec|jsr):/;

/** Those that stand for a range, which the plan knows. */
const rangeProtocols = /^(workspace|catalog):/;

/** Fields of publishConfig that take the place of the manifest's own where a package manager does that. */
const overridable = ["main", "module", "browser", "exports", "imports", "bin", "type", "types", "typings", "directory"];

/**
 * Throws all that is wrong: `SLIP_MANIFEST_CHANGED`, `SLIP_DEPENDENCY_PROTOCOL`. `declared` is the package as the workspace reader
 * read it.
 */
export function checkPackedManifest(
  item: PlannedPackage,
  declared: WorkspacePackage | undefined,
  manifest: Manifest,
  manager: PackageManager,
): void {
  const spec = formatSpec(item.name, item.version);
  if (manifest["name"] !== item.name || manifest["version"] !== item.version)
    fail(
      "SLIP_MANIFEST_CHANGED",
      `the plan says ${spec}, but ${item.dir}/package.json was packed as ${String(manifest["name"])}@${String(manifest["version"])}`,
      { spec },
    );
  if (manifest["private"] === true)
    fail("SLIP_MANIFEST_CHANGED", `${item.dir}/package.json became private after the plan was made`, { spec });
  const problems = [...findProtocols(spec, manifest), ...findOtherRanges(spec, declared, manifest, manager)];
  if (problems.length > 0) throw new ProblemsError(problems);
}

function rangesOf(manifest: Manifest, kind: string): readonly (readonly [string, string])[] {
  const map = manifest[kind];
  if (!isJsonObject(map)) return [];
  return Object.entries(map).flatMap(([name, range]) => (typeof range === "string" ? [[name, range] as const] : []));
}

/** What is left of a protocol, devDependencies aside: nobody who installs the package reads those. */
function findProtocols(spec: string, manifest: Manifest): readonly Problem[] {
  return dependencyKinds
    .filter((kind) => kind !== "devDependencies")
    .flatMap((kind) =>
      rangesOf(manifest, kind)
        .filter(([, range]) => protocols.test(range))
        .map(([name, range]) =>
          problem("SLIP_DEPENDENCY_PROTOCOL", `${spec} was packed with ${kind} ${name}: ${range}`, { spec }),
        ),
    );
}

/**
 * Where the plan resolved a protocol, the tarball must say the same: bun 1.3 takes the versions of workspace packages from a lock
 * file that may be older than they are (1.4 does not).
 */
function findOtherRanges(
  spec: string,
  declared: WorkspacePackage | undefined,
  manifest: Manifest,
  manager: PackageManager,
): readonly Problem[] {
  return (declared?.dependencies ?? []).flatMap(({ kind, alias, name, range, declared: text }) => {
    if (kind === "devDependencies" || !rangeProtocols.test(text)) return [];
    const planned = name === alias ? range : `npm:${name}@${range}`;
    const packed = rangesOf(manifest, kind).find(([key]) => key === alias)?.[1];
    // A script may take away what it has bundled. A protocol that is left is a problem already; one that the plan could not resolve
    // either is not known to be wrong.
    if (packed === undefined || packed === planned || protocols.test(packed) || protocols.test(planned)) return [];
    return [
      problem(
        "SLIP_MANIFEST_CHANGED",
        `${spec} was packed with ${kind} ${alias}: ${packed}, where ${text} stands for ${planned}`,
        {
          spec,
          hint: `write the range itself, or run \`${manager.name} install\` if the lock file is older than the versions`,
        },
      ),
    ];
  });
}

/** What an install would probably not like, as phrases that name the package. `paths` are the files in the tarball. */
export function findSuspicions(
  spec: string,
  declared: WorkspacePackage | undefined,
  manifest: Manifest,
  paths: ReadonlySet<string>,
): readonly string[] {
  // What yarn 4.18 makes of a catalog there, whatever the catalog says.
  const loose = (declared?.dependencies ?? []).filter(
    ({ kind, range, declared: text }) => kind === "peerDependencies" && text.startsWith("catalog:") && range === "*",
  );
  const config = isJsonObject(manifest["publishConfig"]) ? manifest["publishConfig"] : {};
  const ignored = overridable.filter(
    (field) => config[field] !== undefined && JSON.stringify(config[field]) !== JSON.stringify(manifest[field]),
  );
  return [
    ...loose.map(
      ({ alias, declared: text }) =>
        `${spec}: peerDependencies ${alias} was packed as * (any version), not as ${text} says`,
    ),
    ...ignored.map((field) => `${spec}: publishConfig.${field} had no effect on what was packed`),
    ...listTargets(manifest)
      .filter((target) => !target.candidates.some((path) => paths.has(path)))
      .map((target) => `${spec}: ${target.field} names ${target.path}, which is not in the tarball`),
  ];
}

interface Target {
  readonly field: string;
  /** As the manifest writes it. */
  readonly path: string;
  /** Any of these files will do. */
  readonly candidates: readonly string[];
}

function clean(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  return parts.join("/");
}

/** Node and bundlers complete `main`; nothing completes the others. */
function completed(path: string): readonly string[] {
  const base = clean(path);
  const endings = ["", ".js", ".json", ".node", ".cjs", ".mjs"];
  const index = ["index.js", "index.json", "index.node"].map((name) => (base === "" ? name : `${base}/${name}`));
  return [...endings.map((ending) => `${base}${ending}`), ...index];
}

function completedTypes(path: string): readonly string[] {
  const base = clean(path);
  return [base, `${base}.d.ts`, `${base}.d.mts`, `${base}.d.cts`, `${base}/index.d.ts`, base.replace(/\.js$/, ".d.ts")];
}

function listTargets(manifest: Manifest): readonly Target[] {
  const { name, main, bin, exports } = manifest;
  const types = manifest["types"] ?? manifest["typings"];
  const targets: Target[] = [];
  if (typeof main === "string" && main !== "") targets.push({ field: "main", path: main, candidates: completed(main) });
  if (typeof types === "string" && types !== "")
    targets.push({
      field: manifest["types"] === undefined ? "typings" : "types",
      path: types,
      candidates: completedTypes(types),
    });
  const bins = typeof bin === "string" ? { [String(name)]: bin } : isJsonObject(bin) ? bin : {};
  for (const [command, path] of Object.entries(bins))
    if (typeof path === "string" && path !== "")
      targets.push({ field: `bin ${command}`, path, candidates: [clean(path)] });
  return [...targets, ...listExports(exports, "exports")];
}

/** Conditions that somebody who installs the package meets; others (`source`, a project's own) may lead elsewhere on purpose. */
const knownConditions = new Set(["default", "import", "require", "node", "types", "module-sync", "browser"]);

function listExports(value: unknown, field: string): readonly Target[] {
  // null takes a path away, a pattern or a folder stands for any number of files, and of a list one entry is enough.
  if (typeof value === "string")
    return value.startsWith("./") && !value.includes("*") && !value.endsWith("/")
      ? [{ field, path: value, candidates: [clean(value)] }]
      : [];
  if (!isJsonObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key.startsWith(".") || knownConditions.has(key) ? listExports(inner, `${field}[${JSON.stringify(key)}]`) : [],
  );
}
