/**
 * Packs the packages of a plan into its release folder: scripts in dependency order, archives concurrently. Each tarball is made
 * once: bytes that were sent by an earlier attempt are never made again.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  dependencyKinds,
  type Event,
  fail,
  formatSpec,
  isJsonObject,
  isPublishStep,
  type Plan,
  type PlannedPackage,
  problem,
  type Problem,
  ProblemsError,
  type Spec,
  type Tarball,
} from "@slipway/core";
import { mapAtOnce } from "./map-at-once.ts";
import { integrityOf, tarballPath, writeTarball } from "./release-folder.ts";
import { listTarball } from "./tarball/list-tarball.ts";
import { hasPackScripts, runBuildCommand, runPackScripts, runPostpack } from "./tarball/lifecycle.ts";
import { packPackage, type PackedTarball } from "./tarball/pack.ts";

export interface PackRequest {
  readonly plan: Plan;
  readonly root: string;
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
  readonly onPacked: (tarball: Tarball, isReused: boolean) => void;
  readonly onScript: (spec: Spec, name: string) => void;
  /** Lines that scripts print, redacted. */
  readonly onOutput: (line: string) => void;
}

export interface PackedBytes {
  /** Undefined when they are only in the release folder. */
  readonly bytes: Uint8Array | undefined;
  readonly manifest: Readonly<Record<string, unknown>>;
}

export interface PackedRelease {
  /** With integrities and tarballs filled in. */
  readonly plan: Plan;
  readonly contents: ReadonlyMap<Spec, PackedBytes>;
}

interface Packed extends PackedBytes {
  readonly tarball: Tarball;
  readonly isReused: boolean;
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

/** Packs everything or throws one ProblemsError; nothing has been uploaded then. */
export async function packRelease(request: PackRequest): Promise<PackedRelease> {
  const { plan, root, order } = request;
  const { env, onOutput } = request;
  if (plan.options.build !== undefined)
    await runBuildCommand(plan.options.build, {
      cwd: root,
      env,
      secretNames: await request.readSecretNames(),
      onOutput,
    });
  const position = new Map(order.map((name, index) => [name, index]));
  const packages = [...plan.packages].sort((a, b) => (position.get(a.name) ?? 0) - (position.get(b.name) ?? 0));
  const packed = new Map<Spec, Packed>();
  const problems: Problem[] = [];
  let keptBytes = 0;
  const keep = async (item: PlannedPackage, secretNames: readonly string[] = []): Promise<void> => {
    try {
      const made = await packOne(request, item, secretNames);
      const isKept = request.dir === undefined || keptBytes + made.tarball.sizeBytes <= keptMaxBytes;
      if (isKept) keptBytes += made.tarball.sizeBytes;
      packed.set(formatSpec(item.name, item.version), isKept ? made : { ...made, bytes: undefined });
    } catch (error) {
      if (!(error instanceof ProblemsError)) throw error;
      problems.push(...error.problems);
    }
  };
  // A script may read what a dependency's script has built, so scripts run one after the other and in order.
  const scripted = new Set<string>();
  if (!plan.options.ignoreScripts)
    for (const item of packages) if (await hasPackScripts(join(root, item.dir))) scripted.add(item.name);
  const secretNames = scripted.size > 0 ? await request.readSecretNames() : [];
  for (const item of packages) if (scripted.has(item.name) && problems.length === 0) await keep(item, secretNames);
  const rest = packages.filter((item) => !scripted.has(item.name));
  if (problems.length === 0) await mapAtOnce(rest, packedAtOnce, (item) => keep(item));
  if (problems.length > 0) throw new ProblemsError(problems);
  const tarballs = plan.packages
    .map((item) => packed.get(formatSpec(item.name, item.version))?.tarball)
    .filter((item) => item !== undefined);
  for (const { tarball, isReused } of packed.values()) request.onPacked(tarball, isReused);
  return { plan: { ...plan, steps: withIntegrities(plan, packed), tarballs }, contents: packed };
}

function withIntegrities(plan: Plan, packed: ReadonlyMap<Spec, Packed>): Plan["steps"] {
  return plan.steps.map((step) => {
    if (!isPublishStep(step)) return step;
    const integrity = packed.get(formatSpec(step.name, step.version))?.tarball.integrity;
    return { ...step, goal: { ...step.goal, integrity } };
  });
}

async function packOne(request: PackRequest, item: PlannedPackage, secretNames: readonly string[]): Promise<Packed> {
  const spec = formatSpec(item.name, item.version);
  const sent = request.written.get(spec);
  const reused = sent === undefined || request.dir === undefined ? undefined : await readSent(request.dir, item, sent);
  if (reused !== undefined) return reused;
  const result = (await request.takeEarly(item.dir)) ?? (await runAndPack(request, item, secretNames));
  checkManifest(item, result.manifest);
  if (request.dir !== undefined) writeTarball(request.dir, item.name, item.version, result.bytes);
  const { integrity, sizeBytes, unpackedSizeBytes, files, bytes, manifest } = result;
  const path = tarballPath(item.name, item.version);
  return {
    bytes,
    manifest,
    isReused: false,
    tarball: { spec, path, integrity, sizeBytes, unpackedSizeBytes, fileCount: files.length },
  };
}

async function runAndPack(
  request: PackRequest,
  item: PlannedPackage,
  secretNames: readonly string[],
): Promise<PackedTarball> {
  const spec = formatSpec(item.name, item.version);
  const dir = join(request.root, item.dir);
  const { ignoreScripts } = request.plan.options;
  const scripts = {
    env: request.env,
    secretNames,
    ignoreScripts,
    onScript: (name: string) => request.onScript(spec, name),
    onOutput: request.onOutput,
  };
  const before = await runPackScripts(dir, scripts);
  const result = await packPackage(dir, { workspaceRoot: request.root });
  await runPostpack(dir, scripts, before);
  return result;
}

/** The very bytes that were sent, when the folder still has them. */
async function readSent(dir: string, item: PlannedPackage, sent: string): Promise<Packed | undefined> {
  const path = tarballPath(item.name, item.version);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(join(dir, path));
  } catch {
    // Gone with the folder: rule 1 judges whatever the registry shows against a new build.
    return undefined;
  }
  if (integrityOf(bytes) !== sent) return undefined;
  const { entries, manifest } = await listTarball(bytes);
  const spec = formatSpec(item.name, item.version);
  const files = entries.filter((entry) => entry.type === "file");
  return {
    bytes,
    manifest,
    isReused: true,
    tarball: { spec, path, integrity: sent, sizeBytes: bytes.length, unpackedSizeBytes: 0, fileCount: files.length },
  };
}

const protocols = /^(workspace|catalog|link|file|portal|patch):/;

/** The packed manifest must be the planned one, and nothing that only a workspace understands may be left in it. */
function checkManifest(item: PlannedPackage, manifest: Readonly<Record<string, unknown>>): void {
  const spec = formatSpec(item.name, item.version);
  if (manifest["name"] !== item.name || manifest["version"] !== item.version)
    fail(
      "SLIP_MANIFEST_CHANGED",
      `the plan says ${spec}, but ${item.dir}/package.json was packed as ${String(manifest["name"])}@${String(manifest["version"])}`,
      { spec },
    );
  if (manifest["private"] === true)
    fail("SLIP_MANIFEST_CHANGED", `${item.dir}/package.json became private after the plan was made`, { spec });
  const problems: Problem[] = [];
  for (const kind of dependencyKinds) {
    const map = manifest[kind];
    if (kind === "devDependencies" || !isJsonObject(map)) continue;
    for (const [name, range] of Object.entries(map))
      if (typeof range === "string" && protocols.test(range))
        problems.push(
          problem("SLIP_DEPENDENCY_PROTOCOL", `${spec} was packed with ${kind} ${name}: ${range}`, { spec }),
        );
  }
  if (problems.length > 0) throw new ProblemsError(problems);
}
