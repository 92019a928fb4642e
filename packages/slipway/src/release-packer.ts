/**
 * Packs the packages of a plan into its release folder: scripts in dependency order, archives concurrently. Each tarball is made
 * once: bytes that were sent by an earlier attempt are never made again.
 */
import { readFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Clock,
  type Event,
  formatSpec,
  isPublishStep,
  type PackedFiles,
  type Plan,
  type PlannedPackage,
  type Problem,
  ProblemsError,
  type Spec,
  type Tarball,
  type Workspace,
} from "@slipway/core";
import { mapAtOnce } from "./map-at-once.ts";
import type { ForeignManager } from "./package-managers/find-tool.ts";
import { checkPackedManifest, findSuspicions } from "./packed-manifest.ts";
import { integrityOf, tarballPath, writeTarball } from "./release-folder.ts";
import { listTarball } from "./tarball/list-tarball.ts";
import { hasPackScripts, runBuildCommand, runPackScripts, runPostpack } from "./tarball/lifecycle.ts";
import { packPackage, type PackedTarball } from "./tarball/pack.ts";

export interface PackRequest {
  readonly plan: Plan;
  readonly workspace: Workspace;
  /** Release folder; undefined keeps the tarballs in memory only (dry run). */
  readonly dir: string | undefined;
  /** Integrity of the bytes that this release has sent already, by `name@version`. */
  readonly written: ReadonlyMap<Spec, string>;
  /** Dependencies first, over all kinds of edges. */
  readonly order: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Variables that hold credentials beyond the usual names; asked for only where something is run. */
  readonly readSecretNames: () => Promise<readonly string[]>;
  /** A package without scripts that was packed already, by its folder. */
  readonly takeEarly: (dir: string) => Promise<PackedTarball | undefined> | undefined;
  readonly clock: Clock;
  /** Ends the package manager that packs. */
  readonly signal: AbortSignal;
  readonly onPacked: (tarball: Tarball, isReused: boolean) => void;
  readonly onScript: (spec: Spec, name: string) => void;
  /** The workspace's own package manager packs: so many packages, with this program. */
  readonly onTool: (packages: number, tool: string) => void;
  /** Lines that scripts print, redacted. */
  readonly onOutput: (line: string) => void;
}

export interface PackedBytes {
  /** Undefined when they are only in the release folder. */
  readonly bytes: Uint8Array | undefined;
  /** True when they are also in the release folder. */
  readonly isOnDisk: boolean;
  readonly manifest: Readonly<Record<string, unknown>>;
  /** What a publish document says of the files; undefined where it is read from the bytes. */
  readonly files: PackedFiles | undefined;
}

export interface PackedRelease {
  /** With integrities and tarballs filled in. */
  readonly plan: Plan;
  readonly contents: Map<Spec, PackedBytes>;
  /** What an install would probably not like, as phrases. */
  readonly warnings: readonly string[];
}

interface Packed extends PackedBytes {
  readonly tarball: Tarball;
  readonly isReused: boolean;
  readonly warnings: readonly string[];
}

const packedAtOnce = 8;

/** Of tarballs kept in memory until they are sent; those beyond are read back from the release folder, and hashed. */
const keptMaxBytes = 8 * 1024 * 1024;

/** What a journal says was sent: the last integrity for each version. */
export function writtenIntegrities(history: readonly Event[]): ReadonlyMap<Spec, string> {
  const written = new Map<Spec, string>();
  for (const event of history)
    if (event.type === "write-started" && event.integrity !== undefined)
      written.set(event.step.replace(/^publish:/, ""), event.integrity);
  return written;
}

/** Keeps what was made of a package; undefined keeps nothing, when it could not be made. */
type Keep = (item: PlannedPackage, make: () => Promise<Packed>) => Promise<void>;

/** Packs everything or throws one ProblemsError; nothing has been uploaded then. */
export async function packRelease(request: PackRequest): Promise<PackedRelease> {
  const { plan, workspace, order, env, onOutput } = request;
  if (plan.options.build !== undefined)
    await runBuildCommand(plan.options.build, {
      cwd: workspace.root,
      env,
      secretNames: await request.readSecretNames(),
      onOutput,
    });
  const position = new Map(order.map((name, index) => [name, index]));
  const packages = [...plan.packages].sort((a, b) => (position.get(a.name) ?? 0) - (position.get(b.name) ?? 0));
  const packed = new Map<Spec, Packed>();
  const problems: Problem[] = [];
  let keptBytes = 0;
  const keep: Keep = async (item, make) => {
    try {
      const made = await make();
      const isKept = request.dir === undefined || keptBytes + made.tarball.sizeBytes <= keptMaxBytes;
      if (isKept) keptBytes += made.tarball.sizeBytes;
      packed.set(formatSpec(item.name, item.version), isKept ? made : { ...made, bytes: undefined, files: undefined });
    } catch (error) {
      if (!(error instanceof ProblemsError)) throw error;
      problems.push(...error.problems);
    }
  };
  const reused = await mapAtOnce(packages, packedAtOnce, (item) => readSent(request, item));
  for (const [index, sent] of reused.entries()) {
    const item = packages[index];
    if (item !== undefined && sent !== undefined) await keep(item, async () => sent);
  }
  const rest = packages.filter((_, index) => reused[index] === undefined);
  await packAll(request, rest, keep, problems);
  if (problems.length > 0) throw new ProblemsError(problems);
  const tarballs = plan.packages
    .map((item) => packed.get(formatSpec(item.name, item.version))?.tarball)
    .filter((item) => item !== undefined);
  const made = packages
    .map((item) => packed.get(formatSpec(item.name, item.version)))
    .filter((item) => item !== undefined);
  for (const { tarball, isReused } of made) request.onPacked(tarball, isReused);
  const warnings = made.flatMap((item) => item.warnings);
  return { plan: { ...plan, steps: withIntegrities(plan, packed), tarballs }, contents: packed, warnings };
}

async function packAll(
  request: PackRequest,
  packages: readonly PlannedPackage[],
  keep: Keep,
  problems: readonly Problem[],
): Promise<void> {
  const { workspace, plan } = request;
  const { name } = workspace.manager;
  if (packages.length === 0) return;
  if (name !== "npm") return packByManager(request, { ...workspace.manager, name }, packages, keep);
  // A script may read what a dependency's script has built, so scripts run one after the other and in order.
  const scripted = new Set<string>();
  if (!plan.options.ignoreScripts)
    for (const item of packages) if (await hasPackScripts(join(workspace.root, item.dir))) scripted.add(item.name);
  const secretNames = scripted.size > 0 ? await request.readSecretNames() : [];
  for (const item of packages)
    if (scripted.has(item.name) && problems.length === 0) await keep(item, () => packOne(request, item, secretNames));
  const rest = packages.filter((item) => !scripted.has(item.name));
  if (problems.length === 0)
    await mapAtOnce(rest, packedAtOnce, (item) => keep(item, () => packOne(request, item, [])));
}

/** The folder is inside the release folder, where a killed run's leavings are found again; without one it is the system's. */
async function packByManager(
  request: PackRequest,
  manager: Workspace["manager"] & { readonly name: ForeignManager },
  packages: readonly PlannedPackage[],
  keep: Keep,
): Promise<void> {
  const { workspace, plan, env, clock, signal } = request;
  const { root } = workspace;
  // Loaded here because most workspaces are npm's.
  const [{ findTool }, { packWith }] = await Promise.all([
    import("./package-managers/find-tool.ts"),
    import("./package-managers/pack-with.ts"),
  ]);
  const secretNames = await request.readSecretNames();
  const surroundings = { env, secretNames, clock, signal, timeoutMs: plan.options.limits.waitTotalMs };
  const tool = await findTool(root, manager, surroundings);
  request.onTool(packages.length, `${tool.name} ${tool.version}`);
  const declared = new Map(workspace.packages.map((item) => [item.name, item]));
  const byName = new Map(packages.map((item) => [item.name, item]));
  const items = packages.map((item) => ({ ...item, scripts: declared.get(item.name)?.scripts ?? {} }));
  const parent = request.dir ?? (await mkdtemp(join(tmpdir(), "slipway-pack-")));
  try {
    await packWith({
      tool,
      root,
      items,
      into: join(parent, "packing"),
      ignoreScripts: plan.options.ignoreScripts,
      isAlone: workspace.packages.length === 1 && workspace.packages[0]?.dir === ".",
      surroundings,
      onOutput: request.onOutput,
      onTarball: (item, bytes, contents) => {
        const planned = byName.get(item.name);
        if (planned === undefined) throw new Error(`${item.name} is not planned`);
        const files = contents.entries.filter((entry) => entry.type === "file").map((entry) => entry.path);
        const made = { ...contents, bytes, integrity: integrityOf(bytes), sizeBytes: bytes.length };
        return keep(planned, async () => take(request, planned, { ...made, paths: files }));
      },
    });
  } finally {
    if (request.dir === undefined) await rm(parent, { recursive: true, force: true });
  }
}

function withIntegrities(plan: Plan, packed: ReadonlyMap<Spec, Packed>): Plan["steps"] {
  return plan.steps.map((step) => {
    if (!isPublishStep(step)) return step;
    const integrity = packed.get(formatSpec(step.name, step.version))?.tarball.integrity;
    return { ...step, goal: { ...step.goal, integrity } };
  });
}

async function packOne(request: PackRequest, item: PlannedPackage, secretNames: readonly string[]): Promise<Packed> {
  const result = (await request.takeEarly(item.dir)) ?? (await runAndPack(request, item, secretNames));
  return take(request, item, {
    ...result,
    paths: result.files.map((file) => file.path),
    files: result.published,
  });
}

/** What was made of a package, by whomever. */
interface Made {
  readonly bytes: Uint8Array;
  readonly integrity: string;
  readonly sizeBytes: number;
  readonly unpackedSizeBytes: number;
  /** Of its files. */
  readonly paths: readonly string[];
  readonly manifest: Readonly<Record<string, unknown>>;
  readonly files?: PackedFiles;
}

/** Checks a tarball against the plan and puts it into the release folder. */
function take(request: PackRequest, item: PlannedPackage, made: Made): Packed {
  const { bytes, manifest, integrity, sizeBytes, unpackedSizeBytes, paths } = made;
  const spec = formatSpec(item.name, item.version);
  const { manager, packages } = request.workspace;
  const declared = packages.find((one) => one.name === item.name);
  checkPackedManifest(item, declared, manifest, manager);
  if (request.dir !== undefined) writeTarball(request.dir, item.name, item.version, bytes);
  const path = tarballPath(item.name, item.version);
  return {
    bytes,
    isOnDisk: request.dir !== undefined,
    manifest,
    files: made.files,
    isReused: false,
    tarball: { spec, path, integrity, sizeBytes, unpackedSizeBytes, fileCount: paths.length },
    warnings: findSuspicions(spec, declared, manifest, new Set(paths)),
  };
}

async function runAndPack(
  request: PackRequest,
  item: PlannedPackage,
  secretNames: readonly string[],
): Promise<PackedTarball> {
  const spec = formatSpec(item.name, item.version);
  const dir = join(request.workspace.root, item.dir);
  const { ignoreScripts } = request.plan.options;
  const scripts = {
    env: request.env,
    secretNames,
    ignoreScripts,
    onScript: (name: string) => request.onScript(spec, name),
    onOutput: request.onOutput,
  };
  const before = await runPackScripts(dir, scripts);
  const result = await packPackage(dir, { workspaceRoot: request.workspace.root });
  await runPostpack(dir, scripts, before);
  return result;
}

/** The very bytes that were sent, when the folder still has them. */
async function readSent({ dir, written }: PackRequest, item: PlannedPackage): Promise<Packed | undefined> {
  const spec = formatSpec(item.name, item.version);
  const sent = written.get(spec);
  if (sent === undefined || dir === undefined) return undefined;
  const path = tarballPath(item.name, item.version);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(join(dir, path));
  } catch {
    // Gone with the folder: rule 1 judges whatever the registry shows against a new build.
    return undefined;
  }
  if (integrityOf(bytes) !== sent) return undefined;
  const { entries, manifest, unpackedSizeBytes } = await listTarball(bytes);
  const fileCount = entries.filter((entry) => entry.type === "file").length;
  const tarball = { spec, path, integrity: sent, sizeBytes: bytes.length, unpackedSizeBytes, fileCount };
  return { bytes, isOnDisk: true, manifest, files: undefined, isReused: true, tarball, warnings: [] };
}
