/**
 * A registry that only reads. Writes are answered as if they had been accepted and show in later reads, so the same loop makes
 * the same reads and arrives at exactly the writes that a real run would send. Nothing leaves this process.
 */
import { isShown, makeReport } from "@slipway/core";
import type {
  Answer,
  Clock,
  Packument,
  PackumentVersion,
  Plan,
  Reading,
  RegistryPort,
  Report,
  UploadRequest,
  WriteKind,
} from "@slipway/core";
import type { VerbContext } from "./commands/verb.ts";
import { readJournal } from "./journal.ts";
import { type ReleaseRun, runRelease } from "./loop.ts";
import { createTarballStore, digestPlan, journalPathOf } from "./release-folder.ts";
import { toolVersion } from "./tool-version.ts";

const accepted: Answer = { kind: "response", status: 201, headers: {}, body: undefined };

interface Overlay {
  readonly versions: Map<
    string,
    { readonly entry: PackumentVersion; readonly integrity: string; readonly sizeBytes: number }
  >;
  readonly tags: Map<string, string | undefined>;
}

export function createDryRunRegistry(real: RegistryPort, clock: Clock): RegistryPort {
  const overlays = new Map<string, Overlay>();
  const overlayOf = (name: string): Overlay => {
    const known = overlays.get(name) ?? { versions: new Map(), tags: new Map() };
    overlays.set(name, known);
    return known;
  };
  return {
    url: real.url,
    async readPackument(name, kind) {
      const overlay = overlays.get(name);
      const reading = await real.readPackument(name, kind);
      return overlay === undefined ? reading : applyOverlay(name, reading, overlay, clock);
    },
    readVersion: (name, version) => real.readVersion(name, version),
    tarballUrl: (name, version, announced) => real.tarballUrl(name, version, announced),
    async readTarball(name, version, url, keepBytes) {
      const sent = overlays.get(name)?.versions.get(version);
      if (sent === undefined) return real.readTarball(name, version, url, keepBytes);
      return {
        kind: "shown",
        value: { integrity: sent.integrity, sizeBytes: sent.sizeBytes, bytes: undefined },
        at: clock.now(),
        fresh: true,
      };
    },
    async upload(request: UploadRequest) {
      const { name, version, tag, manifest, integrity, bytes } = request;
      const entry = {
        integrity,
        tarball: undefined,
        gitHead: undefined,
        deprecated: undefined,
        attested: false,
        manifest,
      };
      overlayOf(name).versions.set(version, { entry, integrity, sizeBytes: bytes.length });
      overlayOf(name).tags.set(tag, version);
      return accepted;
    },
    async setDistTag(name, tag, version) {
      overlayOf(name).tags.set(tag, version);
      return accepted;
    },
    async removeDistTag(name, tag) {
      overlayOf(name).tags.set(tag, undefined);
      return accepted;
    },
    deprecate: async () => accepted,
    removeTarball: async () => accepted,
  };
}

function applyOverlay(name: string, reading: Reading<Packument>, overlay: Overlay, clock: Clock): Reading<Packument> {
  if (reading.kind === "unavailable") return reading;
  const base = reading.kind === "shown" ? reading.value : undefined;
  const versions = new Map(base?.versions);
  const distTags = new Map(base?.distTags);
  for (const [version, { entry }] of overlay.versions) versions.set(version, entry);
  for (const [tag, version] of overlay.tags) {
    if (version === undefined) distTags.delete(tag);
    else distTags.set(tag, version);
  }
  return {
    kind: "shown",
    value: { name, versions, distTags, time: base?.time, rev: base?.rev },
    at: clock.now(),
    fresh: true,
  };
}

/** A write that a release would send. */
export interface PlannedWrite {
  readonly write: WriteKind;
  readonly name: string;
  readonly version: string;
  readonly registry: string;
  /** The dist-tag that is sent with an upload or set. */
  readonly tag: string | undefined;
  readonly integrity: string | undefined;
}

export interface Rehearsal {
  readonly plan: Plan;
  readonly dir: string;
  readonly contents: Parameters<typeof createTarballStore>[2];
  /** Ports made by `createDryRunRegistry`. */
  readonly registries: (url: string) => RegistryPort;
  readonly readings: NonNullable<ReleaseRun["readings"]>;
  readonly context: Pick<VerbContext, "clock" | "signal" | "onJsonEvent">;
}

/** Runs the real loop against ports that do not write, with a journal in memory, and tells what it would have sent. */
export async function rehearseWrites(
  rehearsal: Rehearsal,
): Promise<{ readonly report: Report; readonly writes: readonly PlannedWrite[] }> {
  const { plan, dir, contents, registries, readings, context } = rehearsal;
  const { clock, signal } = context;
  const writes: PlannedWrite[] = [];
  const state = await runRelease({
    plan,
    planDigest: digestPlan(plan),
    toolVersion,
    limits: plan.options.limits,
    registries,
    journal: { append: async () => {} },
    history: await readJournal(journalPathOf(dir)),
    readings,
    clock,
    signal,
    tarballs: createTarballStore(dir, plan, contents),
    onEvent(event, current) {
      const node = event.type === "write-started" ? current.nodes.get(event.step) : undefined;
      if (event.type !== "write-started" || node === undefined) return;
      const { name, version, registry, goal } = node.step;
      const tag =
        goal.kind === "dist-tag"
          ? goal.tag
          : goal.kind === "publish" && event.write === "upload"
            ? goal.sendTag
            : undefined;
      writes.push({ write: event.write, name, version, registry, tag, integrity: event.integrity });
    },
  });
  return { report: makeReport(plan, state, clock.now()), writes };
}

/** What a dry run can honestly report: a version that it would send is not published, and nothing was. */
export interface RehearsalReport extends Omit<Report, "counts"> {
  readonly counts: Report["counts"] & { readonly wouldPublish: number };
}

/** The report of a rehearsal with every version and tag that it would have written as `ready`: not written yet. */
export function reportRehearsal(report: Report, writes: readonly PlannedWrite[]): RehearsalReport {
  const uploads = new Set(
    writes.filter((item) => item.write === "upload").map((item) => `${item.name}@${item.version}`),
  );
  const tags = new Set(
    writes.filter((item) => item.write !== "upload").map((item) => `${item.name}@${item.version} ${item.tag}`),
  );
  const versions = report.versions.map((item) => {
    const spec = `${item.name}@${item.version}`;
    const isWritten = uploads.has(spec) && isShown(item.status);
    const { how: _how, tag, ...rest } = item;
    const isTagWritten = tag !== undefined && isShown(tag.status) && (isWritten || tags.has(`${spec} ${tag.tag}`));
    const { shown: _shown, ...unset } = tag ?? { tag: "", status: item.status };
    return {
      ...(isWritten ? { ...rest, status: "ready" as const } : item),
      ...(tag === undefined ? {} : { tag: isTagWritten ? { ...unset, status: "ready" as const } : tag }),
    };
  });
  const wouldPublish = versions.filter(
    (item) => item.status === "ready" && uploads.has(`${item.name}@${item.version}`),
  );
  return {
    ...report,
    isComplete: report.isComplete && writes.length === 0,
    versions,
    counts: { ...report.counts, published: 0, wouldPublish: wouldPublish.length },
  };
}
